"""Errors inside probes: each is reported once, and its probe measures no more; training goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from warnings import warn

from shiftscope.notices import Notice, notice


class ProbeError(Exception):
    """What a probe did that it must not do."""


class Faults:
    """The probes that failed.

    Attributes:
        stopped: their names, each with what went wrong.
    """

    def __init__(self) -> None:
        self.stopped: dict[str, str] = {}
        self._unreported: list[Notice] = []

    @contextmanager
    def caught(self, probe: str) -> Iterator[None]:
        """Enter a block in which a probe's code runs: an error in it stops the probe, and nothing else."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  whatever a probe raises, the training that it measures goes on
            self.stop(probe, error)

    def stop(self, probe: str, error: BaseException) -> None:
        """Stop a probe, and warn of it."""
        if probe in self.stopped:
            return
        self.stopped[probe] = f"{type(error).__name__}: {error}"
        message = notice("event.probe_failed", probe=probe, error=self.stopped[probe])
        self._unreported.append(message)
        warn(str(message), RuntimeWarning, stacklevel=2)

    def take_unreported(self) -> list[Notice]:
        """Return what went wrong since this was last called."""
        taken, self._unreported = self._unreported, []
        return taken
