"""A process that is asked to end (SIGTERM: a cluster's time limit, `kill`) ends its runs first."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Protocol
from weakref import WeakSet

from shiftscope.notices import Notice, notice
from shiftscope.wire.messages import EndState


class Stoppable(Protocol):
    """What is closed with a state and a reason."""

    def close(self, state: EndState, reason: Notice) -> None:
        """End the run."""


class Termination:
    """Closes what was added, should the process be terminated; then it ends as it would have.

    A handler of somebody's own is left alone, and so is the signal outside of the main thread, where none can be set.
    A process that is forked off ends at once, as before.
    """

    def __init__(self) -> None:
        self._running: WeakSet[Stoppable] = WeakSet()
        self._set = False

    def add(self, run: Stoppable) -> None:
        """End this one, too."""
        self._running.add(run)
        mine = threading.current_thread() is threading.main_thread()
        if mine and not self._set and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._terminate)
            self._set = True
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=self._restore)

    def remove(self, run: Stoppable) -> None:
        """Forget one; without any, the signal does what it did."""
        self._running.discard(run)
        if not self._running and threading.current_thread() is threading.main_thread():
            self._restore()

    def _restore(self) -> None:
        if self._set and signal.getsignal(signal.SIGTERM) == self._terminate:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._set = False

    def _terminate(self, number: int, _frame: FrameType | None) -> None:
        for run in list(self._running):
            run.close("stopped", notice("end.terminated"))
        self._restore()
        os.kill(os.getpid(), number)
