"""Which modules of a network are layers, and what of a forward pass belongs to which.

A *layer* is a core (a linear map, an embedding, a recurrent cell, attention, a module with parameters of its own) with
the normalizations and activations that follow it; a normalization of something else, as of a residual sum, is a layer
by itself. What follows is what was called with the very tensor that came before, as seen in a forward pass: a ReLU
defined once and used everywhere is then part of every layer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from torch import nn

from shiftscope.tracing.kinds import AttentionWeights, activation_kind, label, normalization_kind, unit_axis, width
from shiftscope.tracing.normalize import can_normalize
from shiftscope.tracing.parts import Part, as_written, is_inside_normalization
from shiftscope.wire.frames import LayerInfo

Shape = tuple[int, ...]
_LONGEST = 40
_LONGEST_LABEL = 80
"""Letters that the name of a class, and a label, may have where they are written down."""


STAGES = ("linear_output", "normalized")
"""Sites that show what a normalization does, stage by stage."""

ATTENTION = "attention"
"""The one site of attention's weights, at which nothing is measured but what is meant for these."""

Caller = tuple[int, int]
"""One call of a part: index of the part, and of the core of the layer that it was called for."""


@dataclass(frozen=True)
class Site:
    """A place of a layer at which values are measured: the input (0) or output (1) of one of its parts.

    `layer` is the index of the layer's core, `part` that of the part. A layer that is called several times before an
    update has the values of all these calls.
    """

    name: str
    layer: int
    part: int
    end: Literal[0, 1]
    normalization: nn.Module | None = None
    """Whose input is to be normalized, without gamma and beta, to get the values of this site."""


@dataclass
class Layer:
    """A core with what follows it.

    Attributes:
        name: as shown.
        core: what it begins with; of a normalization that stands alone, that.
        normalization: the first one.
        activation: the first one.
        sites: where it is measured.
        shape: of what the core gave out first, where it was called.
    """

    name: str
    core: Part
    normalization: Part | None = None
    activation: Part | None = None
    sites: tuple[Site, ...] = ()
    shape: Shape | None = None

    @property
    def features(self) -> int:
        """Units of a linear map, channels of a convolution."""
        return width(self.core.module, self.shape)

    @property
    def activated(self) -> Site | None:
        """What the activation gives out, as a site; the layer's output where no normalization follows."""
        return Site("output", self.core.index, self.activation.index, 1) if self.activation else None

    @property
    def shown(self) -> Site | None:
        """The site at which a layer's shift is looked at: the nonlinearity's input, or the output without one."""
        return self.site("pre_activation") or self.site("output")

    @property
    def norm_input(self) -> Site | None:
        """What the normalization takes in, as a site without a name."""
        return Site("", self.core.index, self.normalization.index, 0) if self.normalization else None

    @property
    def unit_axis(self) -> int:
        """Axis of the layer's tensors along which its units or channels lie."""
        return unit_axis(self.core.module, self.shape)

    @property
    def are_weights(self) -> bool:
        """Whether it is none that is drawn, but weights of attention."""
        return isinstance(self.core.module, AttentionWeights)

    @property
    def parts(self) -> list[Part]:
        """The layer's parts, each once: core, normalization, activation."""
        parts = (self.core, self.normalization, self.activation)
        return list({part.index: part for part in parts if part is not None}.values())

    def site(self, name: str) -> Site | None:
        """Return the site of that name, None where the layer has none."""
        return next((site for site in self.sites if site.name == name), None)

    @property
    def info(self) -> LayerInfo:
        """The layer as the page draws it."""
        return LayerInfo(
            name=self.name,
            features=self.features,
            label=label(self.core.module, self.features)[:_LONGEST_LABEL],
            activation=activation_kind(self.activation.module)[:_LONGEST] if self.activation else "",
            normalization=normalization_kind(self.normalization.module)[:_LONGEST] if self.normalization else "",
        )


def find_layers(parts: Sequence[Part], calls: Sequence[Caller], shapes: Mapping[int, Shape]) -> list[Layer]:
    """Find what the layers are and what is measured at them, from the calls of a step, in the order of these.

    `shapes` has the first output's of each core. Cores that were not called, as of a block that is left out at some
    steps, come last.
    """
    called: dict[int, list[int]] = {}
    for part, layer in dict.fromkeys(calls):
        followers = called.setdefault(layer, [layer])
        if part != layer:
            followers.append(part)
    if called:
        for one in parts:
            if one.kind == "core" and not one.function:
                called.setdefault(one.index, [one.index])
    layers = [_layer([parts[part] for part in own], shapes.get(core)) for core, own in called.items()]
    _name(layers, parts)
    return layers


def merged(now: Sequence[Caller], before: Sequence[Caller]) -> list[Caller]:
    """Return the calls of a step with those that earlier ones had, layer by layer.

    Layers stay in the order in which they were; one that is new stands behind that which was called before it.
    """
    order = list(dict.fromkeys(core for _, core in before))
    last = -1
    for core in dict.fromkeys(core for _, core in now):
        if core not in order:
            order.insert(last + 1, core)
        last = order.index(core)
    both = dict.fromkeys([*now, *before])
    return [(part, core) for wanted in order for part, core in both if core == wanted]


def _layer(called: Sequence[Part], shape: Shape | None) -> Layer:
    """Return a layer, given its core and what follows, in the order in which they are called."""
    # A normalization with an activation inside returns after that.
    called = sorted(called, key=lambda part: part.kind == "activation" and is_inside_normalization(called, part.name))
    first = {part.kind: part for part in reversed(called)}
    layer = Layer(called[0].name, called[0], first.get("normalization"), first.get("activation"), shape=shape)
    layer.sites = tuple(_sites(layer, [part.index for part in called]))
    return layer


def _sites(layer: Layer, called: Sequence[int]) -> list[Site]:
    """List a layer's sites, given the indices of its parts in the order in which they are called."""

    def at(name: str, part: Part, end: Literal[0, 1]) -> Site:
        return Site(name, layer.core.index, part.index, end)

    if layer.are_weights:
        return [at(ATTENTION, layer.core, 1)]
    norm, activation = layer.normalization, layer.activation
    sites: list[Site] = []
    if norm:
        first = activation is None or called.index(norm.index) < called.index(activation.index)
        if first and norm is not layer.core:
            sites.append(at("linear_output", layer.core, 1))
        if can_normalize(norm.module):
            sites.append(replace(at("normalized", norm, 0), normalization=norm.module))
    if activation:
        sites.append(at("pre_activation", activation, 0))
    last = max(layer.parts, key=lambda part: called.index(part.index))
    sites.append(at("output", last, 1))
    return sites


def _name(layers: list[Layer], parts: Sequence[Part]) -> None:
    """Name a layer after the nn.Sequential that it is: all its parts are children of one without another layer."""
    cores = [part.name.split(".")[:-1] for part in parts if part.kind == "core" and not part.function]
    own = Counter(".".join(path[:depth]) for path in cores for depth in range(1, len(path) + 1))
    block_of = [_block(layer) for layer in layers]
    shared = Counter(block_of)
    for layer, block in zip(layers, block_of, strict=True):
        alone = own[block] == 1 and shared[block] == 1
        layer.name = as_written(block if block and alone else layer.core.name) or type(layer.core.module).__name__


def _block(layer: Layer) -> str:
    """Return the name of the nn.Sequential of which all parts of a layer are elements, if any."""
    blocks = {part.block for part in layer.parts}
    return blocks.pop() if len(blocks) == 1 and not layer.core.function else ""


CUT_TO_ZERO = (nn.ReLU, nn.ReLU6, nn.Threshold)
