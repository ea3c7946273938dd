"""What is trained: data sets, networks, their normalization, the training loop. Knows no web."""
