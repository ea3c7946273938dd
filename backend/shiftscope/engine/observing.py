"""Probes that are a plain function of a site's values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.engine.faults import Faults, ProbeError
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Observed, Probe
from shiftscope.engine.setup import ProbeSetup
from shiftscope.tracing import random_state
from shiftscope.tracing.layers import Layer, Site

Function = Callable[[Tensor], "Observed | Mapping[str, Observed]"]


def set_up_observer(probe: Probe, function: Function, setup: ProbeSetup, faults: Faults) -> None:
    """Let a probe's function observe one network. What it returns of the first pass says what shapes there are."""
    devices = random_state.devices_of(setup.network.module)

    def observe(values: Tensor) -> list[NDArray[np.float32]]:
        if probe.restores:
            with torch.no_grad():
                return _arrays(probe.quantities, function(values.detach()))
        # It gets values of its own: nothing that it does to them, or draws, is noticed by the training.
        with torch.no_grad(), random_state.kept(devices):
            return _arrays(probe.quantities, function(values.detach().clone()))

    for layer in setup.network.layers:
        for site in _sites(probe, layer):
            values = setup.first_values(site)
            if values is None:  # a block that is left out at some steps: what its shapes are is not known
                continue
            found = observe(values)
            shapes = [one.shape for one in found]
            first, *_ = [
                setup.add(quantity, layer.name, site.name, shape=shape)
                for quantity, shape in zip(probe.quantities, shapes, strict=True)
            ]
            size = sum(one.size for one in found)
            setup.program.observe(site, _guarded(probe, observe, shapes, layer.name, faults), first, size)


def _sites(probe: Probe, layer: Layer) -> list[Site]:
    if not probe.observed:
        return [layer.shown] if layer.shown else []
    return [site for site in layer.sites if site.name in probe.observed]


def _guarded(
    probe: Probe,
    observe: Callable[[Tensor], list[NDArray[np.float32]]],
    shapes: list[tuple[int, ...]],
    layer: str,
    faults: Faults,
) -> Callable[[Tensor], NDArray[np.float32]]:
    nothing = np.full(sum(int(np.prod(shape)) for shape in shapes), np.nan, dtype=np.float32)

    def guarded(tensor: Tensor) -> NDArray[np.float32]:
        if not faults.measures(probe.name, layer):
            return nothing
        with faults.caught(probe.name, layer):
            found = observe(tensor)
            if [one.shape for one in found] != shapes:
                now = ", ".join(str(one.shape) for one in found)
                raise ProbeError(f"it returned {now} where it had returned {', '.join(map(str, shapes))} at first")
            return np.concatenate([one.reshape(-1) for one in found])
        return nothing

    return guarded


def _arrays(quantities: tuple[Quantity, ...], returned: Observed | Mapping[str, Observed]) -> list[NDArray[np.float32]]:
    """Return the values of each quantity."""
    names = [quantity.name for quantity in quantities]
    if not isinstance(returned, Mapping):
        if len(names) > 1:
            raise ProbeError(f"it declares {', '.join(names)}: it has to return a mapping with a value for each")
        returned = {names[0]: returned}
    if set(returned) != set(names):
        raise ProbeError(f"it returned {', '.join(map(str, returned))} where it declares {', '.join(names)}")
    return [_array(returned[name]) for name in names]


def _array(value: Observed) -> NDArray[np.float32]:
    plain = value.detach().cpu().numpy() if isinstance(value, Tensor) else value
    with np.errstate(over="ignore"):
        return np.asarray(plain, dtype=np.float32)
