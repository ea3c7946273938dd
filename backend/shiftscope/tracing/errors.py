"""What is wrong with how a network is watched."""

from __future__ import annotations

from shiftscope.wire.alerts import Alert


class WatchError(Exception):
    """A network that cannot be watched, or is not used as watching needs."""


NO_FORWARD = (
    "no forward pass through the watched network was seen before its gradients were measured. Call the module that was "
    "given to watch() itself, with gradients enabled, after watch()."
)


class Diverged(Exception):
    """A network's loss, activations or gradients are not finite, and `watch(stop_on="diverged")` asked to stop then.

    Attributes:
        alert: at which step, in which network, and the first layer at which it is seen.
    """

    def __init__(self, alert: Alert) -> None:
        super().__init__(alert.message + (f" (first seen at {alert.layer})" if alert.layer else ""))
        self.alert = alert
