"""The runs of a data folder: those under way in memory, of the others what the folder's index says."""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from weakref import WeakValueDictionary

from pydantic import ValidationError

from shiftscope.config import RunConfig
from shiftscope.notices import Notice
from shiftscope.recording.database import beside
from shiftscope.recording.documents import SUFFIX, ForkedFrom, StartedBy, TrialPart
from shiftscope.recording.index import FolderIndex, Line
from shiftscope.server import again
from shiftscope.server.damage import printable, short_hash
from shiftscope.server.listing import Listed
from shiftscope.server.pages_of_runs import Entry
from shiftscope.server.run_state import RunView
from shiftscope.server.runs import Hear, Run
from shiftscope.server.stamps import is_as, is_new, stamp_of, stamps_of

logger = logging.getLogger(__name__)

KEPT = 12
"""Runs that have ended and stay in memory for who asks for them again."""
KEPT_ENTRIES = 20_000
"""Most entries that the layouts of all these have, but for the newest of them: each is some objects, and whenever the
interpreter looks for garbage it looks at all of them while everybody waits, 0.6 ms for a thousand entries."""
AT_A_TIME = 50
"""Lines that are written into the index together."""
AT_ONCE_SECONDS = 1.0
"""How long a start waits for recordings that the index does not know; the rest are read while the server serves."""


_ID = re.compile(r"[^/\\\x00-\x1f\x7f]{1,200}")


class Loading:
    """A lock that goes when nobody holds it or waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class RunStore:
    """All runs of a data folder. Safe to use from several threads."""

    def __init__(self, folder: Path, hear: Hear | None = None) -> None:
        self.folder, self._hear = folder, hear
        self._lock = threading.RLock()
        self._index = FolderIndex(folder)
        self._entries: dict[str, Entry] = {}
        self._unread: dict[str, str] = {}  # stamps by file
        self._held: dict[str, Run] = {}  # under way, or with nothing on disk that could be read again
        self._recent: OrderedDict[str, Run] = OrderedDict()
        self._made: WeakValueDictionary[str, Run] = WeakValueDictionary()  # whoever has a run has the same one
        self._loading: WeakValueDictionary[str, Loading] = WeakValueDictionary()
        self._to_put: dict[Run, tuple[Line, str]] = {}
        self._closing = threading.Event()
        self._found: Callable[[Run], object] | None = None

    @classmethod
    def open(cls, folder: Path, hear: Hear | None = None) -> RunStore:
        """Read the runs of a folder, which is made if missing; files that are not recordings are left alone.

        `hear` is called with each event of a run from now on. Recordings that the index does not know are read in a
        thread; what takes longer than a moment comes into the lists as it is read.
        """
        folder.mkdir(parents=True, exist_ok=True)
        store = cls(folder, hear)
        store._scan()
        reading = threading.Thread(target=store._read_all, name="recordings", daemon=True)
        reading.start()
        reading.join(AT_ONCE_SECONDS)
        return store

    def close(self) -> None:
        """Read no more, and close the index."""
        self._closing.set()
        self._put()
        self._index.close()

    def _scan(self) -> None:
        """Find out which files there are, and what the index knows of them."""
        stamps = dict(stamps_of(self.folder))
        known = {line.file: line for line in self._index.lines()}
        self._index.remove(known.keys() - stamps.keys())
        for file, stamp in sorted(stamps.items()):
            line = known.get(file)
            if line is None or line.stamp != stamp or not _ID.fullmatch(line.id) or not 0 <= line.created < 1e11:
                self._unread[file] = stamp
            else:
                self._add(Entry(file, line.id, line.created, line.trial, stamp=stamp, group=line.group))

    def _read_all(self) -> None:
        """Read what the index did not know: first what was under way, then the newest."""
        unread = list(self._unread)
        logs = {file for file in unread if beside(self.folder / file)[0].exists()}
        for file in sorted(unread, key=lambda file: (file in logs, file), reverse=True):
            if self._closing.is_set():
                return
            self._read(file, several=True)
        self._put()

    @property
    def unread(self) -> int:
        """How many files were not looked into yet."""
        return len(self._unread)

    def _read(self, file: str, *, several: bool = False) -> Run | None:
        """Look into a file for the first time."""
        with self._one_at_a_time(file):
            if file not in self._unread:
                return self._made.get(file.removesuffix(SUFFIX))
            try:
                run = Run.load(self.folder / file)
            except OSError as error:
                logger.warning("%s is left out: %s", file, error)
                self._unread.pop(file, None)
                return None
            with self._lock:
                self._unread.pop(file, None)
                self._add(_entry(run, file), run)
                self._remember(run, several=several)
                found = self._found
            if found is not None and not run.state.ended and not self._closing.is_set():
                found(run)
            return run

    def _one_at_a_time(self, file: str) -> Loading:
        """Return what is held while a file is read: one that takes long holds up none of the others."""
        with self._lock:
            found = self._loading.get(file) or Loading()
            self._loading[file] = found
            return found

    def _add(self, entry: Entry, run: Run | None = None) -> None:
        """Enter a run under its id. Of files with one id, the one that it names has it; the others have their own."""
        named = f"{entry.id}{SUFFIX}"
        taken = entry.id in self._entries or (entry.file != named and (self.folder / named).is_file())
        key = f"{entry.id}~{short_hash(entry.file)}" if taken else entry.id
        self._entries[key] = entry._replace(key=key)
        if run is not None:
            self._enter(run, key)

    def _enter(self, run: Run, key: str) -> None:
        if key != run.id:
            run.id, run.copy_of = key, run.info.id
        run.hear = self._hear
        run.over = self._remember
        self._made[key] = run
        if not run.state.ended:
            self._held[key] = run

    def _remember(self, run: Run, *, several: bool = False) -> None:
        """Keep what lists show of a run that has ended; let go of the run itself, but for the last few.

        Where `several` are read, they are written together.
        """
        with self._lock:
            entry = self._entries.get(run.id)
            if entry is None or not run.state.ended:
                if entry is not None:
                    self._held[run.id] = run
                return
            stamp = stamp_of(run.path)
            if stamp is None or beside(run.path)[0].exists():  # there is nothing, or more, to be read later
                self._held[run.id] = run
                return
            known = _entry(run, entry.file)
            line = Line(entry.file, stamp, run.info.id, known.place, known.trial, known.group)
            self._entries[run.id] = known._replace(id=entry.id, key=entry.key, stamp=stamp)
            self._to_put[run] = line, Listed.of(run.view, run.events).model_dump_json()
            self._held.pop(run.id, None)
            self._keep(run)
        if not several or len(self._to_put) >= AT_A_TIME:
            self._put()

    def _put(self) -> None:
        """Write what waits into the index; until then its runs are in memory."""
        with self._lock:
            self._index.put(self._to_put.values())
            self._to_put.clear()

    def _keep(self, run: Run) -> None:
        self._recent[run.id] = run
        self._recent.move_to_end(run.id)
        entries = sum(one.entries for one in self._recent.values())
        while len(self._recent) > KEPT or (entries > KEPT_ENTRIES and len(self._recent) > 1):
            entries -= self._recent.popitem(last=False)[1].entries

    def create(
        self, name: Notice | str, source: str, config: RunConfig | None,
        trial: TrialPart | None = None, forked: ForkedFrom | None = None, by: StartedBy | None = None,
    ) -> Run:  # fmt: skip
        """Make a run. Raises RecordingError."""
        with self._lock:
            newest = max((one.place for one in self._entries.values()), default=0.0)
        run = Run.create(self.folder, name, source, config, trial, forked, by, newest)
        with self._lock:
            self._add(_entry(run, run.path.name), run)
        return run

    def get(self, run_id: str) -> Run | None:
        """Return a run, or None when there is none of that id; opens its recording where it is not in memory."""
        with self._lock:
            entry, run = self._entries.get(run_id), self._in_memory(run_id)
            if run is not None:
                return run
        if entry is None:
            return self._read(f"{run_id}{SUFFIX}")
        with self._one_at_a_time(entry.file):
            if (run := self._in_memory(run_id)) is not None:
                return run
            try:
                run = Run.load(self.folder / entry.file)
            except OSError:
                run = None
            with self._lock:
                if run is None:
                    self._drop(run_id)
                    return None
                self._enter(run, run_id)
                self._keep(run)
            return run

    def _in_memory(self, key: str) -> Run | None:
        """Return a run that was read, or is under way; no run that has ended and whose file is another meanwhile."""
        with self._lock:
            run, entry = self._made.get(key), self._entries.get(key)
            if run is None or entry is None or key in self._held or not entry.stamp:
                return run
            if is_as(entry.stamp, run.path) or run.changing.locked() or is_new(run.path):
                return run
            for runs in (self._made, self._recent):
                runs.pop(key, None)
            return None

    def under_way(self) -> list[Run]:
        """Return the runs that have not ended."""
        with self._lock:
            return [run for run in self._held.values() if not run.state.ended]

    def tell_under_way(self, found: Callable[[Run], object]) -> None:
        """Call `found` with each run that has not ended, the oldest first.

        Of recordings that are still to be read it is called as they are, in the thread that reads them.
        """
        with self._lock:
            self._found = found
            runs = self.under_way()
        for run in sorted(runs, key=lambda run: run.info.place):
            found(run)

    def entries(self) -> list[Entry]:
        """Return what all runs are found by."""
        with self._lock:
            return list(self._entries.values())

    def listed(self, key: str) -> Listed | None:
        """Return what lists show of a run; None when it has gone."""
        with self._lock:
            entry, run = self._entries.get(key), self._in_memory(key)
        if entry is None:
            return None
        if run is None:
            found = self._indexed(entry)
            if found is not None:
                return found
            run = self.get(key)
            if run is None:
                return None
            self._remember(run)
        return Listed.of(run.view, run.events)

    def _indexed(self, entry: Entry) -> Listed | None:
        """Return what the index has of a recording; None where that is no recording's, or the file is another now."""
        if not is_as(entry.stamp, self.folder / entry.file):
            return None
        try:
            found = Listed.model_validate_json(self._index.body(entry.file) or "")
        except ValidationError:  # the index is not trusted
            return None
        return found.model_copy(update={"view": self._named(found.view, entry)})

    def view(self, key: str) -> RunView | None:
        """Return a run as the API shows it; None when it has gone."""
        run = self._in_memory(key)
        if run is not None:
            return run.view
        found = self.listed(key)
        return found.view if found else None

    @staticmethod
    def _named(view: RunView, entry: Entry) -> RunView:
        copied = entry.id if entry.key != entry.id else None
        return view.model_copy(update={"id": entry.key, "file": printable(entry.file), "copy_of": copied})

    def delete(self, run: Run) -> None:
        """Remove a run's file, then forget the run. Raises OSError when it cannot be removed: then the run stays."""
        run.close()
        for path in (*beside(run.path), run.path):
            if path == run.path or not path.is_dir():  # a folder of such a name is not SQLite's
                path.unlink(missing_ok=True)
        again.forget(run)
        with self._lock:
            self._drop(run.id)

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        for runs in (self._held, self._recent, self._made):
            runs.pop(key, None)
        if entry is not None:
            self._index.remove([entry.file])


def _entry(run: Run, file: str) -> Entry:
    """Return what a run is found by, whose id was not found to be another's yet."""
    info = run.info
    return Entry(file, run.id, info.place, info.trial.id if info.trial else "", group=info.group)


def views(store: RunStore, keys: Iterable[str]) -> list[RunView]:
    """Return runs as lists show them, without those that have gone meanwhile."""
    return [found for key in keys if (found := store.view(key)) is not None]
