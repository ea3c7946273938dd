import gc
import warnings
import weakref

import numpy as np
import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.engine.schedules import at, every
from shiftscope.lab.models.twin import twin
from shiftscope.probe import Probe, Quantity
from shiftscope.recording.reader import open_recording
from shiftscope.scope import WatchError, watch
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting
from tests.conftest import serve
from tests.probes import brute

STAGES = ("linear_output", "normalized", "pre_activation", "output")


def data(batch=16, features=6, classes=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, features, generator=generator), torch.randint(classes, (batch,), generator=generator)


def train(network, steps, scope=None, lr=0.1, batch=None):
    """A plain training loop."""
    optimizer = torch.optim.SGD(network.parameters(), lr=lr)
    x, y = batch or data()
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(x), y)
        loss.backward()
        if scope:
            scope.measure(loss, accuracies=0.5, batch=(x, y))
        optimizer.step()
        if scope:
            scope.step()
    return network


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_what_is_recorded_is_what_happened(kind, norm, activation):
    network = networks.mlp(activation=activation, norm=norm) if kind == "mlp" else networks.cnn(activation, norm=norm)
    x, y = data() if kind == "mlp" else (torch.randn(8, 2, 6, 5), data(8)[1])
    sink = Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with watch({"net": network}, to=sink, schedule=every(1), total_steps=3) as scope:
        for step in range(3):
            optimizer.zero_grad()
            expected = networks.sites(network, x)
            loss = nn.functional.cross_entropy(network(x), y)
            loss.backward()
            scope.measure({"net": loss}, accuracies={"net": 0.25}, learning_rate=0.1)
            gradients = {name: p.grad.clone() for name, p in network.named_parameters()}
            before = {name: value.clone() for name, value in network.state_dict().items()}
            optimizer.step()
            scope.step()
            check_steps(sink, step, loss)
            check_sites(sink, step, expected)
            check_gradients(sink, step, gradients)
            if norm:
                check_batch_norm(sink, step, network, before, expected)
    assert sink.ended == ("finished", "")
    assert [frame.seq for frame in sink.frames] == list(range(1, len(sink.frames) + 1))


def check_steps(sink, step, loss):
    assert sink.values("loss", network="net")[step] == pytest.approx(float(loss.detach()))
    assert sink.values("accuracy", network="net")[step] == 0.25
    assert sink.values("learning_rate")[step] == np.float32(0.1)
    assert sink.values("nonfinite_count", network="net")[step] == 0
    assert [frame.step for frame in sink.of("steps")] == list(range(step + 1))


def check_sites(sink, step, expected):
    for layer, sites in expected.items():
        for site in ("pre_activation", "output"):
            if site not in sites:
                continue
            where = {"network": "net", "layer": layer, "site": site}
            mean, variance, std, low, high = brute.moments(sites[site])
            found = [sink.values(q, **where)[step] for q in ("mean", "variance", "std", "minimum", "maximum")]
            np.testing.assert_allclose(found, [mean, variance, std, low, high], rtol=1e-4, atol=1e-5 * std)
            np.testing.assert_allclose(
                sink.values("quantiles", **where)[step], brute.quantiles(sites[site]), atol=0.03 * std + 1e-6
            )
            assert sink.entry("quantiles", **where)[1].coordinates == tuple(brute.LEVELS)
            fractions = sink.values("histogram", **where)[step]
            lower, upper = sink.values("histogram_range", **where)[step]
            outside = sink.values("histogram_outside", **where)[step]
            assert fractions.sum() + outside.sum() == pytest.approx(1, abs=1e-5)
            middle, hair = (lower + upper) / 2, 1e-4 * (upper - lower)
            reached = outside[0] + fractions[:32].sum()
            assert brute.fraction_up_to(sites[site], middle - hair) - 1e-5 <= reached
            assert reached <= brute.fraction_up_to(sites[site], middle + hair) + 1e-5
            assert sink.values("nan_count", **where)[step] == sink.values("infinite_count", **where)[step] == 0


def check_gradients(sink, step, gradients):
    names = {"linear.weight": "weight", "linear.bias": "bias", "conv.weight": "weight", "conv.bias": "bias",
             "norm.weight": "gamma", "norm.bias": "beta"}  # fmt: skip
    layers = {}
    for name, gradient in gradients.items():
        layer, _, own = name.partition(".")
        layers.setdefault(layer, []).append(gradient.numpy().ravel())
        found = sink.values("gradient_norm", layer=layer, site=names[own])[step]
        assert found == pytest.approx(brute.norm(gradient.numpy()), rel=1e-5)
    for layer, parts in layers.items():
        found = sink.values("gradient_norm", layer=layer, site="")[step]
        assert found == pytest.approx(brute.norm(np.concatenate(parts)), rel=1e-5)


def check_batch_norm(sink, step, network, before, expected):
    for layer in ("hidden 1", "hidden 2"):
        mean, variance = brute.channels(expected[layer]["norm_input"])
        states = {"gamma": "weight", "beta": "bias", "running_mean": "running_mean", "running_variance": "running_var"}
        for quantity, own in states.items():
            found = sink.values(quantity, layer=layer)[step]
            np.testing.assert_array_equal(found, before[f"{layer}.norm.{own}"].numpy())
        np.testing.assert_allclose(sink.values("batch_mean", layer=layer)[step], mean, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(sink.values("batch_variance", layer=layer)[step], variance, rtol=1e-4)
        running = before[f"{layer}.norm.running_mean"].double().numpy()
        gap = (running - mean) / np.sqrt(variance + 1e-5)
        np.testing.assert_allclose(sink.values("running_gap", layer=layer)[step], gap, rtol=1e-4, atol=1e-5)


def test_watching_changes_no_bit():
    unwatched = networks.mlp()
    train(unwatched, 20)
    expected_random = torch.rand(3)
    watched = networks.mlp()
    with watch(watched, to=Collecting(), probes="full", schedule=every(3)) as scope:
        train(watched, 20, scope)
    for name, value in unwatched.state_dict().items():
        assert torch.equal(value, watched.state_dict()[name]), name
    assert torch.equal(torch.rand(3), expected_random)


def test_twins_share_a_frame():
    sink = Collecting()
    twins = {"without BN": networks.mlp(norm=False), "with BN": networks.mlp(norm=True)}
    optimizers = {name: torch.optim.SGD(network.parameters(), lr=0.1) for name, network in twins.items()}
    x, y = data()
    scope = watch(twins, to=sink, schedule=every(2) | at(5), total_steps=6)
    for _ in range(6):
        losses = {}
        for name, network in twins.items():
            optimizers[name].zero_grad()
            losses[name] = nn.functional.cross_entropy(network(x), y)
            losses[name].backward()
        scope.measure(losses)
        for optimizer in optimizers.values():
            optimizer.step()
        scope.step()
    scope.close()
    assert [frame.step for frame in sink.of("layers")] == [0, 2, 4, 5]
    assert [network.name for network in sink.header.networks] == ["without BN", "with BN"]
    for name, loss in losses.items():
        assert sink.values("loss", network=name)[-1] == pytest.approx(float(loss.detach()))
        assert sink.values("mean", network=name, layer="hidden 2", site="pre_activation").shape == (4,)
    assert sink.steps == 6


@pytest.mark.parametrize("separately", [True, False])
def test_the_optimizer_drives(separately):
    """One line is enough: also when one network's whole step comes before the other's forward pass."""
    sink = Collecting()
    twins = {"a": networks.mlp(norm=False), "b": networks.mlp(norm=True, seed=1)}
    optimizers = {name: torch.optim.SGD(network.parameters(), lr=0.25) for name, network in twins.items()}
    both = torch.optim.SGD([p for network in twins.values() for p in network.parameters()], lr=0.25)
    scope = watch(twins, to=sink, schedule=every(1), optimizer=optimizers if separately else both)
    x, y = data()
    for _ in range(3):
        for name, network in twins.items():
            network.zero_grad()
            nn.functional.cross_entropy(network(x), y).backward()
            if separately:
                optimizers[name].step()
        if not separately:
            both.step()
    scope.close()
    assert [frame.step for frame in sink.of("layers")] == [0, 1, 2]
    found = sink.values("gradient_norm", network="b", layer="output", site="weight")[-1]
    assert found == pytest.approx(brute.norm(twins["b"].output.linear.weight.grad.numpy()), rel=1e-5)
    assert sink.values("learning_rate").tolist() == [0.25] * 3


def test_a_closed_scope_has_let_go_of_the_optimizer():
    network = networks.mlp()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    scope = watch(network, to=Collecting(), optimizer=optimizer)
    held = weakref.ref(scope)
    scope.close()
    del scope
    gc.collect()
    assert held() is None, "the network or its optimizer still holds it"


def test_evaluations_keep_their_order_and_step():
    sink = Collecting()
    network = networks.mlp()
    scope = watch({"net": network}, to=sink, schedule=every(1))
    scope.evaluate({"net": {"test_loss": 2.5, "test_accuracy": 0.125}})
    train(network, 2, scope)
    scope.evaluate({"net": {"test_loss": 1.5, "test_accuracy": 0.25}})
    scope.close()
    assert [frame.step for frame in sink.of("evaluation")] == [0, 2]
    assert sink.values("test_loss", network="net").tolist() == [2.5, 1.5]
    assert sink.values("test_accuracy", network="net").tolist() == [0.125, 0.25]


def test_only_metrics_that_are_given_are_laid_out():
    sink = Collecting()
    network = networks.mlp()
    scope = watch({"net": network}, to=sink, schedule=every(1))
    scope.evaluate({"net": {"test_accuracy": 0.125}})
    train(network, 1, scope)
    assert [entry.quantity for entry in sink.layout("evaluation").entries] == ["test_accuracy"]
    with pytest.raises(ValueError, match=r"test_loss.*not recorded.*test_accuracy"):
        scope.evaluate({"net": {"test_loss": 1.0}})
    with pytest.raises(ValueError, match="no network 'nest'"):
        scope.evaluate({"nest": {"test_accuracy": 1.0}})


@pytest.mark.parametrize("followed", [True, False])
def test_a_training_outlives_the_server_that_it_is_shown_by(tmp_path, followed, monkeypatch, recwarn):
    """And what the server has not got lies in a file."""
    monkeypatch.setenv("SHIFTSCOPE_DATA", str(tmp_path / "mine"))
    network, alone = networks.mlp(), networks.mlp()
    alone.load_state_dict(network.state_dict())
    with serve(tmp_path / "runs") as server:
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        scope = watch({"net": network}, to=server.url, schedule=every(1), optimizer=optimizer if followed else None)
        steps(1, network, optimizer, None if followed else scope)
        server.process.kill()
        server.process.wait()
        steps(10, network, optimizer, None if followed else scope)
        scope.event("note", "heard by nobody yet")
        scope.evaluate({"net": {"test_loss": 1.0}})
        done = scope.steps_done
        scope.close()
    assert [str(warning.message) for warning in recwarn] == []
    optimizer = torch.optim.SGD(alone.parameters(), lr=0.1)
    steps(done, alone, optimizer)
    for name, value in alone.state_dict().items():
        assert torch.equal(value, network.state_dict()[name]), name
    (spool,) = (tmp_path / "mine" / "spool").glob("*.shiftscope")
    with open_recording(spool) as recording:
        assert recording.steps("layers")[-1] == done - 1
        assert "heard by nobody yet" in [event.message for event in recording.journal()]


def steps(count, network, optimizer, scope=None):
    inputs = torch.linspace(-1, 1, 48).reshape(8, 6)
    for _ in range(count):
        optimizer.zero_grad()
        network(inputs).square().sum().backward()
        if scope:
            scope.measure()
        optimizer.step()
        if scope:
            scope.step()


def test_divergence_is_recorded_and_told_once():
    sink = Collecting()
    network = networks.mlp(norm=False)
    scope = watch({"net": network}, to=sink, schedule=every(1))
    train(network, 2, scope)
    with torch.no_grad():
        network[0].linear.weight[0, 0] = float("nan")
    train(network, 2, scope)
    scope.close("stopped", "diverged")
    assert dict(scope.diverged) == {"net": 2}
    told = [event for event in sink.events if event[0] == "diverged"]
    assert len(told) == 1
    assert told[0][1] == 2
    assert told[0][2].startswith("net diverged at step 2: its loss is nan")
    counts = sink.values("nonfinite_count", network="net")
    assert counts[:2].tolist() == [0, 0]
    assert counts[2] > 0
    assert np.isnan(sink.values("loss", network="net")[2])
    assert sink.values("nan_count", layer="hidden 1", site="pre_activation")[2] == 16
    assert sink.ended == ("stopped", "diverged")


def test_a_batch_of_one_and_an_empty_one():
    for size in (1, 0):
        sink = Collecting()
        network = networks.mlp(norm=False)
        x = torch.randn(size, 6)
        scope = watch({"net": network}, to=sink, schedule=every(1))
        network(x).sum().backward()
        scope.measure()
        scope.step()
        scope.close()
        mean = sink.values("mean", layer="hidden 1", site="pre_activation")[0]
        assert np.isnan(mean) if size == 0 else mean == pytest.approx(
            networks.sites(network, x)["hidden 1"]["pre_activation"].mean(), rel=1e-5
        )  # fmt: skip


def test_only_what_is_due_is_measured():
    sink = Collecting()
    network = networks.mlp()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    scope = watch(network, to=sink, probes="essential", schedule=at(0, 3), optimizer=optimizer)
    armed = []
    x, y = data()
    for _ in range(5):
        armed.append("_compiled_call_impl" in network.__dict__)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x), y).backward()
        scope.measure()
        optimizer.step()
        scope.step()
    assert armed == [True, False, False, True, False]
    assert [frame.step for frame in sink.of("layers")] == [0, 3]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: watch(nn.ReLU(), to=Collecting()), "ReLU has no parameters"),
        (lambda: watch(networks.mlp(), to=Collecting(), probes="everything"), "essential, standard, full"),
        (lambda: watch(networks.mlp(), to=Collecting(), probes=["momentz"]), "momentz"),
    ],
)
def test_mistakes_are_named(wrong, message):
    with pytest.raises((WatchError, ValueError), match=message):
        wrong()


@pytest.mark.parametrize("told", [True, False])
def test_updates_by_hand(told):
    """Gradients that nobody measures are those at the end of the backward pass, even where nobody calls step."""
    network, sink, norms = networks.mlp(), Collecting(), []
    scope = watch(network, to=sink, schedule=every(1))
    for _ in range(3):
        network(data()[0]).sum().backward()
        norms.append(brute.norm(network.output.linear.weight.grad.numpy()))
        for parameter in network.parameters():
            parameter.data -= 0.1 * parameter.grad
            parameter.grad = None
        if told:
            scope.step()
    scope.close()
    assert [frame.step for frame in sink.of("layers")] == [0, 1, 2]
    found = sink.values("gradient_norm", layer="output", site="weight")
    assert found.tolist() == pytest.approx(norms, rel=1e-5)


def test_a_closure_that_adds_to_earlier_gradients():
    """As where gradients are accumulated and the last backward pass is run by the optimizer."""
    network, sink, norms = networks.mlp(), Collecting(), []
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with watch(network, to=sink, schedule=every(1), optimizer=optimizer):
        for step in range(3):

            def closure(step=step):
                loss = network(data(seed=step)[0]).sum()
                loss.backward()
                return loss

            closure(10 + step)
            optimizer.step(closure)
            norms.append(brute.norm(network.output.linear.weight.grad.numpy()))
            optimizer.zero_grad()
    found = sink.values("gradient_norm", layer="output", site="weight")
    assert found.tolist() == pytest.approx(norms, rel=1e-5)
    assert sink.values("micro_batches").tolist() == [2, 2, 2]


def test_what_goes_wrong_in_the_block_ends_the_run_as_failed():
    sink = Collecting()
    with pytest.raises(RuntimeError), watch(networks.mlp(), to=sink):
        raise RuntimeError("out of coffee")
    assert sink.ended == ("failed", "RuntimeError: out of coffee")


def test_a_recording_without_a_server(tmp_path):
    path = tmp_path / "run.shiftscope"
    network = networks.mlp()
    with watch(network, to=path, name="mine", schedule=every(1)) as scope:
        train(network, 4, scope)
    with open_recording(path) as recording:
        assert recording.header.networks[0].name == "Sequential"


def test_the_public_names():
    assert shiftscope.watch is watch
    assert shiftscope.open_recording is open_recording
    assert shiftscope.twin is twin
    assert set(shiftscope.__all__) <= set(dir(shiftscope))
    assert all(getattr(shiftscope, name) for name in shiftscope.__all__)
    assert shiftscope.thinning(100, 10)(0)
    for name in ("WatchError", "SinkError", "RecordingError", "TwinError"):
        assert issubclass(getattr(shiftscope, name), Exception)
    with pytest.raises(AttributeError, match="nothing"):
        shiftscope.nothing  # noqa: B018


def test_a_run_of_which_nothing_was_seen_says_so():
    network, sink = networks.mlp(), Collecting()
    scope = watch({"net": network}, to=sink)
    for _ in range(2):
        scope.step()
    with pytest.warns(RuntimeWarning, match="no forward and backward pass of net was seen"):
        scope.close()


def test_a_run_of_passes_alone_says_so():
    """As of evolution strategies."""
    network, sink = networks.mlp(), Collecting()
    scope = watch({"net": network}, to=sink)
    with torch.no_grad():
        network(data()[0])
    with pytest.warns(RuntimeWarning, match="net ran, and no backward pass through it was seen"):
        scope.close()
    assert sink.ended[0] == "finished"


def test_a_run_whose_updates_nobody_announces_says_so():
    """As where the optimizer's step is compiled."""
    network, sink = networks.mlp(), Collecting()
    scope = watch({"net": network}, to=sink, optimizer=torch.optim.SGD(network.parameters(), lr=0.1))
    for _ in range(3):
        network(data()[0]).sum().backward()
    with pytest.warns(RuntimeWarning, match=r"passes through net were seen, and no update.*step\(\)"):
        scope.close()


def test_what_is_captured_into_a_cuda_graph_is_left_alone(monkeypatch):
    network, sink, captured = networks.mlp(), Collecting(), torch.cuda
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    scope = watch(network, to=sink, optimizer=optimizer, schedule=every(1))
    steps(2, network, optimizer)
    with monkeypatch.context() as patch:
        patch.setattr(captured, "is_initialized", lambda: True)
        patch.setattr(captured, "is_current_stream_capturing", lambda: True)
        steps(2, network, optimizer)
    steps(1, network, optimizer)
    scope.close()
    assert [frame.step for frame in sink.of("layers")] == [0, 1, 2]
    assert sink.values("micro_batches").tolist() == [1, 1, 1]


def test_an_optimizer_of_somebody_elses_is_followed_by_the_passes(capsys):
    class Homemade:
        def __init__(self, parameters):
            self.parameters = list(parameters)

        def step(self):
            for parameter in self.parameters:
                parameter.data -= 0.1 * parameter.grad
                parameter.grad = None

    network, sink = networks.mlp(), Collecting()
    optimizer = Homemade(network.parameters())
    scope = watch(network, optimizer=optimizer, to=sink, schedule=every(1))
    assert "Homemade is no optimizer of torch's" in capsys.readouterr().err
    for _ in range(3):
        network(data()[0]).sum().backward()
        optimizer.step()
    scope.close()
    assert [frame.step for frame in sink.of("layers")] == [0, 1, 2]


def test_where_warnings_are_errors_a_failure_is_printed(capsys):
    network, sink = networks.mlp(), Collecting()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    watch(network, optimizer=optimizer, to=sink, probes=["essential", FAILING], schedule=every(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        steps(2, network, optimizer)
    assert "the probe 'failing' failed" in capsys.readouterr().err


def fail(values):
    raise ZeroDivisionError("by nothing")


FAILING = Probe("failing", "fails", (Quantity("nothing", "1", "0 / 0"),), observe=fail)


@pytest.mark.parametrize("due", [every(2), every(3)])
def test_two_networks_that_are_updated_by_hand_at_once_are_seen_whole(due):
    pair, sink = {"a": networks.mlp(), "b": networks.mlp()}, Collecting()
    parameters = [p for net in pair.values() for p in net.parameters()]
    with watch(pair, to=sink, schedule=due):
        for _ in range(12):
            for parameter in parameters:
                parameter.grad = None
            sum(net(torch.randn(8, 6)).square().mean() for net in pair.values()).backward()
            with torch.no_grad():
                for parameter in parameters:
                    parameter.sub_(parameter.grad, alpha=0.1)
    frames = sink.of("layers")
    assert [frame.step for frame in frames] == [step for step in range(12) if due(step)]
    assert len({(frame.stream, frame.row.size) for frame in frames}) == 1
    for name in pair:
        assert sink.values("micro_batches", network=name).tolist() == [1] * len(sink.of("steps"))
