"""What is needed to write a probe of one's own (docs/probes.md).

from shiftscope.probe import Probe, Quantity
"""

from shiftscope.engine.activation_sampler import ActivationSampler
from shiftscope.engine.loss_evaluator import LossEvaluator
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Need, Observed, Probe, Tier
from shiftscope.engine.program import Place
from shiftscope.engine.setup import ProbeSetup
from shiftscope.engine.study import Inputs, RowWriter, Study, TrainingStep
from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import Operation
from shiftscope.tracing.layers import Layer, Site

__all__ = [
    "ActivationSampler", "Inputs", "Layer", "LossEvaluator", "Need", "Observed", "Operation", "Place", "Probe",
    "ProbeSetup", "Quantity", "RowWriter", "Site", "Statistic", "Study", "Tier", "TrainingStep",
]  # fmt: skip
