"""The end of a run that nobody closes: with its script, or when its networks are gone."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.util import Finalize
from types import TracebackType
from typing import Protocol

from torch import nn

from shiftscope.notices import NoticeError, notice
from shiftscope.sinks.base import Sink
from shiftscope.tracing.errors import Diverged
from shiftscope.tracing.lifetime import Lifetime


class Closable(Protocol):
    """What is closed as the block of a context manager is."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Ending:
    """Ends a run at the right time, and keeps its scope until then: a script need not.

    A process that is forked off has the scope too, but not its run.

    Args:
        scope: to be closed.
        networks: that it watches, by name.
        sink: of the run.
        recorded: returns whether anything was; it must not know the scope.
    """

    def __init__(
        self, scope: Closable, networks: Mapping[str, nn.Module], sink: Sink, recorded: Callable[[], bool]
    ) -> None:
        self._names, self._sink, self._recorded = tuple(networks), sink, recorded
        self._process = os.getpid()
        modules = dict.fromkeys(module for network in networks.values() for module in network.modules())
        self._life = Lifetime(scope, modules, self._networks_gone)
        atexit.register(self._script_over)
        # A process of multiprocessing may end without doing what atexit knows.
        self._finalize = None if parent_process() is None else Finalize(None, self._script_over, exitpriority=0)

    def cancel(self) -> None:
        """Hold nothing any more: the scope is closed."""
        self._life.end()
        atexit.unregister(self._script_over)
        if self._finalize is not None:
            self._finalize.cancel()

    def _script_over(self) -> None:
        """End a run whose script is over.

        The interpreter notes an error that nothing took and that ends a script. Where a person types, it notes others.
        """
        scope = self._life.owner
        if os.getpid() != self._process or scope is None:
            return
        typing = hasattr(sys, "ps1") or "IPython" in sys.modules
        error: BaseException | None = None if typing else getattr(sys, "last_value", None)
        with suppress(Diverged):  # there is no training any more to be ended
            scope.__exit__(None if error is None else type(error), error, None)

    def _networks_gone(self) -> None:
        """End the run of networks that nobody can train any more.

        This is called in the middle of whatever the process does: what may wait for a disk is done by a thread.
        """
        self.cancel()
        if os.getpid() != self._process:
            return
        try:
            threading.Thread(target=self._end, name="shiftscope-end").start()
        except RuntimeError:  # the interpreter ends, and begins no thread
            self._end()

    def _end(self) -> None:
        code = "end.networks_gone" if self._recorded() else "end.nothing_seen"
        # Whatever keeps the end from being kept, there is nobody left whom it would help to know.
        with suppress(NoticeError):
            self._sink.end("finished", notice(code, networks=", ".join(self._names)))
