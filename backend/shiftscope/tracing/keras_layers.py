"""Layers of Keras 3 on torch: modules that keep their parameters beside them, and the layers that they hold in lists.

Keras is known by its classes' names, and is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from torch import Tensor, nn

_OWN = "keras."
_CORES = frozenset(
    {"Dense", "EinsumDense", "BaseConv", "BaseConvTranspose", "BaseDepthwiseConv", "BaseSeparableConv", "Embedding",
     "RNN", "Bidirectional", "MultiHeadAttention", "GroupedQueryAttention"}
)  # fmt: skip
_NORMALIZATIONS = {
    "BatchNormalization": "batch", "LayerNormalization": "layer", "GroupNormalization": "group",
    "RMSNormalization": "rms", "UnitNormalization": "unit",
}  # fmt: skip
_ACTIVATIONS = frozenset({"Activation", "ReLU", "LeakyReLU", "ELU", "PReLU"})


def is_keras(module: nn.Module) -> bool:
    """Whether a module is a layer or a model of Keras."""
    return hasattr(type(module), "torch_params")


def is_path(name: str) -> bool:
    """Whether a parameter has a path as Keras names them: there may be one that is only counted with, never trained."""
    return "/" in name


def kind(module: nn.Module) -> Literal["core", "normalization", "activation", "own"] | None:
    """Return what a layer of Keras is; "own" where it is of a class of one's own that holds no others."""
    names = _class_names(module)
    if names & _CORES:
        return "core"
    if names & _NORMALIZATIONS.keys():
        return "normalization"
    if names & _ACTIVATIONS:
        return "activation"
    return None if type(module).__module__.startswith(_OWN) or any(held_layers(module)) else "own"


def normalization_kind(module: nn.Module) -> str:
    """Name the kind of a normalization: batch, layer, ..."""
    return next((_NORMALIZATIONS[name] for name in _class_names(module) if name in _NORMALIZATIONS), "")


def activation_name(module: nn.Module) -> str:
    """Name the function of a layer that is an activation: relu, gelu, ..."""
    function = getattr(module, "activation", None)
    return getattr(function, "__name__", type(module).__name__)


def unit_axis(module: nn.Module) -> int:
    """Return the axis along which a layer's output has its units or channels: the last, -1, by default."""
    return 1 if getattr(module, "data_format", "") == "channels_first" else -1


def sizes(module: nn.Module) -> tuple[int, int] | None:
    """Return how many units a layer takes and has, by its kernel; None where it has none."""
    kernel = next((one for one in own_parameters(module).values() if one.dim() > 1), None)
    return None if kernel is None else (kernel.shape[-2], kernel.shape[-1])


def own_parameters(module: nn.Module) -> dict[str, Tensor]:
    """Return what a layer trains by the names there: kernel, bias."""
    variables: Any = module.__dict__.get("_trainable_variables", ())
    return {str(one.name): one.value for one in variables}


def held_layers(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the layers that a layer or model holds, by the names that they have there or by their own."""
    for name, child in module._modules.items():
        if child is not None and not name.startswith("_"):
            yield name, child
    listed: Any = module.__dict__.get("_layers", ())
    for layer in listed:
        if isinstance(layer, nn.Module):
            yield str(getattr(layer, "name", type(layer).__name__)), layer


def _class_names(module: nn.Module) -> set[str]:
    return {cls.__name__ for cls in type(module).__mro__ if cls.__module__.startswith(_OWN)}
