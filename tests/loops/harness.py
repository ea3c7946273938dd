"""Training loops as people write them, each run bare and watched, and what must hold of the two.

A loop is a function of a `Run`. It watches with `run.watch(...)`, where a script would have `shiftscope.watch(...)`;
run bare, that does nothing. What it notes with `run.keep` must come out the same both times. What it declares with
`run.site`, `run.grads` and `run.number` is computed from tensors of its own, in float64, and must be what was recorded.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import shiftscope
from tests.loops.sameness import anatomy, frozen
from tests.probes import brute

OWN = {"weight": "weight", "bias": "bias"}
"""The site of each parameter of a linear map."""
ABSENT = float("-inf")
"""Stands for a number that a frame has no place for, by identity."""


@dataclass(frozen=True)
class Loop:
    """A training loop.

    Attributes:
        body: the loop.
        recorded: how many steps its recording has, by scope in the order of `watch`.
        warns: a pattern for the one sentence that shiftscope warns with; empty where it does not.
        state: how the recordings end, by scope; the last one's stands for those that follow.
        anatomy: whether the modules must look at the end as they do unwatched.
    """

    body: Callable[[Run], None]
    recorded: tuple[int, ...]
    warns: str
    state: tuple[str, ...]
    anatomy: bool

    @property
    def name(self) -> str:
        return self.body.__name__


def loop(
    *recorded: int, warns: str = "", state: str | tuple[str, ...] = "finished", anatomy: bool = True
) -> Callable[[Callable[[Run], None]], Loop]:
    """Declare a loop; by default its recording has 4 steps."""
    states = (state,) if isinstance(state, str) else state
    return lambda body: Loop(body, recorded or (4,), warns, states, anatomy)


class Unwatched:
    """Stands where the scope is when a loop is run bare: whatever is called does nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None

    def __enter__(self) -> Unwatched:
        return self

    def __exit__(self, *_: object) -> None:
        pass


Place = tuple[int, int, str, str, str, str]
"""Scope, step, quantity, network, layer, site."""


class Run:
    """One run of a loop.

    Attributes:
        watched: whether it is watched.
        scopes: those that were made.
        sites: values by place (with an empty quantity), each a list of tensors.
        numbers: expected numbers by place.
        free: scopes and steps that may have a frame, and may have none.
    """

    def __init__(self, folder: Path | None, **options: Any) -> None:
        self._folder, self._options = folder, options
        self.watched = folder is not None
        self.scopes: list[Any] = []
        self.kept: list[object] = []
        self._compared: list[Any] = []
        self._modules: list[nn.Module] = []
        self.sites: dict[Place, list[torch.Tensor]] = {}
        self.numbers: dict[Place, float] = {}
        self.free: set[tuple[int, int]] = set()

    def watch(self, models: Any, **options: Any) -> Any:
        """Watch, as a script would with one line; models and optimizers are compared in the end."""
        self.compare(*(models.values() if isinstance(models, Mapping) else [models]))
        optimizer = options.get("optimizer")
        self.compare(*(optimizer.values() if isinstance(optimizer, Mapping) else [optimizer]))
        if not self.watched:
            return Unwatched()
        path = self._folder / f"{len(self.scopes)}.shiftscope"
        self.scopes.append(shiftscope.watch(models, to=path, **self._options, **options))
        return self.scopes[-1]

    def compare(self, *things: Any) -> None:
        """Compare the end state of modules and optimizers, too."""
        self._compared += [one for one in things if hasattr(one, "state_dict")]
        self._modules += [one for one in things if isinstance(one, nn.Module)]

    def keep(self, *values: object) -> None:
        """Note what must come out the same, watched or not."""
        self.kept += [frozen(value) for value in values]

    def site(
        self, step: int, layer: str, site: str, values: torch.Tensor, *, network: str = "", scope: int = 0
    ) -> None:
        """Declare values that pass a site; those of several calls or passes are together the step's."""
        self.sites.setdefault((scope, step, "", network, layer, site), []).append(values.detach().clone())

    def number(self, step: int, quantity: str, value: float, layer: str = "", site: str = "", **more: Any) -> None:
        """Declare a number."""
        place = more.get("scope", 0), step, quantity, more.get("network", ""), layer, site
        self.numbers[place] = float(value)

    def absent(self, step: int, layer: str, site: str = "output", **more: Any) -> None:
        """Declare that a layer did not run at a step."""
        for quantity in ("mean", "variance"):
            place = more.get("scope", 0), step, quantity, more.get("network", ""), layer, site
            self.numbers[place] = ABSENT

    def unseen(self, step: int, scope: int = 0) -> None:
        """Declare that nothing passes at a step: it counts, and whether it has a frame is left open."""
        self.free.add((scope, step))

    def grads(
        self, step: int, net: nn.Module, *layers: str, scale: float = 1.0, network: str = "", scope: int = 0
    ) -> None:
        """Declare the gradient norms of linear maps to be those that their parameters hold now."""
        for layer in layers:
            squares = 0.0
            for name, parameter in net.get_submodule(layer).named_parameters(recurse=False):
                gradient = parameter.grad
                dense = torch.zeros(1) if gradient is None else gradient.detach().to_dense()
                norm = brute.norm(dense.double().numpy() / scale)
                squares += norm**2
                self.number(step, "gradient_norm", norm, layer, OWN.get(name, name), network=network, scope=scope)
            self.number(step, "gradient_norm", squares**0.5, layer, network=network, scope=scope)

    def finish(self) -> None:
        """Close the scopes now, and not when the loop is over."""
        for scope in self.scopes:
            scope.close()

    def end(self) -> dict[str, object]:
        """Close what is open; return all that must not depend on whether anybody watched."""
        self.finish()
        return {
            "kept": self.kept,
            "state": [frozen(one) for one in self._compared],
            "torch": frozen(torch.get_rng_state()),
            "numpy": frozen(np.random.get_state()),
            "random": random.getstate(),
        }

    def anatomies(self) -> list[object]:
        """Return what the modules consist of."""
        return [anatomy(one) for one in self._modules]


def run_loop(one: Loop, run: Run) -> tuple[dict[str, object], list[object], list[str]]:
    """Run a loop from the same random states; return its end, the modules' anatomy and what was warned of."""
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    torch.set_grad_enabled(True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            one.body(run)
        finally:
            ended = run.end()
    return ended, run.anatomies(), [f"{warning.category.__name__}: {warning.message}" for warning in caught]
