"""What a scope carries from one step to the next, so that another goes on measuring where it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Carried = Mapping[str, Any]
"""What a study carries, by names of its own: tensors and numbers, in dicts, lists and tuples."""


@dataclass(frozen=True)
class ScopeState:
    """What a scope carries between two steps.

    Attributes:
        step: steps so far.
        diverged: the networks that were found not finite, and the step of the first time.
        studies: what each network's studies compare later steps with, by network and probe.
    """

    step: int = 0
    diverged: Mapping[str, int] = field(default_factory=dict)
    studies: Mapping[str, Mapping[str, Carried]] = field(default_factory=dict)
