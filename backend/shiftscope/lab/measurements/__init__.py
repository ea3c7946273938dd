"""What is measured of trained networks for a verdict, where the run's streams do not hold it. Loads torch.

A claim names its measurement by path ("shiftscope.lab.measurements.noise:BatchNoise"): nothing is listed here.
"""
