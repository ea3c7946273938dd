"""Shiftscope: see internal covariate shift."""

__version__ = "0.1.0"
