"""Which modules of a network are layers, and what of a forward pass belongs to which.

A *layer* is a linear map (Linear or convolution) with the normalizations and activations that follow it. What follows
what is seen in a forward pass, not guessed from the order of definition: a ReLU defined once and used everywhere is
then part of every layer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from torch import nn
from torch.nn.modules import activation as activations
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.instancenorm import _InstanceNorm

from shiftscope.tracing.normalize import can_normalize
from shiftscope.wire.frames import LayerInfo

Kind = Literal["linear", "normalization", "activation"]

_NORMALIZATIONS: tuple[tuple[type[nn.Module], str], ...] = (
    (_BatchNorm, "batch"),
    (_InstanceNorm, "instance"),
    (nn.LayerNorm, "layer"),
    (nn.GroupNorm, "group"),
    (nn.RMSNorm, "rms"),
    (nn.LocalResponseNorm, "local response"),
)
_NOT_ELEMENTWISE = (
    nn.MultiheadAttention,
    nn.Softmax,
    nn.Softmax2d,
    nn.Softmin,
    nn.LogSoftmax,
    nn.GLU,
)
_BY_NAME: dict[str, Kind] = {"norm": "normalization", "activation": "activation"}


class Part(NamedTuple):
    """A module whose calls are recorded; `index` is its place among the parts of its network."""

    name: str
    module: nn.Module
    kind: Kind
    index: int  # type: ignore[assignment]  # not tuple's method


STAGES = ("linear_output", "normalized")
"""Sites that show what a normalization does, stage by stage."""

Caller = tuple[int, int]
"""One call of a part: index of the part, and of the linear map of the layer that it was called for."""


@dataclass(frozen=True)
class Site:
    """A place of a layer at which values are measured: the input (0) or output (1) of one of its parts.

    `layer` is the index of the layer's linear map, `part` that of the part. A layer that is called several times before
    an update has the values of all these calls.
    """

    name: str
    layer: int
    part: int
    end: Literal[0, 1]
    normalization: nn.Module | None = None
    """Whose input is to be normalized, without gamma and beta, to get the values of this site."""


@dataclass
class Layer:
    """A linear map with what follows it."""

    name: str
    linear: Part
    normalization: Part | None = None
    activation: Part | None = None
    sites: tuple[Site, ...] = ()

    @property
    def features(self) -> int:
        """Units of a linear map, channels of a convolution."""
        module = self.linear.module
        for name in ("out_features", "out_channels"):
            size = getattr(module, name, None)
            if isinstance(size, int):
                return size
        return int(next(module.parameters()).shape[0])

    @property
    def activated(self) -> Site | None:
        """What the activation gives out, as a site; the layer's output where no normalization follows."""
        return Site("output", self.linear.index, self.activation.index, 1) if self.activation else None

    @property
    def shown(self) -> Site | None:
        """The site at which a layer's shift is looked at: the nonlinearity's input, or the output without one."""
        return self.site("pre_activation") or self.site("output")

    @property
    def norm_input(self) -> Site | None:
        """What the normalization takes in, as a site without a name."""
        return Site("", self.linear.index, self.normalization.index, 0) if self.normalization else None

    @property
    def unit_axis(self) -> int:
        """Axis of the layer's tensors along which its units or channels lie."""
        return 1 if isinstance(self.linear.module, _ConvNd) else -1

    @property
    def parts(self) -> list[Part]:
        """The layer's parts: linear map, normalization, activation."""
        return [part for part in (self.linear, self.normalization, self.activation) if part is not None]

    def site(self, name: str) -> Site | None:
        """Return the site of that name, None where the layer has none."""
        return next((site for site in self.sites if site.name == name), None)

    @property
    def info(self) -> LayerInfo:
        """The layer as the page draws it."""
        return LayerInfo(
            name=self.name,
            features=self.features,
            activation=type(self.activation.module).__name__.lower() if self.activation else "",
            normalization=normalization_kind(self.normalization.module) if self.normalization else "",
        )


def normalization_kind(module: nn.Module) -> str:
    """Name the kind of a normalization: batch, layer, ..., or its class for one of the user's own."""
    for cls, kind in _NORMALIZATIONS:
        if isinstance(module, cls):
            return kind
    return type(module).__name__.lower()


def _kind(name: str, module: nn.Module) -> Kind | None:
    if isinstance(module, nn.Linear | _ConvNd | nn.Bilinear):
        return "linear"
    if isinstance(module, tuple(cls for cls, _ in _NORMALIZATIONS)):
        return "normalization"
    if type(module).__module__ == activations.__name__ and not isinstance(module, _NOT_ELEMENTWISE):
        return "activation"
    # A user's own class is known by the name it was given.
    return None if isinstance(module, nn.Identity | nn.Sequential) else _BY_NAME.get(name.rpartition(".")[2])


def find_parts(root: nn.Module) -> list[Part]:
    """List the modules whose calls make up layers, in order of registration; a module used twice is one part."""
    parts: list[Part] = []
    inside: tuple[str, ...] = ()
    for name, module in root.named_modules():
        if inside and name.startswith(inside):
            continue
        kind = _kind(name, module)
        if kind is not None:
            parts.append(Part(name, module, kind, len(parts)))
            if name:
                inside = (*inside, f"{name}.")
    return parts


def find_layers(parts: Sequence[Part], calls: Sequence[Caller]) -> list[Layer]:
    """Find what the layers are and what is measured at them, from the calls of a step, in the order of these.

    Linear maps that were not called, as of a block that is left out at some steps, come last.
    """
    called: dict[int, list[int]] = {}
    for part, layer in dict.fromkeys(calls):
        followers = called.setdefault(layer, [layer])
        if part != layer:
            followers.append(part)
    if called:
        for one in parts:
            if one.kind == "linear":
                called.setdefault(one.index, [one.index])
    layers = [_layer([parts[part] for part in own]) for own in called.values()]
    _name(layers, parts)
    return layers


def _layer(called: Sequence[Part]) -> Layer:
    """Return a layer, given its linear map and what follows, in the order in which they are called."""
    first = {part.kind: part for part in reversed(called)}
    layer = Layer(called[0].name, called[0], first.get("normalization"), first.get("activation"))
    layer.sites = tuple(_sites(layer, [part.index for part in called]))
    return layer


def _sites(layer: Layer, called: Sequence[int]) -> list[Site]:
    """List a layer's sites, given the indices of its parts in the order in which they are called."""

    def at(name: str, part: Part, end: Literal[0, 1]) -> Site:
        return Site(name, layer.linear.index, part.index, end)

    norm, activation = layer.normalization, layer.activation
    sites: list[Site] = []
    if norm:
        if activation is None or called.index(norm.index) < called.index(activation.index):
            sites.append(at("linear_output", layer.linear, 1))
        if can_normalize(norm.module):
            sites.append(replace(at("normalized", norm, 0), normalization=norm.module))
    if activation:
        sites.append(at("pre_activation", activation, 0))
    last = max(layer.parts, key=lambda part: called.index(part.index))
    sites.append(at("output", last, 1))
    return sites


def _name(layers: list[Layer], parts: Sequence[Part]) -> None:
    """Name a layer after its block where all its parts are children of one that has no other layer."""
    linear = [part.name.split(".")[:-1] for part in parts if part.kind == "linear"]
    own = Counter(".".join(path[:depth]) for path in linear for depth in range(1, len(path) + 1))
    for layer in layers:
        blocks = {part.name.rpartition(".")[0] for part in layer.parts}
        name = blocks.pop() if len(blocks) == 1 else ""
        name = name if name and own[name] == 1 else layer.linear.name
        layer.name = as_written(name) or type(layer.linear.module).__name__


def as_written(name: str) -> str:
    """Return a module's name as its network's author knows it: compiling puts another module around it."""
    return ".".join(part for part in name.split(".") if part != "_orig_mod")


CUT_TO_ZERO = (nn.ReLU, nn.ReLU6, nn.Threshold)
