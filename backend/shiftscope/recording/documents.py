"""What a recording holds besides frames: the run it is of, and what happened to it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from shiftscope.config import RunConfig
from shiftscope.notices import Notice, NoticeError
from shiftscope.wire.messages import Worded

APPLICATION_ID = 0x53484654
"""`SHFT`: marks the SQLite files that are recordings (PRAGMA application_id)."""

FORMAT = 2
"""Of the files that are made (PRAGMA user_version)."""
KNOWN = (1, 2)
"""The formats that are read, and added to."""
SUFFIX = ".shiftscope"


class RecordingError(NoticeError):
    """A file that is not a recording, or one that cannot be read or written."""


class TrialPart(BaseModel):
    """Which part of a trial of an experiment a run is."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="of the trial: the runs that were started together")
    experiment: str = Field(description="id of the experiment")
    label: str = Field(description="of the planned run")
    seed: int = Field(ge=0, description="which of the trial's seeds, from 0")
    runs: int = Field(ge=1, description="how many runs the trial has")
    quick: bool = Field(False, description="whether it is the experiment's quick variant")


class ForkedFrom(BaseModel):
    """What a run went on from instead of beginning anew."""

    model_config = ConfigDict(frozen=True)

    run: str = Field(description="id of the run, which may have been deleted since")
    step: int = Field(ge=0, description="optimizer steps that were done there, and are not done again")


class RunInfo(BaseModel):
    """What is known of a run when it is created."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    title: Notice | None = Field(None, description="the name, where the program made it up; null for a person's own")
    source: str = Field(description="worker: trained by the server; script: sent by a watched program")
    created: float = Field(description="seconds since the epoch")
    config: RunConfig | None = None
    trial: TrialPart | None = None
    forked: ForkedFrom | None = None


class Admission(BaseModel):
    """Who may add to a recording that a server keeps: whoever has the token of this hash."""

    model_config = ConfigDict(frozen=True)

    token_sha256: str


class Destination(BaseModel):
    """Where the contents of a spool file belong: a run of a server, to which its token admits."""

    model_config = ConfigDict(frozen=True)

    url: str
    run: str
    token: str
    events: int = Field(0, description="how many of the run's events come before those in the file")


class Seal(BaseModel):
    """What was in a file when it was closed: bytes that are lost later are missed by it."""

    model_config = ConfigDict(frozen=True)

    documents: tuple[str, ...] = Field(description="keys")
    events: int = Field(description="lines of the journal")
    first: int = Field(description="seq of the first frame; 0 without any")
    last: int = Field(description="seq of the last frame; 0 without any")


class Event(Worded):
    """Something that happened at a step: a state reached, a divergence, a changed learning rate.

    Recordings that were made before messages had codes hold their text alone.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    time: float
    step: int = Field(ge=0, lt=2**63)
    kind: str = Field(min_length=1, max_length=40)
    network: str = Field("", max_length=200)
    layer: str = Field("", max_length=200)
    value: JsonValue = None
