"""The experiments: every claim about batch normalization as runs, what is measured of them, and a verdict.

No torch here: what looks at the trained networks is in lab/measurements, loaded only where they are.
"""
