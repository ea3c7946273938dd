"""What a scope carries from one step to the next, so that another goes on measuring where it was."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

Carried = Mapping[str, Any]
"""What a study carries, by names of its own: tensors and numbers, in dicts, lists and tuples."""


@dataclass(frozen=True)
class ScopeState:
    """What a scope carries between two steps.

    Attributes:
        step: steps so far.
        diverged: the networks that were found not finite, and the step of the first time.
        studies: what each network's studies compare later steps with, by network and probe.
        passing: what each network's training batches are compared with, and what was counted so far, by network; empty
            where another recording begins.
        position: how far the recording is and what is due when; empty where another recording begins.
    """

    step: int = 0
    diverged: Mapping[str, int] = field(default_factory=dict)
    studies: Mapping[str, Mapping[str, Carried]] = field(default_factory=dict)
    passing: Mapping[str, Carried] = field(default_factory=dict)
    position: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `plain` returned; parts that this version does not know are passed over.

        Raises:
            ValueError: it is something else.
        """
        known = {one.name: plain[one.name] for one in fields(cls) if one.name in plain}
        step = known.pop("step", None)
        if not isinstance(step, int) or step < 0 or not all(isinstance(part, Mapping) for part in known.values()):
            raise ValueError("no number of steps, or a part that is no dict")
        return cls(step, **known)

    def plain(self) -> dict[str, Any]:
        """Return all of it in dicts, lists, tuples, tensors, numbers and texts, as torch.load reads by default.

        What a study carries in any other class, as inputs of a network may be, is left out: that one begins anew.
        """
        studies = {
            name: {probe: found for probe, carried in each.items() if (found := _plain_or_none(carried)) is not None}
            for name, each in self.studies.items()
        }
        others = {"diverged": self.diverged, "passing": self.passing, "position": self.position}
        return {"step": self.step, "studies": studies, **{name: _plain(part) for name, part in others.items()}}


def _plain_or_none(carried: Carried) -> Any:  # noqa: ANN401  what is carried may be anything
    try:
        return _plain(carried)
    except TypeError:
        return None


def _plain(value: Any) -> Any:  # noqa: ANN401  what is carried may be anything
    """Return a value with tensors of its own and arrays as tensors. Raises TypeError where it is of another class."""
    kind = type(value)
    if kind in {dict, OrderedDict}:
        return kind((key, _plain(one)) for key, one in value.items())
    if kind in {list, tuple}:
        return kind(_plain(one) for one in value)
    if kind in {Tensor, torch.nn.Parameter}:
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, np.generic):
        return value.item()
    if value is not None and kind not in {bool, int, float, str}:
        raise TypeError(f"a {kind.__name__} is nothing that torch.load reads by default")
    return value
