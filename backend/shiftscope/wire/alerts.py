"""What a script and a webhook are told of a run that goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AlertKind = Literal["diverged", "vanishing", "exploding", "dead", "saturated"]


@dataclass(frozen=True)
class Alert:
    """Something that went wrong in a network.

    Attributes:
        kind: what.
        step: updates before it.
        network: its name.
        layer: the first that it is seen at, from the input; "" where it is seen at none.
        message: the whole, in English.
        code: of the message in `shiftscope.notices`.
    """

    kind: AlertKind
    step: int
    network: str
    layer: str
    message: str
    code: str


_KINDS: dict[str, AlertKind] = {
    "narration.diverged": "diverged",
    "event.loss_not_finite": "diverged",
    "event.values_not_finite": "diverged",
    "narration.vanishing": "vanishing",
    "narration.exploding": "exploding",
    "narration.huge_gradient": "exploding",
    "narration.silent": "dead",
    "narration.silent_stopped": "dead",
    "narration.silent_values": "dead",
    "narration.silent_values_stopped": "dead",
    "narration.saturated": "saturated",
    "narration.saturated_stopped": "saturated",
}


def alert_kind(code: str) -> AlertKind | None:
    """Return what the message of a code warns of; None where it does not."""
    return _KINDS.get(code)
