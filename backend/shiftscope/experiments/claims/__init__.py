"""The claims, one module a claim or two of a kind: texts, runs, rule and verdict. Imports no torch."""
