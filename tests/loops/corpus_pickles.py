"""Networks whose classes are copied or pickled in ways of their own, while they are being watched."""

from __future__ import annotations

import copy
import copyreg
import io
import pickle
from collections import OrderedDict

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from tests.loops.corpus_copies import pickled_operations, saved
from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, sgd


class Stated(Mlp):
    """Leaves out what it cannot keep, as the documentation of pickle does."""

    def __init__(self) -> None:
        super().__init__()
        self.callback = lambda: None

    def __getstate__(self):
        state = self.__dict__.copy()
        del state["callback"]
        return state

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.callback = lambda: None


def _remake(kind, state):
    made = kind()
    made.__dict__.update(state)
    return made


class Reduced(Mlp):
    """Says of itself how it is made anew."""

    def __reduce__(self):
        return _remake, (type(self), dict(self.__dict__))


class Protocolled(Mlp):
    def __reduce_ex__(self, _protocol):
        return _remake, (type(self), {**vars(self)})


class Copied(Mlp):
    """Copies itself by hand."""

    def __deepcopy__(self, memo):
        other = type(self)()
        other.__dict__ = copy.deepcopy(self.__dict__, memo)
        return other


class Registered(Mlp):
    """Is pickled by a function that a library has registered."""


copyreg.pickle(Registered, lambda one: (_remake, (Registered, dict(one.__dict__))))


class StatedLinear(nn.Linear):
    def __getstate__(self):
        return dict(self.__dict__)


class OfStatedLayers(Mlp):
    """Its layers, not it, are pickled in a way of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = StatedLinear(4, 6), StatedLinear(6, 3)


def _read_back(net):
    return pickle.loads(pickle.dumps(net))


def _between(run: Run, net: nn.Module) -> None:
    """Train; while the scope is armed, keep pickles and copies of the network, also from within a pass."""
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    kept = []

    def keep(module, *_: object) -> None:
        if module is net.act:
            kept.append(saved(net))

    for step in range(4):
        others = [copy.copy(net), copy.deepcopy(net), _read_back(net)]
        run.keep([sorted(vars(one)) for one in others], pickled_operations(net), saved(net))
        handle = register_module_forward_hook(keep)
        mlp_step(run, step, net, optimizer)
        handle.remove()
        for one in others:
            run.keep(one(batch(9)[0]))
        for one in others[1:]:
            run.keep([sorted(vars(part)) for part in one.modules()])
    run.keep(kept)


@loop()
def with_a_state_of_its_own(run: Run) -> None:
    _between(run, Stated())


@loop()
def reduced_by_hand(run: Run) -> None:
    _between(run, Reduced())


@loop()
def reduced_by_protocol(run: Run) -> None:
    _between(run, Protocolled())


@loop()
def registered_with_copyreg(run: Run) -> None:
    _between(run, Registered())


@loop()
def of_layers_with_a_state_of_their_own(run: Run) -> None:
    _between(run, OfStatedLayers())


@loop()
def copied_by_hand_for_an_average_each_step(run: Run) -> None:
    net = Copied()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    averages = []
    for step in range(4):
        averages.append(copy.deepcopy(net))
        mlp_step(run, step, net, optimizer)
        run.keep([one(batch(9)[0]) for one in averages], sorted(vars(averages[-1])))
    run.finish()
    run.keep(sorted(vars(Copied)))


@loop()
def a_traced_graph_that_is_trained(run: Run) -> None:
    """A GraphModule has a class of its own, and takes its state out of `__dict__`."""
    parts = nn.Sequential(OrderedDict(first=nn.Linear(4, 6), act=nn.Tanh(), second=nn.Linear(6, 3)))
    net = torch.fx.symbolic_trace(parts)
    _between(run, net)
    run.keep(torch.jit.script(net).code)


@loop()
def scripted_with_a_state_of_its_own(run: Run) -> None:
    net = OfStatedLayers()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        buffer = io.BytesIO()
        torch.jit.save(torch.jit.script(net), buffer)
        run.keep(torch.jit.script(net).code, torch.jit.script(net)(batch(9)[0]), len(buffer.getvalue()))
        mlp_step(run, step, net, optimizer)
