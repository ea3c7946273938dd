"""What the processes of a distributed training do, bare and watched."""

from __future__ import annotations

import contextlib
import datetime as dt
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.distributed.nn
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

import shiftscope
from shiftscope.testing.collecting import Collecting
from tests.loops.harness import Loop, Run, run_loop
from tests.loops.nets import Mlp, Normed, batch

PATIENCE = dt.timedelta(seconds=90)
"""How long a process waits for the other one in a collective; one that hangs fails with it."""
STEPS = 4


class Synchronized(nn.BatchNorm1d):
    """Batch statistics over all processes, as SyncBatchNorm (which wants GPUs) has them: a collective in each pass."""

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        sums = torch.stack([x.mean(0), x.square().mean(0)])
        mean, square = torch.distributed.nn.functional.all_reduce(sums) / dist.get_world_size()
        variance = square - mean.square()
        with torch.no_grad():
            self.running_mean.lerp_(mean, 0.1)
            self.running_var.lerp_(variance, 0.1)
        return (x - mean) / (variance + self.eps).sqrt() * self.weight + self.bias


def _synchronized() -> nn.Module:
    net = Normed()
    net.block[1] = Synchronized(6)
    return net


NETS = {"plain": Mlp, "batch norm": Normed, "synchronized": _synchronized}
LAST = {"plain": "second", "batch norm": "head", "synchronized": "head"}
WHO = {"rank 0": {0}, "every rank": {0, 1}}
WHAT = ("module", "wrapper")


def train(run: Run, *, net: str, what: str, watched: bool, accumulate: bool) -> None:
    """Train one of the networks under DistributedDataParallel."""
    module = NETS[net]()
    wrapper = DistributedDataParallel(module)
    optimizer = torch.optim.SGD(wrapper.parameters(), lr=0.1)
    run.compare(module, optimizer)
    if watched:
        run.watch(module if what == "module" else wrapper, optimizer=optimizer)
    last = LAST[net]
    for step in range(STEPS):
        optimizer.zero_grad()
        for part in range(1 + accumulate):
            x, y = batch(100 * step + 10 * part + dist.get_rank())
            synchronizing = wrapper.no_sync() if part < accumulate else contextlib.nullcontext()
            with synchronizing:
                loss = F.cross_entropy(wrapper(x), y)
                loss.backward()
            run.keep(loss)
        if watched:
            name = last if what == "module" else f"module.{last}"
            run.grads(step, module if what == "module" else wrapper, name)
        optimizer.step()


def norms(rank: int) -> tuple[list[float], list[float]]:
    """Return the norm of all gradients as a process has recorded it at each step, and as it was after the pass."""
    torch.manual_seed(0)
    wrapper, sink, expected = DistributedDataParallel(nn.Linear(4, 2)), Collecting(), []
    optimizer = torch.optim.SGD(wrapper.parameters(), lr=0.1)
    with shiftscope.watch(wrapper.module, to=sink, optimizer=optimizer, probes=["clipping"], on_error="raise"):
        for step in range(3):
            optimizer.zero_grad()
            wrapper(batch(10 * step + rank)[0][:, :4] * (1 + 3 * rank)).square().mean().backward()
            expected.append(nn.utils.clip_grad_norm_(wrapper.parameters(), 1e9).item())
            optimizer.step()
    return sink.values("unclipped_gradient_norm").tolist(), expected


def work(rank: int, folder: str, cases: list[dict[str, Any]]) -> None:
    """Run all cases on one rank, each bare and watched; leave what came of it in the folder."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2, timeout=PATIENCE)
    ends: list[Any] = []
    for index, case in enumerate(cases):
        options = {key: value for key, value in case.items() if key != "who"}
        for seen in (False, True):
            own = Path(folder) / f"{index}-{rank}"
            own.mkdir(exist_ok=True)
            run = Run(own if seen else None)
            body = partial(train, **options, watched=rank in WHO[case["who"]])
            end, _, warned = run_loop(Loop(body, (STEPS,), "", ("finished",), anatomy=True), run)
            ends.append((end, warned))
            if seen:
                torch.save((run.sites, run.numbers), own / "expected")
    torch.save(ends, Path(folder) / f"ends-{rank}")
    torch.save(norms(rank), Path(folder) / f"norms-{rank}")
    dist.barrier()
    dist.destroy_process_group()
