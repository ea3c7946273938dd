"""The networks that are trained: built from a config, normalized, initialized, twinned."""
