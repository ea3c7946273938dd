"""Experiments: configurations that show something, and what to look at. Imports no torch."""
