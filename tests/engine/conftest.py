import pytest

from shiftscope.kernels.loading import load_now, wanted


@pytest.fixture(scope="session", autouse=True)
def _compiled():
    """Measure with compiled kernels, and compile none on the way: that would stop a training for seconds."""
    load_now()
    known = {kernel.name: len(kernel.dispatcher.overloads) for kernel, _ in wanted()}
    yield
    assert known == {kernel.name: len(kernel.dispatcher.overloads) for kernel, _ in wanted()}
