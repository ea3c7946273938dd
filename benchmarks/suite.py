"""Runs every benchmark within a time limit; writes docs/benchmarks.json, docs/benchmarks.md and README's figures.

    python benchmarks/suite.py [--minutes 40] [--only overhead frames ...] [--render]

A benchmark is begun where the time that is left is enough for it: first those that the README quotes, then those that
have no figures yet, then those whose figures are oldest. What was not begun, failed or ran over its limit keeps the
figures that it had, under their day, commit and machine. All is written after each benchmark, so it may be ended at any
time. With --render nothing is measured: the pages are written anew from docs/benchmarks.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from report import PAGE, README, write_pages, write_whole

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.json"
WRITTEN = (README, FIGURES, PAGE)
"""Files that this writes itself: that they are others than in the commit changes nothing that is measured."""
LIBRARIES = ("torch", "numpy", "numba", "fastapi", "uvicorn", "websockets", "pydantic", "plotly", "ray")


@dataclass(frozen=True)
class Benchmark:
    """A script of this folder, run with --json.

    Attributes:
        name: of the script, without its suffix.
        arguments: that it is given.
        usual: about how many seconds it takes on two cores; what it took last, where that is known, counts instead.
        quoted: whether the README quotes its figures.
    """

    name: str
    arguments: tuple[str, ...]
    usual: float
    quoted: bool = False


BENCHMARKS = (
    Benchmark("overhead", ("--seconds", "30"), 420, quoted=True),
    Benchmark("logging_cost", (), 40, quoted=True),
    Benchmark("peers", ("--workloads", "W1", "--seconds", "20"), 60, quoted=True),
    Benchmark("frames", ("--seconds", "15", "--updates", "0"), 60),
    Benchmark("latency", ("--seconds", "10", "--pace", "30"), 60),
    Benchmark("opening", ("--rounds", "5", "--seconds", "3"), 90),
    Benchmark("scale", ("--seconds", "3"), 180),
    Benchmark("nodes", ("--seconds", "4"), 150),
    Benchmark("load", ("--seconds", "8", "--steps", "3000", "--rounds", "2"), 180),
    Benchmark("folder", ("--recordings", "10000"), 60),
    Benchmark("wild", ("--models", "resnet18", "vit_tiny", "layers200", "--seconds", "30"), 180),
    Benchmark("recording_size", (), 90),
    Benchmark("first_step", ("--seconds", "5"), 60),
    Benchmark("footprint", ("--only", "memory", "--steps", "4000"), 90),
    Benchmark("outage", ("--workloads", "W1", "--schedules", "every", "--outages", "30", "kill"), 180),
)
"""In the order of the page."""
LONGEST = 3
"""So many times the usual time a benchmark is given."""
FAREWELL_SECONDS = 10.0
"""How long a benchmark whose time is over may take to end what it has started."""
PEERS = Path(sys.prefix, "peers", "bin", "python")
"""Where other tools are that peers.py measures: their own environment, as they ask for versions that ours has not."""


def main() -> None:
    """Measure what there is time for, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=40, help="that all of it may take")
    parser.add_argument("--only", nargs="+", choices=[one.name for one in BENCHMARKS], metavar="NAME")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the pages anew")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is being measured ends with this, as on Ctrl-C
    known: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    if not given.render:
        end, now = time.monotonic() + 60 * given.minutes, commit()
        for benchmark in most_wanted_first(known):
            if given.only is None or benchmark.name in given.only:
                found = measured(benchmark, known, end)
                if found is not None:
                    known[benchmark.name] = found | {"commit": now}
                    write(in_order(known))
    write(in_order(known))


def write(known: Mapping[str, Any]) -> None:
    """Write the figures, and the pages that are made of them, each whole or not at all."""
    write_whole(FIGURES, json.dumps(known, indent=1) + "\n")
    write_pages(known)


def most_wanted_first(known: Mapping[str, Any]) -> list[Benchmark]:
    """Return all benchmarks: what the README quotes, what has no figures, then from the oldest figures on."""
    return sorted(BENCHMARKS, key=lambda one: (not one.quoted, known.get(one.name, {}).get("day", "")))


def in_order(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of all benchmarks that there are, those that the README quotes first."""
    return {one.name: known[one.name] for one in BENCHMARKS if one.name in known}


def measured(benchmark: Benchmark, known: Mapping[str, Any], end: float) -> dict[str, Any] | None:
    """Run a benchmark; return its figures and where they come from, None where there are none."""
    print(f"{benchmark.name:16}", end="", flush=True)
    usual = known.get(benchmark.name, {}).get("seconds", benchmark.usual)
    left = end - time.monotonic()
    if left < usual:
        print(f"left out: it takes some {usual:.0f} s, and {max(0, left):.0f} are left")
        return None
    script = Path(__file__).with_name(f"{benchmark.name}.py")
    limit, begin = min(left, LONGEST * usual), time.monotonic()
    try:
        written = run([interpreter(benchmark), str(script), *benchmark.arguments, "--json"], limit)
        figures = json.loads(written)
    except subprocess.TimeoutExpired:
        print(f"left out: ended after {limit:.0f} s")
        return None
    except (subprocess.CalledProcessError, json.JSONDecodeError) as error:
        print(f"left out: {reason(error)}")
        return None
    seconds = time.monotonic() - begin
    print(f"{seconds:6.0f} s")
    return {
        "command": " ".join(["python", f"benchmarks/{script.name}", *benchmark.arguments]),
        "day": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds),
        "machine": machine(),
        "versions": versions(LIBRARIES),
        "figures": figures,
    }


def interpreter(benchmark: Benchmark) -> str:
    """Return the Python that runs a benchmark."""
    return str(PEERS) if benchmark.name == "peers" and PEERS.exists() else sys.executable


def run(command: Sequence[str], limit: float) -> str:
    """Return what a command prints; end it after so many seconds, and the servers and browsers that it has started."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            written, complaints = process.communicate(timeout=limit)
        except BaseException:
            _end(process)
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, written, complaints)
    return written


def _end(process: subprocess.Popen[str]) -> None:
    """Let a benchmark end what it has started, as on Ctrl-C, then end what is left."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=FAREWELL_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def reason(error: subprocess.CalledProcessError | json.JSONDecodeError) -> str:
    """Return why there are no figures: the last line that the script wrote."""
    written = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
    return (written.strip().splitlines() or ["it failed"])[-1]


def commit() -> str:
    """Return which commit is measured, and whether something was changed since; empty where that is not known."""
    with suppress(OSError, subprocess.CalledProcessError):
        changed = _git("status", "--porcelain", "--", ":/", *(f":(exclude){one}" for one in WRITTEN))
        return _git("rev-parse", "--short=10", "HEAD").strip() + (" with changes" if changed else "")
    return ""


def _git(*arguments: str) -> str:
    return subprocess.check_output(["git", *arguments], cwd=FIGURES.parent, text=True, stderr=subprocess.DEVNULL)


def machine() -> str:
    """Return the processor's name and how many of its cores there are."""
    names = [line.partition(":")[2].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {cores} cores, {platform.system()}"


def versions(libraries: Sequence[str]) -> Mapping[str, str]:
    """Return the versions of Python and of those libraries that are installed."""
    found = {"Python": platform.python_version()}
    for library in libraries:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    main()
