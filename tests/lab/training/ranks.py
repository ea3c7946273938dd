"""What the processes of a data-parallel training do: each leaves what came of it in a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch

from shiftscope import config as c
from shiftscope.lab.data.types import Data
from shiftscope.lab.training.replicas import ReplicaTraining, meeting
from shiftscope.lab.training.seeds import generator

STEPS = 6
BATCH = 24
PARTINGS = 20
"""One of some ten ended in a deadlock while gloo's threads were not waited for."""
VARIANTS = (
    c.Variant(name="plain"),
    c.Variant(name="own", normalization=c.BatchNormalization()),
    c.Variant(name="joined", normalization=c.BatchNormalization(sync=True)),
    c.Variant(name="cumulative", normalization=c.BatchNormalization(sync=True, running="cumulative", affine=False)),
)
NETWORKS: dict[str, c.Network] = {"mlp": c.Mlp(depth=2, width=7), "cnn": c.Cnn(depth=2, channels=3)}


def samples() -> Data:
    drawn = generator(5)
    inputs = torch.rand(60, 64, generator=drawn)
    labels = torch.randint(10, (60,), generator=drawn)
    return Data(inputs[:50], labels[:50], inputs[50:], labels[50:], classes=10)


def config(network: str, replicas: int) -> c.RunConfig:
    return c.RunConfig(
        network=NETWORKS[network], variants=VARIANTS, optimizer=c.Momentum(), batch_size=BATCH, replicas=replicas
    )


def trained(training: ReplicaTraining) -> dict[str, Any]:
    """Return losses and moments of each step, and the networks' states at the end."""
    losses, moments = [], []
    for _ in range(STEPS):
        losses.append({name: loss.item() for name, loss in training.compute().losses.items()})
        moments.append(training.moments)
        training.update()
    states = {name: network.state_dict() for name, network in training.networks.items()}
    return {"losses": losses, "moments": moments, "states": states}


CASES = (("mlp", 2), ("mlp", 4), ("cnn", 2))
AGAIN = ("mlp again", 2)


def work(rank: int, folder: str) -> None:
    """Train as a rank of each case that has so many."""
    torch.set_num_threads(1)
    for name, size in (*CASES, AGAIN):
        if rank < size:
            with meeting(Path(folder) / f"{name}-{size}", rank, size):
                training = ReplicaTraining(config(name.split()[0], size), samples(), rank, size)
                torch.save(trained(training), Path(folder) / f"{name}-{size}-{rank}.pt")


def part(rank: int, folder: str) -> None:
    """Meet another rank and part again, many times, letting go of what was trained at once."""
    torch.set_num_threads(1)
    for number in range(PARTINGS):
        with meeting(Path(folder) / str(number), rank, 2):
            training = ReplicaTraining(config("mlp", 2), samples(), rank, 2)
            training.compute()
            training.update()
        del training


if __name__ == "__main__":
    {"work": work, "part": part}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
