"""Several optimizers of one network that step at rates of their own: which steps there are, counted by brute force.

An update is made of the steps that use the same gradients; a backward pass between two of them parts them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from shiftscope import at, every, watch
from shiftscope.testing.collecting import Collecting
from tests.loops.nets import batch
from tests.probes import brute

PARTS = ("trunk", "left", "right")
DIVISIONS = (
    [["trunk"], ["left"], ["right"]],
    [["trunk", "left"], ["right"]],
    [["trunk", "left"], ["trunk", "right"]],
    [["trunk"], ["left", "right"]],
    [["trunk", "left"], ["left", "right"], ["right", "trunk"]],
)
"""Which optimizer holds what."""


class Heads(nn.Module):
    """A trunk with two heads, or two networks and a third in one module."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk, self.left, self.right = nn.Linear(4, 4), nn.Linear(4, 3), nn.Linear(4, 3)

    def forward(self, x, head):
        return getattr(self, head)(self.trunk(x).tanh())


def of_parts(net: nn.Module, *names: str) -> torch.optim.Optimizer:
    return torch.optim.SGD([p for name in names for p in getattr(net, name).parameters()], lr=0.1)


@dataclass
class Training:
    """A training, and what its updates are when they are counted by the script itself."""

    net: Heads = field(default_factory=Heads)
    norms: list[dict[str, float]] = field(default_factory=list)
    stepped: set[int] = field(default_factory=set)
    fresh: bool = False
    passes: int = 0
    filled: set[nn.Parameter] = field(default_factory=set)

    def __post_init__(self) -> None:
        for parameter in self.net.parameters():
            parameter.register_post_accumulate_grad_hook(self.filled.add)

    def run(self, head: str, *, by_parts: bool = False) -> None:
        """Run a pass and its backward pass."""
        x, y = batch(self.passes)
        out = getattr(self.net, head)(self.net.trunk(x).tanh()) if by_parts else self.net(x, head)
        F.cross_entropy(out, y).backward()
        self.passes += 1
        self.fresh = True

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        if self.fresh or id(optimizer) in self.stepped:
            self.stepped, self.fresh = set(), False
            held = {p for group in optimizer.param_groups for p in group["params"]} | self.filled
            self.norms.append({name: self._norm(name, held) for name in PARTS})
        self.stepped.add(id(optimizer))
        self.filled -= {p for group in optimizer.param_groups for p in group["params"]}
        optimizer.step()

    def _norm(self, name: str, counted: set[nn.Parameter]) -> float:
        """Return the norm of a part's gradients; one that an earlier update has used counts where it is used again."""
        found = [p.grad for p in getattr(self.net, name).parameters() if p.grad is not None and p in counted]
        return sum(brute.norm(one.double().numpy()) ** 2 for one in found) ** 0.5


def critic_and_maker(training: Training) -> None:
    """Five steps of one to one of the other, which share nothing."""
    critic, maker = of_parts(training.net, "trunk", "left"), of_parts(training.net, "right")
    yield critic, maker
    for turn in range(12):
        if turn % 6 == 5:
            training.net.zero_grad()
            F.cross_entropy(training.net.right(batch(turn)[0]), batch(turn)[1]).backward()
            training.fresh = True
            training.step(maker)
        else:
            training.net.zero_grad()
            training.run("left")
            training.step(critic)


def heads_in_turn(training: Training) -> None:
    """Both optimizers hold the trunk, and each a head."""
    left, right = of_parts(training.net, "trunk", "left"), of_parts(training.net, "trunk", "right")
    yield left, right
    for turn in range(9):
        head, optimizer = ("right", right) if turn % 3 == 2 else ("left", left)
        training.net.zero_grad()
        training.run(head)
        training.step(optimizer)


def one_at_every_second_step(training: Training) -> None:
    """The other gathers the gradients of two passes."""
    often, seldom = of_parts(training.net, "trunk", "left"), of_parts(training.net, "right")
    yield often, seldom
    for turn in range(8):
        often.zero_grad()
        training.run("left")
        training.run("right")
        training.step(often)
        if turn % 2:
            training.step(seldom)
            seldom.zero_grad()


def together(training: Training) -> None:
    first, second = of_parts(training.net, "trunk"), of_parts(training.net, "left", "right")
    yield first, second
    for turn in range(6):
        training.net.zero_grad()
        training.run("left" if turn % 2 else "right")
        for one in (first, second) if turn % 4 < 2 else (second, first):
            training.step(one)


def two_graphs_of_one_pass(training: Training) -> None:
    """Each head's loss goes backward just before its optimizer steps; no pass begins between the two."""
    left, right = of_parts(training.net, "left"), of_parts(training.net, "right")
    yield left, right
    for turn in range(5):
        x, y = batch(turn)
        training.net.zero_grad()
        hidden = training.net.trunk(x).tanh().detach()
        losses = [F.cross_entropy(getattr(training.net, head)(hidden), y) for head in ("left", "right")]
        for loss, one in zip(losses, (left, right), strict=True):
            loss.backward()
            training.fresh = True
            training.step(one)


def at_random(training: Training, seed: int = 0) -> None:
    chosen = random.Random(seed)
    parts = chosen.choice(DIVISIONS)
    optimizers = [of_parts(training.net, *names) for names in parts]
    yield tuple(optimizers)
    for _ in range(20):
        if chosen.random() < 0.8:
            training.net.zero_grad()
        for _ in range(chosen.randint(1, 2)):
            training.run(chosen.choice(["left", "right"]), by_parts=chosen.random() < 0.3)
        for one in chosen.sample(optimizers, chosen.randint(1, len(optimizers))):
            training.step(one)


SCRIPTS = {one.__name__: one for one in
           (critic_and_maker, heads_in_turn, one_at_every_second_step, together, two_graphs_of_one_pass)}  # fmt: skip
SCRIPTS |= {f"random {seed}": lambda training, seed=seed: at_random(training, seed) for seed in range(8)}
SCHEDULES = {"every": every(1), "third": every(3), "late": at(3, 6, 7)}


@pytest.mark.parametrize("given", [False, True], ids=["found", "given"])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("script", SCRIPTS)
def test_steps_are_those_of_the_gradients(script, schedule, given):
    torch.manual_seed(0)
    training, sink = Training(), Collecting()
    running = SCRIPTS[script](training)
    optimizers = next(running)
    scope = watch(
        training.net, to=sink, schedule=SCHEDULES[schedule], optimizer=list(optimizers) if given else None
    )  # fmt: skip
    for _ in running:
        pass
    scope.close()
    assert scope.steps_done == len(training.norms)
    frames = sink.of("layers")
    expected = [step for step in range(len(training.norms)) if SCHEDULES[schedule](step)]
    assert [frame.step for frame in frames] == expected
    for name in PARTS:
        found = _by_step(sink, name)
        norms = [training.norms[step][name] for step in expected]
        assert [found.get(step, 0.0) for step in expected] == pytest.approx(norms, rel=1e-5), name


def _by_step(sink, layer):
    """Return a layer's gradient norm at each step in whose frame it is."""
    wanted = "gradient_norm", layer, ""
    entries = {
        layout.number: entry
        for layout in sink.header.layouts
        for entry in layout.entries
        if layout.name == "layers" and (entry.quantity, entry.layer, entry.site) == wanted
    }
    return {
        frame.step: float(frame.row[entries[frame.stream].offset]) for frame in sink.frames if frame.stream in entries
    }
