"""Rows that no measured step fills: what evaluations find, and what is logged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from shiftscope.engine import step_quantities
from shiftscope.engine.faults import MisuseError
from shiftscope.engine.plan import Location, Plan, Quantity
from shiftscope.engine.streams import EVALUATION, LOGGED, SCALARS

Metrics = Mapping[str, Mapping[str, float]]
"""What evaluations found, by network and quantity."""


class GivenRows:
    """Writes what is given, not measured. Evaluations that come before the run's header wait for it.

    Args:
        networks: their names.
        write: writes a row of a stream, at a step.

    Attributes:
        begun: whether there is a header.
    """

    def __init__(self, networks: Sequence[str], write: Callable[[str, int, NDArray[np.float32]], None]) -> None:
        self._networks, self._write = networks, write
        self.begun = False
        self._waiting: list[tuple[int, Metrics]] = []
        self._evaluated: tuple[Quantity, ...] = ()
        self._logged: dict[str, tuple[int, NDArray[np.float32]] | None] = {}

    def lay_out(self, plan: Plan, measured: Collection[str]) -> None:
        """Lay out what evaluations find, and what may be logged and is not among the quantities that are measured."""
        # What is recorded of evaluations: what those before the first step hold, or all there is.
        given = {name for _, metrics in self._waiting for found in metrics.values() for name in found}
        self._evaluated = tuple(
            quantity for quantity in step_quantities.EVALUATION if not given or quantity.name in given
        )
        for network in self._networks:
            for quantity in self._evaluated:
                plan.add(EVALUATION, quantity, Location(network))
        for quantity in step_quantities.LOGGED:
            if quantity.name not in measured:
                self._logged[quantity.name] = None
                for network in self._networks:
                    plan.add(LOGGED[quantity.name], quantity, Location(network))
        plan.add(SCALARS, step_quantities.SCALAR_NUMBER)
        plan.add(SCALARS, step_quantities.SCALAR_VALUE)

    def begin(self) -> None:
        """Write what has waited for the header."""
        self.begun = True
        for step, metrics in self._waiting:
            self._write_evaluation(step, metrics)
        self._waiting.clear()

    def evaluation(self, step: int, metrics: Metrics) -> None:
        """Write what was found in eval mode, by network and quantity.

        Raises:
            ValueError: of a network or a quantity that the run does not record.
        """
        self._check(metrics)
        if self.begun:
            self._write_evaluation(step, metrics)
        else:
            self._waiting.append((step, metrics))

    def logged(self, name: str, network: str, step: int, value: float) -> bool:
        """Write a loss or an accuracy that was logged; return whether the run has a stream for it.

        The networks of one step share a row: it is written when all have come, or one of another step.
        """
        if name not in self._logged or network not in self._networks:
            return False
        at = self._networks.index(network)
        of, row = self._logged[name] or (step, self._nothing())
        if of != step or not np.isnan(row[at]):
            self._write(LOGGED[name], of, row)
            of, row = step, self._nothing()
        row[at] = value
        self._logged[name] = of, row
        if not np.isnan(np.delete(row, at)).any():
            self.write_logged(name)
        return True

    def write_logged(self, *names: str) -> None:
        """Write the rows of losses and accuracies, all unless named, that still wait for other networks."""
        for name in names or self._logged:
            if (waiting := self._logged.get(name)) is not None:
                self._logged[name] = None
                self._write(LOGGED[name], *waiting)

    def scalar(self, number: int, step: int, value: float) -> None:
        """Write a number that was logged under a name that has a number."""
        self._write(SCALARS, step, np.array([number, value], dtype=np.float32))

    def _check(self, metrics: Metrics) -> None:
        known = [quantity.name for quantity in self._evaluated or step_quantities.EVALUATION]
        for network, found in metrics.items():
            if network not in self._networks:
                raise MisuseError(f"evaluate(): there is no network {network!r}; there are {', '.join(self._networks)}")
            for name in found:
                if name not in known:
                    raise MisuseError(f"evaluate(): {name!r} is not recorded in this run; {', '.join(known)} are")

    def _write_evaluation(self, step: int, metrics: Metrics) -> None:
        values = [metrics.get(network, {}).get(one.name, nan) for network in self._networks for one in self._evaluated]
        self._write(EVALUATION, step, np.array(values, dtype=np.float32))

    def _nothing(self) -> NDArray[np.float32]:
        return np.full(len(self._networks), nan, dtype=np.float32)
