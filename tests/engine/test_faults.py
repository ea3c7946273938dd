"""What becomes of errors of the scope's own."""

import pytest

from shiftscope.engine.faults import Faults


def interrupted():
    error = SystemError("returned a result with an exception set")
    error.__cause__ = KeyboardInterrupt()
    return error


@pytest.mark.parametrize("as_probe", [True, False])
def test_an_interrupt_in_compiled_code_is_no_error_of_the_scopes(as_probe):
    faults = Faults()
    with pytest.raises(KeyboardInterrupt):
        faults.stop("own", interrupted()) if as_probe else faults.fail(interrupted())
    assert not faults.failed
    assert not faults.stopped
