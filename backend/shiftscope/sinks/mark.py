"""A place between two frames of what a training emits."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(eq=False)
class Mark:
    """Is put into a sink between two steps; the sink's thread then notes what came before it.

    Attributes:
        seq: of the last frame before it, as the server numbers them.
        events: how many came before it.
        narrator: the narrator there, as bytes; empty without one.
        reached: set when these are known.
        kept: set when the server keeps all that came before.
    """

    seq: int = 0
    events: int = 0
    narrator: bytes = b""
    reached: threading.Event = field(default_factory=threading.Event)
    kept: threading.Event = field(default_factory=threading.Event)
