"""Two and four processes with gloo: shares of a batch, normalized each by itself or all together."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from shiftscope.lab.training.loop import Training
from tests.conftest import REPOSITORY
from tests.lab.training import ranks
from tests.waiting import PATIENCE

each_case = pytest.mark.parametrize("case", ranks.CASES, ids=str)


def start(what: str, folder: Path, size: int) -> None:
    """Let so many ranks, each a process of its own, do something, to its end."""
    command = [sys.executable, "-m", ranks.__name__, what]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen([*command, str(rank), str(folder)], cwd=REPOSITORY))
            for rank in range(size)
        ]
        try:
            assert [process.wait(PATIENCE) for process in processes] == [0] * size
        finally:
            for process in processes:
                process.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("ranks")
    start("work", folder, 4)
    return folder


def ended(folder: Path, case: tuple[str, int], rank: int = 0) -> dict:
    network, size = case
    return torch.load(folder / f"{network}-{size}-{rank}.pt")


class Alone:
    """One process that sees each batch whole, and keeps what comes to each of its batch normalizations."""

    def __init__(self, network: str) -> None:
        training = Training(ranks.config(network, 1), ranks.samples())
        self.inputs: list[dict[str, dict[str, Tensor]]] = []
        self.losses = []
        for name, net in training.networks.items():
            for path, module in net.named_modules():
                if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                    module.register_forward_pre_hook(
                        lambda _, given, name=name, path=path: self.inputs[-1][name].update({path: given[0].detach()})
                    )
        for _ in range(ranks.STEPS):
            self.inputs.append({name: {} for name in training.networks})
            self.losses.append(training.compute().losses)
            training.update()
        self.states = {name: net.state_dict() for name, net in training.networks.items()}


@cache
def alone(network: str) -> Alone:
    return Alone(network)


def moments(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance by channel, the plainest way."""
    columns = values.double().movedim(1, 0).flatten(1)
    mean = columns.sum(1) / columns.shape[1]
    return mean, ((columns - mean[:, None]) ** 2).sum(1) / columns.shape[1]


@each_case
def test_synchronized_statistics_and_gradients_are_those_of_the_joined_batch(folder, case):
    whole, found = alone(case[0]), ended(folder, case)
    for name in ("plain", "joined", "cumulative"):
        for key, value in found["states"][name].items():
            torch.testing.assert_close(value, whole.states[name][key], rtol=2e-4, atol=2e-5, msg=f"{name} {key}")
        for own, other in zip(found["losses"], whole.losses, strict=True):
            assert own[name] == pytest.approx(other[name].item(), rel=1e-4)


@each_case
def test_what_each_share_brings_to_a_normalization_is_gathered(folder, case):
    network, size = case
    whole, found = alone(network), ended(folder, case)
    for step, seen in enumerate(found["moments"]):
        assert seen["plain"] == {}
        # Where each normalizes its own share, only the first layer, before any update, is that of one process.
        first = next(iter(whole.inputs[step]["own"]))
        places = [(name, path) for name in ("joined", "cumulative") for path in whole.inputs[step][name]]
        for name, path in [*places, *([("own", first)] if step == 0 else [])]:
            shares = whole.inputs[step][name][path].chunk(size)
            for share, (variance, mean) in zip(shares, seen[name][path], strict=True):
                expected = moments(share)
                torch.testing.assert_close(mean.double(), expected[0], rtol=1e-3, atol=1e-4)
                torch.testing.assert_close(variance.double(), expected[1], rtol=1e-3, atol=1e-4)


@each_case
def test_replicas_stay_alike_and_evaluation_has_the_statistics_of_rank_0(folder, case):
    first = ended(folder, case)
    for rank in range(1, case[1]):
        other = ended(folder, case, rank)
        assert other["losses"] == first["losses"]
        for name, state in first["states"].items():
            for key, value in state.items():
                own = "running" in key and name == "own"
                assert own or torch.equal(other["states"][name][key], value), f"{name} {key} of rank {rank}"
    for path in first["moments"][0]["own"]:
        running = first["states"]["own"][f"{path}.running_mean"]
        mean = torch.zeros_like(running)
        for seen in first["moments"]:
            mean = 0.9 * mean + 0.1 * seen["own"][path][0, 1]
        torch.testing.assert_close(running, mean, rtol=1e-4, atol=1e-5)


def test_a_training_has_the_same_bits_again(folder):
    one, other = ended(folder, ("mlp", 2)), ended(folder, ranks.AGAIN)
    assert one["losses"] == other["losses"]
    for name, state in one["states"].items():
        assert all(torch.equal(other["states"][name][key], value) for key, value in state.items())


def test_ranks_that_part_end(tmp_path):
    start("part", tmp_path, 2)
