"""RunConfig: everything that determines a run, and the contract of the API, the command line and the page's form.

Pydantic only: neither torch nor the server is imported here. Every model is frozen and refuses unknown fields; every
number has stated bounds, which reach the page through the JSON Schema.
"""

from shiftscope.config.datasets import (
    Brightness,
    Corruption,
    Dataset,
    Digits,
    Images,
    Mnist,
    NoCorruption,
    Rotation,
    UnseenClasses,
)
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
from shiftscope.config.run import (
    MAX_ACTIVATIONS,
    MAX_PARAMETERS,
    Duration,
    Epochs,
    Every,
    Recording,
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
    "GroupNormalization",
    "Images",
    "InstanceNormalization",
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
    "Recording",
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
