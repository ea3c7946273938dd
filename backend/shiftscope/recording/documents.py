"""What a recording holds besides frames: the run it is of, and what happened to it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from shiftscope.config import RunConfig
from shiftscope.notices import MAX_SENTENCE, Notice, NoticeError
from shiftscope.recording.values import check_value
from shiftscope.wire.messages import Worded

APPLICATION_ID = 0x53484654
"""`SHFT`: marks the SQLite files that are recordings (PRAGMA application_id)."""

FORMAT = 2
"""Of the files that are made (PRAGMA user_version)."""
KNOWN = (1, 2)
"""The formats that are read, and added to."""
SUFFIX = ".shiftscope"
MOST_DOCUMENTS = 100
"""Kinds of documents that a file has at most."""


RunId = Annotated[str, StringConstraints(pattern=r"^[^/\\\x00-\x1f\x7f]{1,200}$")]
"""What names a run, also in an address."""
Short = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(max_length=MAX_SENTENCE)]
Time = Annotated[float, Field(ge=0, lt=1e11, allow_inf_nan=False)]
"""Seconds since the epoch, up to the year 5138: what clocks and browsers can show."""


class RecordingError(NoticeError):
    """A file that is not a recording, or one that cannot be read or written."""


class RecordingRemovedError(RecordingError):
    """The file is not where it was made, or another is: what is added to it is lost."""


class TrialPart(BaseModel):
    """Which part of a trial of an experiment a run is."""

    model_config = ConfigDict(frozen=True)

    id: RunId = Field(description="of the trial: the runs that were started together")
    experiment: Short = Field(description="id of the experiment")
    label: Short = Field(description="of the planned run")
    seed: int = Field(ge=0, lt=2**31, description="which of the trial's seeds, from 0")
    runs: int = Field(ge=1, lt=2**31, description="how many runs the trial has")
    quick: bool = Field(False, description="whether it is the experiment's quick variant")


class ForkedFrom(BaseModel):
    """What a run went on from instead of beginning anew."""

    model_config = ConfigDict(frozen=True)

    run: RunId = Field(description="id of the run, which may have been deleted since")
    step: int = Field(ge=0, lt=2**63, description="optimizer steps that were done there, and are not done again")


class StartedBy(BaseModel):
    """Who started a run of a shared server."""

    model_config = ConfigDict(frozen=True)

    browser: str = Field("", description="tells a browser from others of that server; empty for a script")
    group: str = Field("", description="what the runs of those who may start some are called together")
    links: str = Field("", description="tells the server's links of that time from later ones, and not what they were")


class RunInfo(BaseModel):
    """What is known of a run when it is created."""

    model_config = ConfigDict(frozen=True)

    id: RunId
    name: Name
    title: Notice | None = Field(None, description="the name, where the program made it up; null for a person's own")
    source: str = Field(max_length=40, description="worker: trained by the server; script: sent by a watched program")
    created: Time = Field(description="seconds since the epoch")
    order: Time | None = Field(
        None, description="greater than that of any run that its server had before, whatever its clock said then"
    )
    config: RunConfig | None = None
    trial: TrialPart | None = None
    forked: ForkedFrom | None = None
    started_by: StartedBy | None = None

    @property
    def place(self) -> float:
        """By which runs are ordered."""
        return self.created if self.order is None else self.order

    @property
    def group(self) -> str:
        """What those are called together who started it; empty where nobody is."""
        return self.started_by.group if self.started_by else ""


class Admission(BaseModel):
    """Who may add to a recording that a server keeps: whoever has the token of this hash."""

    model_config = ConfigDict(frozen=True)

    token_sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Destination(BaseModel):
    """Where the contents of a spool file belong: a run of a server, to which its token admits."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(max_length=2000)
    run: RunId
    token: str = Field(max_length=400)
    events: int = Field(0, ge=0, lt=2**63, description="how many of the run's events come before those in the file")


class Seal(BaseModel):
    """What was in a file when it was closed: bytes that are lost later are missed by it."""

    model_config = ConfigDict(frozen=True)

    documents: tuple[Short, ...] = Field(max_length=MOST_DOCUMENTS, description="keys")
    events: int = Field(ge=0, description="lines of the journal")
    first: int = Field(ge=0, description="seq of the first frame; 0 without any")
    last: int = Field(ge=0, description="seq of the last frame; 0 without any")


class Event(Worded):
    """Something that happened at a step: a state reached, a divergence, a changed learning rate.

    Recordings that were made before messages had codes hold their text alone.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    time: Time
    step: int = Field(ge=0, lt=2**63)
    kind: str = Field(min_length=1, max_length=40)
    network: str = Field("", max_length=200)
    layer: str = Field("", max_length=200)
    value: JsonValue = Field(None, description="of a type that the kind says (see recording.values)")
    trained: float | None = Field(
        None, ge=0, lt=1e12, description="of a state: seconds of training until then, by a clock that nobody sets"
    )

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        check_value(self.kind, self.value)
        return self
