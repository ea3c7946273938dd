"""How long a network is watched: as long as it is there, although a script need not keep what watches it.

What watches a network holds it, and must be held by somebody itself. A network shows nothing of that, so it cannot be
the network; but were it a global, no network would ever be freed. So a global holds it between two collections of
Python's garbage, and while one is under way the network's modules do: what nobody reaches any more goes with them.

A collection is under way in one thread, and others may run before it is over: a network that is copied or pickled at
that moment must not hold anything of ours. So only a collection in the thread that watches counts, while that is there.
"""

from __future__ import annotations

import gc
import operator
import sys
from collections.abc import Callable, Iterable
from functools import partial
from itertools import repeat
from threading import get_ident
from typing import Any, Generic, TypeVar
from weakref import ref

from torch import nn

Owner = TypeVar("Owner")

MOST_BYTES = 32 << 20
"""Parameters of networks that were watched and may be garbage, by which it is worth while to collect that."""
MOST_NETWORKS = 8
"""How many such networks, whatever their size."""
_OLDEST = 2
"""The generation of a collection that looks at everything."""


class Lifetime(Generic[Owner]):
    """Holds an owner for as long as anybody reaches one of some modules, or the owner.

    Args:
        owner: of what watches the modules.
        modules: those of the networks, with all that they consist of.
        gone: called, in the middle of a collection of garbage, once neither is there any more.
    """

    def __init__(self, owner: Owner, modules: Iterable[nn.Module], gone: Callable[[], None]) -> None:
        self._owner: Owner | None = owner
        self._weak = ref(owner)
        self._modules = [ref(module) for module in modules]
        self._gone = gone
        self._ended = False
        self._thread = get_ident()
        # One for each: networks may share modules.
        self._name = f"_shiftscope_{id(self)}"
        _KEEPER.add(self)

    @property
    def owner(self) -> Owner | None:
        """The owner; None once it is gone."""
        return self._weak()

    @property
    def is_elsewhere(self) -> bool:
        """Whether another thread than this one watches, and is still there."""
        return self._thread != get_ident() and self._thread in sys._current_frames()

    def end(self) -> None:
        """Hold nothing any more."""
        self._ended, self._owner = True, None
        _KEEPER.remove(self)

    def hand_over(self) -> None:
        """Let the modules hold the owner. Where there are none, as their watching failed, the script ends the run."""
        if not self._modules:
            return
        owner, self._owner = self._owner, None
        for module in self._modules if owner is not None else ():
            there = module()
            if there is not None:
                there.__dict__[self._name] = owner

    def take_back(self) -> None:
        """Hold the owner again, unless it is gone, or was ended meanwhile."""
        self._owner = self._weak()
        for module in self._modules:
            there = module()
            if there is not None:
                there.__dict__.pop(self._name, None)
        if self._ended:
            self._owner = None
        elif self._owner is None:
            self.end()
            self._gone()


class _ByGeneration(dict[int, None]):
    """What is done in a collection, by its generation: nothing, or a call where the generation is not in here."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__(dict.fromkeys(range(_OLDEST)))
        self._act = act

    def __missing__(self, _generation: int) -> None:
        self._act()


class _OnStart(map):  # type: ignore[type-arg]  # has none at run time
    """Goes on by one when its attribute of the phase is set."""

    start = property(None, next)
    stop = property(None, operator.is_)  # type: ignore[arg-type]  # whatever it returns


class _OnStop(map):  # type: ignore[type-arg]
    start = property(None, operator.is_)  # type: ignore[arg-type]  # whatever it returns
    stop = property(None, next)


class _FullCollections:
    """Calls back when a collection of everything starts and stops.

    An error that a signal's handler raises is lost in a callback of the collector, and a handler runs wherever Python
    code does. So the many collections of what is young call no Python code: all that looks at their generation, two
    callbacks and what they run through, is C.
    """

    def __init__(self, start: Callable[[], None], stop: Callable[[], None]) -> None:
        phases: dict[str, dict[str, int]] = {"start": {"generation": 0}, "stop": {"generation": 0}}

        def generations(phase: str) -> Iterable[int]:
            return map(operator.itemgetter("generation"), map(phases.__getitem__, repeat(phase)))

        self._callbacks: list[Callable[[Any, Any], object]] = [
            phases.__setitem__,
            partial(setattr, _OnStart(_ByGeneration(start).__getitem__, generations("start"))),
            partial(setattr, _OnStop(_ByGeneration(stop).__getitem__, generations("stop"))),
        ]

    def follow(self) -> None:
        """Call back from now on."""
        gc.callbacks.extend(self._callbacks)

    def leave(self) -> None:
        """Call back no more."""
        gc.callbacks[:] = [one for one in gc.callbacks if not any(one is own for own in self._callbacks)]


class _Keeper:
    """Hands over all that is held, and takes it back, as garbage is collected."""

    def __init__(self) -> None:
        self._lifetimes: list[Lifetime[Any]] = []
        self._handed: list[Lifetime[Any]] = []
        self._collections = _FullCollections(self._start, self._stop)

    def add(self, lifetime: Lifetime[Any]) -> None:
        if not self._lifetimes:
            self._collections.follow()
        self._lifetimes.append(lifetime)

    def remove(self, lifetime: Lifetime[Any]) -> None:
        if lifetime in self._lifetimes:
            self._lifetimes.remove(lifetime)
            if not self._lifetimes:
                self._collections.leave()

    def _start(self) -> None:
        self._handed = [one for one in self._lifetimes if not one.is_elsewhere]
        for lifetime in self._handed:
            lifetime.hand_over()

    def _stop(self) -> None:
        handed, self._handed = self._handed, []
        for lifetime in handed:
            lifetime.take_back()


_KEEPER = _Keeper()


class Leftovers:
    """What was watched and may not be freed yet: networks and what watches them hold each other."""

    def __init__(self) -> None:
        self._known: list[tuple[ref[Any], int]] = []

    def add(self, thing: object, networks: Iterable[nn.Module]) -> None:
        """Note what watches networks."""
        sizes = [p.numel() * p.element_size() for network in networks for p in network.parameters() if not _lazy(p)]
        self._known.append((ref(thing), sum(sizes)))

    def collect(self) -> None:
        """Free what nobody uses any more, if that may be much: Python itself comes to it late."""
        self._known = [one for one in self._known if one[0]() is not None]
        if len(self._known) >= MOST_NETWORKS or sum(size for _, size in self._known) >= MOST_BYTES:
            gc.collect()


def _lazy(parameter: nn.Parameter) -> bool:
    return nn.parameter.is_lazy(parameter)
