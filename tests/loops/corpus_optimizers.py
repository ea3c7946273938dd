"""Optimizers of every make: wrappers, SAM, exchanged ones, several, hand-written ones, and none."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, mlp_step, sgd


class Sam(torch.optim.Optimizer):
    """Sharpness-aware minimization, as its public implementations are."""

    def __init__(self, params, base, rho=0.05, **kwargs):
        super().__init__(params, {"rho": rho, **kwargs})
        self.base_optimizer = base(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups
        self.defaults.update(self.base_optimizer.defaults)

    @torch.no_grad()
    def first_step(self, zero_grad=False):
        scale = self.param_groups[0]["rho"] / (self._grad_norm() + 1e-12)
        for parameter in self.param_groups[0]["params"]:
            self.state[parameter]["old_p"] = parameter.data.clone()
            parameter.add_(parameter.grad * scale)
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def second_step(self, zero_grad=False):
        for parameter in self.param_groups[0]["params"]:
            parameter.data = self.state[parameter]["old_p"]
        self.base_optimizer.step()
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def step(self, closure=None):
        closure = torch.enable_grad()(closure)
        self.first_step(zero_grad=True)
        closure()
        self.second_step()

    def _grad_norm(self):
        return torch.stack([p.grad.norm() for p in self.param_groups[0]["params"]]).norm()


@loop()
def sam_in_two_steps(run: Run) -> None:
    net = Mlp()
    optimizer = Sam(net.parameters(), torch.optim.SGD, lr=0.1, momentum=0.9)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.first_step(zero_grad=True)
        F.cross_entropy(net(x), y).backward()
        run.grads(step, net, "first", "second")
        optimizer.second_step(zero_grad=True)
        run.keep(loss)


@loop()
def sam_with_a_closure(run: Run) -> None:
    net = Mlp()
    optimizer = Sam(net.parameters(), torch.optim.SGD, lr=0.1)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)

        def closure(x=x, y=y):
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            return loss

        run.keep(closure())
        optimizer.step(closure)
        optimizer.zero_grad()


@loop()
def sam_whose_base_steps_alone(run: Run) -> None:
    """The second pass is the base optimizer's own: its gradients are those at the perturbed weights."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        x, y = batch(step)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        moves = [0.05 * parameter.grad / parameter.grad.norm() for parameter in net.parameters()]
        with torch.no_grad():
            for parameter, move in zip(net.parameters(), moves, strict=True):
                parameter.add_(move)
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        with torch.no_grad():
            for parameter, move in zip(net.parameters(), moves, strict=True):
                parameter.sub_(move)
        run.grads(step, net, "first", "second")
        optimizer.step()


class Lookahead:
    """Slow and fast weights; no torch Optimizer itself."""

    def __init__(self, inner, every=2):
        self.optimizer, self.every, self.count = inner, every, 0
        self.slow = [p.detach().clone() for group in inner.param_groups for p in group["params"]]

    @property
    def param_groups(self):
        return self.optimizer.param_groups

    def zero_grad(self):
        self.optimizer.zero_grad()

    def step(self):
        self.optimizer.step()
        self.count += 1
        if self.count % self.every == 0:
            fast = [p for group in self.param_groups for p in group["params"]]
            with torch.no_grad():
                for slow, parameter in zip(self.slow, fast, strict=True):
                    slow.lerp_(parameter, 0.5)
                    parameter.copy_(slow)


@loop()
def lookahead(run: Run) -> None:
    net = Mlp()
    optimizer = Lookahead(sgd(net))
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        mlp_step(run, step, net, optimizer)


class Accelerated(torch.optim.Optimizer):
    """Holds an optimizer, as accelerate's does: `super().__init__` is never called."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    @property
    def state(self):
        return self.optimizer.state

    @property
    def param_groups(self):
        return self.optimizer.param_groups

    @property
    def defaults(self):
        return self.optimizer.defaults

    def zero_grad(self, set_to_none=None):
        self.optimizer.zero_grad()

    def state_dict(self):
        return self.optimizer.state_dict()

    def step(self, closure=None):
        self.optimizer.step(closure)


@loop()
def an_optimizer_with_an_inner_one(run: Run) -> None:
    net = Mlp()
    optimizer = Accelerated(torch.optim.AdamW(net.parameters()))
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        mlp_step(run, step, net, optimizer)


class Own(torch.optim.Optimizer):
    """A researcher's own: it overrides `step` and no more."""

    def __init__(self, params):
        super().__init__(params, {"lr": 0.1})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.sub_(parameter.grad.sign(), alpha=group["lr"])


@loop()
def an_optimizer_of_ones_own(run: Run) -> None:
    net = Mlp()
    optimizer = Own(net.parameters())
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        mlp_step(run, step, net, optimizer)


@loop()
def adamw_after_the_optimizer_was_read_from_a_checkpoint(run: Run) -> None:
    net = Mlp()
    optimizer = torch.optim.AdamW(net.parameters())
    run.watch(net, optimizer=optimizer)
    state = None
    for step in range(4):
        mlp_step(run, step, net, optimizer)
        if step == 1:
            state = {"net": net.state_dict(), "optimizer": optimizer.state_dict()}
            net.load_state_dict(state["net"])
            optimizer.load_state_dict(state["optimizer"])
