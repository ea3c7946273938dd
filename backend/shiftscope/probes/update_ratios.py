"""The probe of update sizes."""

from __future__ import annotations

from shiftscope.engine.parameters import parameter_groups
from shiftscope.engine.plan import NetworkPlan, Plan, Quantity, Spot
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.streams import Stream

UPDATE_RATIO = Quantity(
    "update_ratio", "1", "||p after the recorded step's update - p before||_2 / ||p before||_2; infinite where p was 0",
    sites="weight, bias, gamma, beta",
)  # fmt: skip


def _lay(plan: Plan, network: NetworkPlan) -> None:
    owner = {
        id(parameter): (module._parameters, name)
        for module in network.module.modules()
        for name, parameter in module.named_parameters(recurse=False)
    }
    for layer, parameters in parameter_groups(network):
        for own, parameter in parameters.items():
            place = plan.add(Stream.LAYERS, UPDATE_RATIO, Spot(network.name, layer, own))
            network.program.watch_update(*owner[id(parameter)], place)


UPDATE_RATIOS = Probe(
    "update_ratios", Tier.STANDARD, "size of each parameter's update over its own", (UPDATE_RATIO,), _lay
)
