"""A probe is one file and a line in the registry: what schedules, meters, documents and checks it reads that file."""

import runpy

import pytest
import torch
from torch import nn

from shiftscope.engine.schedules import every
from shiftscope.probes import registry
from shiftscope.scope import watch
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting
from tests.conftest import REPOSITORY
from tests.probes.toys.dead_values import DEAD_VALUES
from tests.probes.toys.weight_norm import WEIGHT_NORM

TOYS = (WEIGHT_NORM, DEAD_VALUES)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(registry, "PROBES", (*registry.PROBES, *TOYS))


def train(steps, **options):
    network, sink = networks.mlp(), Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    torch.manual_seed(0)
    with watch({"net": network}, to=sink, probe_batch=torch.randn(16, 6), **options) as scope:
        for _ in range(steps):
            inputs, targets = torch.randn(16, 6), torch.randint(3, (16,))
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(inputs), targets).backward()
            scope.measure(learning_rate=0.1, batch=(inputs, targets))
            optimizer.step()
            scope.step()
    return sink


def test_they_are_scheduled_by_the_share_that_they_declare():
    sink = train(40, probes="full", schedule=every(2))
    assert [frame.step for frame in sink.of("toys")] == list(range(0, 40, 4))
    studied = registry.study_schedules(10_000, 800)[WEIGHT_NORM.stream]
    assert sum(studied(step) for step in range(10_000)) == pytest.approx(200, abs=3)
    assert sink.of("toy_weight_norm")


def test_they_may_be_scheduled_by_their_streams_names():
    sink = train(6, probes="full", schedule=every(1), schedules={"toys": every(3), "toy_weight_norm": every(2)})
    assert [frame.step for frame in sink.of("toys")] == [0, 3]
    assert [frame.step for frame in sink.of("toy_weight_norm")] == [0, 2, 4]
    with pytest.raises(ValueError, match=r"no stream 'toy'.*toys"):
        train(1, schedules={"toy": every(1)})


def test_their_streams_are_numbered_after_the_first_ones():
    first = {
        "steps": 0, "layers": 1, "drift": 3, "gradient_shift": 4, "sampling_shift": 5, "landscape": 6, "cost": 7,
        "channels": 8, "logged_loss": 9, "logged_accuracy": 10, "scalars": 11,
    }  # fmt: skip
    layouts = train(1, probes="full", loss=nn.functional.cross_entropy).header.layouts
    numbers = {layout.name: layout.stream for layout in layouts}
    assert first.items() <= numbers.items()
    assert numbers["evaluation"] == 2
    later = [number for name, number in numbers.items() if name not in {*first, "evaluation"}]
    # 13 is that of drift on training batches, which is not recorded beside drift on a fixed batch.
    assert sorted(later) == [12, *range(14, 13 + len(later))]
    assert [numbers["toy_weight_norm"], numbers["toys"]] == sorted(later)[-2:]


def test_they_are_metered():
    sink = train(6, probes="full", schedule=every(1), schedules={"cost": every(1), "toy_weight_norm": every(1)})
    assert (sink.values("milliseconds", site="toy_weight_norm")[1:] > 0).all()
    # Its share of frames is half: at the others it costs nothing.
    assert (sink.values("milliseconds", site="toy_dead_values")[1::2] == 0).all()
    assert (sink.values("milliseconds", site="toy_dead_values")[2::2] > 0).all()


def test_what_several_need_is_charged_to_the_first():
    alone = train(4, probes=["toy_dead_values"], schedule=every(1), schedules={"cost": every(1), "toys": every(1)})
    sites = {entry.site for entry in alone.layout("cost").entries}
    assert sites == {"toy_dead_values", "scope", "total"}
    assert (alone.values("milliseconds", site="toy_dead_values")[1:] > 0).all()


def test_one_that_lacks_what_it_needs_is_left_out():
    network, sink = networks.mlp(), Collecting()
    with watch(network, to=sink, probes="full") as scope:
        network(torch.randn(8, 6)).sum().backward()
        scope.measure()
        scope.step()
    names = {layout.name for layout in sink.header.layouts}
    assert "toys" in names
    assert "toy_weight_norm" not in names


def test_they_are_documented():
    document = runpy.run_path(str(REPOSITORY / "docs" / "measures.py"))["document"](registry.PROBES)
    assert (
        "### toy_weight_norm\n\nSize of each layer's weights. Stream `toy_weight_norm`, by default 25 frames"
        in document
    )
    assert "It needs the learning rate. Cost: not measured yet." in document
    assert "| `toy_dead_fraction` | pre_activation, output | () | fraction |" in document
