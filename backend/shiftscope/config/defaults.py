"""Defaults that more than one room needs. Imports nothing, so that each may read them."""

FRAMES = 800
"""About how many frames a run keeps, the built-in ones and those of watch() alike.

Measured: on a small network, whose steps are dearest to measure, so many cost a hundredth of a training of tens of
thousands of steps. No chart is wider than so many pixels, so that more would not be seen.
"""
