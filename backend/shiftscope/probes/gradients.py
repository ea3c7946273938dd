"""Norms of the loss's gradient with respect to parameters."""

from __future__ import annotations

from torch import nn

from shiftscope.kernels.interpreter import Operation
from shiftscope.probes.plan import NetworkPlan, Plan, Quantity, Spot
from shiftscope.probes.probe import Probe, Tier
from shiftscope.probes.streams import Stream
from shiftscope.tracing.layers import Layer

GRADIENT_NORM = Quantity(
    "gradient_norm", "1",
    "||dL/dp||_2 of the recorded step's batch, for each parameter p (at its own site) and for all parameters of a "
    "layer together (site empty); 0 where the loss does not depend on it",
    sites="(layer), weight, bias, gamma, beta",
)  # fmt: skip


def parameters_of(layer: Layer) -> dict[str, nn.Parameter]:
    """Name the trainable parameters of a layer: weight and bias of the linear map, gamma and beta, then any others."""
    named: dict[str, nn.Parameter] = {}
    for part in layer.parts:
        renamed = {"weight": "gamma", "bias": "beta"} if part.kind == "normalization" else {}
        for own, parameter in part.module.named_parameters():
            name = renamed.get(own, own)
            if parameter.requires_grad:
                named[name if name not in named else f"{part.kind} {own}"] = parameter
    return named


def _lay(plan: Plan, network: NetworkPlan) -> None:
    for name, parameters in parameter_groups(network):
        if not parameters:
            continue
        first = network.program.gradients(list(parameters.values()))
        whole = plan.add(Stream.LAYERS, GRADIENT_NORM, Spot(network.name, name))
        network.program.add(Operation.WRITE_NORM, first, whole, argument=len(parameters))
        for slot, own in enumerate(parameters, start=first):
            place = plan.add(Stream.LAYERS, GRADIENT_NORM, Spot(network.name, name, own))
            network.program.add(Operation.SQUARES, slot)
            network.program.add(Operation.WRITE_NORM, slot, place, argument=1)


def parameter_groups(network: NetworkPlan) -> list[tuple[str, dict[str, nn.Parameter]]]:
    """List each layer's parameters, then those of modules that are part of no layer (an embedding, say)."""
    groups = [(layer.name, parameters_of(layer)) for layer in network.layers]
    known = {id(parameter) for _, parameters in groups for parameter in parameters.values()}
    taken = {name for name, _ in groups}
    for name, module in network.module.named_modules():
        rest = {
            own: parameter
            for own, parameter in module.named_parameters(recurse=False)
            if parameter.requires_grad and id(parameter) not in known
        }
        known.update(id(parameter) for parameter in rest.values())
        if rest:
            label = name or type(module).__name__
            groups.append((label if label not in taken else f"{label} (other)", rest))
    return groups


GRADIENT_NORMS = Probe(
    "gradient_norms", Tier.ESSENTIAL, "gradient norm of each parameter and layer", (GRADIENT_NORM,), _lay
)
