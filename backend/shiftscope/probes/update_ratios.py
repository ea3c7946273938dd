"""The probe of update sizes."""

from __future__ import annotations

from shiftscope.engine.parameters import parameter_groups
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Probe, Tier
from shiftscope.engine.setup import ProbeSetup

UPDATE_RATIO = Quantity(
    "update_ratio", "1", "||p after the recorded step's update - p before||_2 / ||p before||_2; infinite where p was 0",
    sites="weight, bias, gamma, beta",
    by_gradients=True,
)  # fmt: skip


def _set_up(setup: ProbeSetup) -> None:
    owner = {
        id(parameter): (module._parameters, name)
        for module in setup.network.module.modules()
        for name, parameter in module.named_parameters(recurse=False)
    }
    for layer, parameters in parameter_groups(setup.network):
        for own, parameter in parameters.items():
            place = setup.add(UPDATE_RATIO, layer, own)
            setup.program.record_update(*owner[id(parameter)], place)


UPDATE_RATIOS = Probe(
    "update_ratios",
    "size of each parameter's update over its own",
    (UPDATE_RATIO,),
    passing=_set_up,
    tier=Tier.STANDARD,
)
