"""RunConfig: everything that determines a run, and the contract of the API, the command line and the page's form.

Pydantic only: neither torch nor the server is imported here. Every model is frozen and refuses unknown fields; every
number has stated bounds, which reach the page through the JSON Schema.
"""

from shiftscope.config.datasets import (
    Brightness,
    Cifar10,
    Corruption,
    Dataset,
    Digits,
    FashionMnist,
    Images,
    Mnist,
    NoCorruption,
    Rotation,
    UnseenClasses,
)
from shiftscope.config.interventions import Intervention
from shiftscope.config.networks import Cnn, Mlp, Network, Rnn
from shiftscope.config.normalizations import (
    BatchNormalization,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
    NoisyBatchNormalization,
    NoNormalization,
    Normalization,
    Whitening,
)
from shiftscope.config.optimization import (
    Adam,
    ClipByNorm,
    ClipByValue,
    Clipping,
    Momentum,
    NoClipping,
    Optimizer,
    RmsProp,
    Sgd,
)
from shiftscope.config.resources import Resources
from shiftscope.config.run import (
    MAX_ACTIVATIONS,
    MAX_PARAMETERS,
    Duration,
    Epochs,
    Every,
    RecordingSchedule,
    RunConfig,
    Steps,
    Thinning,
    Variant,
)

__all__ = [
    "MAX_ACTIVATIONS",
    "MAX_PARAMETERS",
    "Adam",
    "BatchNormalization",
    "Brightness",
    "Cifar10",
    "ClipByNorm",
    "ClipByValue",
    "Clipping",
    "Cnn",
    "Corruption",
    "Dataset",
    "Digits",
    "Duration",
    "Epochs",
    "Every",
    "FashionMnist",
    "GroupNormalization",
    "Images",
    "InstanceNormalization",
    "Intervention",
    "LayerNormalization",
    "Mlp",
    "Mnist",
    "Momentum",
    "Network",
    "NoClipping",
    "NoCorruption",
    "NoNormalization",
    "NoisyBatchNormalization",
    "Normalization",
    "Optimizer",
    "RecordingSchedule",
    "Resources",
    "RmsProp",
    "Rnn",
    "Rotation",
    "RunConfig",
    "Sgd",
    "Steps",
    "Thinning",
    "UnseenClasses",
    "Variant",
    "Whitening",
]
