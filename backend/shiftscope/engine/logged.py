"""Numbers that a training loop logs by name: which of them are kept, and how they get into frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from shiftscope.engine import reports
from shiftscope.engine.faults import Faults, MisuseError, let_interrupts_through
from shiftscope.engine.given_rows import GivenRows
from shiftscope.engine.schedules import before, thinning
from shiftscope.engine.streams import LOGGED
from shiftscope.sinks.base import Sink
from shiftscope.telling import caution

ALL, FRAMES = 2_000, 20_000
"""Of calls with one name so many are all kept, then ever fewer: of a million about thirteen thousand."""
NAMES = 200
"""Names that a run may log."""
UNNAMED = "log()"
"""What a report calls what is logged under no name."""
WAITING = 10_000
"""Numbers that wait for the run's header, the newest."""
ON_THE_WAY = 256
"""Numbers that may be on their way from a device; the oldest is waited for where there are more."""

HasRun = Callable[[str, bool | None], bool | None]
Key = tuple[str, str]
"""A name and the network that it is of; "" where that is none."""


@dataclass
class _Series:
    """One name: its number in frames, how often it was logged, and whether it comes before the update, once known."""

    number: int
    calls: int = 0
    before: bool | None = None
    declared: bool = False


@dataclass(frozen=True)
class _Arriving:
    """A number that is copied from a device while the training goes on; `arrived` is None where nobody can tell."""

    key: Key
    step: int
    value: Tensor
    arrived: Any


class Logged:
    """Keeps what is logged. Nothing is read of a tensor that is not kept, and no device is waited for.

    Args:
        networks: their names.
        rows: where they are written.
        sink: where names are declared as events.
        faults: where a number that is none is reported, once a name.
        found: called with the network, the step and the value of each loss that is kept.
    """

    def __init__(
        self, networks: Sequence[str], rows: GivenRows, sink: Sink, faults: Faults,
        found: Callable[[str, int, float], None],
    ) -> None:  # fmt: skip
        self._networks, self._rows, self._sink, self._faults, self._found = networks, rows, sink, faults, found
        self._schedule = before(ALL) | thinning(None, FRAMES)
        self._series: dict[Key, _Series] = {}
        self._refused: set[str] = set()
        self._waiting: deque[tuple[Key, int, float]] = deque(maxlen=WAITING)
        self._arriving: deque[_Arriving] = deque()

    def log(self, numbers: Mapping[str, object], step: int, *, first: int, passed: HasRun) -> None:
        """Keep numbers by name: one, or one for each network.

        Args:
            numbers: by name.
            step: updates so far.
            first: updates before the first step.
            passed: given a network, and where its last number stood, returns whether a number stands before the update;
                None where that is not known.
        """
        self.collect()
        for name, given in numbers.items():
            if name in self._refused:
                continue
            try:
                for network, value in self._by_network(name, given).items():
                    self._keep((name, network), value, step, first, passed)
            except Exception as error:  # noqa: BLE001  reported: whatever is given for a number, the loop goes on
                let_interrupts_through(error)
                self._refuse(name, error)

    def named(self, given: object) -> dict[str, object]:
        """Return what was given as a dict of numbers by name; what is none is reported once."""
        if not isinstance(given, Tensor) and isinstance(given, Mapping):
            return {str(name): number for name, number in given.items()}
        if UNNAMED not in self._refused:
            self._refuse(UNNAMED, TypeError(f"a {type(given).__name__} is no dict of numbers by name"))
        return {}

    def collect(self, *, wait: bool = False) -> None:
        """Write the numbers that have arrived from a device; with `wait`, all that were sent."""
        while self._arriving:
            one = self._arriving[0]
            if not (wait or len(self._arriving) > ON_THE_WAY or one.arrived is None or one.arrived.query()):
                return
            self._arriving.popleft()
            if one.arrived is not None:
                one.arrived.synchronize()
            self._write(one.key, one.step, one.value.item())

    def begun(self) -> None:
        """Write what has waited for the run's header."""
        while self._waiting:
            self._write(*self._waiting.popleft())

    def _by_network(self, name: str, given: object) -> Mapping[str, object]:
        if not isinstance(given, Tensor) and isinstance(given, Mapping):
            unknown = [str(one) for one in given if one not in self._networks]
            if unknown:
                raise MisuseError(f"there is no network {unknown[0]!r}; there are {', '.join(self._networks)}")
            return given
        of_network = name in LOGGED and len(self._networks) == 1
        return {self._networks[0] if of_network else "": given}

    def _keep(self, key: Key, value: Any, step: int, first: int, passed: HasRun) -> None:  # noqa: ANN401
        series = self._series.get(key)
        if series is None:
            if len(self._series) >= NAMES:
                raise MisuseError(f"more than {NAMES} names")
            series = self._series[key] = _Series(len(self._series))
        kept = self._schedule(series.calls)
        series.calls += 1
        if key[0] in LOGGED and key[1]:
            # The loss of a batch belongs to the step whose update it leads to, on whichever side of that it is logged.
            before = step <= first or passed(key[1], series.before)
            series.before = series.before if before is None else before
            step -= not series.before
        if not kept:
            return
        if isinstance(value, Tensor):
            if value.numel() != 1:
                raise MisuseError(f"a tensor of shape {tuple(value.shape)}")
            value = value.detach()
            if value.device.type != "cpu":
                self._arriving.append(_sent(key, step, value))
                return
        self._write(key, step, float(value.item() if hasattr(value, "item") else value))

    def _write(self, key: Key, step: int, value: float) -> None:
        if not self._rows.begun:
            self._waiting.append((key, step, value))
            return
        name, network = key
        if name == "loss" and network:
            self._found(network, step, value)
        if network and self._rows.logged(name, network, step, value):
            return
        series = self._series[key]
        if not series.declared:
            series.declared = True
            self._sink.event("scalar", step, name, network=network, value={"number": series.number})
        self._rows.scalar(series.number, step, value)

    def _refuse(self, name: str, error: Exception) -> None:
        self._refused.add(name)
        message = reports.log_refused(name, error)
        if self._faults.on_error == "raise":
            raise MisuseError(str(message)) from error
        self._faults.note(message)
        caution(str(message))


def _sent(key: Key, step: int, value: Tensor) -> _Arriving:
    """Send a number to the host without waiting for it."""
    if value.device.type != "cuda":
        # Read when the next is logged: by then the device has most likely come so far.
        return _Arriving(key, step, value.clone(), None)
    host = torch.empty((), dtype=value.dtype, pin_memory=True)
    host.copy_(value.reshape(()), non_blocking=True)
    arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrived.record(torch.cuda.current_stream(value.device))
    return _Arriving(key, step, host, arrived)
