"""What the server tells a worker: which run, and where its frames go; and the last that it hears of one that fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from shiftscope.config import Intervention, RunConfig
from shiftscope.notices import Notice

_LAST_WORD = "shiftscope ends: "


class Applied(BaseModel):
    """What a training has taken up at a step: the value of an event of kind applied.

    Attributes:
        step: the first that is made with it.
        learning_rate: of all networks.
        networks: what is done to which of them, whole.
    """

    model_config = ConfigDict(frozen=True)

    step: int = 0
    learning_rate: float | None = None
    networks: dict[str, Intervention] = {}


class Again(BaseModel):
    """What another worker has done of a run already: it is done again, from the last checkpoint on.

    Attributes:
        until: steps of which something was recorded. They are made at full speed, and nothing is recorded of them anew.
        applied: what was taken up at which of them, in order.
    """

    model_config = ConfigDict(frozen=True)

    until: int = 0
    applied: tuple[Applied, ...] = ()


class Assignment(BaseModel):
    """One run to be trained. `token` lets its frames in at `url`; `threads` is for torch.

    `experiment` is that whose verdict the run is measured for, if any. `spool` is the folder of
    what cannot be sent for now. `checkpoint` says that there is a state at the server that the training goes on from,
    and `networks` what is done to which of them from its first step on. `again` is given where an earlier worker of
    the run is gone.
    """

    model_config = ConfigDict(frozen=True)

    url: str
    run: str
    token: str
    config: RunConfig
    datasets: Path
    mirrors: tuple[str, ...] = ()
    threads: int
    experiment: str | None = None
    spool: Path | None = None
    checkpoint: bool = False
    networks: dict[str, Intervention] = {}
    again: Again | None = None


def last_word(reason: Notice) -> str:
    """Return the line that a worker prints before it ends with its run unfinished, for others to go on with."""
    return f"{_LAST_WORD}{reason.model_dump_json()}\n"


def reason_in(lines: Sequence[str]) -> Notice | None:
    """Return what such a line among the last ones of a worker says; None where there is none that can be read."""
    for line in reversed(lines):
        if line.startswith(_LAST_WORD):
            try:
                return Notice.model_validate_json(line.removeprefix(_LAST_WORD))
            except ValidationError:
                return None
    return None
