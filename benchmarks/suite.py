"""Runs every benchmark within a time limit; writes docs/benchmarks.json, docs/benchmarks.md and README's figures.

    python benchmarks/suite.py [--minutes 40] [--only overhead frames ...] [--render]

A benchmark is begun while there is time left, the most wanted ones first; what was not begun, failed or ran over its
limit keeps the figures that it had, under the day and machine of these. With --render nothing is measured: the pages
are written anew from docs/benchmarks.json.
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
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from report import write_pages

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.json"
LIBRARIES = ("torch", "numpy", "numba", "fastapi", "uvicorn", "websockets", "pydantic", "plotly")


@dataclass(frozen=True)
class Benchmark:
    """A script of this folder, run with --json.

    Attributes:
        name: of the script, without its suffix.
        arguments: that it is given.
        limit: seconds after which it is ended.
    """

    name: str
    arguments: tuple[str, ...]
    limit: int


BENCHMARKS = (
    Benchmark("overhead", ("--seconds", "30"), 900),
    Benchmark("frames", ("--seconds", "15", "--updates", "0"), 120),
    Benchmark("latency", ("--seconds", "10", "--pace", "30"), 120),
    Benchmark("opening", ("--rounds", "5", "--seconds", "3"), 240),
    Benchmark("scale", ("--seconds", "3"), 300),
    Benchmark("load", ("--seconds", "8", "--steps", "3000", "--rounds", "2"), 240),
    Benchmark("folder", ("--recordings", "10000"), 240),
    Benchmark("wild", ("--models", "resnet18", "vit_tiny", "layers200", "--seconds", "30"), 300),
    Benchmark("recording_size", (), 300),
    Benchmark("peers", ("--workloads", "W1", "--seconds", "20"), 180),
    Benchmark("first_step", ("--seconds", "5"), 180),
    Benchmark("footprint", ("--only", "memory", "--steps", "4000"), 240),
    Benchmark("outage", ("--workloads", "W1", "--schedules", "every", "--outages", "30", "kill"), 300),
)
"""Those that the README quotes first."""


def main() -> None:
    """Measure what there is time for, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=40, help="after which none is begun")
    parser.add_argument("--only", nargs="+", choices=[one.name for one in BENCHMARKS], metavar="NAME")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the pages anew")
    given = parser.parse_args()
    known: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    if not given.render:
        end = time.monotonic() + 60 * given.minutes
        for benchmark in BENCHMARKS:
            if given.only is None or benchmark.name in given.only:
                found = measured(benchmark, end)
                if found is not None:
                    known[benchmark.name] = found
                    FIGURES.write_text(json.dumps(in_order(known), indent=1) + "\n", encoding="utf-8")
    write_pages(in_order(known))


def in_order(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of all benchmarks that there are, those that the README quotes first."""
    return {one.name: known[one.name] for one in BENCHMARKS if one.name in known}


def measured(benchmark: Benchmark, end: float) -> dict[str, Any] | None:
    """Run a benchmark; return its figures and where they come from, None where there are none."""
    print(f"{benchmark.name:16}", end="", flush=True)
    if time.monotonic() > end:
        print("left out: no time was left")
        return None
    script = Path(__file__).with_name(f"{benchmark.name}.py")
    begin = time.monotonic()
    try:
        written = run([sys.executable, str(script), *benchmark.arguments, "--json"], benchmark.limit)
        figures = json.loads(written)
    except subprocess.TimeoutExpired:
        print(f"left out: ended after {benchmark.limit} s")
        return None
    except (subprocess.CalledProcessError, json.JSONDecodeError) as error:
        print(f"left out: {reason(error)}")
        return None
    print(f"{time.monotonic() - begin:6.0f} s")
    return {
        "command": " ".join(["python", f"benchmarks/{script.name}", *benchmark.arguments]),
        "day": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(LIBRARIES),
        "figures": figures,
    }


def run(command: Sequence[str], limit: float) -> str:
    """Return what a command prints; end it after so many seconds, and the servers and browsers that it has started."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            written, complaints = process.communicate(timeout=limit)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, written, complaints)
    return written


def reason(error: subprocess.CalledProcessError | json.JSONDecodeError) -> str:
    """Return why there are no figures: the last line that the script wrote."""
    written = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
    return (written.strip().splitlines() or ["it failed"])[-1]


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
