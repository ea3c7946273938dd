"""Hooks of all kinds that people put on, before a scope and after it."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, passing, sgd


def _train(
    run: Run, net: nn.Module, optimizer: torch.optim.Optimizer, steps: range = range(4), times: float = 1
) -> None:
    """Train, where somebody doubles (or so) what goes into the network."""
    for step in steps:
        x, y = batch(step)
        passing(run, step, net, x * times)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


def _hooked(run: Run, *, before: bool, hook: object) -> None:
    net = Mlp()
    optimizer = sgd(net)
    if before:
        hook(net)
    run.watch(net, optimizer=optimizer)
    if not before:
        hook(net)
    _train(run, net, optimizer, times=2)


def _pre_hook(net: nn.Module) -> None:
    net.register_forward_pre_hook(lambda _, given: (given[0] * 2,))


def _keyword_hook(net: nn.Module) -> None:
    net.register_forward_pre_hook(lambda _, given, keywords: ((given[0] * 2,), keywords), with_kwargs=True)


def _layers_hook(net: nn.Module) -> None:
    net.first.register_forward_pre_hook(lambda _, given: (given[0] * 2,), prepend=True)


@loop()
def a_pre_hook_changes_the_input_put_on_before(run: Run) -> None:
    _hooked(run, before=True, hook=_pre_hook)


@loop()
def a_pre_hook_changes_the_input_put_on_after(run: Run) -> None:
    _hooked(run, before=False, hook=_pre_hook)


@loop()
def a_pre_hook_with_keywords_put_on_before(run: Run) -> None:
    _hooked(run, before=True, hook=_keyword_hook)


@loop()
def a_pre_hook_with_keywords_put_on_after(run: Run) -> None:
    _hooked(run, before=False, hook=_keyword_hook)


@loop()
def a_layers_pre_hook_put_on_after(run: Run) -> None:
    _hooked(run, before=False, hook=_layers_hook)


def _output_hooked(run: Run, *, before: bool) -> None:
    """What others see of the layer is what its hooks made of it."""
    net = Mlp()
    optimizer = sgd(net)
    if before:
        net.first.register_forward_hook(lambda _module, _given, out: out * 3)
    run.watch(net, optimizer=optimizer)
    if not before:
        net.first.register_forward_hook(lambda _module, _given, out: out * 3)
    for step in range(4):
        x, y = batch(step)
        with torch.no_grad():
            hidden = 3 * F.linear(x, net.first.weight, net.first.bias)
        run.site(step, "first", "pre_activation", hidden)
        run.site(step, "first", "output", hidden.tanh())
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
        run.keep(loss)


@loop()
def a_forward_hook_changes_the_output_put_on_before(run: Run) -> None:
    _output_hooked(run, before=True)


@loop()
def a_forward_hook_changes_the_output_put_on_after(run: Run) -> None:
    _output_hooked(run, before=False)


@loop()
def full_backward_hooks(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    seen: list[torch.Tensor] = []
    net.first.register_full_backward_hook(lambda _module, _to_given, to_output: seen.append(to_output[0].clone()))
    run.watch(net, optimizer=optimizer)
    net.second.register_full_backward_hook(lambda _module, to_given, _to_output: tuple(one * 2 for one in to_given))
    net.second.register_full_backward_pre_hook(lambda _module, to_output: tuple(one / 2 for one in to_output))
    _train(run, net, optimizer)
    run.keep(*seen)


@loop()
def tensor_hooks_on_activations(run: Run) -> None:
    seen: list[torch.Tensor] = []

    class Peeked(Mlp):
        def forward(self, x):
            hidden = self.act(self.first(x))
            hidden.register_hook(lambda gradient: seen.append(gradient.clone()))
            hidden.retain_grad()
            return self.second(hidden)

    net = Peeked()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    _train(run, net, optimizer)
    run.keep(*seen)


@loop()
def an_always_call_hook_and_a_pass_that_raises(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    calls: list[str] = []
    net.register_forward_hook(lambda *_: calls.append("net"), always_call=True)
    run.watch(net, optimizer=optimizer)
    net.first.register_forward_hook(lambda *_: calls.append("first"), always_call=True)
    for step in range(4):
        try:
            net(torch.randn(3, 11))
        except RuntimeError as error:
            run.keep(str(error))
        mlp_step(run, step, net, optimizer)
    run.keep(calls)


@loop(6)
def hooks_removed_in_mid_run(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    handles = [net.register_forward_pre_hook(lambda _, given: (given[0] * 2,))]
    run.watch(net, optimizer=optimizer)
    handles.append(net.first.register_forward_pre_hook(lambda _, given: (given[0] * 2,)))
    _train(run, net, optimizer, range(3), times=4)
    for handle in handles:
        handle.remove()
    _train(run, net, optimizer, range(3, 6))


@loop()
def hooks_for_all_modules_everywhere(run: Run) -> None:
    seen: list[str] = []
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    handle = nn.modules.module.register_module_forward_hook(lambda module, *_: seen.append(type(module).__name__))
    try:
        _train(run, net, optimizer)
    finally:
        handle.remove()
    run.keep(seen)


@loop()
def hooks_of_the_optimizer(run: Run) -> None:
    net = Mlp()
    optimizer = sgd(net)
    seen: list[float] = []
    optimizer.register_step_pre_hook(lambda *_: seen.append(float(net.first.weight.sum())))
    run.watch(net, optimizer=optimizer)
    optimizer.register_step_post_hook(lambda *_: seen.append(float(net.first.weight.sum())))
    _train(run, net, optimizer)
    run.keep(seen)


@loop()
def activations_collected_by_hooks_as_in_tutorials(run: Run) -> None:
    found: dict[str, torch.Tensor] = {}
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    handles = [
        module.register_forward_hook(lambda _module, _given, out, name=name: found.update({name: out.detach()}))
        for name, module in net.named_children()
    ]
    _train(run, net, optimizer)
    run.keep(found)
    for handle in handles:
        handle.remove()


@loop()
def a_torch_dispatch_mode_around_the_loop(run: Run) -> None:
    """Counting floating point operations."""
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415

    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        with FlopCounterMode(display=False) as counter:
            F.cross_entropy(net(x), y).backward()
        run.keep(counter.get_total_flops())
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop()
def saved_tensor_hooks(run: Run) -> None:
    packed: list[tuple[int, ...]] = []

    def pack(tensor):
        packed.append(tuple(tensor.shape))
        return tensor

    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        passing(run, step, net, x)
        optimizer.zero_grad()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()
    run.keep(packed)
