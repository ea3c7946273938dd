"""What watch() is given, checked before anything is touched: each refusal is a sentence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from os import PathLike
from typing import get_args

from torch import nn
from torch.optim import Optimizer

from shiftscope.engine.alarm import StopOn
from shiftscope.engine.faults import OnError
from shiftscope.engine.schedules import Schedule
from shiftscope.engine.scope_state import ScopeState
from shiftscope.tracing.errors import WatchError
from shiftscope.tracing.optimizer_steps import inner_optimizers
from shiftscope.tracing.parts import as_written
from shiftscope.tracing.selection import Selection
from shiftscope.tracing.tree import named_modules
from shiftscope.wire.frames import MAX_STEP


def check_named(misplaced: Collection[object]) -> None:
    """Refuse what is given without a name. Raises TypeError."""
    if misplaced:
        raise TypeError(
            "watch() takes the network, or a dict of several, and all else by name: watch(model, optimizer=optimizer)"
        )


def check_networks(models: object) -> dict[str, nn.Module]:
    """Return the networks by name.

    Raises:
        WatchError: they are none.
    """
    if isinstance(models, nn.Module):
        models = {type(getattr(models, "_orig_mod", models)).__name__: models}
    if not isinstance(models, Mapping):
        raise WatchError(
            f"watch() takes a network, or a dict of networks by the names that are shown, not {_described(models)}"
        )
    if not models:
        raise WatchError("watch() was given no network: the dict is empty")
    for name, model in models.items():
        if not isinstance(name, str) or not name:
            raise WatchError(f"the name of a network is a text that is not empty, not {name!r}")
        if not isinstance(model, nn.Module):
            raise WatchError(f"{name!r} is no network (torch.nn.Module) but {_described(model)}")
        if not any(True for _ in model.parameters()):
            raise WatchError(f"{type(model).__name__} has no parameters: there is no training to look at")
    if len({id(model) for model in models.values()}) < len(models):
        raise WatchError(f"{', '.join(models)}: the same network is given twice")
    return dict(models)


def check_options(schedule: object, schedules: object, total_steps: object, units: object, on_error: object) -> None:
    """Check the options that have a type.

    Raises:
        WatchError: one of them is something else.
    """
    number = isinstance(schedule, int) and not isinstance(schedule, bool) and schedule > 0
    if schedule is not None and not number and not isinstance(schedule, Schedule):
        raise WatchError(
            "schedule is the number of steps from one that is recorded to the next, or a schedule, as "
            f"shiftscope.every(10), not {_described(schedule)}"
        )
    if schedules is not None and not isinstance(schedules, Mapping):
        raise WatchError(f"schedules is a dict of schedules by stream, not {_described(schedules)}")
    for stream, one in (schedules or {}).items():
        if not isinstance(one, Schedule):
            raise WatchError(f"schedules[{stream!r}] is a schedule, as shiftscope.every(10), not {_described(one)}")
    if total_steps is not None and (not isinstance(total_steps, int) or total_steps < 1):
        raise WatchError(f"total_steps is a whole number above 0, not {_described(total_steps)}")
    whole = isinstance(units, Sequence | range) and not isinstance(units, str)
    if not whole or not all(isinstance(unit, int) and unit >= 0 for unit in units):  # type: ignore[attr-defined]
        raise WatchError(f"units are the numbers of single units, from 0, as (0, 1, 2), not {_described(units)}")
    if on_error not in get_args(OnError):
        raise WatchError(f"on_error is {' or '.join(map(repr, get_args(OnError)))}, not {on_error!r}")


def check_start(first_step: object, resume: object) -> None:
    """Check what the run goes on from.

    Raises:
        WatchError: one of them is something else.
    """
    if first_step is not None and (
        not isinstance(first_step, int) or isinstance(first_step, bool) or not 0 <= first_step < MAX_STEP
    ):
        raise WatchError(f"first_step is the number of updates before, from 0, not {_described(first_step)}")
    if resume is not None and not isinstance(resume, ScopeState | Mapping | str | PathLike):
        raise WatchError(f"resume is state() of a scope, or the path of a recording, not {_described(resume)}")


def check_alarm(on_event: object, stop_on: object) -> None:
    """Check what is done at what goes wrong.

    Raises:
        WatchError: one of them is something else.
    """
    if on_event is not None and not callable(on_event):
        raise WatchError(f"on_event is a function of an alert, not {_described(on_event)}")
    if stop_on is not None and stop_on not in get_args(StopOn):
        raise WatchError(f"stop_on is {' or '.join(map(repr, get_args(StopOn)))}, not {stop_on!r}")


def check_layers(networks: Mapping[str, nn.Module], layers: object) -> Selection:
    """Return which modules are to be layers.

    Raises:
        WatchError: the patterns are none, or no module has such a name.
    """
    each = [layers] if isinstance(layers, str | re.Pattern) else [] if layers is None else layers
    if not isinstance(each, list | tuple) or not all(isinstance(one, str | re.Pattern) for one in each):
        raise WatchError(f'layers are patterns of names, as "encoder.**" or "!**.norm*", not {_described(layers)}')
    selection = Selection.of(each)
    names = [as_written(name) for network in networks.values() for name, _ in named_modules(network)]
    names += [as_written(name) for network in networks.values() for name, _ in network.named_parameters()]
    if selection.unmatched(names):
        some = ", ".join(dict.fromkeys(name for name in names if name and "." not in name))
        raise WatchError(f"no module has a name as {layers!r}; the outermost are {some}")
    return selection


def check_place(to: object, name: object, loss: object, token: object = "") -> None:
    """Check where a run goes and with which token, its name, and the loss.

    Raises:
        WatchError: one of them is something else.
    """
    sink = not isinstance(to, type) and callable(getattr(to, "frame", None))
    if to is not None and not isinstance(to, str | PathLike) and not sink:
        raise WatchError(f"to is a server's address, the path of a recording or a sink, not {_described(to)}")
    if not isinstance(name, str):
        raise WatchError(f"the name of a run is a text, not {_described(name)}")
    if not isinstance(token, str):
        raise WatchError(f"the token of a shared server is a text, not {_described(token)}")
    if loss is not None and not callable(loss):
        raise WatchError(f"loss is a function of outputs and targets, not {_described(loss)}")


def check_optimizers(networks: Mapping[str, nn.Module], given: object) -> list[Optimizer]:
    """Return the optimizers of torch's among what was given, or inside of it.

    Raises:
        WatchError: they are given for other networks, or hold no parameter of these.
    """
    if given is None:
        return []
    if isinstance(given, Mapping) and set(given) != set(networks):
        raise WatchError(f"optimizers for {_listed(given)} do not match {_listed(networks)}")
    each: Iterable[object] = given.values() if isinstance(given, Mapping) else [given]
    if isinstance(given, list | tuple):
        each = given
    each = list(each)
    for one in each:
        if isinstance(one, type) or not callable(getattr(one, "step", None)):
            raise WatchError(f"optimizer is an optimizer, or a dict of one for each network, not {_described(one)}")
    found = [one for optimizer in each for one in inner_optimizers(optimizer)]
    held = {id(p) for one in found for group in one.param_groups for p in group["params"]}
    ours = {id(p) for network in networks.values() for p in network.parameters()}
    if held & ours:
        return found
    if any(one in each for one in found):
        raise WatchError(
            f"the optimizer holds no parameter of {_listed(networks)}: make it of the network that is watched"
        )
    return []  # it is somebody else's, or holds copies of its own of the parameters


def _described(value: object) -> str:
    text = repr(value)
    kind = value.__name__ if isinstance(value, type) else type(value).__name__
    if isinstance(value, type):
        return f"the class {kind}: make an instance of it"
    return f"{kind} {text}" if len(text) < 40 else f"a {kind}"


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))
