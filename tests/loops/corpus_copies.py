"""Copies, pickles, scripts, traces, exports and compilations of a network that is being watched."""

from __future__ import annotations

import copy
import io
import pickle
import re
from pickletools import genops

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, Normed, batch, mlp_step, sgd


def _between(run: Run, what, net: nn.Module | None = None) -> None:
    """Train; between the steps, while the scope is armed, do something with the watched network and keep it."""
    net = net or Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        run.keep(what(net))
        mlp_step(run, step, net, optimizer)
        run.keep(what(net))


ADDRESS = re.compile(r"(?:(?:\\\\x[0-9a-f]{2}|\\\\?.){4})?[0-9]{6,}")
"""An address in a pickle's own form: the length of its digits goes before it."""


def pickled_operations(thing: object) -> list[str]:
    """Pickle a thing; return the operations, without the addresses by which torch tells storages apart."""
    return [f"{code.name} {ADDRESS.sub('#', repr(arg))}" for code, arg, _ in genops(pickle.dumps(thing))]


def saved(thing: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer)
    return buffer.getvalue()


@loop()
def pickled(run: Run) -> None:
    _between(run, pickled_operations)


@loop()
def saved_whole(run: Run) -> None:
    _between(run, saved)


@loop()
def saved_by_state(run: Run) -> None:
    _between(run, lambda net: saved(net.state_dict()))


@loop()
def pickled_and_read_back(run: Run) -> None:
    _between(run, lambda net: pickle.loads(pickle.dumps(net))(batch(9)[0]))


@loop()
def deep_copied(run: Run) -> None:
    _between(run, lambda net: pickled_operations(copy.deepcopy(net)))


@loop()
def a_copy_that_is_trained_for_itself(run: Run) -> None:
    """What passes a copy is no part of the original's steps."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        other = copy.deepcopy(net)
        own = sgd(other)
        for _ in range(2):
            own.zero_grad()
            F.cross_entropy(other(batch(33, mean=20.0)[0]), batch(33)[1]).backward()
            own.step()
        run.keep(other.state_dict())
        mlp_step(run, step, net, optimizer)


@loop()
def shallow_copied(run: Run) -> None:
    _between(run, lambda net: copy.copy(net)(batch(9)[0]))


@loop()
def averaged(run: Run) -> None:
    _between(run, lambda net: pickled_operations(torch.optim.swa_utils.AveragedModel(net).state_dict()))


@loop()
def scripted(run: Run) -> None:
    _between(run, lambda net: torch.jit.script(net)(batch(9)[0]))


@loop()
def scripted_with_batch_norm_and_saved(run: Run) -> None:
    net = Normed()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "head")
        optimizer.step()
        run.keep(torch.jit.script(net).code)


@loop()
def traced(run: Run) -> None:
    _between(run, lambda net: torch.jit.trace(net, batch(9)[0])(batch(8)[0]))


@loop()
def exported(run: Run) -> None:
    _between(run, lambda net: torch.export.export(net, (batch(9)[0],)).module()(batch(9)[0]))


@loop()
def traced_by_fx(run: Run) -> None:
    _between(run, lambda net: torch.fx.symbolic_trace(net).code)


@loop()
def told_apart_by_repr_and_hash(run: Run) -> None:
    _between(run, lambda net: (repr(net), sorted(set(dir(net.first))), len({net, net}), list(net.state_dict())))


@loop()
def summed_up_with_hooks_on_meta(run: Run) -> None:
    """A summary tool runs a copy on the meta device, with hooks of its own."""

    def summary(net):
        shapes = []
        other = copy.deepcopy(net).to("meta")
        for one in other.modules():
            one.register_forward_hook(lambda _module, _given, out: shapes.append(tuple(out.shape)))
        other(torch.empty(2, 4, device="meta"))
        return shapes

    _between(run, summary)


@loop()
def run_with_fake_tensors(run: Run) -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: PLC0415  estimators of memory do so

    def estimate(net):
        with FakeTensorMode(allow_non_fake_inputs=True):
            return tuple(net(torch.empty(5, 4)).shape)

    _between(run, estimate)
