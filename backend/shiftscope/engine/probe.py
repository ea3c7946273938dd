"""What a probe is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from shiftscope.engine.plan import NetworkPlan, Plan, Quantity
from shiftscope.engine.streams import Stream
from shiftscope.engine.study import RunInputs, Study


class Tier(StrEnum):
    """How much is measured; each tier holds the ones before it. Their cost stands in docs/measures.md."""

    ESSENTIAL = "essential"
    STANDARD = "standard"
    FULL = "full"


@dataclass(frozen=True)
class Probe:
    """Something that is measured.

    A probe either looks at a network as it passes (`lay`), or is a study that runs it (`study`).

    Attributes:
        name: by which it can be chosen.
        tier: the smallest that holds it.
        about: in a few words.
        quantities: what it records.
        lay: lays out the entries for one network and adds what fills them to its program.
        study: lays out the entries for one network and makes its study; None where it lacks something to work with.
        stream: where its quantities are.
        sites: that are measured because this probe was chosen.
        needs_loss: whether it needs the loss and each step's batch.
        activation_gradients: whether it looks at gradients by activations.
    """

    name: str
    tier: Tier
    about: str
    quantities: tuple[Quantity, ...]
    lay: Callable[[Plan, NetworkPlan], None] | None = None
    study: Callable[[Plan, NetworkPlan, RunInputs], Study | None] | None = None
    stream: Stream = Stream.LAYERS
    sites: frozenset[str] = frozenset()
    needs_loss: bool = False
    activation_gradients: bool = False
