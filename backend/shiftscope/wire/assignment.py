"""What the server tells a worker: which run, and where its frames go."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from shiftscope.config import Intervention, RunConfig


class Assignment(BaseModel):
    """One run to be trained. `token` lets its frames in at `url`; `threads` is for torch.

    `experiment` is that whose verdict the run is measured for, if any. `spool` is the folder of
    what cannot be sent for now. `checkpoint` is what the training goes on from, where it does not begin anew, and
    `networks` what is done to which of them from its first step on.
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
    checkpoint: Path | None = None
    networks: dict[str, Intervention] = {}
