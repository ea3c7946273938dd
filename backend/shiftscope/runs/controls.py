"""Where commands and the pace meet the training loop."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping

from shiftscope.config import Intervention
from shiftscope.wire.assignment import Again, Applied
from shiftscope.wire.messages import Command


class Controls:
    """Where commands and the pace meet the training loop. `obey` may be called from another thread.

    Args:
        pace: steps per second; None for full speed.
        networks: what is done to which of them from the first step on.
        again: what is done again of steps that another worker has done; what is asked for now waits until it is.
    """

    def __init__(
        self,
        pace: float | None = None,
        networks: Mapping[str, Intervention] | None = None,
        again: Again | None = None,
    ) -> None:
        self._changed = threading.Condition()
        self._pace = pace
        self._paused = False
        self._stopped = False
        self._granted = 0
        self._learning_rate: float | None = None
        self._interventions: dict[str, Intervention] = dict(networks or {})
        self._applied = deque(again.applied if again else ())
        self._until = again.until if again else 0
        self._checkpoints: deque[str] = deque()
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
                    if command.name is not None:
                        self._checkpoints.append(command.name)
                case "set":
                    if "pace" in command.model_fields_set:
                        self._pace = command.pace
                    if command.learning_rate is not None:
                        self._learning_rate = command.learning_rate
                    self._interventions.update(command.networks or {})
            self._changed.notify_all()

    def proceed(self, before_waiting: Callable[[], None], save: Callable[[str], None], step: int = 0) -> bool:
        """Wait until the next step is due; return False when there shall be none.

        Args:
            before_waiting: is called when there is a wait: what is pending should not wait along.
            save: is given each name under which the state as it is now shall be kept, also during the wait.
            step: how many were done.
        """
        while isinstance(found := self._wait(step, before_waiting), str):
            save(found)
        return found

    def _wait(self, step: int, before_waiting: Callable[[], None]) -> bool | str:
        """Return whether a step is due, or under which name the state shall be kept first."""
        called = False
        with self._changed:
            while not self._stopped:
                if self._checkpoints:
                    return self._checkpoints.popleft()
                wait = 0.0 if self._again(step) else self._seconds_to_wait()
                if wait is not None and wait <= 0:
                    self._granted = max(0, self._granted - (not self._again(step)))
                    self._last_step = time.monotonic()
                    return True
                if not called:
                    called = True
                    before_waiting()
                    continue
                self._changed.wait(wait)
            return False

    def take_changes(self, step: int) -> Iterator[Applied]:
        """Yield what is so from the step on that comes after so many: what was so when it was first made, or is asked.

        What was applied at earlier steps is in the state that the run goes on from.
        """
        with self._changed:
            while self._applied and self._applied[0].step <= step:
                applied = self._applied.popleft()
                if applied.step == step:
                    yield applied
            if self._again(step):
                return
            rate, self._learning_rate = self._learning_rate, None
            asked, self._interventions = self._interventions, {}
        if rate is not None or asked:
            yield Applied(step=step, learning_rate=rate, networks=asked)

    def _again(self, step: int) -> bool:
        """Whether the step that comes after so many was made before."""
        return step < self._until or bool(self._applied)

    def _seconds_to_wait(self) -> float | None:
        if self._paused:
            return 0.0 if self._granted else None
        if self._pace is None:
            return 0.0
        return self._last_step + 1 / self._pace - time.monotonic()
