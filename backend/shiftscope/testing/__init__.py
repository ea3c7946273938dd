"""Checks for probes of one's own: the harness that the registered ones go through."""

from shiftscope.testing.check import CheckedValue, check_probe
from shiftscope.testing.training import ProbeCheckError

__all__ = ["CheckedValue", "ProbeCheckError", "check_probe"]
