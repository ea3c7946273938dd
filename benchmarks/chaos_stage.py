"""The server, the scripts and the viewers of chaos.py, and what is found of a run afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from typing_extensions import override

import emitter
from shiftscope import open_recording

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
from tests.relay import Relay  # noqa: E402

FRAMES = 120
RATE = 400.0
DISK_MIB = 64
PATIENCE = 300.0
"""Seconds for what happens at last: a worker's first start on a busy machine, its kernels yet to be compiled, takes two
minutes."""
LONGEST_NOTICE = 5.0
"""Seconds until a recording that was removed is missed: one, on a machine that does nothing else."""


@dataclass
class Found:
    """What there is after a round: frames compared, those that lack or are there twice, and what is otherwise wrong."""

    frames: int = 0
    lost: int = 0
    twice: int = 0
    faults: list[str] = field(default_factory=list)


def until(look: Callable[[], Any], what: str) -> Any:  # noqa: ANN401  whatever was looked for
    """Return what `look` returns once that is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE:g} s: {what}")
        time.sleep(0.02)
    return found


class Stage:
    """A server whose folder, clock and life are in our hands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._disk = folder / "disk"
        self._mounted = False
        self.data = self._disk / "runs"
        self.seen: set[str] = set()
        self.port = 0
        self._clock = folder / "clock"
        self._children: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        self._disk.mkdir()
        # A file system of its own, small enough to be filled, where this process may mount one.
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "shiftscope-chaos", str(self._disk)]
        self._mounted = shutil.which("mount") is not None and _done(mount)
        self.start_server()
        return self

    def __exit__(self, *_: object) -> None:
        for child in [*self._children, self._server]:
            child.kill()
            child.communicate()
        if self._mounted:
            _done(["umount", "--lazy", str(self._disk)])

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    def start_server(self) -> None:
        """Start the server, always on the same port."""
        path = os.pathsep.join(filter(None, [str(HERE / "moved_clock"), os.environ.get("PYTHONPATH", "")]))
        environment = os.environ | {
            "SHIFTSCOPE_OPEN_BROWSER": "0", "SHIFTSCOPE_SPARE_WORKER": "0", "PYTHONPATH": path,
            "SHIFTSCOPE_MOVED_CLOCK": str(self._clock), "SHIFTSCOPE_DATA": str(self.data),
        }  # fmt: skip
        command = [sys.executable, "-m", "shiftscope.cli", "serve", "--port", str(self.port)]
        self._server = self._start(command, environment)
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        match = re.search(r"http://\S+:(\d+)", line)
        assert match, line
        self.port = int(match[1])
        until(lambda: self.get("/api/health"), "a server that answers")

    def kill_server(self) -> None:
        """Kill the server."""
        self._server.kill()
        self._server.communicate()

    def begin_again(self) -> None:
        """Let go of what stands still, and of what it has left."""
        self.kill_server()
        self.data.mkdir(exist_ok=True)
        self.start_server()
        self.seen = {one["id"] for one in self.get("/api/runs") or []}

    @contextlib.contextmanager
    def server_stopped(self) -> Iterator[None]:
        """Stop the server for a while."""
        with _stopped(self._server.pid):
            yield

    @contextlib.contextmanager
    def disk_full(self) -> Iterator[None]:
        """Fill the disk; where there is none to be filled, let no file of the server grow: it says the same then."""
        if self._mounted:
            with _filled(self._disk / "filler"):
                yield
            return
        soft, hard = resource.prlimit(self._server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._server.pid, resource.RLIMIT_FSIZE, (4096, hard))
        try:
            yield
        finally:
            resource.prlimit(self._server.pid, resource.RLIMIT_FSIZE, (soft, hard))

    def remove_folder(self) -> None:
        """Remove all recordings."""
        shutil.rmtree(self.data, ignore_errors=True)

    def move_clock(self, seconds: float) -> None:
        """Set the server's clock by so much from what is true."""
        self._clock.write_text(str(seconds))

    def kill_worker(self) -> None:
        """Kill what trains."""
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        workers = [
            int(pid) for pid in children if b"shiftscope.runs.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        assert workers, "there is no worker"

    def relay(self) -> Relay:
        """Return a network to the server that can be cut."""
        return Relay(self.port)

    def script(self, *, by_hand: bool = False, through: str = "") -> Script:
        """Start a script; `through` is another address of the server."""
        command = [sys.executable, str(HERE / "emitter.py"), through or self.url, str(FRAMES), str(RATE)]
        process = self._start(
            [*command, str(self.folder / "spool"), *(["--by-hand"] if by_hand else [])], dict(os.environ)
        )
        assert process.stdout is not None
        return Script(self, process.stdout.readline().strip(), process)

    def viewers(self, run: str) -> subprocess.Popen[str]:
        """Let some viewers come."""
        viewers = self._start([sys.executable, str(HERE / "crowd.py"), str(self.port), run, "5"], dict(os.environ))
        assert viewers.stdout is not None
        viewers.stdout.readline()
        return viewers

    def trained(self) -> Trained:
        """Start a run of the server's own."""
        config = {"duration": {"kind": "steps", "steps": 100_000}, "pace": 200, "probes": "essential"}
        request = urllib.request.Request(
            f"{self.url}/api/runs", json.dumps({"config": config}).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return Trained(self, json.load(response)["id"])

    def get(self, path: str) -> Any:  # noqa: ANN401  JSON
        """Return what the server answers; None where it does not."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as response:
                return json.load(response)
        except OSError:
            return None

    def _start(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self._children.append(child)
        return child


class Trained:
    """A run of this server."""

    def __init__(self, stage: Stage, run: str) -> None:
        self.stage, self.run = stage, run
        self.found = Found()
        self.began = time.monotonic()

    @property
    def state(self) -> dict[str, Any]:
        """The run as the server shows it."""
        found: dict[str, Any] = self.stage.get(f"/api/runs/{self.run}") or {}
        return found

    def until_step(self, step: int) -> None:
        """Wait until it has made so many steps."""
        until(lambda: self.state.get("step", 0) >= step, f"step {step} of {self.state}")

    def ended(self, state: str, *reasons: str) -> Found:
        """Look at a run that has ended, for one of these reasons."""
        last = until(lambda: (now := self.state) and now["state"] not in UNDER_WAY and now, f"the end of {self.state}")
        reason = (last["reason"] or {}).get("code", "")
        if last["state"] != state or (reason not in reasons and reasons):
            self.found.faults.append(f"{last['state']}, {last['reason']}")
        if not 0 <= last["elapsed"] <= time.monotonic() - self.began:
            self.found.faults.append(f"{last['elapsed']} s of training in {time.monotonic() - self.began}")
        return self.compared(last["seq"])

    def compared(self, at_least: int) -> Found:
        """Compare the recording with what was emitted."""
        self._alone()
        with open_recording(self.stage.data / f"{self.run}.shiftscope") as recording:
            frames = recording.read()
        seqs = [one.seq for one in frames]
        self.found.frames = len(seqs)
        self.found.twice = len(seqs) - len(set(seqs))
        self.found.lost = len(set(range(1, max(at_least, *seqs, 0) + 1)) - set(seqs))
        return self.found

    def _alone(self) -> None:
        runs = {one["id"] for one in self.stage.get("/api/runs") or []}
        if runs - self.stage.seen != {self.run}:
            self.found.faults.append(f"runs {runs - self.stage.seen}")
        self.stage.seen = runs | {self.run}


UNDER_WAY = {"queued", "preparing", "running", "paused"}


class Script(Trained):
    """A run of a script."""

    def __init__(self, stage: Stage, run: str, process: subprocess.Popen[str]) -> None:
        super().__init__(stage, run)
        self.process = process
        self.acknowledged = 0

    def until(self, share: float) -> None:
        """Wait until so much of it is kept."""
        until(lambda: self.state.get("seq", 0) >= share * FRAMES, f"{share} of {self.state}")

    def kill(self) -> int:
        """Kill the script; return the last seq that it knew to be kept."""
        self.process.kill()
        said = self.process.communicate()[0].split()
        return int(said[-1]) if said and said[-1].isdigit() else 0

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the script for a while."""
        with _stopped(self.process.pid):
            yield

    def finished(self) -> Found:
        """Look at a run that went on to its end."""
        said = self.process.communicate(timeout=PATIENCE)[0]
        if "done" not in said:
            self.found.faults.append("its script did not end well")
        return self.ended("finished")

    def absent(self, acknowledged: int) -> Found:
        """Look at a run whose script is gone without a word, if it was not quicker and had said all."""
        last = until(
            lambda: (now := self.state) and (now["absence"] or now["state"] not in UNDER_WAY) and now,
            f"the absence of {self.state}",
        )
        told = last["state"], (last["absence"] or {}).get("code")
        if told != ("running", "absence.lost") and (last["state"], last["seq"]) != ("finished", FRAMES):
            self.found.faults.append(f"{last['state']}, {last['absence']}")
        return self.compared(max(acknowledged, last["seq"]))

    def gone(self) -> Found:
        """Look at a run whose recording was removed."""
        began = time.monotonic()
        until(lambda: (now := self.state)["state"] not in UNDER_WAY or now["absence"], "what is said of it")
        noticed = time.monotonic() - began
        last = until(lambda: (now := self.state)["state"] not in UNDER_WAY and now, "its end")
        if (last["state"], last["reason"]["code"]) != ("failed", "end.recording_removed"):
            self.found.faults.append(f"{last['state']}, {last['reason']}")
        if noticed > LONGEST_NOTICE:
            self.found.faults.append(f"noticed after {noticed:.1f} s")
        self.process.kill()
        self._alone()
        return self.found

    @override
    def compared(self, at_least: int) -> Found:
        found = super().compared(at_least)
        with open_recording(self.stage.data / f"{self.run}.shiftscope") as recording:
            altered = sum(one.data != emitter.frame(one.seq) for one in recording.read())
        if altered:
            found.faults.append(f"{altered} frames are not as they were sent")
        return found


def _done(command: list[str]) -> bool:
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


@contextlib.contextmanager
def _filled(filler: Path) -> Iterator[None]:
    """Leave not a page of a disk, for a while."""
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
        try:
            yield
        finally:
            filler.unlink()


@contextlib.contextmanager
def _stopped(pid: int) -> Iterator[None]:
    """Stop a process for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
