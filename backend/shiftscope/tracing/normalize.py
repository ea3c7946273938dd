"""x-hat: what a normalization makes of its input before gamma and beta."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm


def can_normalize(module: nn.Module) -> bool:
    """Whether `normalize` knows this normalization.

    A class of the user's own that is made of LayerNorm or RMSNorm may have moved the axes before it normalizes the last
    ones, as those do that normalize the channels of images.
    """
    if isinstance(module, nn.LayerNorm | nn.RMSNorm):
        return type(module).forward in (nn.LayerNorm.forward, nn.RMSNorm.forward)
    return isinstance(module, _BatchNorm | _InstanceNorm | nn.GroupNorm)


def normalize(module: nn.Module, given: Tensor) -> Tensor:
    """Normalize as the module would in the mode that it is in, without gamma and beta.

    Raises:
        TypeError: the kind of normalization is not known.
    """
    with torch.no_grad():
        match module:
            case _BatchNorm():
                running = None if module.training else (module.running_mean, module.running_var)
                mean, variance = running or (None, None)
                return functional.batch_norm(given, mean, variance, None, None, mean is None, 0.0, module.eps)
            case _InstanceNorm():
                return functional.instance_norm(given, eps=module.eps)
            case nn.LayerNorm():
                return functional.layer_norm(given, list(module.normalized_shape), eps=module.eps)
            case nn.GroupNorm():
                return functional.group_norm(given, module.num_groups, eps=module.eps)
            case nn.RMSNorm():
                return functional.rms_norm(given, list(module.normalized_shape), eps=module.eps)
            case _:
                raise TypeError(f"{type(module).__name__} is no normalization that is known")
