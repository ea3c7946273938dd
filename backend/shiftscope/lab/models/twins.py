"""Networks that are the same but for their normalization."""

from __future__ import annotations

import copy
from typing import Literal

import torch
from torch import Tensor, nn

from shiftscope.config import RunConfig
from shiftscope.lab.models import networks
from shiftscope.lab.training import seeds

_BATCH_NORMS: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: nn.BatchNorm1d,
    nn.Conv1d: nn.BatchNorm1d,
    nn.Conv2d: nn.BatchNorm2d,
    nn.Conv3d: nn.BatchNorm3d,
}
_BATCH_NORM_TYPES = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_ACTIVATIONS = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Sigmoid, nn.Tanh, nn.LogSigmoid, nn.Hardsigmoid, nn.Hardtanh, nn.Hardswish, nn.Softplus, nn.Softsign,
)  # fmt: skip


class TwinError(ValueError):
    """A model of which no twin can be made. The message says why, and what would help."""


def twins(config: RunConfig, inputs: int, classes: int) -> dict[str, nn.Module]:
    """Build the networks of a run, by variant: the same start weights wherever shapes agree.

    `inputs` is the number of features; a network that sees images takes them for the data set's. The weights follow
    from the config's seed alone; torch's global random state is neither read nor changed.
    """
    built: dict[str, nn.Module] = {}
    for variant in config.variants:
        with torch.random.fork_rng(devices=[]):
            # the CPU generator alone: torch.manual_seed would reach the GPU's, which fork_rng does not bring back here
            torch.default_generator.manual_seed(seeds.derive(config.seed, seeds.Stream.WEIGHTS))
            built[variant.name] = networks.build(config.network, variant, inputs, classes, config.dataset.image)
    return built


def twin(model: nn.Module, normalization: Literal["batch", "none"] = "batch") -> nn.Module:
    """Copy a model, with or without batch normalization, keeping its weights, device, dtype and layer names.

    With "batch", a batch normalization (PyTorch's defaults: gamma 1, beta 0) follows every linear or convolutional
    layer that leads to an activation function and has no batch normalization yet; the layers that lead to none, such
    as the output, stay as they are. It is named after its layer: "0" is followed by "0 norm", and parameters that both
    models have keep their names. With "none", every batch normalization becomes an `nn.Identity`.

    Args:
        model: its linear and convolutional layers must stand in `nn.Sequential`s, activation functions as modules,
            for these alone tell the order of what they hold. "none" takes any model.
        normalization: what the copy shall have.

    Raises:
        TwinError: a layer stands outside a Sequential, or there is nothing to add or to take away.
    """
    copied = copy.deepcopy(model)
    changes = _add(copied) if normalization == "batch" else _remove(copied)
    if changes == 0:
        what = (
            "layer without batch normalization leads to an activation function"
            if normalization == "batch"
            else ("batch normalization stands in it")
        )
        raise TwinError(f"{type(model).__name__} has no twin: no {what}")
    return copied


def _remove(model: nn.Module) -> int:
    removed = 0
    for parent in list(model.modules()):
        for name, child in _children(parent):
            if isinstance(child, _BATCH_NORM_TYPES):
                setattr(parent, name, nn.Identity().train(child.training))
                removed += 1
    return removed


def _add(model: nn.Module) -> int:
    for path, module in model.named_modules():
        if isinstance(module, nn.Sequential):
            continue
        for name, child in _children(module):
            if type(child) in _BATCH_NORMS:
                raise TwinError(
                    f"{path + '.' if path else ''}{name} stands in a {type(module).__name__}, which does not tell what "
                    "follows it: put the layer and its activation function into an nn.Sequential"
                )
    chosen = [layer for chain in _chains(model) for layer in _to_normalize(chain)]
    for parent in list(model.modules()):
        if isinstance(parent, nn.Sequential):
            _insert(parent, chosen)
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
        if type(module) in _BATCH_NORMS:
            waiting = module
        elif isinstance(module, _BATCH_NORM_TYPES):
            waiting = None
        elif isinstance(module, _ACTIVATIONS) and waiting is not None:
            if waiting not in chosen:
                chosen.append(waiting)
            waiting = None
    return chosen


def _insert(parent: nn.Sequential, chosen: list[nn.Module]) -> None:
    """Put a batch normalization behind each child that is chosen; nn.Sequential.insert would renumber the others."""
    children = _children(parent)
    parent._modules.clear()
    for name, child in children:
        parent.add_module(name, child)
        if any(child is layer for layer in chosen):
            parent.add_module(f"{name} norm", _batch_norm_for(child))


def _batch_norm_for(layer: nn.Module) -> nn.Module:
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return _BATCH_NORMS[type(layer)](weight.shape[0], device=weight.device, dtype=weight.dtype).train(layer.training)


def _children(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the children by name; unlike named_children(), one that stands there twice comes twice."""
    return [(name, child) for name, child in module._modules.items() if child is not None]
