"""What watch() takes and does so that nobody has to think of it."""

import subprocess
import sys
import types

import pytest
import torch

from shiftscope.engine import cells
from shiftscope.engine.schedules import every, thinning, within
from shiftscope.recording.reader import open_recording
from shiftscope.scope import WatchError, watch
from shiftscope.sinks.address import as_address
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting


def train(network, optimizer, count):
    for _ in range(count):
        network(torch.ones(8, 6)).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


def watched(count, **more):
    network = networks.mlp()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    scope = watch({"net": network}, optimizer=optimizer, **more)
    train(network, optimizer, count)
    return scope


def test_a_number_is_a_schedule_of_studies_too():
    sink = Collecting()
    watched(60, to=sink, schedule=10, probe_batch=torch.ones(4, 6)).close()
    assert [frame.step for frame in sink.of("layers")] == [0, 10, 20, 30, 40, 50]
    studied = [frame.step for frame in sink.of("drift")]
    assert studied[0] == 0
    assert len(studied) > 1
    assert all(step % 10 == 0 for step in studied)


def test_a_schedule_within_every_few_steps():
    one = within(thinning(None, 20), 7)
    taken = [step for step in range(2000) if one(step)]
    assert taken == [7 * step for step in range(286) if thinning(None, 20)(step)]
    step, followed = 0, []
    while step < 2000:
        step = one.following(step)
        followed.append(step)
        step += 1
    assert followed[: len(taken)] == taken
    assert within(every(3) & ~every(1), 5).following(4) is not None


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "10"])
def test_what_is_no_schedule_is_refused(wrong):
    with pytest.raises(WatchError, match="schedule is the number of steps"):
        watched(0, to=Collecting(), schedule=wrong)


@pytest.mark.parametrize(
    ("to", "address"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("10.0.0.1:80/lab", "http://10.0.0.1:80/lab"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("https://host", "https://host"),
        ("run.shiftscope", ""),
        ("C:\\runs\\mine.shiftscope", ""),
        ("runs/mine:8", ""),
    ],
)
def test_what_is_the_address_of_a_server(to, address):
    assert as_address(to) == address


def test_a_run_goes_on_from_a_recording(tmp_path):
    before = tmp_path / "run.shiftscope"
    watched(7, to=before).close()
    sink = Collecting()
    scope = watched(3, to=sink, resume=before)
    assert scope.steps_done == 10
    scope.close()
    assert [frame.step for frame in sink.of("layers")] == [7, 8, 9]
    assert ("note", 7, "goes on at step 7 from run.shiftscope") in [event[:3] for event in sink.events]
    again = watched(1, to=Collecting(), resume=str(before), first_step=5)
    assert again.steps_done == 6
    again.close()


def test_what_a_run_cannot_go_on_from(tmp_path):
    with pytest.raises(WatchError, match="there is no recording at"):
        watched(0, to=Collecting(), resume=tmp_path / "none.shiftscope")
    with pytest.raises(WatchError, match="first_step is the number of updates"):
        watched(0, to=Collecting(), first_step=-1)
    with pytest.raises(WatchError, match="resume is state"):
        watched(0, to=Collecting(), resume=7)


def test_a_file_that_is_there_gets_a_number(tmp_path, capsys):
    for _ in range(3):
        watched(1, to=tmp_path / "run.shiftscope").close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "run-2.shiftscope", "run-3.shiftscope", "run.shiftscope",
    ]  # fmt: skip
    assert "is there already; recording to" in capsys.readouterr().err


def test_a_cell_that_is_run_again_replaces_its_run(monkeypatch):
    shell = types.SimpleNamespace(execution_count=1, history_manager=types.SimpleNamespace(input_hist_raw=["watch()"]))
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    assert cells.current_cell() == ("watch()", 1)
    first, second, third = Collecting(), Collecting(), Collecting()
    kept = [watched(1, to=first), watched(1, to=second)]  # one cell may watch several
    shell.execution_count = 2
    kept.append(watched(1, to=third))
    assert first.ended == second.ended == ("stopped", "replaced: the cell was run again")
    assert third.ended is None
    for scope in kept:
        scope.close()


def test_a_network_that_is_watched_anew():
    network, first = networks.mlp(), Collecting()
    kept = watch(network, to=first)
    watch(network, to=Collecting()).close()
    assert first.ended == ("stopped", "replaced: the network was watched anew")
    kept.close()


def test_a_process_that_is_terminated_ends_its_run_as_stopped(tmp_path):
    path = tmp_path / "run.shiftscope"
    script = f"""
import os, signal, torch, shiftscope
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scope = shiftscope.watch(model, optimizer=optimizer, to={str(path)!r})
model(torch.ones(3, 4)).sum().backward()
optimizer.step()
if os.fork() == 0:
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    os._exit(0)
assert os.wait()[1] == 0
os.kill(os.getpid(), signal.SIGTERM)
raise RuntimeError("it goes on")
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ended.returncode == -15, ended.stderr
    with open_recording(path) as recording:
        last = [event for event in recording.journal() if event.kind == "state"][-1]
    assert (last.value, last.code) == ("stopped", "end.terminated")


def test_numbers_of_a_network_that_is_not_watched_are_refused():
    scope = watched(0, to=Collecting())
    with pytest.raises(WatchError, match="there is no network 'nest'; there are net"):
        scope.measure({"nest": 1.0})
    scope.close()


def test_a_scope_shows_itself_in_a_notebook(tmp_path, server):
    scope = watched(1, to=server.url)
    html = scope._repr_html_()
    assert f'src="{server.url}/?run=' in html
    assert "&amp;embed" in html
    scope.close()
    local = watched(0, to=tmp_path / "run.shiftscope")
    assert str(tmp_path / "run.shiftscope") in local.view(300)._repr_html_()
    local.close()
    policy = server.client.get("/").headers["content-security-policy"]
    assert "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*" in policy


def test_what_is_given_without_a_name_is_refused_with_the_way_to_give_it():
    net = networks.mlp()
    with pytest.raises(TypeError, match=r"by name: watch\(model, optimizer=optimizer\)"):
        watch(net, torch.optim.SGD(net.parameters()))


def test_a_scope_that_is_replaced_before_it_has_recorded_says_so(tmp_path, capsys):
    net = networks.mlp()
    first = watch(net, to=tmp_path / "a.shiftscope")
    with watch(net, to=tmp_path / "b.shiftscope"):
        assert "nothing was recorded by the scope before: replaced" in capsys.readouterr().err
    first.close()


def test_a_probe_batch_that_the_network_does_not_take_is_compared_with_what_it_does():
    net = torch.nn.Linear(8, 2)
    words = "probe_batch, a tensor of 16 × 7; it is called with a tensor of 4 × 8"
    with watch(net, to=Collecting(), probe_batch=torch.zeros(16, 7), probes=["drift"]) as scope:
        loss = net(torch.zeros(4, 8)).sum()
        with pytest.warns(RuntimeWarning, match=words):
            loss.backward()
        scope.step()
