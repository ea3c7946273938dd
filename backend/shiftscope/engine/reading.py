"""What is known of a network's step from outside, and where it is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import isfinite, nan
from typing import NamedTuple, TypeAlias

from torch import Tensor

from shiftscope.engine import step_quantities
from shiftscope.engine.kept_parameters import KeptParameters
from shiftscope.engine.outbox import Parcel
from shiftscope.engine.plan import Location, Plan
from shiftscope.engine.program import Place
from shiftscope.engine.streams import STEPS
from shiftscope.engine.study import RowWriter
from shiftscope.tracing.grad_scaler import Scales
from shiftscope.tracing.journal import Confirmed

Known: TypeAlias = tuple[float | Parcel | None, float | Parcel | None]
"""Loss and accuracy: numbers, or where they come to from a device."""


class Reading(NamedTuple):
    """What is known of a network's step when it is measured.

    Attributes:
        loss: where it was given; it may still lie on a device.
        accuracy: likewise.
        confirmed: the calls that the update is made of.
        scales: what the gradients are times what they should be.
        skipped: updates that were skipped so far.
        unseen: updates without a pass so far.
        failed: passes that failed so far.
        kept: parameters as the update found them, where that is over.
        rates: learning rates of the parameter groups.
        unclipped: norm of all gradients as the last backward pass left them, where that is wanted.
        updated: whether the update is over, and was one without gradients.
    """

    loss: Tensor | float | None
    accuracy: Tensor | float | None
    confirmed: Confirmed
    scales: Scales
    skipped: int
    unseen: int
    failed: int
    kept: KeptParameters | None = None
    rates: tuple[float, ...] = ()
    unclipped: Tensor | None = None
    updated: bool = False


class StepNumbers:
    """A network's part of a step's row that no probe fills.

    Args:
        plan: in which it is laid out.
        network: its name.
        scalars: which of loss and accuracy will be given.
        groups: parameter groups whose learning rates will be given.

    Attributes:
        not_finite: where what is not finite among the recorded numbers is counted.
        given: loss and accuracy of the step that was measured last.
        loss: that was written last, where it is known yet.
    """

    def __init__(self, plan: Plan, network: str, scalars: Collection[str], groups: int) -> None:
        where = Location(network)
        losses = [quantity for quantity in (step_quantities.LOSS, step_quantities.ACCURACY) if quantity.name in scalars]
        self._scalars = {quantity.name: plan.add(STEPS, quantity, where) for quantity in losses}
        self.not_finite: Place = plan.add(STEPS, step_quantities.NONFINITE_COUNT, where)
        self._counts, *_ = [plan.add(STEPS, quantity, where) for quantity in step_quantities.COUNTS]
        self._groups = groups
        self._rates = plan.add(STEPS, step_quantities.GROUP_LEARNING_RATE, where, shape=(groups,)) if groups else None
        self.given: Known = (None, None)
        self.loss: float | None = None

    def place(self, row: RowWriter) -> None:
        """Write into this row from now on."""
        # Python's own view of the row: single numbers are quicker to reach by it than by numpy.
        self._numbers: memoryview[float] = row.values.data.cast("B").cast("f")
        start = row.starts[STEPS]
        at = {quantity: start + place.offset for quantity, place in self._scalars.items()}
        self._loss_at, self._accuracy_at = at.get("loss", -1), at.get("accuracy", -1)
        self._nonfinite_at = start + self.not_finite.offset
        self._rates_at = -1 if self._rates is None else start + self._rates.offset
        self._counts_at = start + self._counts.offset

    def write(self, reading: Reading, send: Callable[[Tensor], Parcel] | None) -> None:
        """Write what is known; `send` sends a number from a device, with all else of the step that lies there."""
        loss, accuracy = self.given = _known(reading.loss, send), _known(reading.accuracy, send)
        self.write_given(loss, accuracy)
        self.write_counts(reading)
        if self._rates_at >= 0:
            self._write_rates(reading.rates)

    def write_given(self, loss: float | Parcel | None, accuracy: float | Parcel | None) -> None:
        """Write what was given, as far as it is known yet."""
        self.loss = None if isinstance(loss, Parcel) else loss
        for at, one in ((self._loss_at, loss), (self._accuracy_at, accuracy)):
            if at >= 0:
                self._numbers[at] = nan if one is None or isinstance(one, Parcel) else one

    def write_counts(self, reading: Reading) -> None:
        """Write what was counted."""
        numbers, at = self._numbers, self._counts_at
        numbers[at], numbers[at + 1] = reading.confirmed.micro_batches, reading.skipped
        numbers[at + 2], numbers[at + 3] = reading.unseen, reading.failed

    def count_loss(self) -> float:
        """Count the loss among what is not finite, and return how much that is."""
        count: float = self._numbers[self._nonfinite_at]
        if self.loss is not None and not isfinite(self.loss):
            count += 1
            self._numbers[self._nonfinite_at] = count
        return count

    def _write_rates(self, rates: Sequence[float]) -> None:
        """Write a learning rate for each group that was laid out; one that has gone is NaN."""
        for at in range(self._groups):
            self._numbers[self._rates_at + at] = rates[at] if at < len(rates) else nan


def _known(number: Tensor | float | None, send: Callable[[Tensor], Parcel] | None) -> float | Parcel | None:
    if not isinstance(number, Tensor):
        return number
    return number.item() if send is None else send(number)
