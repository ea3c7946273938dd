"""Two carry kernels out: compiled code, and Python until that is there. Both pass the same tests."""

import numpy as np
import pytest

from shiftscope.kernels.compile import KERNELS


@pytest.fixture(scope="module", params=["compiled", "in Python"])
def way(request):
    """Let one of the two carry all kernels out."""
    before = np.geterr()
    for kernel in KERNELS:
        if request.param == "compiled":
            kernel.switch()
        else:
            kernel.interpret()
    # Kernels that the engine doesn't call leave it to those that it does to divide by zero in silence.
    np.seterr(all="ignore" if request.param == "in Python" else "warn")
    yield request.param
    np.seterr(**before)
    for kernel in KERNELS:
        kernel.interpret()


@pytest.fixture(autouse=True, scope="module")
def _as_before():
    yield
    for kernel in KERNELS:
        kernel.interpret()
