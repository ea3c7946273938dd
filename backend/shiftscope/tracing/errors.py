"""What is wrong with how a network is watched."""

from __future__ import annotations


class WatchError(Exception):
    """A network that cannot be watched, or is not used as watching needs."""


NO_FORWARD = (
    "no forward pass through the watched network was seen before its gradients were measured. Call the module that was "
    "given to watch() itself, with gradients enabled, after watch()."
)
