"""Mixed precision: by how much a GradScaler has scaled the loss that the gradients are of."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import CodeType, FrameType, MappingProxyType
from typing import NamedTuple

from torch.amp import GradScaler
from torch.amp.grad_scaler import OptState
from torch.optim import Optimizer

_STEPPING = ("step", "_maybe_opt_step")
"""What a scaler makes a step in: the first, where the optimizer unscales inside; else the second."""
_NEAREST, _DEEPEST = 7, 12
"""Frames between here and the scaler that makes the step: the hook, and wrappers of optimizers and schedulers."""


class Scales(NamedTuple):
    """What gradients are times what they should be, and whether the update is left out because some are not finite.

    Attributes:
        parameters: of the gradients at the parameters, as an optimizer finds them.
        activations: of those at the activations.
        skipped: whether the optimizer, which unscales them itself, will change nothing.
        others: of those at parameters that it does not hold, by their ids, where they are still scaled.
    """

    parameters: float = 1.0
    activations: float = 1.0
    skipped: bool = False
    others: Mapping[int, float] = MappingProxyType({})


Share = tuple[Optimizer | None, Collection[int]]
"""An optimizer and the ids of parameters that it holds; None for those that no optimizer is known to hold."""

UNSCALED = Scales()


def scales_at(optimizer: Optimizer, others: Callable[[], Iterable[Share]]) -> Scales:
    """Find the scales, in a hook of an optimizer's step.

    Args:
        optimizer: whose step it is.
        others: returns the other optimizers of its network. A scaler unscales what one holds when that one steps.
    """
    scaler = _calling_scaler()
    if scaler is None or not scaler.is_enabled():
        return UNSCALED
    scale = float(scaler.get_scale())
    # A fused optimizer is given the scale, and what was found, to unscale inside.
    inside = getattr(optimizer, "grad_scale", None)
    found = getattr(optimizer, "found_inf", None)
    return Scales(
        1.0 if inside is None else float(inside),
        scale,
        found is not None and float(found) > 0,
        _still_scaled(scaler, scale, optimizer, list(others())),
    )


def _still_scaled(scaler: GradScaler, scale: float, stepping: Optimizer, others: list[Share]) -> dict[int, float]:
    """Return the scale for each parameter whose gradient the scaler has not unscaled so far."""
    unscaled = {key for key, state in scaler._per_optimizer_states.items() if state["stage"] is not OptState.READY}
    strangers = unscaled - {id(stepping)} - {id(one) for one, _ in others}
    return {
        parameter: scale
        for other, held in others
        if (not strangers if other is None else id(other) not in unscaled)
        for parameter in held
    }


def _calling_scaler() -> GradScaler | None:
    """Return the scaler that makes the step which is under way: it knows its optimizer, not the other way round."""
    stepping = {code for kind in _scalers(GradScaler) for code in _codes(kind)}
    # The nearest frames are this module's, the hook's and torch's own; somebody has called these.
    frame: FrameType | None = sys._getframe(_NEAREST)
    for _ in range(_NEAREST, _DEEPEST):
        if frame is None:
            return None
        # Reading a frame's variables keeps them alive until it ends: those of a script are left alone.
        if frame.f_code in stepping and isinstance(owner := frame.f_locals.get("self"), GradScaler):
            return owner
        frame = frame.f_back
    return None


def _scalers(kind: type[GradScaler]) -> Iterator[type[GradScaler]]:
    """Yield a class and all that were derived from it."""
    yield kind
    for derived in kind.__subclasses__():
        yield from _scalers(derived)


def _codes(kind: type[GradScaler]) -> Iterator[CodeType]:
    """Yield the code of the functions in which a class itself says how a step is made."""
    for name in _STEPPING:
        code = getattr(vars(kind).get(name), "__code__", None)
        if code is not None:
            yield code
