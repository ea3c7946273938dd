"""When weights of attention are searched for: in passes that count, and without harm to anything else."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import shiftscope
from shiftscope.testing.collecting import Collecting
from shiftscope.tracing.attention import are_weights
from shiftscope.tracing.explorer import Explorer
from shiftscope.tracing.tracer import Tracer
from tests.probes.test_attention import WIDTH, Own, by_hand


class Apart(Own):
    """Its block is called in a thread of its own."""

    def forward(self, x: Tensor, wanted: bool = True) -> Tensor:
        thread = threading.Thread(target=self.block, args=(x,))
        thread.start()
        thread.join()
        return self.head(x)


def without_gradients(network: nn.Module, x: Tensor, _patch: pytest.MonkeyPatch) -> None:
    with torch.no_grad():
        network(x)


def captured(network: nn.Module, x: Tensor, patch: pytest.MonkeyPatch) -> None:
    patch.setattr("shiftscope.tracing.tracer.is_capturing", lambda: True)
    network(x)


def alone(network: nn.Module, x: Tensor, _patch: pytest.MonkeyPatch) -> None:
    network.block(x)


def whole(network: nn.Module, x: Tensor, _patch: pytest.MonkeyPatch) -> None:
    network(x)


@pytest.mark.parametrize(
    ("make", "call", "counts"),
    [
        (Own, without_gradients, False),
        (Own, captured, False),
        (Own, alone, False),
        (Apart, whole, False),
        (Own, whole, True),
    ],
)
def test_weights_are_searched_for_in_passes_that_count_alone(
    make: type[Own], call: Callable[..., None], counts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    looked_at = []
    monkeypatch.setattr(
        "shiftscope.tracing.attention.are_weights", lambda value: looked_at.append(value) or are_weights(value)
    )
    network = make()
    tracer = Tracer(network, lambda _part, error: pytest.fail(str(error)))
    tracer.observe_with(Explorer(tracer.parts))
    tracer.arm()
    call(network, torch.randn(3, 5, WIDTH), monkeypatch)
    tracer.disarm()
    assert bool(looked_at) == counts
    assert ("block.inner · attention" in [one.name for one in tracer.found]) == counts


class DTensor(Tensor):
    """As a tensor that is spread over processes: whatever is done with its values waits for the others."""

    @classmethod
    def __torch_dispatch__(cls, *_: object, **__: object) -> None:
        pytest.fail("its values were read")


def test_of_weights_that_are_spread_over_processes_nothing_is_read() -> None:
    weights = torch.randn(2, 4, 4).softmax(-1)
    assert are_weights(weights)
    assert not are_weights(weights.as_subclass(DTensor))


@pytest.mark.filterwarnings("ignore:.*no weights")
def test_an_error_in_the_search_for_weights_silences_no_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_value: object) -> bool:
        raise ValueError("no weights")

    monkeypatch.setattr("shiftscope.tracing.attention.are_weights", fail)
    torch.manual_seed(0)
    network, sink = Own(), Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with shiftscope.watch({"net": network}, to=sink, optimizer=optimizer, schedule=1, probes=["essential"]):
        for _ in range(3):
            optimizer.zero_grad()
            network(torch.randn(3, 5, WIDTH)).square().mean().backward()
            optimizer.step()
    assert [event.message for event in sink.events if "no weights" in event.message]
    assert np.isfinite(sink.values("mean", layer="block.inner.qkv", site="output")).tolist() == [True] * 3


def test_weights_that_are_known_are_shown_on_where_a_network_gets_another_layer() -> None:
    torch.manual_seed(0)
    network, sink = Own(), Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with shiftscope.watch({"net": network}, to=sink, optimizer=optimizer, schedule=1, on_error="raise"):
        for step in range(6):
            if step == 3:
                network.head = nn.Sequential(network.head, nn.Tanh(), nn.Linear(2, 2))
                optimizer.add_param_group({"params": network.head[2].parameters()})
            optimizer.zero_grad()
            network(torch.randn(3, 5, WIDTH)).square().mean().backward()
            optimizer.step()
    assert [frame.step for frame in sink.of("attention")] == [0, 1, 2, 3, 4, 5]
    found = sink.values("attention_entropy", layer="block.inner · attention", site="attention")
    expected = [by_hand(weights)[0] for weights in network.kept]
    assert found == pytest.approx(np.array(expected), rel=1e-5)
