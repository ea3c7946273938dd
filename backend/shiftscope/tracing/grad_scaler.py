"""Mixed precision: by how much a GradScaler has scaled the loss that the gradients are of."""

from __future__ import annotations

import sys
from types import FrameType
from typing import NamedTuple

from torch.amp import GradScaler
from torch.optim import Optimizer

_STEPPING = frozenset({"step", "_maybe_opt_step"})
"""What a scaler makes a step in: the first, where the optimizer unscales inside; else the second."""
_NEAREST, _DEEPEST = 7, 12
"""Frames between here and the scaler that makes the step: the hook, and wrappers of optimizers and schedulers."""


class Scales(NamedTuple):
    """What gradients are times what they should be, and whether the update is left out because some are not finite.

    Attributes:
        parameters: of the gradients at the parameters, as an optimizer finds them.
        activations: of those at the activations.
        skipped: whether the optimizer, which unscales them itself, will change nothing.
    """

    parameters: float = 1.0
    activations: float = 1.0
    skipped: bool = False


UNSCALED = Scales()


def scales_at(optimizer: Optimizer) -> Scales:
    """Find the scales, in a hook of an optimizer's step."""
    scaler = _calling_scaler()
    if scaler is None or not scaler.is_enabled():
        return UNSCALED
    scale = float(scaler.get_scale())
    # A fused optimizer is given the scale, and what was found, to unscale inside.
    inside = getattr(optimizer, "grad_scale", None)
    found = getattr(optimizer, "found_inf", None)
    return Scales(1.0 if inside is None else float(inside), scale, found is not None and float(found) > 0)


def _calling_scaler() -> GradScaler | None:
    """Return the scaler that makes the step which is under way: it knows its optimizer, not the other way round."""
    # The nearest frames are this module's, the hook's and torch's own; somebody has called these.
    frame: FrameType | None = sys._getframe(_NEAREST)
    for _ in range(_NEAREST, _DEEPEST):
        if frame is None:
            return None
        # An optimizer that unscales inside is called by the one, any other by the other.
        if frame.f_code.co_name in _STEPPING and isinstance(owner := frame.f_locals.get("self"), GradScaler):
            return owner
        frame = frame.f_back
    return None
