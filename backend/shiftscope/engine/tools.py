"""What a network is watched with, and what is given of its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from shiftscope.engine.faults import Faults
from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.overhead import OverheadMeter
from shiftscope.engine.probe import Probe
from shiftscope.engine.scope_state import Carried
from shiftscope.engine.study import Inputs, Loss
from shiftscope.kernels.tensor_memory import OnHost, lies_on_host
from shiftscope.tracing.grad_scaler import UNSCALED, Scales
from shiftscope.tracing.selection import EVERY_LAYER, Selection

Batch = tuple[Any, Tensor]
"""Inputs and targets."""


class Given(NamedTuple):
    """What is said about a step from outside: each where it is known; a number may still lie on a device."""

    loss: Tensor | float | None = None
    accuracy: Tensor | float | None = None
    batch: Batch | None = None
    learning_rate: float | None = None
    scales: Scales = UNSCALED
    kept: KeptParameters | None = None
    rates: tuple[float, ...] = ()
    updated: bool = False
    """Whether the update is over, and was one without gradients."""


@dataclass(frozen=True)
class Tools:
    """What the networks of a run share.

    Attributes:
        clock: returns how many updates there were.
        carried: what studies compare with, by network and probe.
        passing: what training batches are compared with and what was counted, by network.
        may_grow: returns whether there is room for layouts of other layers.
        on_host: whether a tensor is read in the host's memory.
    """

    probes: Sequence[Probe]
    numbers: dict[str, int]
    meter: OverheadMeter
    faults: Faults
    probe_batch: Inputs | None
    loss: Loss | None
    units: tuple[int, ...]
    clock: Callable[[], int]
    carried: Mapping[str, Mapping[str, Carried]]
    passing: Mapping[str, Carried]
    may_grow: Callable[[], bool]
    selection: Selection = EVERY_LAYER
    on_host: OnHost = lies_on_host
