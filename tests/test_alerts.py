"""What a script is told of a network that goes wrong, and how it can be stopped."""

import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.engine.schedules import every
from shiftscope.scope import WatchError, watch
from shiftscope.testing.collecting import Collecting


def deep(gain=1.0, depth=5):
    torch.manual_seed(0)
    layers = [part for _ in range(depth) for part in (nn.Linear(8, 8), nn.Sigmoid())]
    network = nn.Sequential(*layers, nn.Linear(8, 2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(gain)
    return network


def train(network, count, optimizer, before=lambda step: None, behind=lambda loss: None):
    for step in range(count):
        before(step)
        loss = network(torch.ones(4, 8)).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        behind(loss)


def breaks(network, at, layer):
    def before(step):
        if step == at:
            with torch.no_grad():
                network[layer].weight[0, 0] = float("nan")

    return before


@pytest.mark.parametrize("logs", [True, False])
def test_a_divergence_names_the_step_and_the_first_layer(logs):
    network, alerts = deep(), []
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    scope = watch({"net": network}, to=Collecting(), optimizer=optimizer, schedule=every(1), on_event=alerts.append)
    train(network, 6, optimizer, breaks(network, 3, 4), lambda loss: scope.log(loss=loss) if logs else None)
    scope.close()
    (alert,) = [one for one in alerts if one.kind == "diverged"]
    assert isinstance(alert, shiftscope.Alert)
    assert (alert.step, alert.network, alert.layer) == (3, "net", "4")
    assert alert.message.startswith("net diverged at step 3")


def test_gradients_that_vanish():
    network, alerts = deep(gain=0.1), []
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    with watch({"net": network}, to=Collecting(), optimizer=optimizer, on_event=alerts.append):
        train(network, 8, optimizer)
    assert {("vanishing", "net", "0")} == {(one.kind, one.network, one.layer) for one in alerts}


@pytest.mark.parametrize("drive", ["optimizer", "hand", "log"])
def test_a_training_that_is_to_stop_when_it_diverges(drive):
    network, sink = deep(), Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    given = None if drive == "hand" else optimizer
    schedule = every(100) if drive == "log" else every(1)
    with (
        pytest.raises(shiftscope.Diverged) as stopped,
        watch({"net": network}, to=sink, optimizer=given, schedule=schedule, stop_on="diverged") as scope,
    ):
        train(network, 9, optimizer, breaks(network, 3, 4), lambda loss: drive == "log" and scope.log(loss=loss))
    assert scope.steps_done == 4
    assert stopped.value.alert.step == 3
    assert ("(first seen at 4)" in str(stopped.value)) == (drive != "log")
    assert sink.ended == ("failed", f"Diverged: {stopped.value}")


def test_who_goes_on_after_that_is_not_stopped_again():
    network, sink = deep(), Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    scope = watch({"net": network}, to=sink, optimizer=optimizer, schedule=every(1), stop_on="diverged")
    with pytest.raises(shiftscope.Diverged):
        train(network, 3, optimizer, breaks(network, 0, 4))
    train(network, 3, optimizer)
    scope.close()
    assert [frame.step for frame in sink.of("layers")] == [0, 1, 2, 3]


def test_an_error_in_what_is_called_stays_there():
    network, sink, calls = deep(), Collecting(), []
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)

    def fails(alert):
        calls.append(alert)
        raise KeyError("no such luck")

    scope = watch({"net": network}, to=sink, optimizer=optimizer, schedule=every(1), on_event=fails)
    with pytest.warns(RuntimeWarning, match="on_event failed and is not called any more: KeyError"):
        train(network, 5, optimizer, breaks(network, 1, 0))
    scope.close()
    assert len(calls) == 1
    assert [frame.step for frame in sink.of("layers")] == list(range(5))


@pytest.mark.parametrize("wrong", [{"on_event": 3}, {"stop_on": "dead"}, {"stop_on": True}])
def test_what_is_no_alarm_is_refused(wrong):
    with pytest.raises(WatchError, match=next(iter(wrong))):
        watch(deep(), to=Collecting(), **wrong)
