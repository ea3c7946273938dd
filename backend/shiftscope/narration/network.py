"""What the narrator knows of one network at a step."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from shiftscope.narration.columns import AT_START, COLUMNS

RECENT = 5
"""Losses of single batches jump: what is compared with a threshold is the median of so many recorded ones."""
CONSTANT = 1e-6
"""A layer whose standard deviation at the start is at most this part of its mean did not vary: float32 rounds so."""
COLLAPSED = 1e6
"""Nor did one that has moved so many sigma of its start: that sigma is nothing against how far it went."""

Values = Sequence[float]
"""A number for each layer; none where the run does not record the quantity."""


@dataclass
class Network:
    """One network at the step that is observed. Numbers that have not come, or are of no layer, are NaN.

    Attributes:
        name: of the network.
        layers: names of its layers; the last is the output layer, those before it are the hidden ones.
        first_loss: the first that was recorded.
        losses: the newest ones.
        loss_step: the step of the newest.
        gradients: the gradient norm of each layer.
        first_gradients: the first that were recorded.
        drift: of each layer from the start, in the start's sigma; NaN of a layer that did not vary then.
        centroids_x: of the inputs of each layer for the same samples, the mean place on the first axis of the plane in
            which they varied most at the start, in the sigma that they had there.
        centroids_y: likewise on the second axis.
        silent: the fraction of each layer's units that are 0 for the whole probe batch.
        zeros: the fraction of each layer's values that are 0.
        saturated: the fraction of each layer's values that (almost) no gradient passes.
        nans: how many of each layer's values are NaN.
        infinities: how many are infinite.
        accuracy: on the test set, when that was last evaluated.
        evaluated: the step of that; -1 before there was one.
        diverged: whether a loss was not finite: nothing more is said of it then.
        stopped: whether it was found that nothing teaches it any more.
        ran: which layers the newest frame of them has; of others nothing is known.
        met: layers of which a gradient norm was recorded.
        stds: the standard deviation of each layer in the first frame of these layers.
        means: the mean likewise.
        varied: whether a layer did so when it was recorded first, of those of which that is known.
    """

    name: str
    layers: tuple[str, ...]
    first_loss: float = math.nan
    losses: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    loss_step: int = -1
    gradients: Values = ()
    first_gradients: Values = ()
    drift: Values = ()
    centroids_x: Values = ()
    centroids_y: Values = ()
    silent: Values = ()
    zeros: Values = ()
    saturated: Values = ()
    nans: Values = ()
    infinities: Values = ()
    accuracy: float = math.nan
    evaluated: int = -1
    diverged: bool = False
    stopped: bool = False
    ran: Sequence[bool] = ()
    met: set[str] = field(default_factory=set)
    stds: Values = ()
    means: Values = ()
    varied: dict[str, bool] = field(default_factory=dict)

    @property
    def hidden(self) -> int:
        """How many hidden layers it has."""
        return len(self.layers) - 1

    @property
    def loss(self) -> float:
        """The median of the newest recorded losses; NaN while there are too few."""
        return median(self.losses) if len(self.losses) == RECENT else math.nan

    @property
    def lately(self) -> float:
        """The same of as many as there are: a script may log a loss seldom. NaN before the first."""
        return median(self.losses) if self.losses else math.nan

    @property
    def fallen(self) -> float:
        """By what fraction of the first loss the loss has fallen; NaN while that is not known."""
        return 1 - self.loss / self.first_loss if self.first_loss > 0 else math.nan

    def meet_gradients(self, found: Values, there: Sequence[bool]) -> None:
        """Keep the first gradient norm of each layer that there is; some layers run later than others."""
        self.ran = there
        for index, (name, norm) in enumerate(zip(self.layers, found, strict=True)):
            if there[index] and name not in self.met:
                self.met.add(name)
                first = [*self.first_gradients] or [math.nan] * len(self.layers)
                first[index] = norm
                self.first_gradients = first

    def meet_moments(self) -> None:
        """Keep of each layer whether it varied when it was recorded first."""
        for name, std, mean in zip(self.layers, self.stds, self.means, strict=False):
            if math.isfinite(std + mean):
                self.varied.setdefault(name, std > CONSTANT * abs(mean))

    def meet_drift(self, found: Values) -> None:
        """Keep the drift of the layers that varied at the start: in the sigma of the others it says nothing."""
        self.drift = [
            value if value < COLLAPSED and self.varied.get(name, True) else math.nan
            for name, value in zip(self.layers, found, strict=True)
        ]

    def revised(self, layers: tuple[str, ...]) -> None:
        """Go on with other layers; what is known of those that stay is kept."""
        if layers == self.layers:
            return
        known = dict(zip(self.layers, self.first_gradients, strict=False))
        self.first_gradients = [known.get(name, math.nan) for name in layers] if known else ()
        self.layers = layers
        for name in ("drift", *(column.name for column in (*COLUMNS, *AT_START))):
            setattr(self, name, ())

    def farthest(self, values: Values | None = None) -> tuple[str, float]:
        """Return the hidden layer with the largest value (of drift unless given) and that; "" where none is."""
        hidden = (self.drift if values is None else values)[: self.hidden]
        pairs = zip(hidden, self.layers, strict=False)
        value, layer = max((pair for pair in pairs if math.isfinite(pair[0])), default=(math.nan, ""))
        return layer, value
