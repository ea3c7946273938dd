"""What is done to the networks of a run as it trains: whether it can be, and what it is from now on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError

from shiftscope.config import BatchNormalization, Intervention, NoisyBatchNormalization, Rnn
from shiftscope.config.interventions import OF_BATCH_NORM
from shiftscope.notices import Notice, notice
from shiftscope.server.runs import Run


def changed(run: Run, asked: Mapping[str, Intervention]) -> dict[str, Intervention]:
    """Return what is to be done to the named networks of a run that has begun, with what stays of before.

    Raises:
        RequestValidationError: there is no such network, nothing lies below such a layer, or there is no batch
            normalization; it names the field.
    """
    layers = _layers(run)
    faults = [fault for name, one in asked.items() for fault in _faults(name, one, layers)]
    if faults := faults or [fault for name, one in asked.items() for fault in _faults_of_norm(run, name, one)]:
        raise RequestValidationError(faults)
    return {name: run.status.interventions.get(name, Intervention()).changed(one) for name, one in asked.items()}


async def record(run: Run, done: Mapping[str, Intervention]) -> None:
    """Record what is done to networks from now on: an event for each thing that is another than before."""
    for network, now in done.items():
        before = run.status.interventions.get(network, Intervention())
        for message, layer in _said(before, now, network):
            value = now.model_dump(mode="json")
            await run.record("intervention", message, network=network, layer=layer, value=value)


def _said(before: Intervention, now: Intervention, network: str) -> Iterator[tuple[Notice, str]]:
    """Yield each change in words, and the layer that it is about, if any."""
    if now.freeze_below != before.freeze_below:
        frozen = notice("event.frozen_below", network=network, layer=now.freeze_below or "")
        yield (frozen if now.freeze_below else notice("event.released", network=network)), now.freeze_below or ""
    if now.bn_strength != before.bn_strength:
        yield notice("event.bn_strength", network=network, strength=now.bn_strength), ""
    if now.freeze_affine != before.freeze_affine:
        code = "event.affine_frozen" if now.freeze_affine else "event.affine_released"
        yield notice(code, network=network), ""
    if now.noise != before.noise:
        noise = notice("event.noise", network=network, std=now.noise)
        yield (noise if now.noise else notice("event.no_noise", network=network)), ""


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


def _faults_of_norm(run: Run, network: str, asked: Intervention) -> Iterator[dict[str, Any]]:
    """Yield what is wrong with what is asked of a network's batch normalization."""
    variants = run.info.config.variants if run.info.config else ()
    norm = next((one.normalization for one in variants if one.name == network), None)
    for field in OF_BATCH_NORM:
        if getattr(asked, field) == Intervention.model_fields[field].default:
            continue
        if not isinstance(norm, BatchNormalization | NoisyBatchNormalization):
            yield _fault(("body", "networks", network, field), notice("refused.no_batch_norm", network=network))
        elif field == "freeze_affine" and not norm.affine:
            yield _fault(("body", "networks", network, field), notice("refused.no_affine", network=network))


def _fault(where: tuple[str, ...], refused: Notice) -> dict[str, Any]:
    return {"type": refused.code, "loc": where, "msg": refused.text, "input": None, "ctx": dict(refused.values)}
