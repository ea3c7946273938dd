"""Parts that come and go, weights that are given or made, derivatives on the way."""

from __future__ import annotations

import copy

from torch import nn
from torch.func import functional_call, jvp, stack_module_state, vmap
from torch.nn import functional as F

from tests.loops.corpus_strange_classes import plain
from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


class WithAux(Mlp):
    def __init__(self) -> None:
        super().__init__()
        self.aux = nn.Linear(6, 3)

    def forward(self, x):
        hidden = self.act(self.first(x))
        out = self.second(hidden)
        return out + self.aux(hidden) if "aux" in self._modules else out


@loop(5, anatomy=False)
def a_module_deleted_in_mid_run(run: Run) -> None:
    net = WithAux()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(5):
        if step == 2:
            del net.aux
        if step >= 2:
            run.absent(step, "aux")
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()


@loop()
def functional_calls_with_weights_of_the_networks_own(run: Run) -> None:
    """The weights that are given are the parameters themselves, in a dict."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        F.cross_entropy(functional_call(net, dict(net.named_parameters()), (x,)), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def an_ensemble_beside_it_by_vmap(run: Run) -> None:
    net = Mlp()
    others = [copy.deepcopy(net) for _ in range(3)]

    def ensemble(step):
        weights, buffers = stack_module_state(others)
        run.keep(vmap(lambda w, b, x: functional_call(net, (w, b), (x,)), (0, 0, None))(weights, buffers, batch(9)[0]))

    plain(run, net, before=ensemble, between=ensemble)


@loop()
def a_forward_mode_derivative_before_each_step(run: Run) -> None:
    net = Mlp()
    plain(run, net, before=lambda step: run.keep(jvp(net, (batch(9)[0],), (batch(8)[0],))))
