"""The runs of a data folder."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from shiftscope.config import RunConfig
from shiftscope.notices import Notice
from shiftscope.recording.documents import SUFFIX, ForkedFrom, RecordingError, TrialPart
from shiftscope.recording.writer import beside
from shiftscope.server.runs import Hear, Run

logger = logging.getLogger(__name__)


class RunStore:
    """All runs of a data folder."""

    def __init__(self, folder: Path, runs: Iterable[Run], hear: Hear | None = None) -> None:
        self.folder, self._hear = folder, hear
        self._runs = {run.id: run for run in sorted(runs, key=lambda run: run.info.created)}
        for run in self._runs.values():
            run.hear = hear

    @classmethod
    def open(cls, folder: Path, hear: Hear | None = None) -> RunStore:
        """Read the runs of a folder, which is made if missing; files that are not recordings are left alone.

        `hear` is called with each event of a run from now on.
        """
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, filter(None, (_load(path) for path in folder.glob(f"*{SUFFIX}"))), hear)

    def create(
        self, name: Notice | str, source: str, config: RunConfig | None,
        trial: TrialPart | None = None, forked: ForkedFrom | None = None,
    ) -> Run:  # fmt: skip
        """Make a run."""
        run = Run.create(self.folder, name, source, config, trial, forked)
        run.hear = self._hear
        self._runs[run.id] = run
        return run

    def get(self, run_id: str) -> Run | None:
        """Return a run, or None when there is none of that id."""
        return self._runs.get(run_id)

    def newest_first(self) -> list[Run]:
        """Return all runs, the newest first."""
        return list(reversed(self._runs.values()))

    def delete(self, run: Run) -> None:
        """Remove a run's file, then forget the run. Raises OSError when it cannot be removed: then the run stays."""
        run.close()
        for path in (*beside(run.path), run.path):
            path.unlink(missing_ok=True)
        self._runs.pop(run.id, None)


def _load(path: Path) -> Run | None:
    try:
        return Run.load(path)
    except (RecordingError, OSError, ValueError) as error:
        logger.warning("%s is left out: %s", path, error)
        return None
