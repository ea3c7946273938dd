"""What a training feels when the server that it is watched by stands still: how much slower, how long a pause.

    python benchmarks/outage.py [--json] [--workloads W1 W3] [--schedules every default]
                                [--outages 30 60 ever kill sleep]

Real processes: a server, and a script that trains (one torch thread) and is watched by it. After some healthy seconds
the server is stopped (SIGSTOP) for so many seconds; "ever": until the script is interrupted by Ctrl-C and has ended,
whereupon the server goes on and what was left is sent by `shiftscope sync`; "kill": it is killed and started again
after ten seconds; "sleep": the script is stopped along with it, as when a lid is closed.

calls_pct     time that the training thread was inside the sink, from the outage to the end of the training
thread_pct    CPU time of the sink's threads likewise: what they may have taken the interpreter's lock for, at most
before_pct    the same two together before the outage
step_ratio    median CPU time of a step, in the training thread, from the outage on, over that before it
longest_ms    the longest call into the sink, from the outage on
healthy_ms    the same before the outage: what the machine itself does to such a call
close_s       how long closing the scope took
exit_s        from Ctrl-C, or else from the closing, to the end of the process; bare torch takes a part of that
lost          frames that were measured and are not in the server's recording, in their order
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import torch

from serving import serving
from shiftscope import every, open_recording, watch
from shiftscope.sinks.base import Sink
from shiftscope.sinks.socket import SocketSink
from workloads import WORKLOADS, start

WARM_SECONDS = 3.0
HEALTHY_SECONDS = 8.0
AFTER_SECONDS = 10.0
KILLED_SECONDS = 10.0


class Timed:
    """A sink in front of another, which measures how long each call takes."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.frames = 0
        self.inside = 0.0
        self.longest = 0.0

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Return a method of the other sink, with a clock around it."""
        method = getattr(self.sink, name)

        def timed(*arguments: object, **more: object) -> None:
            began = time.perf_counter()
            try:
                method(*arguments, **more)
            finally:
                took = time.perf_counter() - began
                self.inside += took
                self.longest = max(self.longest, took)
                self.frames += name == "frame"

        return timed


def cpu_of_sink() -> float:
    """Return the CPU seconds that the sink's threads have taken."""
    nanoseconds = 0
    for thread in threading.enumerate():
        if thread.name.startswith("shiftscope"):
            with contextlib.suppress(OSError):
                nanoseconds += int(Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text().split()[0])
    return nanoseconds / 1e9


class Meter:
    """Measures a training by phases: while it warms up, while all is well, and from the outage on."""

    def __init__(self, timed: Timed, folder: Path) -> None:
        self.steps: list[float] = []
        self._timed, self._folder = timed, folder
        self._began = time.perf_counter()
        self._phase = "warm"
        self._found: dict[str, dict[str, float]] = {}
        self._mark = self._now()

    def turn(self) -> None:
        """Begin the next phase, if it is time."""
        now = "outage" if (self._folder / "outage").exists() else "healthy"
        now = "warm" if time.perf_counter() - self._began < WARM_SECONDS else now
        if now != self._phase:
            self._close_phase()
            self._phase = now
            (self._folder / f"in {now}").touch()

    def result(self) -> dict[str, float]:
        """Return what was felt."""
        self._close_phase()
        healthy, outage = self._found["healthy"], self._found["outage"]
        return {
            "calls_pct": outage["calls"],
            "thread_pct": outage["threads"],
            "before_pct": healthy["calls"] + healthy["threads"],
            "step_ratio": outage["step"] / healthy["step"],
            "longest_ms": outage["longest"],
            "healthy_ms": healthy["longest"],
        }

    def _now(self) -> tuple[float, float, float]:
        return time.perf_counter(), self._timed.inside, cpu_of_sink()

    def _close_phase(self) -> None:
        since, inside, cpu = self._mark
        self._mark = now, inside_now, cpu_now = self._now()
        self._found[self._phase] = {
            "calls": 100 * (inside_now - inside) / (now - since),
            "threads": 100 * (cpu_now - cpu) / (now - since),
            "step": statistics.median(self.steps or [0.0]),
            "longest": 1000 * self._timed.longest,
        }
        self.steps.clear()
        self._timed.longest = 0.0


def train(url: str, workload: str, schedule: str, folder: Path) -> None:
    """Train, watched, until interrupted or told to end; write what it felt into result.json."""
    torch.set_num_threads(1)
    loop = start(next(one for one in WORKLOADS if one.name == workload))
    sink = SocketSink.connect(url, name=f"{workload} {schedule}")
    timed = Timed(sink)
    scope = watch(
        loop.network,
        to=timed,
        optimizer=loop.optimizer,
        schedule=every(1) if schedule == "every" else None,
        schedules={"cost": every(1)} if schedule == "every" else None,
    )
    (folder / "run").write_text(sink.run)
    meter = Meter(timed, folder)
    state = "finished"
    try:
        while not (folder / "end").exists():
            at = time.thread_time()
            loop.step()
            meter.steps.append(time.thread_time() - at)
            meter.turn()
    except KeyboardInterrupt:
        state = "stopped"
    result = meter.result()
    at = time.perf_counter()
    scope.close(state)  # type: ignore[arg-type]
    result |= {"close_s": time.perf_counter() - at, "frames": timed.frames, "closing": time.time()}
    (folder / "result.json").write_text(json.dumps(result))


def until(path: Path) -> None:
    """Wait for a file."""
    deadline = time.monotonic() + 600
    while not path.exists():
        assert time.monotonic() < deadline, f"no {path.name} within ten minutes"
        time.sleep(0.02)


def suffer(workload: str, schedule: str, outage: str) -> dict[str, float]:
    """Let a training go through an outage, and return what it felt."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        data = folder / "runs"
        server, url = stack.enter_context(serving(data, spare_worker=False))
        command = [sys.executable, __file__, "--train", url, workload, schedule, name]
        environment = os.environ | {"SHIFTSCOPE_DATA": str(folder / "mine")}
        script = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        stack.callback(script.kill)
        until(folder / "in healthy")
        time.sleep(HEALTHY_SECONDS)
        (folder / "outage").touch()
        until(folder / "in outage")
        told = bring_about(outage, server, script, data, url, stack)
        if outage != "ever":
            time.sleep(AFTER_SECONDS)
            (folder / "end").touch()
        script.wait(120)
        ended = time.time()
        result: dict[str, float] = json.loads((folder / "result.json").read_text())
        closing = result.pop("closing")
        result["exit_s"] = ended - (told or closing - result["close_s"])
        server.send_signal(signal.SIGCONT)
        for spool in (folder / "mine" / "spool").glob("*.shiftscope"):
            subprocess.run(
                [sys.executable, "-m", "shiftscope.cli", "sync", str(spool)], check=True, capture_output=True
            )
        result["lost"] = result.pop("frames") - kept(data / f"{(folder / 'run').read_text()}.shiftscope")
        return result


def bring_about(
    outage: str,
    server: subprocess.Popen[str],
    script: subprocess.Popen[bytes],
    data: Path,
    url: str,
    stack: contextlib.ExitStack,
) -> float | None:
    """Let an outage begin, last and end; return when Ctrl-C was pressed, if it was."""
    if outage == "kill":
        server.kill()
        server.wait()
        time.sleep(KILLED_SECONDS)
        stack.enter_context(serving(data, int(url.rsplit(":", 1)[1]), spare_worker=False))
        return None
    stopped = [server.pid, script.pid] if outage == "sleep" else [server.pid]
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    time.sleep(30.0 if outage in {"ever", "sleep"} else float(outage))
    if outage == "ever":
        script.send_signal(signal.SIGINT)
        return time.time()
    for process in stopped:
        os.kill(process, signal.SIGCONT)
    return None


def kept(path: Path) -> int:
    """Return how many frames a recording has, without a gap."""
    with open_recording(path) as recording:
        seqs = [frame.seq for frame in recording.read()]
    assert seqs == list(range(1, len(seqs) + 1)), "a gap"
    return len(seqs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--workloads", nargs="+", default=["W1", "W3"])
    parser.add_argument("--schedules", nargs="+", default=["every", "default"])
    parser.add_argument("--outages", nargs="+", default=["30", "60", "ever", "kill", "sleep"])
    parser.add_argument("--train", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        url, workload, schedule, folder = options.train
        train(url, workload, schedule, Path(folder))
        return
    results: dict[str, dict[str, float]] = {}
    for workload in options.workloads:
        for schedule in options.schedules:
            for outage in options.outages:
                found = suffer(workload, schedule, outage)
                results[f"{workload} {schedule} {outage}"] = found
                if not options.json:
                    if len(results) == 1:
                        print(f"{'':18}" + "".join(f"{name:>12}" for name in found))
                    print(f"{workload} {schedule} {outage:6}".ljust(18), end="")
                    print("".join(f"{value:12.4g}" for value in found.values()), flush=True)
    if options.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
