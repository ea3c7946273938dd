"""The parameters of a network, by layer."""

from __future__ import annotations

from torch import nn

from shiftscope.engine.network import TracedNetwork
from shiftscope.tracing.keras_layers import is_path
from shiftscope.tracing.layers import Layer
from shiftscope.tracing.parts import as_written


def parameters_of(layer: Layer, *, frozen: bool = False) -> dict[str, nn.Parameter]:
    """Name the parameters of a layer: weight and bias of the linear map, gamma and beta, then any others.

    Those that are not trained now only where `frozen` asks for them: they may be later.
    """
    named: dict[str, nn.Parameter] = {}
    for part in layer.parts:
        renamed = {"weight": "gamma", "bias": "beta"} if part.kind == "normalization" else {}
        for own, parameter in part.module.named_parameters():
            name = renamed.get(own, own)
            if is_path(own):
                name = own.rpartition("/")[2]
            if parameter.requires_grad or (frozen and not is_path(own)):
                named[name if name not in named else f"{part.kind} {own}"] = parameter
    return named


def parameter_groups(network: TracedNetwork, *, frozen: bool = False) -> list[tuple[str, dict[str, nn.Parameter]]]:
    """List each layer's parameters, then those of modules that are part of no layer (an embedding, say).

    Those that are not trained now only where `frozen` asks for them.
    """
    groups = [(layer.name, parameters_of(layer, frozen=frozen)) for layer in network.layers]
    known = {id(parameter) for _, parameters in groups for parameter in parameters.values()}
    taken = {name for name, _ in groups}
    for name, module in network.module.named_modules():
        rest = {
            own: parameter
            for own, parameter in module.named_parameters(recurse=False)
            if (parameter.requires_grad or (frozen and not is_path(own))) and id(parameter) not in known
        }
        known.update(id(parameter) for parameter in rest.values())
        if rest:
            label = as_written(name) or type(module).__name__
            groups.append((label if label not in taken else f"{label} (other)", rest))
    return groups
