"""What it costs to look at a training step: a watched loop against the bare one.

    python benchmarks/overhead.py [--json] [--workloads W1 W2 W3] [--seconds 60] [--to server|file|nothing]
                                  [--by-probe] [--device cpu|cuda|cpu-by-torch]

Prints a table; with --json an object by workload, {"W1": {"every_step": ..., "default": ...}, ...}.

One torch thread. Each way of watching trains a network of its own; blocks of steps of all ways alternate, in another
order each round, and what is compared is the CPU time of the training thread: the median, over the rounds, of a block's
time over that of the bare loop's block in the same round. A first few steps of each are left out: they find the layers.

every_step            moments, 64-bin histograms, 11 quantiles, gradient norms, gamma and beta of every layer
activation_gradients  the same and the norm of the gradient by each site's values
essential, standard, full  the tiers, what they measure in passing, at every step
drift, followed, sampling_shift, gradient_shift, landscape  studies at every step, in steps of training
default               watch(network, optimizer=...) as it comes, over a training of RUN steps: computed of what a frame
                      costs and how many the schedule takes; default_full the same with probes="full" and what its
                      studies need (a probe batch, the loss, each step's batch): what these cost as well
disarmed              watched, with nothing due

With --device cuda, W2, W3 and a transformer of GPT-2 small's shape on a GPU, by the clock: the ways without studies.
With cpu-by-torch the same is done as on a device, by torch's operations on the host: what that costs here says nothing
of a GPU.

With --by-probe, instead, each probe alone, at every step: what it adds to a bare step. `python docs/measures.py` reads
that from docs/costs.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch

from browsing import server
from shiftscope import watch
from shiftscope.config.defaults import FRAMES
from shiftscope.engine.probe import Tier
from shiftscope.engine.schedules import Schedule, at, every, never, thinning
from shiftscope.kernels.tensor_memory import VARIABLE
from shiftscope.probes.registry import PROBES, scheduled_streams, select, warm_up
from shiftscope.scope import Scope
from workloads import ON_DEVICES, WORKLOADS, Loop, Workload, start

RUN = 50_000
"""Steps of the training that the default schedule is told for: as many as Ioffe & Szegedy's figure 1 takes for W1."""
EVERY_STEP = ("moments", "histograms", "quantiles", "gradient_norms", "affine")
PROBE_SAMPLES = 512
"""Of the probe batch, as in the trainings that the server runs."""
STUDIES = tuple(probe.name for probe in PROBES if probe.study)

Step = Callable[[], None]
Ways = Mapping[str, tuple[Sequence[str], Mapping[str, Schedule]]]


class Nothing:
    """A sink that keeps nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Take whatever a scope writes."""
        return lambda *_, **__: None


def watched(loop: Loop, probes: Sequence[str], schedules: Mapping[str, Schedule], to: object) -> tuple[Scope, Step]:
    """Watch a loop with these probes and, by stream, schedules ("" for what is measured in passing)."""
    studied = {probe.stream for probe in PROBES if probe.study} | {"cost"}
    streams = scheduled_streams(select(probes)) - {"layers"}
    own = {name: never() if name in studied else schedules[""] for name in streams}
    scope = watch(
        loop.network,
        to=to,  # type: ignore[arg-type]
        probes=probes,
        schedule=schedules[""],
        schedules=own | {name: schedule for name, schedule in schedules.items() if name},
        probe_batch=loop.inputs[:PROBE_SAMPLES],
        loss=torch.nn.functional.cross_entropy,
        on_error="raise",
    )

    def step() -> None:
        loss, batch = loop.backward()
        scope.measure(loss, learning_rate=0.05, batch=batch)
        loop.optimizer.step()
        scope.step()

    return scope, step


def without_studies() -> Ways:
    """Return the ways of watching in which no study runs."""
    return {name: way for name, way in ways().items() if name not in STUDIES}


def ways() -> dict[str, tuple[Sequence[str], Mapping[str, Schedule]]]:
    """Return probes and schedules of each way of watching."""
    passing = {tier: [probe.name for probe in select(tier).probes if probe.passing] for tier in Tier}
    made: dict[str, tuple[Sequence[str], Mapping[str, Schedule]]] = {
        "disarmed": (EVERY_STEP, {"": at(0)}),
        "every_step": (EVERY_STEP, {"": every()}),
        "activation_gradients": ((*EVERY_STEP, "activation_gradients"), {"": every()}),
    }
    made |= {tier.value: (names, {"": every()}) for tier, names in passing.items()}
    return made | {probe.name: ([probe.name], {"": at(0), probe.stream: every()}) for probe in PROBES if probe.study}


def probe_by_probe() -> dict[str, tuple[Sequence[str], Mapping[str, Schedule]]]:
    """Return probes and schedules by which each probe is watched alone, and one that looks at nothing."""
    return {"disarmed": (EVERY_STEP, {"": at(0)})} | {
        probe.name: ([probe.name], {"": at(0), probe.stream: every()} if probe.study else {"": every()})
        for probe in PROBES
    }


def measure(
    workload: Workload, chosen: Ways, seconds: float, new_sink: Callable[[str], object], device: str = "cpu"
) -> dict[str, list[float]]:
    """Return, for each way, the ratios to the bare loop of each round; a way that costs hundreds of steps has few."""
    bare = start(workload, device)
    steps: dict[str, Step] = {"bare": bare.step}
    scopes = []
    for name, (probes, schedules) in chosen.items():
        scope, steps[name] = watched(start(workload, device), probes, schedules, new_sink(name))
        scopes.append(scope)
    for _ in range(3):
        for step in steps.values():
            step()
    times: dict[str, list[float]] = {name: [] for name in steps}
    end = time.monotonic() + seconds
    order = list(steps)
    while time.monotonic() < end or len(times["bare"]) < 5:
        random.shuffle(order)
        for name in order:
            count = max(1, workload.block // 8) if name in STUDIES else workload.block
            times[name].append(time_of(steps[name], count, device))
    for scope in scopes:
        scope.close()
    return {
        name: [one / plain for one, plain in zip(found, times["bare"], strict=True)] for name, found in times.items()
    } | {"bare_ms": [one / 1e6 for one in times["bare"]]}


def time_of(step: Callable[[], object], count: int, device: str = "cpu") -> float:
    """Return the nanoseconds a step, of `count` steps after one that warms the caches: of CPU time, or on a GPU."""
    step()
    if device == "cuda":
        torch.cuda.synchronize()
    clock = time.perf_counter_ns if device == "cuda" else time.thread_time_ns
    begin = clock()
    for _ in range(count):
        step()
    if device == "cuda":
        torch.cuda.synchronize()
    return (clock() - begin) / count


def report(ratios: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the medians, the studies' costs in steps, and what the default schedules make of them."""
    found = {name: statistics.median(values) for name, values in ratios.items() if name != "bare"}
    for study in set(STUDIES) & set(found):
        found[study] -= found["disarmed"]
    defaults = [(Tier.STANDARD, "default"), (Tier.FULL, "default_full")]
    for tier, name in defaults if set(STUDIES) <= set(found) else defaults[:1]:
        studies = [p for p in select(tier).probes if p.study and tier is Tier.FULL]
        extra = (found[tier.value] - 1) * taken(FRAMES)
        extra += sum(found[probe.name] * taken(round(probe.share * FRAMES)) for probe in studies)
        found[name] = 1 + max(0.0, extra) / RUN
    return found


def added(ratios: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return what each probe adds to a bare step."""
    medians = {name: statistics.median(values) for name, values in ratios.items()}
    names = [probe.name for probe in PROBES]
    return {"bare_ms": medians["bare_ms"]} | {name: max(0.0, medians[name] - medians["disarmed"]) for name in names}


def taken(frames: int) -> int:
    """Return how many of RUN steps the default schedule of so many frames takes, told no number of steps."""
    schedule = thinning(None, frames)
    return sum(schedule(step) for step in range(RUN))


@contextmanager
def sinks(kind: str) -> Iterator[Callable[[str], object]]:
    """Yield what makes sinks of a kind."""
    with ExitStack() as stack:
        if kind == "server":
            url = stack.enter_context(server(stack.enter_context(tempfile.TemporaryDirectory())))
            yield lambda _: url
        elif kind == "file":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            yield lambda name: Path(folder) / f"{time.time_ns()} {name}.shiftscope"
        else:
            yield lambda _: Nothing()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", nargs="+", help="by default all that there are for the device")
    parser.add_argument("--device", choices=["cpu", "cuda", "cpu-by-torch"], default="cpu")
    parser.add_argument("--seconds", type=float, default=60, help="of measuring, for each workload")
    parser.add_argument("--to", choices=["server", "file", "nothing"], default="server")
    parser.add_argument("--by-probe", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("There is no CUDA device here.")
    device = "cuda" if given.device == "cuda" else "cpu"
    if given.device == "cpu-by-torch":
        os.environ[VARIABLE] = "torch"
    warm_up()  # benchmarks/first_step.py measures what is done until kernels are compiled
    torch.set_num_threads(1)
    results: dict[str, dict[str, float]] = {}
    for workload in WORKLOADS if given.device == "cpu" else ON_DEVICES:
        if given.workloads and workload.name not in given.workloads:
            continue
        with sinks(given.to) as new_sink:
            usual = ways() if given.device == "cpu" else without_studies()
            chosen = probe_by_probe() if given.by_probe else usual
            ratios = measure(workload, chosen, given.seconds, new_sink, device)
            results[workload.name] = added(ratios) if given.by_probe else report(ratios)
        if not given.json:
            print(f"{workload.name} = {workload.about}; a bare step takes {results[workload.name]['bare_ms']:.2f} ms")
            for name, value in results[workload.name].items():
                unit = "steps" if given.by_probe or name in STUDIES else "of a bare step"
                print(f"  {name:22s} {value:7.3f} {unit}" if name != "bare_ms" else "")
    if given.json:
        print(json.dumps({name: {k: round(v, 4) for k, v in found.items()} for name, found in results.items()}))


if __name__ == "__main__":
    main()
