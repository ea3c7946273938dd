"""What a probe is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TypeAlias

from numpy.typing import ArrayLike
from torch import Tensor

from shiftscope.engine.plan import Quantity
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.streams import LAYERS
from shiftscope.engine.study import Study

Observed: TypeAlias = "Tensor | ArrayLike"
"""A number, or an array whose shape stays the same."""


class Tier(StrEnum):
    """How much is measured; each tier holds the ones before it. Their cost stands in docs/measures.md."""

    ESSENTIAL = "essential"
    STANDARD = "standard"
    FULL = "full"


class Need(Enum):
    """What a probe may need besides the network, in words."""

    LOSS = "the loss (`loss` of watch())"
    TARGETS = "each step's inputs and targets (`batch` of measure())"
    LEARNING_RATE = "the learning rate"
    PROBE_BATCH = "the probe batch"
    ACTIVATION_GRADIENTS = "the gradients by activations"
    UNCLIPPED = "the gradients at the end of the backward pass"


@dataclass(frozen=True)
class Probe:
    """Something that is measured: all that scheduler, meter, warm-up, harness and documents know of it stands here.

    It measures in one of three ways, or only adds sites at which others measure.

    Attributes:
        name: by which it can be chosen, and under which its cost is shown.
        about: in a few words.
        quantities: what it records.
        passing: requests compiled operations, carried out as a training step passes by, for one network.
        study: makes a study, which runs one network; None where that lacks something to work with.
        observe: a function of a site's values, called as they pass: simple to write, slow to run. It returns what
            the one quantity is, or of several each by its name. It must return the same shapes each time.
        observed: sites at which `observe` is called; by default the one at which a layer's shift is shown.
        tier: the smallest that holds it; None where it is only chosen by itself.
        stream: where its quantities are recorded; by default "layers" for `passing`, else one of its own, by its name.
        share: how many frames of its stream are kept by default for one of what is measured in passing.
        needs: what it needs besides the network. A study is made only where all of it is given.
        instead_of: name of a probe in whose place it measures: where that one is not chosen, or lacks what it needs.
            Who chooses it by itself gets it in any case.
        sites: that are measured, by each probe that measures at sites, because this one was chosen.
        warm_up: compiles ahead what else than the engine's own code it will run.
        restores: whether its study or function leaves network, values and random numbers as they were by itself;
            otherwise the engine sees to that, at the cost of copies.
        reads: whether its study only reads the network, and so is given the network itself in place of a copy.
    """

    name: str
    about: str
    quantities: tuple[Quantity, ...]
    passing: Callable[[ProbeSetup], None] | None = None
    study: Callable[[ProbeSetup], Study | None] | None = None
    observe: Callable[[Tensor], Observed | Mapping[str, Observed]] | None = None
    observed: tuple[str, ...] = ()
    tier: Tier | None = None
    stream: str = ""
    share: float = 1.0
    needs: frozenset[Need] = frozenset()
    instead_of: str = ""
    sites: frozenset[str] = frozenset()
    warm_up: Callable[[], None] | None = None
    restores: bool = False
    reads: bool = False

    def __post_init__(self) -> None:
        """Check what was declared, and fill in the stream."""
        ways = [way for way in ("passing", "study", "observe") if getattr(self, way) is not None]
        if len(ways) > 1:
            raise ValueError(f"probe {self.name!r} has {' and '.join(ways)}; a probe measures in one way")
        if not self.name:
            raise ValueError("a probe needs a name")
        if ways and not self.quantities:
            raise ValueError(f"probe {self.name!r} declares no quantities")
        if not 0 < self.share <= 1:
            raise ValueError(f"probe {self.name!r} has a share of {self.share}; it lies above 0 and is at most 1")
        if not self.stream:
            object.__setattr__(self, "stream", self.name if ways in (["study"], ["observe"]) else LAYERS)
