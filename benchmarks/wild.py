"""What it costs to watch real models, and whether watching changes a bit of them.

    python benchmarks/wild.py [--models resnet18 vit_tiny] [--json] [--seconds 60] [--to file|server|nothing]

Prints a table, a row a model; with --json an object by model. Models are timm's and transformers' where those are
installed (random weights, no network access), else the same architectures in torch alone; the row says which.

One torch thread. As in overhead.py, blocks of steps of bare and watched trainings alternate, in another order each
round, and what is compared is the CPU time of the training thread: medians of the ratios within the rounds.

bare_ms    a step of the bare training
default    watch(model, optimizer=...) as it comes, over a training of 50,000 steps: computed of what a recorded step
           and one with nothing due cost, and how many the schedule records
essential  the tier's passing probes, all at every step
standard   likewise
disarmed   watched, with nothing due
identical  whether weights, buffers, the optimizer's state, losses and torch's random state are those of the bare
           training, bit for bit, after some steps recorded by default and some recorded at every step
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from overhead import RUN, sinks, taken, time_of
from shiftscope import watch
from shiftscope.config.defaults import FRAMES
from shiftscope.engine.probe import Tier
from shiftscope.engine.schedules import Schedule, at, every, never
from shiftscope.probes.registry import PROBES, select, warm_up
from shiftscope.scope import Scope
from wild_models import MODELS, Model, Source, Training

STEPS = 6
"""Steps after which bits are compared."""


def at_every_step(training: Training, tier: Tier, schedule: Schedule, to: Any) -> Scope:  # noqa: ANN401  a sink's
    """Watch with what a tier measures in passing, all of it as scheduled."""
    names = [probe.name for probe in select(tier).probes if probe.passing]
    own = {probe.stream: schedule for probe in PROBES if probe.name in names and probe.stream != "layers"}
    return watch(
        training.network, optimizer=training.optimizer, to=to, probes=names, schedule=schedule,
        schedules=own | {"cost": never()},
    )  # fmt: skip


def bits(training: Training, losses: Sequence[Tensor]) -> list[Tensor]:
    """Return all that watching might change."""
    found = [*training.network.state_dict().values(), *losses, torch.random.get_rng_state()]
    for state in training.optimizer.state.values():
        found += [value for value in state.values() if isinstance(value, Tensor)]
    return found


def identical(model: Model, source: Source, new_sink: Callable[[str], Any]) -> bool:
    """Train bare, watched by default and watched at every step; return whether the same came out bit for bit."""

    def trained(look: Callable[[Training], Scope] | None) -> list[Tensor]:
        training = Training(model, source)
        scope = look(training) if look else None
        found = bits(training, [training.step() for _ in range(STEPS)])
        if scope:
            scope.close()
        return found

    bare = trained(None)
    looks = (
        lambda training: watch(training.network, optimizer=training.optimizer, to=new_sink("default")),
        lambda training: at_every_step(training, Tier.FULL, every(), new_sink("identity")),
    )
    return all(
        len(bare) == len(found) and all(_same(a, b) for a, b in zip(bare, found, strict=True))
        for found in map(trained, looks)
    )


def _same(one: Tensor, other: Tensor) -> bool:
    first, second = one.reshape(-1).view(torch.uint8), other.reshape(-1).view(torch.uint8)
    return one.dtype == other.dtype and torch.equal(first, second)


def measure(model: Model, source: Source, seconds: float, new_sink: Callable[[str], Any]) -> dict[str, float]:
    """Return a bare step's milliseconds, and the ratios to it."""
    ways = {
        "disarmed": (Tier.STANDARD, at(0)),
        "essential": (Tier.ESSENTIAL, every()),
        "standard": (Tier.STANDARD, every()),
    }
    bare = Training(model, source)
    steps: dict[str, Callable[[], object]] = {"bare": bare.step}
    scopes = []
    for name, (tier, schedule) in ways.items():
        training = Training(model, source)
        scopes.append(at_every_step(training, tier, schedule, new_sink(name)))
        steps[name] = training.step
    for _ in range(3):
        for step in steps.values():
            step()
    block = max(1, round(0.1e9 / time_of(bare.step, 1)))
    times: dict[str, list[float]] = {name: [] for name in steps}
    end = time.monotonic() + seconds
    order = list(steps)
    while time.monotonic() < end or len(times["bare"]) < 5:
        random.shuffle(order)
        for name in order:
            times[name].append(time_of(steps[name], block))
    for scope in scopes:
        scope.close()
    ratios = {
        name: statistics.median(one / plain for one, plain in zip(times[name], times["bare"], strict=True))
        for name in ways
    }
    return {"bare_ms": statistics.median(times["bare"]) / 1e6, "default": by_default(ratios), **ratios}


def by_default(ratios: Mapping[str, float]) -> float:
    """Return what the default schedule makes of a recorded step's cost and of one with nothing due."""
    recorded = taken(FRAMES) / RUN
    extra = recorded * (ratios["standard"] - 1) + (1 - recorded) * max(0.0, ratios["disarmed"] - 1)
    return 1 + max(0.0, extra)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [model.name for model in MODELS]
    parser.add_argument("--models", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--seconds", type=float, default=60, help="of measuring, for each model")
    parser.add_argument("--to", choices=["server", "file", "nothing"], default="file")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    warm_up()  # benchmarks/first_step.py measures what is done until kernels are compiled
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    torch.set_num_threads(1)
    results: dict[str, dict[str, Any]] = {}
    columns = ("bare_ms", "default", "essential", "standard", "disarmed", "identical")
    if not given.json:
        print(f"{'':18s}", *(f"{column:>9s}" for column in columns))
    for model in MODELS:
        if model.name not in given.models:
            continue
        source = model.source
        if source is None:
            needed = " or ".join(one.library for one in model.sources)
            results[model.name] = {"left_out": f"needs {needed}"}
            if not given.json:
                print(f"{model.name:18s} left out: needs {needed}")
            continue
        with sinks(given.to) as new_sink:
            same = identical(model, source, new_sink)
            found = measure(model, source, given.seconds, new_sink)
        results[model.name] = {"about": model.about, "source": source.library, **found, "identical": same}
        if not given.json:
            cells = [f"{found[column]:9.3f}" for column in columns[:-1]]
            print(f"{model.name:18s}", *cells, f"{'yes' if same else 'NO':>9s}", f" {source.library}: {model.about}")
    if given.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()
