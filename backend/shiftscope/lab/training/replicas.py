"""Data-parallel training: several processes, each with a replica of the networks and a share of each batch."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from typing_extensions import override

from shiftscope.config import Intervention, RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.models.faded import batch_norms, fade
from shiftscope.lab.models.joined import Group, gathered
from shiftscope.lab.training import seeds
from shiftscope.lab.training.checkpoint import Checkpoint
from shiftscope.lab.training.loop import StepResult, Training

PATIENCE = timedelta(seconds=120)
"""How long a process waits for the others inside a step."""
_INTERFACE = "GLOO_SOCKET_IFNAME"
_PARTING = 0.3
"""Seconds that gloo's threads are given to let go of their last work."""


class Order(BaseModel):
    """What the first process does, to be done by the others too."""

    model_config = ConfigDict(frozen=True)

    does: Literal["step", "set_learning_rate", "intervene", "restore"] = "step"
    learning_rate: float = 0.0
    network: str = ""
    intervention: Intervention = Intervention()
    checkpoint: Path = Path()


@contextmanager
def meeting(place: Path, rank: int, of: int) -> Iterator[None]:
    """Meet the other processes of this machine at a file, by gloo, and stay together until the end.

    Raises:
        RuntimeError: not all have come.
    """
    # Nobody else is to hear or to take part: gloo would listen where the machine's name leads.
    before = os.environ.get(_INTERFACE)
    loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), None)
    if loopback is not None:
        os.environ[_INTERFACE] = loopback
    try:
        distributed.init_process_group(
            "gloo", init_method=place.as_uri(), rank=rank, world_size=of, timeout=PATIENCE
        )  # fmt: skip
        yield
    finally:
        if distributed.is_initialized():
            # Their last work holds objects of Python's, which they let go of by themselves, and need the interpreter's
            # lock for. Who ends them waits for them, with that lock: the two would wait for each other for ever.
            time.sleep(_PARTING)
            distributed.destroy_process_group()
        os.environ.pop(_INTERFACE, None)
        if before is not None:
            os.environ[_INTERFACE] = before


class ReplicaTraining(Training):
    """A training of which this process has a share: `rank` of `of`, that have met.

    Each batch is split evenly, in order. Each process takes its share through replicas of the networks, torch's
    DistributedDataParallel averages the gradients, and so every replica makes the same update. Losses and accuracies
    are the means over all shares. Running statistics are those of rank 0's share, as DistributedDataParallel has it,
    but for batch normalization that is synchronized.

    Attributes:
        replicas: how many.
        batch_size: samples of all shares together.
        norms: names of the batch normalizations of each network.
        moments: of the last step's batch, by network and module: biased variance and mean of what came to each batch
            normalization in each process, shape (of, 2, channels).
    """

    def __init__(self, config: RunConfig, data: Data, rank: int, of: int) -> None:
        super().__init__(config, data)
        self.replicas, self._rank, self._seed = of, rank, config.seed
        self.batch_size = config.batch_size
        self._groups = {name: Group(of) for name in self.networks}
        if rank:
            own = seeds.derive(config.seed, seeds.Stream.REPLICAS, rank)
            self._faders = {name: fade(network, own) for name, network in self.networks.items()}
        for name, network in self.networks.items():
            for norm in batch_norms(network):
                norm.group = self._groups[name]
        self.norms = {name: _paths(network) for name, network in self.networks.items()}
        self._distributed = {name: DistributedDataParallel(network) for name, network in self.networks.items()}
        self.moments: Mapping[str, Mapping[str, Tensor]] = {}

    @override
    def compute(self) -> StepResult:
        """Take the share of the next batch through each network; the losses are the means over all shares."""
        own = super().compute()
        told = torch.stack([*own.losses.values(), *own.accuracies.values()])
        seen = [moments.flatten() for group in self._groups.values() for moments in group.moments.values()]
        everything = gathered(torch.cat([told, *seen]))
        self.moments = self._by_norm(everything[:, len(told) :])
        losses, accuracies = torch.split(everything[:, : len(told)].mean(0), len(self.networks))
        named = partial(zip, self.networks, strict=True)
        return replace(own, losses=dict(named(losses)), accuracies=dict(named(accuracies)))

    def _by_norm(self, rows: Tensor) -> dict[str, dict[str, Tensor]]:
        """Return what each process has sent side by side, by network and module."""
        found: dict[str, dict[str, Tensor]] = {name: {} for name in self.networks}
        for name, group in self._groups.items():
            for number, own in group.moments.items():
                mine, rows = rows[:, : own.numel()], rows[:, own.numel() :]
                found[name][self.norms[name][number]] = mine.reshape(-1, *own.shape)
        return found

    @override
    def _forward(self, name: str, inputs: Tensor) -> Tensor:
        # Here alone all take part: whoever measures may run copies of the network as soon as the backward pass is over.
        with self._groups[name].step(), self._own_random_state(name):
            outputs: Tensor = self._distributed[name](inputs)
        return outputs

    @override
    def _next_batch(self) -> tuple[Tensor, Tensor]:
        inputs, labels = super()._next_batch()
        share = len(inputs) // self.replicas
        own = slice(self._rank * share, (self._rank + 1) * share)
        return inputs[own], labels[own]

    @override
    @contextmanager
    def _own_random_state(self, name: str) -> Iterator[None]:
        """Let the replicas drop other values: those of rank 0 as anywhere, the others' by rank and step alone."""
        if self._rank and name in self._random:
            drawn = seeds.generator(self._seed, seeds.Stream.REPLICAS, self._rank, self.steps_done)
            self._random[name] = drawn.get_state()
        with super()._own_random_state(name):
            yield


def _paths(network: nn.Module) -> list[str]:
    """Return the names of a network's batch normalizations, by their numbers."""
    norms = {id(norm): norm.number for norm in batch_norms(network)}
    found = {norms[id(module)]: path for path, module in network.named_modules() if id(module) in norms}
    return [found[number] for number in sorted(found)]


class LeadTraining(ReplicaTraining):
    """That of rank 0, which is what a run measures and steers: what is done here is done in the others, too.

    Args:
        tell: hands an order to each of the others.
        folder: that all of them see.
    """

    def __init__(self, config: RunConfig, data: Data, tell: Callable[[Order], None], folder: Path) -> None:
        super().__init__(config, data, 0, config.replicas)
        self._tell, self._folder = tell, folder
        self._handed: Path | None = None

    @override
    def compute(self) -> StepResult:
        self._tell(Order())
        result = super().compute()
        if self._handed is not None:  # who has taken part in a step has read the state that it began with
            self._handed.unlink(missing_ok=True)
            self._handed = None
        return result

    @override
    def set_learning_rate(self, value: float) -> None:
        super().set_learning_rate(value)
        self._tell(Order(does="set_learning_rate", learning_rate=value))

    @override
    def intervene(self, name: str, intervention: Intervention) -> None:
        super().intervene(name, intervention)
        self._tell(Order(does="intervene", network=name, intervention=intervention))

    @override
    def restore(self, checkpoint: Checkpoint) -> None:
        super().restore(checkpoint)
        path = self._folder / f"state-{checkpoint.steps_done}"
        path.write_bytes(replace(checkpoint, measuring={}).to_bytes())
        self._handed = path
        self._tell(Order(does="restore", checkpoint=path))


def obey(training: ReplicaTraining, order: Order) -> None:
    """Do what the first process does."""
    match order.does:
        case "step":
            training.compute()
            training.update()
        case "set_learning_rate":
            training.set_learning_rate(order.learning_rate)
        case "intervene":
            training.intervene(order.network, order.intervention)
        case "restore":
            training.restore(Checkpoint.of_bytes(order.checkpoint.read_bytes()))
