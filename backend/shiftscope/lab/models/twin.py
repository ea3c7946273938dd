"""The same network with another normalization: taken away, exchanged or put in."""

from __future__ import annotations

import copy
from math import gcd
from typing import Literal

from torch import Tensor, nn
from typing_extensions import override

Normalization = Literal["batch", "layer", "group", "none"]
GROUPS = 32
"""Groups of a group normalization, as in Wu & He (2018), where they divide the channels; else the most that do."""

_LINEAR = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_BATCH = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_CHANNELS_FIRST = (*_BATCH, nn.SyncBatchNorm, nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
_NORMALIZATIONS = (*_CHANNELS_FIRST, nn.LayerNorm, nn.RMSNorm)
_ACTIVATIONS = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Sigmoid, nn.Tanh, nn.LogSigmoid, nn.Hardsigmoid, nn.Hardtanh, nn.Hardswish, nn.Softplus, nn.Softsign,
)  # fmt: skip


class TwinError(ValueError):
    """A model of which no twin can be made. The message says why, and what would help."""


class BatchNorm(nn.BatchNorm1d):
    """Batch normalization of the second axis, however many axes follow."""

    @override
    def _check_input_dim(self, input: Tensor) -> None:
        """Take any."""


class BatchNormOfLast(nn.BatchNorm1d):
    """Batch normalization of the last axis, over all others."""

    @override
    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.reshape(-1, self.num_features)).reshape(input.shape)


def twin(model: nn.Module, normalization: Normalization | None = "batch") -> nn.Module:
    """Copy a model with another normalization, keeping its weights, device, dtype and layer names.

    Where the model has normalizations of another kind, each is exchanged for one of the wanted kind over the same
    channels, with its scale and shift. Where it has none, one with PyTorch's defaults follows every linear or
    convolutional layer that leads to an activation function and has none yet; the layers that lead to none, such as the
    output, stay as they are. It is named after its layer: "0" is followed by "0 norm". With None every normalization
    becomes an `nn.Identity`. Parameters that both models have keep their names and start at the same values.

    Args:
        model: for normalizations to be put in, its linear and convolutional layers must stand in `nn.Sequential`s,
            activation functions as modules, for these alone tell the order of what they hold. Else any.
        normalization: what the copy shall have: "batch", "layer" (of convolutions over channels and places), "group"
            (at most 32 groups), or None.

    Raises:
        TwinError: a layer stands outside a Sequential, or there is nothing to change.
    """
    kind = "none" if normalization is None else normalization
    if kind not in {"batch", "layer", "group", "none"}:
        raise TwinError(f"normalization is 'batch', 'layer', 'group' or None, not {normalization!r}")
    copied = copy.deepcopy(model)
    changes = _exchange(copied, kind)
    if not changes and kind != "none":
        changes = _add(copied, kind)
    if not changes:
        what = "no normalization stands in it"
        if kind != "none":
            what = f"no layer without {kind} normalization leads to an activation function"
        raise TwinError(f"{type(model).__name__} has no twin: {what}")
    return copied


def _exchange(model: nn.Module, kind: Normalization) -> int:
    """Exchange the normalizations of other kinds; one that stands at several places is one."""
    made: dict[int, nn.Module] = {}
    for parent in list(model.modules()):
        for name, child in _children(parent):
            if not isinstance(child, _NORMALIZATIONS) or _is(child, kind):
                continue
            if id(child) not in made:
                made[id(child)] = nn.Identity() if kind == "none" else _in_place_of(child, kind)
                made[id(child)].train(child.training)
            parent._modules[name] = made[id(child)]
    return len(made)


def _is(module: nn.Module, kind: Normalization) -> bool:
    if kind == "batch":
        return isinstance(module, (*_BATCH, nn.SyncBatchNorm))
    if kind == "group":
        return isinstance(module, nn.GroupNorm) and module.num_groups > 1
    whole = isinstance(module, nn.GroupNorm) and module.num_groups == 1
    return kind == "layer" and (isinstance(module, nn.LayerNorm) or whole)


def _in_place_of(old: nn.Module, kind: Normalization) -> nn.Module:
    new = _norm(_channels(old), kind, last=not isinstance(old, _CHANNELS_FIRST))
    tensors = [one for one in (*old.parameters(), *old.buffers()) if one.is_floating_point()]
    if tensors:
        new.to(device=tensors[0].device, dtype=tensors[0].dtype)
    for name in ("weight", "bias"):
        mine, its = getattr(new, name, None), getattr(old, name, None)
        if isinstance(mine, Tensor) and isinstance(its, Tensor) and mine.shape == its.shape:
            mine.data.copy_(its.data)
    return new


def _channels(module: nn.Module) -> int:
    if isinstance(module, nn.LayerNorm | nn.RMSNorm):
        if len(module.normalized_shape) != 1:
            raise TwinError(f"a {type(module).__name__} over {tuple(module.normalized_shape)} has no single axis")
        return int(module.normalized_shape[0])
    return int(module.num_channels if isinstance(module, nn.GroupNorm) else module.num_features)  # type: ignore[arg-type]


def _norm(channels: int, kind: Normalization, *, last: bool) -> nn.Module:
    if kind == "batch":
        return BatchNormOfLast(channels) if last else BatchNorm(channels)
    if last and kind == "group":
        raise TwinError("groups of a last axis are not normalized by torch's GroupNorm: take 'batch', or None")
    if last:
        return nn.LayerNorm(channels)
    return nn.GroupNorm(1 if kind == "layer" else gcd(channels, GROUPS), channels)


def _add(model: nn.Module, kind: Normalization) -> int:
    for path, module in model.named_modules():
        if isinstance(module, nn.Sequential):
            continue
        for name, child in _children(module):
            if type(child) in _LINEAR:
                raise TwinError(
                    f"{path + '.' if path else ''}{name} stands in a {type(module).__name__}, which does not tell what "
                    "follows it: put the layer and its activation function into an nn.Sequential"
                )
    chosen = [layer for chain in _chains(model) for layer in _to_normalize(chain)]
    for parent in list(model.modules()):
        if isinstance(parent, nn.Sequential):
            _insert(parent, chosen, kind)
    return len(chosen)


def _chains(model: nn.Module) -> list[list[nn.Module]]:
    """Return the innermost modules of each outermost Sequential, in forward order."""
    if isinstance(model, nn.Sequential):
        return [_flatten(model)]
    return [chain for child in model.children() for chain in _chains(child)]


def _flatten(module: nn.Module) -> list[nn.Module]:
    if isinstance(module, nn.Sequential):
        return [leaf for child in module for leaf in _flatten(child)]
    return [module]


def _to_normalize(chain: list[nn.Module]) -> list[nn.Module]:
    """Return the layers of `chain` between which and the activation function no normalization and no layer stands."""
    chosen: list[nn.Module] = []
    waiting: nn.Module | None = None
    for module in chain:
        if type(module) in _LINEAR:
            waiting = module
        elif isinstance(module, _NORMALIZATIONS):
            waiting = None
        elif isinstance(module, _ACTIVATIONS) and waiting is not None:
            if waiting not in chosen:
                chosen.append(waiting)
            waiting = None
    return chosen


def _insert(parent: nn.Sequential, chosen: list[nn.Module], kind: Normalization) -> None:
    """Put a normalization behind each child that is chosen; nn.Sequential.insert would renumber the others."""
    children = _children(parent)
    parent._modules.clear()
    for name, child in children:
        parent.add_module(name, child)
        if any(child is layer for layer in chosen):
            parent.add_module(f"{name} norm", _behind(child, kind))


def _behind(layer: nn.Module, kind: Normalization) -> nn.Module:
    weight = layer.weight
    assert isinstance(weight, Tensor)
    channels = weight.shape[0]
    if kind == "batch":
        dimensions: dict[type[nn.Module], type[nn.Module]] = {nn.Conv2d: nn.BatchNorm2d, nn.Conv3d: nn.BatchNorm3d}
        made: nn.Module = dimensions.get(type(layer), nn.BatchNorm1d)(channels)
    else:
        made = _norm(channels, kind, last=kind == "layer" and isinstance(layer, nn.Linear))
    return made.to(device=weight.device, dtype=weight.dtype).train(layer.training)


def _children(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the children by name; unlike named_children(), one that stands there twice comes twice."""
    return [(name, child) for name, child in module._modules.items() if child is not None]
