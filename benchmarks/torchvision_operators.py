"""PyPI's torchvision beside a CPU build of torch: importable, without its compiled operators."""

from __future__ import annotations

import sys
from importlib import import_module

import torch

_MISSING = ("nms", "qnms")
"""The operators for which torchvision registers a shape as it is imported, whether or not it could load them."""

_library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]  # torch's


def import_torchvision() -> None:
    """Import torchvision; where its compiled part does not fit this torch, with two of its operators declared first.

    PyPI's torchvision is compiled against a CUDA build. Beside a CPU build of torch its operators do not load, and the
    import ends where it says of two of them what shape they return. Nothing here calls an operator of torchvision's:
    timm takes the transforms, a frozen batch norm and the feature extractor, which are Python.
    """
    try:
        import_module("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        for name in _MISSING:
            _library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
        import_module("torchvision")
