"""What a training leaves behind, bit for bit, and what its layers really did, found without the scope."""

from __future__ import annotations

import copy
import dataclasses
import gc
import hashlib
import inspect
import io
import pickle
import random
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.probes import brute

LINEAR = (nn.Linear, nn.modules.conv._ConvNd)  # noqa: SLF001  torch has no public name for all convolutions
NORMALIZATIONS = (nn.LayerNorm, nn.GroupNorm, nn.modules.batchnorm._BatchNorm)  # noqa: SLF001  likewise


class Trail:
    """Keeps what a training did.

    Attributes:
        kept: name and fingerprint of every leaf, in the order in which they were kept.
        gradients: by step and parameter the gradient's norm, as the optimizer used it.
        calls: by step and module, the inputs and outputs of the passes that were made with gradients.
        steps: updates so far.
        warned: what Python's warnings said.
    """

    def __init__(self) -> None:
        self.kept: list[tuple[str, str]] = []
        self.gradients: list[dict[str, float]] = []
        self.calls: list[dict[str, list[tuple[object, object]]]] = []
        self.steps = 0
        self.warned: set[str] = set()
        self._calls: dict[str, list[tuple[object, object]]] = defaultdict(list)
        self._hooked = False

    def keep(self, name: str, value: object) -> None:
        """Keep the fingerprint of every leaf of a structure as it is now."""
        self.kept += [(path, fingerprint(leaf)) for path, leaf in leaves(value, name)]

    def step(self, model: nn.Module, *values: object, optimizer: Any = None, copies: bool = False) -> None:
        """Keep what a step did, after its update and before its gradients are zeroed."""
        self.gradients.append(
            {name: brute.norm(p.grad.double().numpy()) for name, p in model.named_parameters() if p.grad is not None}
        )
        where = f"step {self.steps}"
        self.keep(where, values)
        self.keep(f"{where} gradients", {name: p.grad for name, p in model.named_parameters()})
        self.state(where, model, optimizer)
        self.keep(f"{where} forwards", forwards(model))
        if copies and not self._hooked:
            self.copies(where, model)
        self.calls.append(dict(self._calls))
        self._calls.clear()
        self.steps += 1

    def state(self, where: str, model: nn.Module, optimizer: Any = None) -> None:
        """Keep weights and buffers, and what the optimizer remembers."""
        self.keep(f"{where} state", dict(model.state_dict()))
        if optimizer is not None:
            self.keep(f"{where} optimizer", optimizer.state_dict())

    def copies(self, where: str, model: nn.Module) -> None:
        """Keep what copies, pickles and saved files of the model hold; none may need the scope's code to be read."""
        saved = io.BytesIO()
        torch.save(model, saved)
        pickled = pickle.dumps(model)
        assert b"shiftscope" not in pickled
        assert b"shiftscope" not in saved.getvalue()
        saved.seek(0)
        loaded = torch.load(saved, weights_only=False)
        for name, one in (("copy", copy.deepcopy(model)), ("pickle", pickle.loads(pickled)), ("file", loaded)):
            self.keep(f"{where} {name}", [dict(one.state_dict()), appearance(one)])

    def hook(self, model: nn.Module) -> None:
        """Keep what passes each module with gradients, by plain hooks, which no file takes."""
        self._hooked = True

        def before(name: str) -> Callable[..., None]:
            def keep(_: nn.Module, given: Any) -> None:
                if torch.is_grad_enabled():
                    self._calls[name].append((_tensor(given[0] if given else None), None))

            return keep

        def after(name: str) -> Callable[..., None]:
            def keep(_: nn.Module, given: Any, output: Any) -> None:
                if torch.is_grad_enabled() and self._calls[name]:
                    self._calls[name][-1] = (self._calls[name][-1][0], _tensor(output))

            return keep

        for name, module in model.named_modules():
            if not list(module.children()) or isinstance(module, nn.MultiheadAttention):
                module.register_forward_pre_hook(before(name))
                module.register_forward_hook(after(name))

    def end(self) -> None:
        """Keep the states of all random generators."""
        self.keep("random", [torch.random.get_rng_state(), np.random.get_state(), random.getstate()])


def leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield all that a structure of mappings, sequences and data classes holds."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from leaves(one, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from leaves(one, f"{path}.{number}")
    elif dataclasses.is_dataclass(value):
        yield from leaves(vars(value), path)
    else:
        yield path, value


def fingerprint(value: object) -> str:
    """Return what is the same for two leaves that are equal bit for bit, and only then."""
    if isinstance(value, Tensor):
        kind, shape = value.dtype, tuple(value.shape)
        value = value.detach().reshape(-1).view(torch.uint8).numpy()
    elif isinstance(value, np.ndarray):
        kind, shape = value.dtype, value.shape
    else:
        return f"{type(value).__name__} {value!r}"
    return f"{kind} {shape} {hashlib.blake2b(np.ascontiguousarray(value)).hexdigest()}"


def _tensor(value: object) -> Tensor | None:
    """Return a copy of what a module gave: of several values the first, of a packed sequence its data."""
    while isinstance(value, tuple) and value:
        value = value[0]
    return value.detach().clone() if isinstance(value, Tensor) else None


def forwards(model: nn.Module) -> list[tuple[str, ...]]:
    """Return what a program may see of the forward of each module: signature, name, and where it looks names up."""
    return [
        (
            name,
            str(inspect.signature(module.forward)),
            getattr(module.forward, "__qualname__", ""),
            getattr(module.forward, "__globals__", {}).get("__name__", ""),
        )
        for name, module in model.named_modules()
    ]


def appearance(model: nn.Module) -> list[tuple[object, ...]]:
    """Return what a program may see of a model's modules besides tensors, once the scope is closed."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return [
        (*forward, type(module).__qualname__, *sorted(vars(module)), *(len(vars(module)[one]) for one in hooks))
        for forward, module in zip(forwards(model), model.modules(), strict=True)
    ]


Look = Callable[..., Any]
"""What stands where a user writes the line: called with the model, and optimizer=... as the line is."""
Training = Callable[[Look, Trail], nn.Module]
"""Trains, from the same start each time; returns the model."""


def follow(training: Training, look: Look) -> tuple[Trail, nn.Module]:
    """Train with this in the place of the line; return what it left behind, and the model."""
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    trail = Trail()
    gc.collect()  # what others left behind warns when it is collected, and is none of this training's
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        model = training(look, trail)
    trail.warned = {f"{one.category.__name__}: {one.message}" for one in raised}
    trail.end()
    return trail, model


def bare(training: Training) -> tuple[Trail, nn.Module]:
    """Train without the line."""
    return follow(training, lambda *_, **__: None)


def hooked(training: Training) -> tuple[Trail, nn.Module]:
    """Train without the line, and keep what passes each module."""
    trails: list[Trail] = []

    def kept(look: Look, trail: Trail) -> nn.Module:
        trails.append(trail)
        return training(look, trail)

    def look(model: Any, **_: object) -> None:
        for one in model.values() if isinstance(model, dict) else [model]:
            trails[0].hook(one)

    return follow(kept, look)


def check_same(expected: Trail, found: Trail) -> None:
    """Check that two trainings left the same behind."""
    assert [name for name, _ in found.kept] == [name for name, _ in expected.kept]
    differing = [name for (name, one), (_, other) in zip(expected.kept, found.kept, strict=True) if one != other]
    assert differing == []
    assert found.warned - expected.warned == set()
    assert found.steps == expected.steps > 0


def joined(values: list[Any]) -> np.ndarray:
    """Return all values of some tensors in float64."""
    return np.concatenate([value.double().numpy().ravel() for value in values])
