"""How long a network is watched: nothing of it stays when a script lets go of it, and a scope need not be kept."""

from __future__ import annotations

import gc
import threading
from weakref import ref

import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.kernels.tensor_memory import VARIABLE
from shiftscope.testing.collecting import Collecting
from tests.waiting import eventually


def network(width: int = 6) -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 3))


def train(net: nn.Module, optimizer: torch.optim.Optimizer, steps: int = 2) -> torch.Tensor:
    loss = torch.zeros(())
    for _ in range(steps):
        optimizer.zero_grad()
        loss = net(torch.randn(8, 4)).square().mean()
        loss.backward()
        optimizer.step()
    return loss


def watched(sink: Collecting, steps: int = 2, **options: object) -> tuple[list[ref[object]], torch.Tensor]:
    """Watch and train a network that nobody keeps; return weak references to all there was, and the last loss."""
    net = network()
    optimizer = torch.optim.Adam(net.parameters())
    scope = shiftscope.watch(net, optimizer=optimizer, to=sink, **options)
    loss = train(net, optimizer, steps)
    return [ref(net), ref(net[0]), ref(net[0].weight), ref(optimizer), ref(scope)], loss


@pytest.mark.parametrize("schedule", [shiftscope.every(1), shiftscope.at(0)], ids=["armed", "not armed"])
@pytest.mark.parametrize("loss_kept", [False, True])
def test_all_is_freed_when_a_script_lets_go_of_it(schedule, loss_kept):
    sink = Collecting()
    held, loss = watched(sink, schedule=schedule)
    if not loss_kept:
        del loss
    gc.collect()
    weights = held.pop(2)  # the graph of a loss holds these, watched or not
    assert [one() for one in held] == [None] * 4
    assert loss_kept or weights() is None
    eventually(lambda: sink.ended)
    assert sink.ended == ("finished", "the script no longer has Sequential: there is nothing more to record")


def test_a_network_of_which_nothing_was_seen_ends_saying_so():
    sink = Collecting()
    watched(sink, steps=0)
    gc.collect()
    assert eventually(lambda: sink.ended)[1].startswith("nothing was recorded")


@pytest.mark.parametrize("schedule", [shiftscope.every(1), shiftscope.every(4)], ids=["armed", "not armed"])
def test_a_scope_that_nobody_keeps_goes_on(schedule):
    sink, net = Collecting(), network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    shiftscope.watch(net, optimizer=optimizer, to=sink, schedule=schedule)
    before = set(vars(net)), set(vars(net[0]))
    for _ in range(8):
        gc.collect()
        train(net, optimizer, 1)
    gc.collect()
    assert (set(vars(net)), set(vars(net[0]))) == before
    assert sink.steps == 8
    assert len(sink.of("layers")) == (8 if schedule(1) else 2)
    assert sink.ended is None


def test_parts_of_a_network_that_nobody_keeps_go_on():
    """As where a container was made for nothing but to be watched."""
    sink, encoder, head = Collecting(), nn.Linear(4, 6), nn.Linear(6, 3)
    optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.1)
    shiftscope.watch(nn.ModuleList([encoder, head]), optimizer=optimizer, to=sink, schedule=shiftscope.every(1))
    for _ in range(3):
        gc.collect()
        optimizer.zero_grad()
        head(encoder(torch.randn(8, 4)).relu()).square().mean().backward()
        optimizer.step()
    assert [frame.step for frame in sink.of("layers")] == [0, 1, 2]


def test_one_of_two_networks_is_kept_for_the_other():
    sink, first, second = Collecting(), network(), network()
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.1)
    shiftscope.watch({"a": first, "b": second}, optimizer=optimizer, to=sink)
    held = ref(first)
    del first
    gc.collect()
    assert held() is not None
    del second, optimizer
    gc.collect()
    assert held() is None
    assert "a, b" in eventually(lambda: sink.ended)[1]


def test_many_networks_one_after_the_other_need_the_room_of_a_few(tmp_path):
    held, most = [], 0
    for index in range(30):
        net = network(64)
        optimizer = torch.optim.Adam(net.parameters())
        shiftscope.watch(net, optimizer=optimizer, to=tmp_path / f"{index}.shiftscope")
        train(net, optimizer, 1)
        held.append(ref(net))
        most = max(most, sum(one() is not None for one in held))
    del net, optimizer
    gc.collect()
    assert most <= 10
    assert [one for one in held if one() is not None] == []
    eventually(lambda: not [one for one in threading.enumerate() if one.name in {"shiftscope-file", "shiftscope-end"}])
    for index in range(30):
        with shiftscope.open_recording(tmp_path / f"{index}.shiftscope") as recording:
            assert recording.steps("layers").tolist() == [0]
            last = [event for event in recording.journal() if event.kind == "state"][-1]
            assert (last.value, last.code) == ("finished", "end.networks_gone")


def test_closed_scopes_are_freed_too():
    held = []
    for _ in range(20):
        net = network()
        optimizer = torch.optim.Adam(net.parameters())
        with shiftscope.watch(net, optimizer=optimizer, to=Collecting()):
            train(net, optimizer, 1)
        held.append(ref(net))
    assert sum(one() is not None for one in held) <= 10


@pytest.mark.parametrize("elsewhere", [False, True], ids=["host", "torch"])
def test_inputs_are_freed_without_the_garbage_collector(elsewhere, monkeypatch):
    if elsewhere:
        monkeypatch.setenv(VARIABLE, "torch")
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    inputs: list[ref[torch.Tensor]] = []
    most = 0
    gc.disable()
    try:
        with shiftscope.watch(net, optimizer=optimizer, to=Collecting(), schedule=shiftscope.every(1)):
            for _ in range(30):
                batch = torch.randn(8, 4)
                inputs.append(ref(batch))
                optimizer.zero_grad()
                net(batch).square().mean().backward()
                optimizer.step()
                most = max(most, sum(one() is not None for one in inputs[2:]))
    finally:
        gc.enable()
    assert most <= 2


def test_what_a_script_deletes_is_freed_while_its_function_goes_on():
    """Though the function is named as that in which a GradScaler makes a step."""
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def step() -> bool:
        targets = torch.randn(8, 3)
        optimizer.zero_grad()
        (net(torch.randn(8, 4)) - targets).square().mean().backward()
        optimizer.step()
        held = ref(targets)
        del targets
        return held() is None

    with shiftscope.watch(net, optimizer=optimizer, to=Collecting(), schedule=shiftscope.every(1)):
        assert [step() for _ in range(3)] == [True] * 3
