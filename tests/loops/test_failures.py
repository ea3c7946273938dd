"""Whatever of the scope's own fails during a step, training goes on to the bit, and is warned of it once."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import pytest
from torch.nn import functional as F

import shiftscope
from shiftscope import RecordingError, every
from tests.loops.harness import Loop, Run, run_loop
from tests.loops.nets import Normed, batch, sgd

ROOMS = ("tracing", "engine", "probes", "sinks", "recording")
BOUNDARY = {"shiftscope.engine.faults", "shiftscope.engine.reports"}
"""Where what fails is caught and reported: it is what this test relies on."""
COLLECTING = {"shiftscope.tracing.lifetime", "shiftscope.engine.ending"}
"""What Python calls as it collects garbage, at whatever step that is."""
CATCHING = {
    "tracing.optimizer_steps.OptimizerSteps._pre", "tracing.optimizer_steps.OptimizerSteps._post",
    "engine.network_watch.NetworkWatch._backward_ends", "engine.network_watch.NetworkWatch._backward_ended",
    "tracing.taps._tell_before", "tracing.taps._tell_of_failure", "tracing.taps._report",
}  # fmt: skip
"""Functions elsewhere that are nothing but a block in which errors are caught."""
STEPS = 4


class Injected(Exception):
    """What fails."""


class Place(NamedTuple):
    """A function or method of the scope's own."""

    owner: ModuleType | type
    name: str
    function: FunctionType

    def __str__(self) -> str:
        return f"{self.function.__module__.removeprefix('shiftscope.')}.{self.function.__qualname__}"


@cache
def modules() -> list[ModuleType]:
    """Import all modules of the rooms that work during a step."""
    found = []
    for room in ROOMS:
        package = importlib.import_module(f"shiftscope.{room}")
        names = [one.name for one in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
        found += [importlib.import_module(name) for name in names]
    return found


def places() -> list[Place]:
    """List every function and method that is written in these rooms."""
    found: dict[str, Place] = {}
    for module in modules():
        if module.__name__ in BOUNDARY | COLLECTING:
            continue
        for owner in (module, *(one for one in vars(module).values() if inspect.isclass(one))):
            for name, value in list(vars(owner).items()):
                own = isinstance(value, FunctionType) and value.__module__ == module.__name__
                if own and not name.startswith("__"):
                    place = Place(owner, name, value)
                    found.setdefault(str(place), place)
    return [place for name, place in found.items() if name not in CATCHING]


@contextmanager
def replaced(place: Place, replacement: Callable[..., Any]) -> Iterator[None]:
    """Let a function be another one, wherever it was imported to."""
    owners: list[Any] = [place.owner]
    if isinstance(place.owner, ModuleType):
        owners = [one for one in modules() if getattr(one, place.name, None) is place.function]
    for owner in owners:
        setattr(owner, place.name, replacement)
    try:
        yield
    finally:
        for owner in owners:
            setattr(owner, place.name, place.function)


class Training:
    """A plain training, in which something is made to fail from some step on."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.calls: Counter[str] = Counter()
        self.steps = self.raised = False

    def body(self, run: Run) -> None:
        net = Normed()
        optimizer = sgd(net)
        run.watch(net, optimizer=optimizer, **self.options)
        self.steps = True
        try:
            for step in range(STEPS):
                x, y = batch(step)
                optimizer.zero_grad()
                loss = F.cross_entropy(net(x), y)
                loss.backward()
                optimizer.step()
                run.keep(loss)
        finally:
            self.steps = False

    def counted(self, place: Place) -> Callable[..., Any]:
        """Return the function, counting its calls during steps."""

        def counting(*arguments: Any, **keywords: Any) -> Any:
            self.calls[str(place)] += self.steps
            return place.function(*arguments, **keywords)

        return counting

    def failing(self, place: Place, call: int) -> Callable[..., Any]:
        """Return what fails at that call, and at no other."""

        def fail(*arguments: Any, **keywords: Any) -> Any:
            self.calls[str(place)] += self.steps
            if self.steps and self.calls[str(place)] == call and not self.raised:
                self.raised = True
                raise Injected(str(place))
            return place.function(*arguments, **keywords)

        return fail

    def run(self, run: Run) -> tuple[dict[str, object], list[object], list[str]]:
        return run_loop(Loop(self.body, (STEPS,), "", ("finished",), anatomy=True), run)


@pytest.fixture(scope="module")
def reached(tmp_path_factory) -> dict[str, tuple[Place, int]]:
    """Every place that is called during a step, and how often."""
    training = Training()
    with ExitStack() as stack:
        for place in places():
            stack.enter_context(replaced(place, training.counted(place)))
        training.run(Run(tmp_path_factory.mktemp("reached"), schedule=every(1)))
    return {str(one): (one, training.calls[str(one)]) for one in places() if training.calls[str(one)]}


def test_many_places_are_reached(reached):
    assert len(reached) > 40, sorted(reached)


@pytest.mark.parametrize("late", [False, True])
def test_a_failure_anywhere_changes_nothing(reached, tmp_path, late):
    bare, anatomy, _ = Training().run(Run(None))
    calls = [(place, (count + 1) // 2 if late else 1) for place, count in reached.values()]
    wrong = []
    # Of a place that is called once or twice the call in the middle is the first.
    for index, (place, call) in enumerate(one for one in calls if not late or one[1] > 1):
        training, folder = Training(), tmp_path / str(index)
        folder.mkdir()
        with replaced(place, training.failing(place, call)):
            try:
                end, after, warned = training.run(Run(folder, schedule=every(1)))
            except Exception as error:  # noqa: BLE001  whatever comes out is looked at
                wrong.append(f"{place}: {error!r} came out")
                continue
        if end != bare or after != anatomy:
            wrong.append(f"{place}: training changed")
        if training.raised and len(warned) != 1:
            wrong.append(f"{place}: {len(warned)} warnings: {warned}")
    assert not wrong, "\n".join(wrong)


def test_with_on_error_raise_it_is_raised(reached, tmp_path):
    wrong = []
    for index, (place, _) in enumerate(reached.values()):
        training, folder = Training(on_error="raise"), tmp_path / str(index)
        folder.mkdir()
        with replaced(place, training.failing(place, 1)):
            try:
                training.run(Run(folder, schedule=every(1)))
            except Exception as error:  # noqa: BLE001  whatever comes out is looked at
                if not _caused(error):
                    wrong.append(f"{place}: {error!r}")
            else:
                if training.raised:
                    wrong.append(f"{place}: nothing came out")
    assert not wrong, "\n".join(wrong)


def _caused(error: BaseException | None) -> bool:
    """Whether the injected error is this one, or what it comes of."""
    while error is not None:
        # A sink says in a sentence of its own that it takes no more, and why.
        if isinstance(error, Injected | RecordingError):
            return True
        error = error.__cause__ or error.__context__
    return False


def test_it_is_watched_without_a_failure(tmp_path):
    """What these tests compare with: nothing fails, nobody warns, all is recorded."""
    end, _, warned = Training().run(Run(tmp_path, schedule=every(1)))
    assert end == Training().run(Run(None))[0]
    assert warned == []
    with shiftscope.open_recording(tmp_path / "0.shiftscope") as recording:
        assert recording.steps("layers").tolist() == list(range(STEPS))
