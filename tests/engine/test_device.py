"""Networks on a device: what is recorded of them, and that nothing of theirs is waited for."""

from collections import Counter
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from shiftscope.engine import outbox, parameter_snapshot
from shiftscope.engine.faults import Faults
from shiftscope.engine.scheduler import Scheduler
from shiftscope.engine.schedules import every
from shiftscope.engine.session import Options
from shiftscope.kernels import reductions
from shiftscope.kernels.fused_pass import MOST_PICKED
from shiftscope.kernels.reductions import COMPACT
from shiftscope.kernels.tensor_memory import VARIABLE
from shiftscope.notices import notice
from shiftscope.probes.registry import select
from shiftscope.scope import Scope, watch
from shiftscope.testing.collecting import Collecting
from tests.engine.device import forbidding

STEPS = 4


def mlp():
    sizes = [20, 300, 300]
    blocks = [
        nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), act)
        for a, b, act in zip(sizes, sizes[1:], (nn.ReLU(), nn.Sigmoid()), strict=False)
    ]
    return nn.Sequential(*blocks, nn.Linear(300, 10)), lambda: torch.randn(500, 20)


def cnn():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Conv2d(8, 4, 3), nn.Tanh(),
        nn.Flatten(), nn.Linear(4 * 14 * 14, 10),
    )  # fmt: skip
    return network, lambda: torch.randn(70, 3, 16, 16)


def channels_last():
    network, batch = cnn()
    return network.to(memory_format=torch.channels_last), lambda: batch().to(memory_format=torch.channels_last)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(1)


def transformer():
    block = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True, activation=functional.gelu)
    return nn.Sequential(nn.Linear(8, 32), block, Mean(), nn.Linear(32, 10)), lambda: torch.randn(16, 12, 8)


NETWORKS = [mlp, cnn, channels_last, transformer]


def trained(make, *, watching=True, guard=None, optimizer=torch.optim.SGD, micro_batches=1, **more):
    """Train a network for some steps; return what was recorded, and the network."""
    torch.manual_seed(0)
    network, batch = make()
    optimizer = optimizer(network.parameters(), lr=0.05)
    sink = Collecting()
    scope = None
    if watching:
        schedules = {"batch_drift": every(1), "channels": every(1)}
        options = {"schedule": every(1), "schedules": schedules, "on_error": "raise"} | more
        scope = watch({"net": network}, to=sink, optimizer=optimizer, **options)

    def step():
        optimizer.zero_grad()
        for _ in range(micro_batches):
            inputs = batch()
            functional.cross_entropy(network(inputs), torch.randint(10, (len(inputs),))).backward()
        optimizer.step()

    step()
    for _ in range(STEPS - 1):
        if guard:
            with guard():
                step()
        else:
            step()
    if scope:
        scope.close()
    return sink, network


def rows(sink):
    return {(frame.stream, frame.step): frame.row for frame in sink.frames}


def names(sink):
    return {layout.name: layout for layout in sink.header.layouts}


def sizes(sink):
    """Return how many numbers a frame's copy may hold: a row's, and of each site a fine histogram and single units."""
    layouts = sink.header.layouts
    sites = {(entry.layer, entry.site) for layout in layouts for entry in layout.entries}
    return sum(layout.size for layout in layouts) + len(sites) * (COMPACT + 3 * MOST_PICKED)


def compare(there, here, *, tolerance=1e-5, unlike=()):
    """Compare all that two runs have recorded of the same training."""
    found, expected = rows(there), rows(here)
    assert found.keys() == expected.keys()
    layouts = {layout.number: layout for layout in here.header.layouts}
    for (stream, step), row in expected.items():
        layout = layouts[stream]
        if layout.name == "cost":
            continue
        for entry in layout.entries:
            if entry.quantity in unlike:
                continue
            place = slice(entry.offset, entry.offset + entry.size)
            scale = float(np.nanmax(np.abs(row[place]), initial=1e-3))
            np.testing.assert_allclose(
                found[stream, step][place], row[place], rtol=tolerance, atol=tolerance * scale,
                err_msg=f"{entry.quantity} of {entry.layer} / {entry.site} at step {step}",
            )  # fmt: skip


@pytest.mark.parametrize("make", NETWORKS, ids=lambda make: make.__name__)
def test_the_same_numbers_and_the_same_training(make, monkeypatch):
    here, watched = trained(make)
    monkeypatch.setenv(VARIABLE, "torch")
    copies = []
    there, elsewhere = trained(make, guard=lambda: forbidding(sizes(here), copies))
    assert len(copies) == STEPS - 1, "a frame is one copy"
    compare(there, here)
    for entry in names(here)["layers"].entries:
        if entry.quantity == "histogram":
            where = {"layer": entry.layer, "site": entry.site}
            np.testing.assert_array_equal(there.values("histogram", **where), here.values("histogram", **where))
    _, bare = trained(make, watching=False)
    for one, other, third in zip(bare.parameters(), watched.parameters(), elsewhere.parameters(), strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one, third)


def in_half():
    network, batch = mlp()
    return network.to(torch.bfloat16), lambda: batch().to(torch.bfloat16)


def in_double():
    network, batch = cnn()
    return network.double(), lambda: batch().double()


class Odd(nn.Module):
    """Passes on what is transposed, empty, sparse and not finite."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 12, sparse=True)
        self.turned, self.none, self.wild = nn.Linear(12, 12), nn.Linear(12, 3), nn.Linear(12, 12)
        self.act, self.head = nn.ReLU(), nn.Linear(12, 10)

    def forward(self, x):
        words = self.words(x.abs().long() % 50).mean(1)
        turned = self.turned(words).t().contiguous().t()
        nothing = self.none(turned[:0]).sum()
        wild = self.act(self.wild(turned) * torch.tensor([1.0] * 10 + [float("nan"), float("inf")]))
        return self.head(turned + wild.nan_to_num(0.0, 0.0, 0.0)) + nothing


def odd():
    return Odd(), lambda: 30 * torch.randn(40, 5)


def large():
    """More values than are all counted."""
    return nn.Sequential(nn.Linear(20, 700), nn.Sigmoid(), nn.Linear(700, 10)), lambda: torch.randn(400, 20)


@pytest.mark.parametrize("make", [in_half, in_double, odd, large], ids=lambda make: make.__name__)
def test_any_type_and_layout(make, monkeypatch):
    here, _ = trained(make, micro_batches=2, probes="full")
    monkeypatch.setenv(VARIABLE, "torch")
    there, _ = trained(make, micro_batches=2, probes="full")
    # Where the histograms of two micro-batches are joined, a count of 10,000 may fall to the neighbour.
    compare(there, here, tolerance=1e-4)


def test_a_device_that_does_not_tell_when_a_copy_has_come(monkeypatch):
    here, _ = trained(cnn)
    monkeypatch.setenv(VARIABLE, "torch")
    monkeypatch.setattr(outbox, "TELLING", frozenset())
    there, _ = trained(cnn, guard=lambda: forbidding(0, []))
    compare(there, here)


WAITS = (
    "aten::_local_scalar_dense",
    "aten::item",
    "aten::nonzero",
    "aten::is_nonzero",
    "aten::unique",
    "aten::bincount",
)
"""Operations whose result the host has to know before it goes on."""


def test_no_operation_waits_for_a_device(monkeypatch):
    monkeypatch.setenv(VARIABLE, "torch")
    counts = []
    for watching in (False, True):
        found = Counter()

        @contextmanager
        def counted(found=found):
            with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
                yield
            found.update(event.name for event in profile.events() if event.name in WAITS)

        trained(cnn, watching=watching, guard=counted)
        counts.append(found)
    assert counts[0] == counts[1]


def test_networks_on_the_host_and_on_a_device_side_by_side():
    """Each is recorded as if it were alone, and a frame of both waits for the one."""

    def run(on_host):
        torch.manual_seed(0)
        (one, batch), (other, _) = mlp(), in_double()
        sink, faults = Collecting(), Faults("raise")
        networks = {"one": one, "other": other}
        optimizers = [torch.optim.Adam(network.parameters(), lr=0.01) for network in networks.values()]
        probes = select("standard").probes
        scheduler = Scheduler(probes, every(1), {}, None, 0)
        scope = Scope(networks, sink, Options(probes, scheduler, on_host=on_host), faults, optimizers)
        other_batch = in_double()[1]
        for step in range(STEPS):
            for network, inputs, optimizer in zip(networks.values(), (batch(), other_batch()), optimizers, strict=True):
                optimizer.zero_grad()
                loss = network(inputs).square().mean() * (float("nan") if step == 2 else 1.0)
                loss.backward()
                scope.log(loss={"one": 1.0, "other": 2.0})
                optimizer.step()
        scope.close()
        return sink

    here = run(lambda _: True)
    there = run(lambda tensor: tensor.dtype is not torch.float64)
    compare(there, here, tolerance=1e-4)
    assert [frame.step for frame in there.of("steps")] == list(range(STEPS))
    diverged = [(event.step, event.network, event.message) for event in here.events if event.kind == "diverged"]
    assert len(diverged) == 2
    assert sorted((e.step, e.network, e.message) for e in there.events if e.kind == "diverged") == sorted(diverged)


def test_scaled_gradients_and_a_loss_on_the_device(monkeypatch):
    def run():
        torch.manual_seed(0)
        network, batch = mlp()
        optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        sink = Collecting()
        with watch(network, to=sink, optimizer=optimizer, schedule=every(1), probes="full", on_error="raise") as scope:
            for _ in range(STEPS):
                optimizer.zero_grad()
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    loss = network(batch()).square().mean()
                scaler.scale(loss).backward()
                scope.measure(loss)
                scaler.step(optimizer)
                scaler.update()
        return sink

    here = run()
    monkeypatch.setenv(VARIABLE, "torch")
    compare(run(), here, tolerance=1e-4)
    assert np.isfinite(here.values("loss")).all()


def ratios(sink):
    places = [entry.offset for entry in names(sink)["layers"].entries if entry.quantity == "update_ratio"]
    return np.array([frame.row[places] for frame in sink.of("layers")])


def full(*_arguments, **_keywords):
    raise torch.OutOfMemoryError


def test_a_device_without_room_for_a_copy_of_the_parameters_has_no_update_ratios(monkeypatch):
    monkeypatch.setenv(VARIABLE, "torch")
    there, _ = trained(cnn)
    monkeypatch.setattr(parameter_snapshot, "has_room", lambda *_: False)
    cramped, network = trained(cnn)
    assert ratios(cramped).size
    assert np.isnan(ratios(cramped)).all()
    assert not np.isnan(ratios(there)).any()
    compare(cramped, there, tolerance=0, unlike=("update_ratio",))
    assert [event.message for event in cramped.events if event.kind == "note"] == [str(notice("event.device_full"))]
    assert all(map(torch.equal, network.parameters(), trained(cnn, watching=False)[1].parameters()))


def test_of_parameters_there_is_one_copy_in_an_update_and_none_is_made_after_it(monkeypatch):
    module, copies, clone = nn.Linear(300, 300), [], torch.Tensor.clone
    monkeypatch.setattr(torch.Tensor, "clone", lambda tensor: copies.append(tensor.numel()) or clone(tensor))
    monkeypatch.setattr(torch, "_foreach_sub", full)
    snapshot = parameter_snapshot.DeviceSnapshot([(dict(module.named_parameters()), "weight")], None)
    assert copies == [module.weight.numel()]
    module.weight.data.mul_(1.5)
    [(_, change, before)] = snapshot.after()
    assert (change / before).tolist() == pytest.approx([0.5])
    assert len(copies) == 1


FULL = [
    (reductions, "compact"), (reductions, "norms"), (reductions, "channel_moments"), (outbox.Depot, "_gathered"),
    (parameter_snapshot.DeviceSnapshot, "after"),
]  # fmt: skip


@pytest.mark.parametrize(("owner", "name"), FULL, ids=[name for _, name in FULL])
def test_a_device_that_is_full_at_one_step_costs_that_steps_numbers_alone(owner, name, monkeypatch):
    monkeypatch.setenv(VARIABLE, "torch")
    there, _ = trained(cnn)
    steps = []

    @contextmanager
    def guard():
        with pytest.MonkeyPatch.context() as patch:
            steps.append(None)
            if len(steps) == 2:
                patch.setattr(owner, name, full)
            yield

    cramped, network = trained(cnn, guard=guard)
    assert all(map(torch.equal, network.parameters(), trained(cnn, watching=False)[1].parameters()))
    found, expected = rows(cramped), rows(there)
    assert found.keys() == expected.keys()
    stream = names(there)["layers"].number
    for step in (0, 1, 3):
        np.testing.assert_array_equal(found[stream, step], expected[stream, step])
    lost = found[stream, 2]
    assert np.isnan(lost).any()
    assert not lost[~np.isnan(lost)].any(), "nothing is known but counts of nothing"
    assert not [event for event in cramped.events if event.kind == "diverged"]
    assert [event.message for event in cramped.events if event.kind == "note"] == [str(notice("event.device_full"))]
