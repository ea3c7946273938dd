"""What is done to the networks of a run as it trains: whether it can be, and what it is from now on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError

from shiftscope.config import Intervention, Rnn
from shiftscope.notices import Notice, notice
from shiftscope.server.runs import Run


def changed(run: Run, asked: Mapping[str, Intervention]) -> dict[str, Intervention]:
    """Return what is to be done to the named networks of a run that has begun, with what stays of before.

    Raises:
        RequestValidationError: there is no such network, or nothing lies below such a layer; it names the field.
    """
    layers = _layers(run)
    if faults := [fault for name, one in asked.items() for fault in _faults(name, one, layers)]:
        raise RequestValidationError(faults)
    return {name: run.status.interventions.get(name, Intervention()).changed(one) for name, one in asked.items()}


def said(now: Intervention, network: str) -> Notice:
    """Return a change in words."""
    if now.freeze_below is not None:
        return notice("event.frozen_below", network=network, layer=now.freeze_below)
    return notice("event.released", network=network)


def _layers(run: Run) -> dict[str, Sequence[str]]:
    """Return by network the layers below which others lie."""
    shared = run.info.config is not None and isinstance(run.info.config.network, Rnn)
    networks = run.header.networks if run.header else ()
    return {one.name: [] if shared else [layer.name for layer in one.layers][1:] for one in networks}


def _faults(network: str, asked: Intervention, layers: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    where: tuple[str, ...] = ("body", "networks", network)
    if network not in layers:
        return [_fault(where, notice("refused.unknown_network", network=network, known=tuple(layers)))]
    below, known = asked.freeze_below, layers[network]
    if below is None or below in known:
        return []
    where = (*where, "freeze_below")
    if not known:
        return [_fault(where, notice("refused.weights_shared"))]
    return [_fault(where, notice("refused.nothing_below", layer=below, known=tuple(known)))]


def _fault(where: tuple[str, ...], refused: Notice) -> dict[str, Any]:
    return {"type": refused.code, "loc": where, "msg": refused.text, "input": None, "ctx": dict(refused.values)}
