"""A layer that did not run at a step has no place in its frame: streams are laid out anew without it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import shiftscope
from shiftscope.engine.revisions import MOST_IN_HEADER, MOST_LAYOUTS, Absence, Revisions
from shiftscope.narration.recorded import found_anew
from shiftscope.recording.reader import open_recording
from shiftscope.testing.collecting import Collecting
from shiftscope.wire.frames import MOST_ENTRIES, REVISION, Layout, LayoutBuilder

RUN = {"on_error": "raise", "schedule": shiftscope.every(1)}


class Blocks(nn.Module):
    """Residual blocks of which some are left out."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(count))
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor, left_out: Sequence[int] = ()) -> torch.Tensor:
        for index, block in enumerate(self.blocks):
            if index not in left_out:
                x = x + block(x).relu()
        return self.head(x)


def train(to: Collecting | Path, left_out: Sequence[Sequence[int]], count: int = 3, **options) -> Blocks:
    """Train a step with each of these sets of blocks left out."""
    torch.manual_seed(0)
    net = Blocks(count)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    given = {"probes": ["essential"], **RUN, **options}
    with shiftscope.watch({"net": net}, to=to, optimizer=optimizer, **given) as scope:
        for step, blocks in enumerate(left_out):
            torch.manual_seed(step)
            optimizer.zero_grad()
            loss = F.cross_entropy(net(torch.randn(8, 4), blocks), torch.arange(8) % 2)
            scope.log(loss=loss)
            loss.backward()
            optimizer.step()
    return net


def test_a_layer_that_did_not_run_is_absent_and_sets_that_are_known_are_used_again() -> None:
    sink = Collecting()
    train(sink, [(), (1,), (0, 2), (), (1,), (0, 1, 2), (0, 2)])
    number = sink.layout("layers").stream
    frames = sink.of("layers")
    assert [frame.stream // REVISION for frame in frames] == [0, 1, 2, 0, 1, 3, 2]
    assert {frame.stream % REVISION for frame in frames} == {number}
    layouts = {one.number: one for one in sink.header.layouts}
    assert [frame.row.size for frame in frames] == [layouts[frame.stream].size for frame in frames]
    present = [sorted({entry.layer for entry in layouts[frame.stream].entries}) for frame in frames]
    names = ["blocks.0", "blocks.1", "blocks.2", "head", "sum", "sum 2", "sum 3"]
    without_1 = ["blocks.0", "blocks.2", "head", "sum", "sum 3"]
    only_1 = ["blocks.1", "head", "sum 2"]
    assert present == [names, without_1, only_1, names, without_1, ["head"], only_1]
    whole = layouts[number].entries
    for layout in sink.header.layouts:
        if layout.name == "layers":
            there = {entry.layer for entry in layout.entries}
            kept = [entry for entry in whole if entry.layer in there]
            assert [e.model_copy(update={"offset": 0}) for e in kept] == [
                e.model_copy(update={"offset": 0}) for e in layout.entries
            ]
    assert [event.step for event in sink.events if event.kind == "layouts"] == [1, 2, 5]
    assert not any(np.isnan(sink.values("mean", layer=name, site="output")).any() for name in names)


def test_what_is_recorded_of_the_others_is_what_it_is_without_the_absent_ones() -> None:
    sink = Collecting()
    net = train(sink, [(), (1,)])
    torch.manual_seed(1)
    x = torch.randn(8, 4)
    again = Blocks(3)
    torch.manual_seed(0)
    again = Blocks(3)
    for parameter, other in zip(again.parameters(), net.parameters(), strict=True):
        assert parameter.shape == other.shape
    optimizer = torch.optim.SGD(again.parameters(), lr=0.1)
    torch.manual_seed(0)
    F.cross_entropy(again(torch.randn(8, 4)), torch.arange(8) % 2).backward()
    optimizer.step()
    optimizer.zero_grad()
    F.cross_entropy(again(x, (1,)), torch.arange(8) % 2).backward()
    assert again.blocks[2].weight.grad is not None
    found = sink.values("gradient_norm", layer="blocks.2", site="weight")
    np.testing.assert_allclose(found[1], again.blocks[2].weight.grad.norm().item(), rtol=1e-5)
    assert sink.values("gradient_norm", layer="blocks.1", site="weight").shape == (1,)


def test_layers_that_differ_at_every_step_are_bounded() -> None:
    subsets = [one for size in range(1, 4) for one in combinations(range(6), size)]
    sink = Collecting()
    train(sink, [(), *subsets], count=6)
    later = [one for one in sink.header.layouts if one.revision]
    assert len(later) == MOST_LAYOUTS
    assert sum("NaN stands" in event.message for event in sink.events) == 1
    frames = sink.of("layers")
    assert len(frames) == len(subsets) + 1
    last = [frame.stream // REVISION for frame in frames].index(MOST_LAYOUTS) + 1
    assert {frame.stream // REVISION for frame in frames[last:]} == {0}
    entry = sink.entry("mean", layer="blocks.5", site="output")[1]
    found = [bool(np.isnan(frame.row[entry.offset])) for frame in frames[last:]]
    assert found == [5 in subset for subset in subsets[last - 1 :]]
    entry = sink.entry("gradient_norm", layer="blocks.5", site="weight")[1]
    assert [bool(np.isnan(frame.row[entry.offset])) for frame in frames[last:]] == found


@pytest.mark.filterwarnings("error")
def test_readers_find_the_layer_at_the_steps_at_which_it_ran(tmp_path: Path) -> None:
    train(tmp_path / "run.shiftscope", [(1,), (), (0, 1), (), (1,)])
    with open_recording(tmp_path / "run.shiftscope") as recording:
        rows = list(recording.rows("layers", ["gradient_norm"]))
        steps = [row["step"] for row in rows if (row["layer"], row["site"]) == ("blocks.1", "weight")]
        assert sorted(steps) == [1, 3]
        assert recording.steps_of("layers", "gradient_norm", layer="blocks.1", site="weight").tolist() == [1, 3]
        assert recording.steps("layers").tolist() == [0, 1, 2, 3, 4]
        assert [one for one in recording.contents()["layers"] if one.startswith("gradient_norm")] == [
            "gradient_norm, 12 places"
        ]
        # What did not run is not said to be broken.
        said = [*recording.journal(), *found_anew(recording, list(recording.journal()))]
    assert not [event.code for event in said if event.code.startswith("narration.origin")]


def test_a_network_without_an_update_leaves_its_counts_alone() -> None:
    nets = {"a": nn.Linear(4, 2), "b": nn.Linear(4, 2)}
    optimizers = {name: torch.optim.SGD(net.parameters(), lr=0.1) for name, net in nets.items()}
    sink = Collecting()
    with shiftscope.watch(nets, to=sink, optimizer=optimizers, probes=["essential"], **RUN):
        for step in range(200):
            for name in nets if step == 0 else ["a"]:
                optimizers[name].zero_grad()
                nets[name](torch.randn(3, 4)).sum().backward()
                optimizers[name].step()
    layouts = {one.number: one for one in sink.header.layouts}
    present = [sorted({entry.network for entry in layouts[one.stream].entries}) for one in sink.of("layers")]
    assert present[0] == ["a", "b"]
    assert present[1] == ["a"]


class Experts(nn.Module):
    """Experts with an activation each, of which one runs at a step."""

    def __init__(self) -> None:
        super().__init__()
        self.experts = nn.ModuleDict({name: nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for name in "abc"})
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor, expert: str) -> torch.Tensor:
        return self.head(self.experts[expert](x))


def trained(sink: Collecting, net: nn.Module, steps: int, give, before=lambda _: None, **options) -> list:
    """Train; return what each module gave out at each step."""
    passed: list[dict[str, torch.Tensor]] = []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with shiftscope.watch({"net": net}, to=sink, **{**RUN, **options}):
        for step in range(steps):
            if before(step):
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            passed.append({})
            hooks = [
                module.register_forward_hook(lambda _m, _i, out, name=name: passed[-1].update({name: out.detach()}))
                for name, module in net.named_modules()
            ]
            optimizer.zero_grad()
            net(*give(step)).square().sum().backward()
            for hook in hooks:
                hook.remove()
            optimizer.step()
    return passed


def check_means(sink: Collecting, passed: list, layer: str, places: dict[str, str], steps: list[int]) -> None:
    for site, module in places.items():
        found = sink.values("mean", layer=layer, site=site)
        np.testing.assert_allclose(found, [passed[step][module].mean() for step in steps], rtol=1e-4, atol=1e-6)


def test_an_expert_that_runs_later_is_whole_from_its_second_time_on() -> None:
    torch.manual_seed(0)
    order, sink, net = "aabbaccb", Collecting(), Experts()
    passed = trained(sink, net, len(order), lambda step: (torch.randn(8, 4), order[step]))
    for name in "abc":
        ran = [step for step, one in enumerate(order) if one == name]
        seen = ran if name == "a" else ran[1:]  # at the first time it is not known yet what follows it
        places = {"pre_activation": f"experts.{name}.0", "output": f"experts.{name}.1"}
        check_means(sink, passed, f"experts.{name}", places, seen)
        assert len(sink.values("gradient_norm", layer=f"experts.{name}", site="")) == len(ran)
    assert [layer.name for layer in sink.header.networks[0].layers][-1] in {"head", "experts.b", "experts.c"}


def test_a_layer_that_is_added_has_a_place_from_then_on_and_others_go_on() -> None:
    torch.manual_seed(0)
    net, sink = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)), Collecting()

    def grow(step: int) -> bool:
        if step == 3:
            net.append(nn.Tanh())
            net.append(nn.Linear(4, 3))
        return step == 3

    schedules = {"batch_drift": shiftscope.every(1)}
    passed = trained(sink, net, 6, lambda _: (torch.randn(8, 4),), grow, schedules=schedules)
    check_means(sink, passed, "0", {"pre_activation": "0", "output": "1"}, [*range(6)])
    check_means(sink, passed, "4", {"output": "4"}, [3, 4, 5])
    check_means(sink, passed, "2", {"pre_activation": "2"}, [3, 4, 5])
    given_out = [one["2" if step < 3 else "3"].mean() for step, one in enumerate(passed)]
    np.testing.assert_allclose(sink.values("mean", layer="2", site="output"), given_out, rtol=1e-4)
    assert [layer.name for layer in sink.header.networks[0].layers] == ["0", "2", "4"]
    assert len(sink.values("gradient_norm", layer="4", site="weight")) == 3
    drift = sink.values("batch_mean_shift_from_start", layer="0")
    first, last = passed[0]["0"], passed[5]["0"]
    expected = abs(last.mean() - first.mean()) / first.std(unbiased=False)
    np.testing.assert_allclose(drift[5], expected, rtol=0.02)


def test_a_layer_of_another_size_in_the_place_of_one_is_recorded_with_its_own() -> None:
    torch.manual_seed(0)
    net, sink = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3)), Collecting()

    def replace(step: int) -> bool:
        if step == 2:
            net[0], net[2] = nn.Linear(4, 6), nn.Linear(6, 3)
        return step == 2

    passed = trained(sink, net, 4, lambda _: (torch.randn(8, 4),), replace)
    check_means(sink, passed, "0", {"pre_activation": "0", "output": "1"}, [*range(4)])
    assert sink.header.networks[0].layers[0].features == 6


def laid_out(layers: int, streams: int = 1) -> dict[str, Layout]:
    """Return layouts of so many streams, each of a network's layers."""
    builders = [LayoutBuilder(number, f"stream_{number}") for number in range(streams)]
    for builder in builders:
        for layer in range(layers):
            builder.add("mean", unit="", network="net", layer=str(layer))
    return {f"stream_{number}": builder.build() for number, builder in enumerate(builders)}


def test_streams_without_room_are_named() -> None:
    revisions = Revisions(laid_out(1, streams=30), ["net"])
    assert revisions.growths == 1
    assert len(revisions.revise(laid_out(2, streams=30))) == 30
    assert (revisions.growths, revisions.dropped) == (0, frozenset())
    assert len(revisions.revise(laid_out(3, streams=30))) == 4
    assert len(revisions.dropped) == 26


def test_a_run_declares_no_more_entries_than_a_server_takes() -> None:
    layers = MOST_ENTRIES // 10
    revisions = Revisions(laid_out(layers), ["net"])
    absent = [(Absence(frozenset({str(layer)})),) for layer in range(10)]
    declared = [layout for one in absent for layout in revisions.laid(one, ["stream_0"])[1]]
    assert revisions.full
    declared += revisions.revise(laid_out(layers + 1))
    assert len(declared) == 8
    assert layers + sum(len(layout.entries) for layout in declared) <= MOST_ENTRIES
    assert revisions.growths == 0
    declared += revisions.revise(laid_out(3 * layers))
    assert len(declared) == 8
    assert revisions.dropped == {"stream_0"}


def test_layers_that_come_one_by_one_end_no_stream() -> None:
    sink, streams = Collecting(), ["layers", "batch_drift", "parameters"]
    schedules = dict.fromkeys(streams[1:], shiftscope.every(1))
    train(sink, [range(step // 2, 20) for step in range(40)], 20, probes="full", schedules=schedules)
    ran = {name: [frame.step for frame in sink.of(name)] for name in streams}
    assert ran == {name: [*range(40)] for name in ran}
    assert len(sink.header.layouts) <= MOST_IN_HEADER
    assert not any("no more room" in event.message for event in sink.events)


def test_layers_that_are_absent_find_no_room_that_layers_that_appeared_took() -> None:
    revisions = Revisions(laid_out(1), ["net"])
    declared = 1 + sum(len(revisions.revise(laid_out(layers))) for layers in range(2, MOST_IN_HEADER + 1))
    laid, new = revisions.laid((Absence(frozenset("0")),), ["stream_0"])
    assert declared + len(new) == MOST_IN_HEADER
    assert revisions.full
    assert not laid


def test_a_stream_that_begins_in_mid_run_is_whole_from_then_on(tmp_path: Path) -> None:
    """As of a network that gets its first normalization: absent before, and never NaN."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    path, schedules = tmp_path / "run.shiftscope", {"channels": shiftscope.every(1)}
    with shiftscope.watch({"net": net}, to=path, optimizer=optimizer, schedules=schedules, **RUN) as scope:
        for step in range(8):
            if step == 3:
                net.insert(1, nn.BatchNorm1d(4))
                optimizer.add_param_group({"params": net[1].parameters()})
            if step >= 5:
                scope.log(late=float(step))
            optimizer.zero_grad()
            net(torch.randn(8, 4)).square().sum().backward()
            optimizer.step()
    with open_recording(path) as recording:
        assert recording.steps("steps").tolist() == [*range(8)]
        gamma = recording.values("channels", "gamma", layer="0")
        assert recording.steps_of("channels", "gamma", layer="0").tolist() == [4, 5, 6, 7]
        assert np.isfinite(gamma).all()
        rows = [row for row in recording.rows("channels", ["gamma"]) if row["index"] == 0]
        assert [row["step"] for row in rows] == [4, 5, 6, 7]
        assert recording.steps("scalars").tolist() == [5, 6, 7]
        assert [row["value"] for row in recording.rows("scalars") if row["quantity"] == "late"] == [5, 6, 7]
        for stream in recording.layouts:
            assert not any(np.isnan(row["value"]) for row in recording.rows(stream)), stream
