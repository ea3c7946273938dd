"""What other libraries make, watched. A library that is not installed leaves its file out: `pytest.importorskip`."""

from __future__ import annotations

import os
from importlib.util import find_spec

from benchmarks.torchvision_operators import import_torchvision

os.environ.setdefault("KERAS_BACKEND", "torch")
# Networks are built from their configs, with random weights: nothing is fetched.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

if find_spec("torchvision"):
    import_torchvision()
