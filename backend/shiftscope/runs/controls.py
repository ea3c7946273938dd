"""Where commands and the pace meet the training loop."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from shiftscope.config import Intervention
from shiftscope.wire.messages import Command


class Controls:
    """Where commands and the pace meet the training loop. `obey` may be called from another thread.

    Args:
        pace: steps per second; None for full speed.
        networks: what is done to which of them from the first step on.
    """

    def __init__(self, pace: float | None = None, networks: Mapping[str, Intervention] | None = None) -> None:
        self._changed = threading.Condition()
        self._pace = pace
        self._paused = False
        self._stopped = False
        self._granted = 0
        self._learning_rate: float | None = None
        self._interventions: dict[str, Intervention] = dict(networks or {})
        self._checkpoints: deque[Path] = deque()
        self._last_step = float("-inf")

    @property
    def stopped(self) -> bool:
        """Whether the run shall end."""
        return self._stopped

    def obey(self, command: Command) -> None:
        """Do what a command asks for, from the next step on."""
        with self._changed:
            match command.command:
                case "pause":
                    self._paused, self._granted = True, 0
                case "resume":
                    self._paused = False
                case "step":
                    self._granted += 1
                case "stop":
                    self._stopped = True
                case "checkpoint":
                    if command.path is not None:
                        self._checkpoints.append(command.path)
                case "set":
                    if "pace" in command.model_fields_set:
                        self._pace = command.pace
                    if command.learning_rate is not None:
                        self._learning_rate = command.learning_rate
                    self._interventions.update(command.networks or {})
            self._changed.notify_all()

    def proceed(self, before_waiting: Callable[[], None], save: Callable[[Path], None]) -> bool:
        """Wait until the next step is due; return False when there shall be none.

        Args:
            before_waiting: is called when there is a wait: what is pending should not wait along.
            save: is given each path to which the state as it is now shall be written, also during the wait.
        """
        while isinstance(found := self._wait(before_waiting), Path):
            save(found)
        return found

    def _wait(self, before_waiting: Callable[[], None]) -> bool | Path:
        """Return whether a step is due, or where the state shall be written first."""
        called = False
        with self._changed:
            while not self._stopped:
                if self._checkpoints:
                    return self._checkpoints.popleft()
                wait = self._seconds_to_wait()
                if wait is not None and wait <= 0:
                    self._granted = max(0, self._granted - 1)
                    self._last_step = time.monotonic()
                    return True
                if not called:
                    called = True
                    before_waiting()
                    continue
                self._changed.wait(wait)
            return False

    def take_learning_rate(self) -> float | None:
        """Return the learning rate that was asked for since the last call, if any."""
        with self._changed:
            value, self._learning_rate = self._learning_rate, None
            return value

    def take_interventions(self) -> dict[str, Intervention]:
        """Return what was asked to be done to which networks since the last call."""
        with self._changed:
            asked, self._interventions = self._interventions, {}
            return asked

    def _seconds_to_wait(self) -> float | None:
        if self._paused:
            return 0.0 if self._granted else None
        if self._pace is None:
            return 0.0
        return self._last_step + 1 / self._pace - time.monotonic()
