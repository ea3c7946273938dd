"""One run from its config to its end: training, the controls upon it, the worker process, verification."""
