"""Seeing the steps of optimizers: of all that hold a network's parameters, whoever made them and when.

torch's hooks of all optimizers are used, and none on the optimizers: so one that is exchanged, wrapped or made later is
seen like the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakMethod, finalize, ref

from torch import nn
from torch.compiler import is_dynamo_compiling
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.hooks import RemovableHandle

from shiftscope.tracing.values import is_capturing

Arguments = tuple[Any, ...]
Keywords = dict[str, Any]
Closure = Callable[[], Any]


class _Known(NamedTuple):
    """An optimizer's networks, and what the optimizer was when these were found out."""

    optimizer: ref[Optimizer]
    names: tuple[str, ...]
    groups: int
    asked: int


class OptimizerSteps:
    """Calls back at each step of an optimizer that holds parameters of a watched network.

    Args:
        networks: by name.
        before: given the optimizer, the names of its networks and its closure; returns another closure, if any.
        after: given the same optimizer and names.
        failed: given an error of either, or of finding out whose parameters an optimizer holds.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        before: Callable[[Optimizer, Sequence[str], Closure | None], Closure | None],
        after: Callable[[Optimizer, Sequence[str]], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._networks = networks
        self._before, self._after, self._failed = before, after, failed
        self._known: dict[int, _Known] = {}
        self._handles: list[RemovableHandle] = [
            register_optimizer_step_pre_hook(_weakly(self._pre)),
            register_optimizer_step_post_hook(_weakly(self._post)),
        ]
        # torch keeps the hooks of all optimizers for ever; they must not keep the networks.
        finalize(self, _remove, self._handles).atexit = False

    def remove(self) -> None:
        """See no more steps."""
        _remove(self._handles)

    def networks_of(self, optimizer: Optimizer) -> tuple[str, ...]:
        """Return the names of the networks that an optimizer holds parameters of."""
        known = self._known.get(id(optimizer))
        groups = len(optimizer.param_groups)
        asked = 0
        if known is not None and known.optimizer() is optimizer and known.groups == groups:
            if known.names:
                return known.names
            # A network may be wrapped after it is watched, and its parameters be others then: ask again, ever rarer.
            asked = known.asked + 1
            if asked & (asked - 1):
                self._known[id(optimizer)] = known._replace(asked=asked)
                return ()
        names = self._find(optimizer)
        self._known[id(optimizer)] = _Known(ref(optimizer), names, groups, asked)
        return names

    def _find(self, optimizer: Optimizer) -> tuple[str, ...]:
        held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        return tuple(
            name
            for name, network in self._networks.items()
            if any(id(parameter) in held for parameter in network.parameters())
        )

    def _pre(self, optimizer: Optimizer, arguments: Arguments, keywords: Keywords) -> tuple[Arguments, Keywords] | None:
        try:
            names = () if is_capturing() else self.networks_of(optimizer)
            if not names:
                return None
            in_arguments = len(arguments) > 1
            closure = arguments[1] if in_arguments else keywords.get("closure")
            other = self._before(optimizer, names, closure if callable(closure) else None)
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            self._failed(error)
            return None
        if other is None:
            return None
        if in_arguments:
            return (arguments[0], other, *arguments[2:]), keywords
        return arguments, {**keywords, "closure": other}

    def _post(self, optimizer: Optimizer, _arguments: Arguments, _keywords: Keywords) -> None:
        try:
            names = () if is_capturing() else self.networks_of(optimizer)
            if names:
                self._after(optimizer, names)
        except Exception as error:  # noqa: BLE001  reported: the training must not notice
            self._failed(error)


def _weakly(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a hook that calls a method as long as there is its object."""
    held = WeakMethod(method)

    def hook(*arguments: Any) -> Any:  # noqa: ANN401  what the method takes and gives
        if is_dynamo_compiling():  # what is compiled must not be what watches
            return None
        own = held()
        return None if own is None else own(*arguments)

    return hook


def _remove(handles: list[RemovableHandle]) -> None:
    for handle in handles:
        handle.remove()
    handles.clear()


def inner_optimizers(optimizer: object) -> list[Optimizer]:
    """Return an optimizer, or those torch optimizers that a wrapper of somebody else's holds."""
    if isinstance(optimizer, Optimizer) and hasattr(optimizer, "_optimizer_step_pre_hooks"):
        return [optimizer]
    held = getattr(optimizer, "__dict__", {}).values()
    return [one for one in held if isinstance(one, Optimizer)]
