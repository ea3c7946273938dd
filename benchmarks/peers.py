"""What other tools cost for looking at each step of the same training: a row of each beside ours.

    python benchmarks/peers.py [--json] [--workloads W1 W2] [--seconds 20]

Each tool records at every step what it can of the distributions of activations, gradients and parameters, in the way
its documentation shows, offline and into a temporary folder. What is compared is wall time, as these tools work in
threads and processes of their own: the median, over interleaved blocks, of a block's time over the bare loop's. Tools
are left out, with the reason, where they are not installed: pip install wandb tensorboard trackio aim torchexplorer
cockpit-for-pytorch. Shiftscope's row records moments, histograms, quantiles, gradient norms, gamma and beta of every
layer, at every step, to a file.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from overhead import EVERY_STEP
from shiftscope import watch
from shiftscope.engine.schedules import every
from shiftscope.probes.registry import warm_up
from workloads import WORKLOADS, Loop, Workload, start

Step = Callable[[], None]


def shiftscope(loop: Loop, folder: Path) -> Step:
    """Watch with the probes of every_step."""
    watch(
        loop.network, to=folder / "run.shiftscope", optimizer=loop.optimizer, probes=EVERY_STEP, schedule=every(),
        schedules={"channels": every()},
    )  # fmt: skip
    return loop.step


def wandb(loop: Loop, folder: Path) -> Step:
    """wandb.watch: histograms of gradients and parameters, none of activations."""
    import wandb as tool  # noqa: PLC0415  is there or not

    run: Any = tool.init(mode="offline", dir=folder, project="peers", settings=tool.Settings(silent=True))
    run.watch(loop.network, log="all", log_freq=1)

    def step() -> None:
        loss, _ = loop.backward()
        loop.optimizer.step()
        run.log({"loss": loss.item()})

    return step


def tensorboard(loop: Loop, folder: Path) -> Step:
    """SummaryWriter.add_histogram of activations, gradients and parameters."""
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  is there or not

    writer: Any = SummaryWriter(folder)
    return _with_histograms(loop, writer.add_histogram)


def aim(loop: Loop, folder: Path) -> Step:
    """aim.Distribution of activations, gradients and parameters."""
    import aim as tool  # noqa: PLC0415  is there or not

    run: Any = tool.Run(repo=str(folder), system_tracking_interval=None, log_system_params=False)
    return _with_histograms(
        loop, lambda name, values, step: run.track(tool.Distribution(values.numpy()), name=name, step=step)
    )


def trackio(loop: Loop, folder: Path) -> Step:
    """trackio.Histogram of activations, gradients and parameters."""
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio as tool  # noqa: PLC0415  is there or not

    tool.init(project="peers", embed=False)
    rows: dict[str, Any] = {}
    inner = _with_histograms(loop, lambda name, values, _: rows.update({name: tool.Histogram(values.numpy())}))

    def step() -> None:
        inner()
        tool.log(dict(rows))

    return step


def torchexplorer(loop: Loop, folder: Path) -> Step:  # noqa: ARG001  it writes nothing without a backend
    """torchexplorer.watch: histograms of activations, parameters and the gradients of both, sent nowhere."""
    import torchexplorer as tool  # noqa: PLC0415  is there or not

    tool.watch(loop.network, log=["io", "io_grad", "params", "params_grad"], log_freq=1, backend="none")
    return loop.step


def cockpit(loop: Loop, folder: Path) -> Step:  # noqa: ARG001  it writes its figures when asked
    """cockpit: its histogram of the gradients of single samples, and the norm of each parameter's gradient."""
    from backpack import extend  # noqa: PLC0415  is there or not
    from cockpit import Cockpit, quantities  # noqa: PLC0415

    extend(loop.network)
    one_by_one = extend(nn.CrossEntropyLoss(reduction="none"))
    average = extend(nn.CrossEntropyLoss())
    chosen = [quantity(track_schedule=lambda _: True) for quantity in (quantities.GradHist1d, quantities.GradNorm)]
    tool: Any = Cockpit(loop.network.parameters(), quantities=chosen)
    done = 0

    def step() -> None:
        nonlocal done
        inputs, labels = loop.next_batch()
        loop.optimizer.zero_grad()
        output = loop.network(inputs)
        loss = average(output, labels)
        info = {
            "batch_size": len(labels),
            "individual_losses": one_by_one(output, labels),
            "loss": loss,
            "optimizer": loop.optimizer,
        }
        with tool(done, info=info):
            loss.backward(create_graph=tool.create_graph(done))
        loop.optimizer.step()
        done += 1

    return step


TOOLS = (shiftscope, wandb, tensorboard, aim, trackio, torchexplorer, cockpit)


def _with_histograms(loop: Loop, add: Callable[[str, Tensor, int], object]) -> Step:
    """Record what each layer's parts pass on, each parameter and its gradient, after each backward pass."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        return lambda _module, _given, output: seen.update({name: output.detach()})

    for name, module in loop.network.named_modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.Sigmoid | nn.ReLU):
            module.register_forward_hook(keep(f"activations/{name}"))
    done = 0

    def step() -> None:
        nonlocal done
        loss, _ = loop.backward()
        for name, values in seen.items():
            add(name, values, done)
        for name, parameter in loop.network.named_parameters():
            add(f"parameters/{name}", parameter.detach(), done)
            if parameter.grad is not None:
                add(f"gradients/{name}", parameter.grad, done)
        loop.optimizer.step()
        done += 1
        del loss

    return step


def measure(workload: Workload, seconds: float) -> tuple[dict[str, float], dict[str, str]]:
    """Return the tools' ratios to the bare loop, and why others were left out."""
    left_out: dict[str, str] = {}
    # Some go on writing after the end.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        steps: dict[str, Step] = {"bare": start(workload).step}
        for tool in TOOLS:
            own = Path(folder) / tool.__name__
            own.mkdir()
            try:
                step = tool(start(workload), own)
                step()
                steps[tool.__name__] = step
            except Exception as error:  # noqa: BLE001  other people's tools fail in their own ways; the reason is told
                left_out[tool.__name__] = f"{type(error).__name__}: {error}".splitlines()[0]
        times: dict[str, list[float]] = {name: [] for name in steps}
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(times["bare"]) < 3:
            for name in random.sample(list(steps), len(steps)):
                count = workload.block if name in ("bare", "shiftscope") else max(1, workload.block // 10)
                steps[name]()
                begin = time.perf_counter()
                for _ in range(count):
                    steps[name]()
                times[name].append((time.perf_counter() - begin) / count)
    bare = times.pop("bare")
    return {
        name: statistics.median(one / plain for one, plain in zip(found, bare, strict=True))
        for name, found in times.items()
    }, left_out


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", nargs="+", default=["W1", "W2"])
    parser.add_argument("--seconds", type=float, default=20, help="of measuring, for each workload")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    out = os.dup(1)
    if given.json:
        os.dup2(2, 1)  # some of the tools print, also at the end
    warm_up()  # benchmarks/first_step.py measures what is done until kernels are compiled
    torch.set_num_threads(1)
    results: dict[str, dict[str, float]] = {}
    for workload in WORKLOADS:
        if workload.name not in given.workloads:
            continue
        results[workload.name], left_out = measure(workload, given.seconds)
        if not given.json:
            print(f"{workload.name} = {workload.about}: a step, bare = 1")
            for name, ratio in results[workload.name].items():
                print(f"  {name:12s} {ratio:7.2f}")
            for name, reason in left_out.items():
                print(f"  {name:12s} left out: {reason}")
    if given.json:
        found = {name: {tool: round(ratio, 3) for tool, ratio in ratios.items()} for name, ratios in results.items()}
        os.write(out, f"{json.dumps(found)}\n".encode())


if __name__ == "__main__":
    main()
