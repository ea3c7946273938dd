"""scope.log(): numbers by name, from anywhere in the loop."""

import numpy as np
import pytest
import torch
from torch import nn

from shiftscope.engine.schedules import at, every
from shiftscope.narration.narrator import narrate
from shiftscope.recording.reader import open_recording
from shiftscope.scope import watch
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting
from tests.waiting import eventually


def steps(network, optimizer, count, behind=lambda step, loss: None, between=lambda step, loss: None):
    generator = torch.Generator().manual_seed(0)
    losses = []
    for step in range(count):
        loss = network(torch.randn(8, 6, generator=generator)).square().mean()
        loss.backward()
        between(step, loss)
        optimizer.step()
        optimizer.zero_grad()
        behind(step, loss)
        losses.append(float(loss.detach()))
    return losses


def watched(**more):
    network, sink = networks.mlp(), Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    return network, optimizer, sink, watch({"net": network}, to=sink, optimizer=optimizer, **more)


def scalars(sink):
    """Every number by name: its steps and values."""
    names = {event.value["number"]: event.message for event in sink.events if event.kind == "scalar"}
    found = {}
    for frame in sink.of("scalars"):
        number, value = frame.row
        found.setdefault(names[int(number)], []).append((frame.step, float(value)))
    return found


@pytest.mark.parametrize("where", ["behind", "between"])
@pytest.mark.parametrize("schedule", [every(1), at(0, 3)])
def test_a_loss_belongs_to_the_step_of_its_batch_wherever_it_is_logged(where, schedule):
    network, optimizer, sink, scope = watched(schedule=schedule)
    losses = steps(network, optimizer, 6, **{where: lambda _, loss: scope.log(loss=loss, accuracy=0.25)})
    scope.close()
    assert [frame.step for frame in sink.of("logged_loss")] == list(range(6))
    np.testing.assert_array_equal(sink.values("loss", network="net"), np.float32(losses))
    assert sink.values("accuracy", network="net").tolist() == [0.25] * 6


@pytest.mark.parametrize("schedule", [every(1), at(0, 3)])
def test_a_pass_between_the_update_and_the_number_makes_no_difference(schedule):
    network, optimizer, sink, scope = watched(schedule=schedule)

    def behind(_step, loss):
        network(torch.ones(8, 6))  # nobody thought of no_grad
        scope.log(loss=loss)

    losses = steps(network, optimizer, 6, behind=behind)
    scope.close()
    np.testing.assert_array_equal(sink.values("loss", network="net"), np.float32(losses))
    assert [frame.step for frame in sink.of("logged_loss")] == list(range(6))


@pytest.mark.parametrize("often", [1, 2])
def test_a_loss_that_is_logged_before_the_backward_pass_belongs_to_its_step(often):
    network, optimizer, sink, scope = watched(schedule=every(1))
    for step in range(6):
        loss = network(torch.ones(8, 6)).square().mean()
        if step % often == 0:
            scope.log(loss=loss)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    scope.close()
    assert [frame.step for frame in sink.of("logged_loss")] == list(range(0, 6, often))


def test_a_recording_without_an_end_knows_how_many_updates_there_were(tmp_path):
    """Numbers by name stand at the updates so far, what was measured at the number of the step."""
    network, path = networks.mlp(), tmp_path / "killed.shiftscope"
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    scope = watch(network, to=path, optimizer=optimizer, schedule=every(1))

    def is_there(step):
        with open_recording(path) as recording:
            return recording.header is not None and step in recording.steps("scalars")

    def behind(step, _loss):
        scope.log(validation=1.0)
        eventually(lambda: is_there(step + 1))
        with open_recording(path) as recording:
            assert recording.steps_done == step + 1

    steps(network, optimizer, 2, behind=behind)
    scope.close()


@pytest.mark.parametrize("due", [every(1), every(2), at(0, 3, 4)])
def test_what_is_measured_behind_an_update_is_logged_and_its_gradients_are_none_of_the_next_step(due):
    pair, sink = {"a": networks.mlp(), "b": networks.mlp()}, Collecting()
    optimizer = torch.optim.SGD([p for net in pair.values() for p in net.parameters()], lr=0.1)
    found = {}
    with watch(pair, to=sink, optimizer=optimizer, schedule=due) as scope:
        for step in range(8):
            optimizer.zero_grad()
            losses = {name: net(torch.randn(8, 6)).square().mean() for name, net in pair.items()}
            sum(losses.values()).backward()
            optimizer.step()
            scope.measure(losses)
            found[step] = losses["a"].item()
    layers = sink.of("layers")
    assert [frame.step for frame in layers] == [step for step in range(8) if due(step)]
    assert len({(frame.stream, frame.row.size) for frame in layers}) == 1
    # What is behind the update of a step is asked for where the step that follows is due.
    behind = [step for step in range(8) if due(step + 1)]
    assert [frame.step for frame in sink.of("logged_loss")] == behind
    assert sink.values("loss", network="a").tolist() == [np.float32(found[step]) for step in behind]


def test_other_numbers_belong_to_the_updates_so_far():
    network, optimizer, sink, scope = watched()
    numbers = [1, np.float32(0.5), np.array([2.0]), torch.tensor(3.0), True, torch.tensor([[4]])]
    scope.log(before=7)
    steps(network, optimizer, 6, lambda step, _: scope.log(**{"val/loss": numbers[step]}))
    scope.close()
    found = scalars(sink)
    assert found["before"] == [(0, 7.0)]
    assert found["val/loss"] == [(1, 1.0), (2, 0.5), (3, 2.0), (4, 3.0), (5, 1.0), (6, 4.0)]


def test_what_is_no_number_warns_once_and_is_left_out():
    network, optimizer, sink, scope = watched()
    wrong = {"text": "much", "vector": torch.zeros(3), "none": None, "net": {"other": 1.0}}
    with pytest.warns(RuntimeWarning) as warned:
        steps(network, optimizer, 3, lambda *_: scope.log(**wrong, right=1.0))
    scope.close()
    assert len(warned) == len(wrong)
    assert [step for step, _ in scalars(sink)["right"]] == [1, 2, 3]
    assert sum("is not recorded" in event.message for event in sink.events) == len(wrong)


def test_a_dict_of_numbers_may_be_given_as_it_is():
    network, optimizer, sink, scope = watched(schedule=every(1))

    def behind(step, loss):
        scope.log({"val/loss": step, "late": 1}, late=2)
        scope.log(loss)
        scope.log(3, seen=4)

    with pytest.warns(RuntimeWarning, match="is no dict of numbers by name") as warned:
        steps(network, optimizer, 2, behind=behind)
    scope.close()
    both = [(1, 2.0), (2, 2.0)]
    assert scalars(sink) == {"val/loss": [(1, 0.0), (2, 1.0)], "late": both, "seen": [(1, 4.0), (2, 4.0)]}
    assert len(warned) == 1
    assert sum("is not recorded" in event.message for event in sink.events) == 1


def test_numbers_of_several_networks():
    twins = {"a": networks.mlp(), "b": networks.mlp(norm=False)}
    optimizer = torch.optim.SGD([p for one in twins.values() for p in one.parameters()], lr=0.1)
    sink = Collecting()
    scope = watch(twins, to=sink, optimizer=optimizer)
    for _ in range(2):
        losses = {name: one(torch.ones(4, 6)).square().sum() for name, one in twins.items()}
        sum(losses.values()).backward()
        optimizer.step()
        scope.log(loss=losses, total=sum(losses.values()))
    scope.close()
    for name, loss in losses.items():
        assert sink.values("loss", network=name)[1] == np.float32(loss.item())
    assert [frame.step for frame in sink.of("logged_loss")] == [0, 1]
    assert len(scalars(sink)["total"]) == 2


def test_the_loss_of_one_network_of_several():
    twins, sink = {"a": networks.mlp(), "b": networks.mlp(norm=False)}, Collecting()
    optimizer = torch.optim.SGD([p for one in twins.values() for p in one.parameters()], lr=0.1)
    with watch(twins, to=sink, optimizer=optimizer) as scope:
        for step in range(3):
            sum(one(torch.ones(4, 6)).square().sum() for one in twins.values()).backward()
            optimizer.step()
            scope.log(loss={"b": step})
    assert sink.values("loss", network="b").tolist() == [0, 1, 2]
    assert np.isnan(sink.values("loss", network="a")).all()


@pytest.mark.parametrize("schedule", [every(1), at(0, 3)])
def test_losses_that_each_network_logs_behind_its_own_step(schedule):
    twins, sink = {"a": networks.mlp(), "b": networks.mlp(norm=False)}, Collecting()
    optimizers = {name: torch.optim.SGD(one.parameters(), lr=0.1) for name, one in twins.items()}
    with watch(twins, to=sink, optimizer=list(optimizers.values()), schedule=schedule) as scope:
        for step in range(6):
            for name, one in twins.items():
                one(torch.ones(4, 6)).square().sum().backward()
                optimizers[name].step()
                scope.log(loss={name: float("nan") if (name, step) == ("b", 5) else step})
    assert [frame.step for frame in sink.of("logged_loss")] == [*range(6)]
    assert sink.values("loss", network="a").tolist() == [*range(6)]
    assert sink.values("loss", network="b").tolist() == pytest.approx([0, 1, 2, 3, 4, float("nan")], nan_ok=True)
    assert dict(scope.diverged) == {"b": 5}


def test_losses_that_are_logged_at_the_end_of_what_a_game_plays():
    torch.manual_seed(0)
    nets, sink = {"G": nn.Linear(4, 4), "D": nn.Linear(4, 1)}, Collecting()
    optimizers = {name: torch.optim.SGD(one.parameters(), lr=0.01) for name, one in nets.items()}
    with watch(nets, to=sink, optimizer=list(optimizers.values()), schedule=every(1)) as scope:
        for step in range(4):
            made = nets["G"](torch.randn(8, 4))
            for name, given in (("D", made.detach()), ("G", made)):  # the generator's turn calls both
                optimizers[name].zero_grad()
                nets["D"](given).square().mean().backward()
                optimizers[name].step()
            scope.log(loss={"G": step, "D": step})
    assert [frame.step for frame in sink.of("logged_loss")] == [*range(4)]
    for name in nets:
        assert sink.values("loss", network=name).tolist() == [*range(4)]


@pytest.mark.parametrize("where", ["behind", "between"])
def test_the_losses_of_a_network_that_is_compiled(where):
    network, sink = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)), Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with watch({"net": network}, to=sink, optimizer=optimizer, schedule=every(1)) as scope:
        compiled = torch.compile(network, backend="eager")
        losses = steps(compiled, optimizer, 5, **{where: lambda _, loss: scope.log(loss=loss)})
    assert [frame.step for frame in sink.of("logged_loss")] == [*range(5)]
    np.testing.assert_array_equal(sink.values("loss", network="net"), np.float32(losses))


@pytest.mark.parametrize("lost", [[], [(2, "b")]])
def test_a_network_whose_loss_is_not_logged_has_not_diverged(lost):
    twins, sink = {"a": networks.mlp(), "b": networks.mlp(norm=False)}, Collecting()
    optimizer = torch.optim.SGD([p for one in twins.values() for p in one.parameters()], lr=0.1)
    with watch(twins, to=sink, optimizer=optimizer) as scope:
        for step in range(4):
            sum(one(torch.ones(4, 6)).square().sum() for one in twins.values()).backward()
            optimizer.step()
            scope.log(loss={"a": 1.0, "b": 1.0} if step < 2 else {"a": 1.0})
    said = narrate(sink.header, sink.frames, ended=False, lost=lost)
    assert [one.network for one in said if one.code == "narration.diverged"] == [name for _, name in lost]


def test_a_loss_that_is_no_number_is_a_divergence():
    network, optimizer, sink, scope = watched(probes="essential", schedule=every(100))
    steps(network, optimizer, 4, lambda step, loss: scope.log(loss=loss if step < 2 else float("nan")))
    scope.close()
    assert dict(scope.diverged) == {"net": 2}
    said = [one for one in narrate(sink.header, sink.frames, ended=False) if one.code == "narration.diverged"]
    assert [(one.step, one.network) for one in said] == [(2, "net")]


def test_of_a_million_numbers_some_are_kept():
    network, optimizer, sink, scope = watched()
    steps(network, optimizer, 1)
    read = []

    class Counting(float):
        def __float__(self):
            read.append(1)
            return 1.0

    for _ in range(30_000):
        scope.log(much=Counting())
    scope.close()
    assert 2000 < len(scalars(sink)["much"]) == len(read) < 10_000


def test_logging_changes_no_bit_and_survives_its_end():
    network, optimizer, _, scope = watched()
    alone = networks.mlp()
    steps(network, optimizer, 5, lambda _, loss: scope.log(loss=loss))
    scope.close()
    scope.log(loss=1.0)
    steps(alone, torch.optim.SGD(alone.parameters(), lr=0.1), 5)
    for name, value in alone.state_dict().items():
        assert torch.equal(value, network.state_dict()[name]), name


def test_learning_rates_of_each_group_are_read_from_the_optimizer():
    network, sink = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)), Collecting()
    groups = [{"params": network[0].parameters()}, {"params": network[2].parameters(), "lr": 0.5}]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    scope = watch(network, to=sink, optimizer=optimizer)
    steps(network, optimizer, 3, lambda *_: scheduler.step())
    scope.close()
    expected = np.float32([[0.1, 0.5], [0.05, 0.25], [0.025, 0.125]])
    np.testing.assert_allclose(sink.values("group_learning_rate"), expected)
