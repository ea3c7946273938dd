"""Networks whose forward has a memory or rolls dice: one pass more than the user's own would change the training."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, sgd


def _train(run: Run, net: nn.Module, steps: int = 4, **more: object) -> None:
    """Train in the plainest way, and keep each loss."""
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer, **more)
    for step in range(steps):
        x, y = batch(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, "second")
        optimizer.step()
        run.keep(loss)


class Rolling(Mlp):
    """Adds noise of Python's, NumPy's or torch's."""

    def __init__(self, roll):
        super().__init__()
        self.roll = roll

    def forward(self, x):
        return super().forward(x * (1 + self.roll()))


@loop()
def python_random_in_forward(run: Run) -> None:
    _train(run, Rolling(random.random))


@loop()
def numpy_random_in_forward(run: Run) -> None:
    _train(run, Rolling(np.random.rand))


@loop()
def torch_random_in_forward(run: Run) -> None:
    _train(run, Rolling(lambda: torch.rand(())))


@loop()
def a_generator_of_ones_own_in_forward(run: Run) -> None:
    generator = np.random.default_rng(3)
    _train(run, Rolling(lambda: float(generator.random())))
    run.keep(generator.random())


@loop()
def dropout_and_noise_layers(run: Run) -> None:
    net = Mlp()
    net.act = nn.Sequential(nn.Tanh(), nn.Dropout(0.3), nn.RReLU())
    _train(run, net)


class Counting(Mlp):
    """Anneals by a buffer, and by a plain number."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.plain = 0

    def forward(self, x):
        self.calls += 1
        self.plain += 1
        return super().forward(x) / (self.calls + self.plain)


@loop(6)
def a_counter_in_a_buffer(run: Run) -> None:
    net = Counting()
    _train(run, net, 6)
    run.keep(net.plain)


class Carrying(nn.Module):
    """A recurrent cell that keeps its state from batch to batch."""

    def __init__(self):
        super().__init__()
        self.cell, self.second = nn.Linear(4 + 6, 6), nn.Linear(6, 3)
        self.state = torch.zeros(8, 6)

    def forward(self, x):
        self.state = torch.tanh(self.cell(torch.cat([x, self.state.detach()], 1)))
        return self.second(self.state)


@loop(6)
def a_state_carried_from_batch_to_batch(run: Run) -> None:
    net = Carrying()
    _train(run, net, 6)
    run.keep(net.state)


@loop()
def an_lstm_whose_hidden_state_the_loop_carries(run: Run) -> None:
    class Language(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(4, 6, batch_first=True), nn.Linear(6, 3)

        def forward(self, x, state=None):
            out, state = self.lstm(x, state)
            return self.head(out), state

    net = Language()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    state = None
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        out, state = net(x[None], state)
        state = tuple(one.detach() for one in state)
        run.site(step, "head", "output", out)
        loss = F.cross_entropy(out[0], y)
        loss.backward()
        run.grads(step, net, "head")
        optimizer.step()
        run.keep(loss, state)


class Queued(Mlp):
    """Keeps the latest codes in a queue, as MoCo does, and writes into it in its forward."""

    def __init__(self):
        super().__init__()
        self.register_buffer("queue", torch.zeros(32, 3))
        self.register_buffer("at", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        out = super().forward(x)
        with torch.no_grad():
            self.queue[int(self.at) : int(self.at) + len(x)] = out
            self.at += len(x)
            self.at %= 32
        return out


@loop(5)
def a_queue_written_in_forward(run: Run) -> None:
    _train(run, Queued(), 5)


class Lists(Mlp):
    """Appends each output to a list of its own, for a figure later on."""

    def __init__(self):
        super().__init__()
        self.history: list[float] = []

    def forward(self, x):
        out = super().forward(x)
        self.history.append(float(out.detach().mean()))
        return out


@loop()
def outputs_gathered_in_a_list(run: Run) -> None:
    net = Lists()
    _train(run, net)
    run.keep(net.history)
    assert len(net.history) == 4


class Writing(Mlp):
    """Normalizes its input in place."""

    def forward(self, x):
        x -= x.mean()
        return super().forward(x)


@loop()
def an_input_written_over(run: Run) -> None:
    net = Writing()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    data = batch(0)
    for step in range(4):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(data[0]), data[1])  # the same tensor each time, moved each time
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss, data[0])


@loop()
def batch_norm_with_a_cumulative_average(run: Run) -> None:
    net = Mlp()
    net.act = nn.Sequential(nn.BatchNorm1d(6, momentum=None), nn.ReLU())
    _train(run, net)


@loop()
def spectral_norm_whose_power_iteration_moves(run: Run) -> None:
    net = Mlp()
    net.first = nn.utils.parametrizations.spectral_norm(net.first)
    _train(run, net)


@loop()
def the_old_spectral_norm(run: Run) -> None:
    net = Mlp()
    net.first = nn.utils.spectral_norm(net.first)
    _train(run, net)


@loop()
def layer_drop_by_python_random(run: Run) -> None:
    class Dropped(Mlp):
        def forward(self, x):
            hidden = self.act(self.first(x))
            return self.second(hidden if random.random() < 0.5 else hidden * 0)

    _train(run, Dropped())


@loop()
def a_seed_set_in_mid_run(run: Run) -> None:
    net = Rolling(lambda: torch.rand(()))
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        torch.manual_seed(step)
        random.seed(step)
        x, y = batch(step)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
        run.keep(torch.rand(3), random.random(), np.random.rand())


@loop()
def deterministic_algorithms_and_anomaly_detection(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    torch.use_deterministic_algorithms(mode=True)
    try:
        with torch.autograd.set_detect_anomaly(mode=True):
            for step in range(4):
                mlp_step(run, step, net, optimizer)
    finally:
        torch.use_deterministic_algorithms(mode=False)
