"""check_probe: that a probe measures what it says, on every kind of network, and that training does not notice."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from shiftscope.engine.probe import Probe
from shiftscope.engine.streams import COST, EVALUATION, LOGGED, SCALARS
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting
from shiftscope.testing.networks import KINDS, Floats, Kind
from shiftscope.testing.training import RATE, ProbeCheckError, TrainedStep, recorded, train, watching
from shiftscope.wire.frames import Entry

STEPS = 3
PLAIN = Kind("mlp", "none", "relu")
NORMALIZED = Kind("mlp", "before", "relu")


@dataclass(frozen=True)
class CheckedValue:
    """A recorded value that is to be computed again, in the plainest way.

    Attributes:
        quantity: its name.
        layer: of the network.
        site: of the layer; empty where the quantity is of none.
        steps: the training, step by step.
        number: which of the steps the value was recorded at.
    """

    quantity: str
    layer: str
    site: str
    steps: list[TrainedStep]
    number: int

    @property
    def step(self) -> TrainedStep:
        """The step that the value was recorded at."""
        return self.steps[self.number]

    @property
    def values(self) -> Floats:
        """All values of the site at that step, from a forward pass in float64 that shares no code with the scope."""
        return networks.sites(self.step.before, self.step.inputs)[self.layer][self.site]


Expected = Callable[[CheckedValue], ArrayLike]


def check_probe(
    probe: Probe,
    *,
    expected: Expected | None = None,
    undefined: Collection[str] = (),
    rtol: float = 1e-3,
    atol: float = 1e-5,
) -> None:
    """Check a probe on small networks of every kind: with and without batch normalization, convolutions, activations.

    That it records what it declares; that a watched training ends with bit-identical weights, buffers, gradients and
    random numbers; that NaN, infinity, constant layers, batches of one and empty ones do not make it fail.

    Args:
        probe: the probe.
        expected: computes a value again, for every value that is recorded.
        undefined: names of quantities that may be NaN or infinite where a layer's values are all alike.
        rtol: how far, relatively, a value may be from the expected one.
        atol: how far, absolutely.

    Raises:
        ProbeCheckError: what is not so, and where.
    """
    check_declared(probe)
    for kind in KINDS:
        check_training_unnoticed(probe, kind)
    check_gradients_left(probe)
    for poison in (float("nan"), float("inf")):
        check_not_finite(probe, poison)
    for size in (1, 0):
        check_batch_of(probe, size)
    check_constants(probe, undefined)
    if expected is not None:
        for kind in KINDS:
            check_values(probe, kind, expected, rtol=rtol, atol=atol)


def check_declared(probe: Probe) -> None:
    """Check that it records what it declares, and nothing else."""
    declared = {quantity.name: quantity for quantity in probe.quantities}
    found: set[str] = set()
    for kind in (NORMALIZED, Kind("cnn", "none", "sigmoid")):
        _, sink = recorded(probe, networks.make(kind), networks.batches(kind, 1), f"on {_named(kind)}")
        entries = [
            entry for layout in sink.header.layouts for entry in layout.entries
            if layout.name not in {"steps", EVALUATION, COST, *LOGGED.values(), SCALARS}
        ]  # fmt: skip
        for entry in entries:
            if entry.quantity not in declared:
                raise ProbeCheckError(f"it records {entry.quantity!r}, which it does not declare")
            if entry.unit != declared[entry.quantity].unit:
                raise ProbeCheckError(f"{entry.quantity} has the unit {entry.unit!r} in the recording")
        found |= {entry.quantity for entry in entries}
    if missing := sorted(set(declared) - found):
        raise ProbeCheckError(f"it declares {', '.join(missing)}, and records nothing of that name")


def check_training_unnoticed(probe: Probe, kind: Kind) -> None:
    """Check that weights, running statistics, modes and random numbers are those of a training that nobody watches."""

    def run(*, watched: bool) -> tuple[nn.Module, torch.Tensor]:
        network = nn.Sequential(networks.make(kind), nn.Dropout(0.5))
        torch.manual_seed(5)
        scope = watching(network, [probe])[0] if watched else None
        given = networks.batches(kind, 5)
        train(network, given, scope)
        if scope:
            scope.close()
        with torch.no_grad():
            network.eval()(given[0][0])
        return network, torch.get_rng_state()

    (plain, drawn), (watched, drawn_watched) = run(watched=False), run(watched=True)
    where = f"on {_named(kind)}"
    if not torch.equal(drawn, drawn_watched):
        raise ProbeCheckError(f"{where}: it draws random numbers that training would have drawn")
    after = watched.state_dict()
    for name, value in plain.state_dict().items():
        if not torch.equal(value, after[name]):
            raise ProbeCheckError(f"{where}: training ends with another {name} than when nobody watches")
    for one, other in zip(plain.modules(), watched.modules(), strict=True):
        if one.training != other.training or set(one.__dict__) != set(other.__dict__):
            raise ProbeCheckError(f"{where}: {type(one).__name__} is not what it was before")


def check_gradients_left(probe: Probe) -> None:
    """Check that gradients, their memory and the parameters' versions are as the backward pass left them."""
    network = networks.make(NORMALIZED)
    ((inputs, targets),) = networks.batches(NORMALIZED, 1)
    scope, _ = watching(network, [probe])
    with scope:
        nn.functional.cross_entropy(network(inputs), targets).backward()  # type: ignore[no-untyped-call]
        before = {name: _gradient_of(parameter) for name, parameter in network.named_parameters()}
        scope.measure(learning_rate=RATE, batch=(inputs, targets))
        scope.step()
    for name, parameter in network.named_parameters():
        gradient, *memory = before[name]
        now, *memory_now = _gradient_of(parameter)
        if not torch.equal(gradient, now) or memory != memory_now:
            raise ProbeCheckError(f"it changes {name}, or its gradient")


def check_not_finite(probe: Probe, poison: float) -> Collecting:
    """Check that it goes on when a weight of the middle layer, and all that follows, becomes NaN or infinite.

    Returns what was recorded; it happens after the first step.
    """
    network = networks.make(PLAIN)
    weight = network.get_parameter("hidden 2.linear.weight")

    def spoil() -> None:
        weight.data[0, 0] = poison

    given = networks.batches(PLAIN, STEPS)
    return recorded(probe, network, given, f"where values are {poison}", after_first=spoil)[1]


def check_batch_of(probe: Probe, size: int) -> None:
    """Check that it goes on with batches of so many."""
    kind = Kind("mlp", "none", "tanh")
    _, sink = recorded(probe, networks.make(kind), networks.batches(kind, 2, size), f"with batches of {size}")
    if [frame.step for frame in sink.of("steps")] != [0, 1]:
        raise ProbeCheckError(f"with batches of {size} steps are missing")


def check_constants(probe: Probe, undefined: Collection[str] = ()) -> None:
    """Check that nothing but `undefined` is NaN or infinite where all weights are zero, and nothing varies."""
    network = networks.make(NORMALIZED)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    _, sink = recorded(probe, network, networks.batches(NORMALIZED, 2), "where all values of a layer are alike")
    declared = {quantity.name for quantity in probe.quantities}.difference(undefined)
    for layout in sink.header.layouts:
        for entry in layout.entries:
            if layout.name == probe.stream and entry.quantity in declared:
                for frame in (one for one in sink.frames if one.stream == layout.number):
                    found = frame.row[entry.offset : entry.offset + entry.size]
                    if not np.isfinite(found).all():
                        raise ProbeCheckError(
                            f"{_place(entry)} is {found} where all values of a layer are alike: give it a value "
                            f"there, or check_probe(..., undefined=[{entry.quantity!r}])"
                        )


def check_values(probe: Probe, kind: Kind, expected: Expected, *, rtol: float, atol: float) -> None:
    """Check every recorded value against one that is computed in another way."""
    steps, sink = recorded(probe, networks.make(kind), networks.batches(kind, STEPS), f"on {_named(kind)}")
    names = {quantity.name for quantity in probe.quantities}
    for layout in (one for one in sink.header.layouts if one.name == probe.stream):
        for entry in (one for one in layout.entries if one.quantity in names):
            for frame in (one for one in sink.frames if one.stream == layout.number):
                checked = CheckedValue(entry.quantity, entry.layer, entry.site, steps, frame.step)
                right = np.asarray(expected(checked), dtype=np.float64)
                found = frame.row[entry.offset : entry.offset + entry.size].reshape(entry.shape)
                if not np.allclose(found, right, rtol=rtol, atol=atol, equal_nan=True):
                    raise ProbeCheckError(
                        f"on {_named(kind)}, step {frame.step}: {_place(entry)} is {found}, expected {right}"
                    )


def _gradient_of(parameter: nn.Parameter) -> tuple[torch.Tensor, int, int, int]:
    gradient = torch.empty(0) if parameter.grad is None else parameter.grad
    return gradient.clone(), gradient.data_ptr(), parameter.data_ptr(), parameter._version


def _place(entry: Entry) -> str:
    return " of ".join(filter(None, [entry.quantity, f"{entry.layer} {entry.site}".strip()]))


def _named(kind: Kind) -> str:
    norm = "without normalization" if kind.norm == "none" else f"with batch norm {kind.norm} {kind.activation}"
    return f"a small {kind.form} of {kind.activation} {norm}"
