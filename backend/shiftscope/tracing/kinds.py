"""What a module is by itself: the core of a layer, a normalization, an activation, or neither."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn.modules import activation as activations
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.modules.rnn import RNNBase, RNNCellBase
from torch.nn.utils.parametrize import type_before_parametrizations

from shiftscope.tracing import keras_layers

Kind = Literal["core", "normalization", "activation"]
"""A core is what a layer begins with: a linear map, an embedding, a recurrent cell, attention, one's own parameters."""

_CORES = (
    nn.Linear, _ConvNd, nn.Bilinear, nn.Embedding, nn.EmbeddingBag, RNNBase, RNNCellBase, nn.MultiheadAttention,
)  # fmt: skip
_NORMALIZATIONS: tuple[tuple[type[nn.Module], str], ...] = (
    (_BatchNorm, "batch"),
    (_InstanceNorm, "instance"),
    (nn.LayerNorm, "layer"),
    (nn.GroupNorm, "group"),
    (nn.RMSNorm, "rms"),
    (nn.LocalResponseNorm, "local response"),
)
_ALL_NORMALIZATIONS = tuple(cls for cls, _ in _NORMALIZATIONS)
_BY_CHANNEL = (_ConvNd, _BatchNorm, _InstanceNorm, nn.GroupNorm, nn.LocalResponseNorm)
_NOT_ELEMENTWISE = (
    nn.MultiheadAttention,
    nn.Softmax,
    nn.Softmax2d,
    nn.Softmin,
    nn.LogSoftmax,
    nn.GLU,
)
_TAKES = ("in_features", "in_channels", "num_embeddings", "input_size", "nx")
"""The attributes in which modules keep how many units they take."""
_WITHOUT_CALLS = (nn.Identity, nn.Sequential, nn.ParameterList, nn.ParameterDict, nn.ModuleList, nn.ModuleDict)
_BY_NAME: dict[str, Kind] = {"norm": "normalization", "activation": "activation"}

FEWEST = 32
"""Values from which on it can be told whether a function takes each of them by itself."""
_MOST = 4096
_TURNS = 4.0
"""How often a function of one value may run through its range: few times, where it is an activation's."""


def kind_of(name: str, module: nn.Module) -> Kind | None:
    """Return what a module is, None where it is no part of a layer; see `is_elementwise` for classes of one's own."""
    if isinstance(module, _CORES) or passes_messages(module):
        return "core"
    if isinstance(module, _ALL_NORMALIZATIONS):
        return "normalization"
    if _is_torch_activation(module):
        return "activation"
    if isinstance(module, _WITHOUT_CALLS):
        return None
    # A user's own class is known by the name it was given; else by what it holds.
    given = _BY_NAME.get(name.rpartition(".")[2])
    return given or (_kind_in_keras(module) if keras_layers.is_keras(module) else _kind_of_own(module))


def _is_torch_activation(module: nn.Module) -> bool:
    return type(module).__module__ == activations.__name__ and not isinstance(module, _NOT_ELEMENTWISE)


def _kind_in_keras(module: nn.Module) -> Kind | None:
    kind = keras_layers.kind(module)
    if kind == "own":
        return _with_parameters(module) if keras_layers.own_parameters(module) else "activation"
    return kind


def _with_parameters(module: nn.Module) -> Kind:
    return "normalization" if "norm" in type(module).__name__.lower() else "core"


def _kind_of_own(module: nn.Module) -> Kind | None:
    if any(True for _ in module.children()):
        return None
    if any(parameter is not None for parameter in module._parameters.values()):
        return _with_parameters(module)
    return None if type(module).__module__.startswith("torch.") else "activation"


def passes_messages(module: nn.Module) -> bool:
    """Whether a module is a convolution of PyG's, which is a layer with the linear maps inside."""
    return any(
        cls.__name__ == "MessagePassing" and cls.__module__.startswith("torch_geometric.")
        for cls in type(module).__mro__
    )


def needs_proof(name: str, module: nn.Module) -> bool:
    """Whether a module that is no normalization has still to prove that it is an activation: see `is_elementwise`."""
    return not _is_torch_activation(module) and name.rpartition(".")[2] not in _BY_NAME


def is_elementwise(given: Tensor | None, output: Tensor | None) -> bool:
    """Whether an output can be a function of each single value of the input, and changes it.

    In the order of the inputs such a function runs through its range a few times at most; where a value depends on
    others, as in a normalization, or on chance, its outputs jump to and fro.
    """
    if given is None or output is None or given.shape != output.shape or given.numel() < FEWEST:
        return False
    if not given.is_floating_point() or not output.is_floating_point():
        return False
    step = max(1, given.numel() // _MOST)
    x, y = (one.detach().reshape(-1)[::step].cpu().double() for one in (given, output))
    known = x.isfinite() & y.isfinite()
    x, y = x[known], y[known]
    if x.numel() < FEWEST or bool((x == y).all()):
        return False
    y = y[x.argsort()]
    span = float(y.max() - y.min())
    return float(y.diff().abs().sum()) <= _TURNS * span


def may_overwrite(module: nn.Module) -> bool:
    """Whether a module may write over its input."""
    return bool(getattr(module, "inplace", False)) or not type(module).__module__.startswith("torch.")


def normalization_kind(module: nn.Module) -> str:
    """Name the kind of a normalization: batch, layer, ..., or its class for one of the user's own."""
    for cls, kind in _NORMALIZATIONS:
        if isinstance(module, cls):
            return kind
    return (keras_layers.normalization_kind(module) if keras_layers.is_keras(module) else "") or _class_name(module)


def activation_kind(module: nn.Module) -> str:
    """Name an activation: relu, gelu, ..., or its class for one of the user's own."""
    return keras_layers.activation_name(module).lower() if keras_layers.is_keras(module) else _class_name(module)


def _class_name(module: nn.Module) -> str:
    """Return a class's name as it is said: SiLUActivation is silu."""
    name = type_before_parametrizations(module).__name__.lower()
    return name.removesuffix("activation") or name


def unit_axis(module: nn.Module, shape: tuple[int, ...] | None) -> int:
    """Return the axis along which a module's output has its units or channels."""
    if isinstance(module, _BY_CHANNEL):
        return 1
    if isinstance(module, ResidualSum):
        return module.axis
    if isinstance(module, OwnParameter):
        return module.unit_axis(shape)
    if keras_layers.is_keras(module):
        return keras_layers.unit_axis(module)
    if isinstance(module, _CORES) or shape is None or len(shape) < 3:
        return -1
    sizes = [parameter.numel() for parameter in module._parameters.values() if parameter is not None]
    kernel = any(parameter is not None and parameter.dim() > 2 for parameter in module._parameters.values())
    return 1 if kernel or (shape[1] in sizes and shape[-1] not in sizes) else -1


def width(module: nn.Module, shape: tuple[int, ...] | None) -> int:
    """Return how many units or channels a module has, given the shape of its output where it was called."""
    if shape is not None:
        axis = unit_axis(module, shape)
        return max(1, shape[axis]) if len(shape) > max(axis, 0) else 1
    for name in ("out_features", "out_channels", "num_features", "embedding_dim", "hidden_size", "embed_dim", "units"):
        size = getattr(module, name, None)
        if isinstance(size, int) and size > 0:
            return size
    return int(next(module.parameters()).shape[-1])


def label(module: nn.Module, units: int) -> str:
    """Return what a layer's core is, by its class and sizes: "Conv2d 64→64"."""
    taken = next((size for name in _TAKES if isinstance(size := getattr(module, name, None), int)), None)
    if keras_layers.is_keras(module) and (sizes := keras_layers.sizes(module)) is not None and sizes[1] == units:
        taken = sizes[0]
    if isinstance(module, OwnParameter):
        name, taken = "Parameter", module.takes(units)
    else:
        name = "Sum" if isinstance(module, ResidualSum) else type_before_parametrizations(module).__name__
    return f"{name} {units}" if taken is None else f"{name} {taken}→{units}"


def has_several_matrices(module: nn.Module) -> bool:
    """Whether a module of one's own holds several parameters that may be linear maps: it is a network, not a layer."""
    own = [parameter for parameter in module._parameters.values() if parameter is not None and parameter.dim() > 1]
    return len(own) > 1 and not isinstance(module, (*_CORES, *_ALL_NORMALIZATIONS))


class OwnParameter(nn.Module):
    """Stands for a parameter that its owner multiplies with by a function, as a linear map does with its weight."""

    def __init__(self, parameter: nn.Parameter) -> None:
        super().__init__()
        self.weight = parameter

    def unit_axis(self, shape: tuple[int, ...] | None) -> int:
        """Return the axis along which a product has its units: 1, where it is a convolution with the parameter."""
        kernel = tuple(self.weight.shape)
        if shape is None or len(shape) != len(kernel) or len(shape) < 3:
            return -1
        stacked = len(kernel) == 3 and shape[-1] in kernel[-2:]  # several matrices in one parameter
        return 1 if shape[1] == kernel[0] and not stacked else -1

    def takes(self, units: int) -> int | None:
        """Return how many units the matrix takes where it makes so many, or each of several; None where it is none."""
        *several, one, other = self.weight.shape
        if len(several) > 1 or units in several or units not in (one, other):
            return None
        return one if units == other else other


class AttentionWeights(nn.Module):
    """Stands for the weights that a module of attention returns: how much of each key a query takes."""


class ResidualSum(nn.Module):
    """Stands for a sum of a skip connection and the branch that it leads around.

    Args:
        axis: along which the sum has its units or channels.
    """

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis
