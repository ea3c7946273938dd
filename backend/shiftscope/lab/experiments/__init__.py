"""The experiments: every claim about batch normalization as runs, what is measured of them, and a verdict.

`claims` holds their data and their verdicts and imports no torch; `measuring` holds what looks at the trained networks
and is loaded only where they are.
"""
