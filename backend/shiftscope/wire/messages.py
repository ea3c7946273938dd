"""What producers and the server say to each other in text (docs/protocol.md, "A producer"); both ends use these models.

A message travels as `to_json` writes it. Members that a model does not have are ignored: either end may be newer.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter
from typing_extensions import override

from shiftscope.config import Intervention
from shiftscope.notices import Notice, Sentence, Values, as_notice
from shiftscope.wire.frames import MAX_STEP, Layout, NetworkInfo, RunHeader

EventKind = Literal[
    "diverged", "note", "measured", "narration", "checkpoint", "samples", "scalar", "layouts", "applied"
]
EndState = Literal["finished", "stopped", "failed"]

ENDED = 4410
"""Close code: the run has ended here, and takes nothing more."""
TRY_AGAIN = 1013
"""Close code of the standard: the server cannot keep anything now, but may later."""

WIRE = 2
"""The version of the wire that this package speaks; a server of version 1 refuses members of a header that it lacks."""
_NOT_IN_WIRE_1: dict[str, Any] = {
    "header": {"networks": {"__all__": {"layers": {"__all__": {"label"}}}}, "layouts": {"__all__": {"revision"}}}
}


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)

    def to_json(self) -> str:
        """Return the message as it travels."""
        return self.model_dump_json()


class Worded(BaseModel):
    """A message for people: its text in English and, where the program made it, its code and values."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    message: Sentence = ""
    code: str = Field("", max_length=80, description="see shiftscope.notices; empty for a text of somebody's own")
    values: Values = Field({}, description="what the code's {blanks} stand for")

    @classmethod
    def saying(cls, message: Notice | str, **more: object) -> Self:
        """Return what says `message`; `more` are the other members."""
        said = as_notice(message)
        return cls.model_validate({"message": said.text, "code": said.code, "values": said.values, **more})

    @property
    def notice(self) -> Notice:
        """The message as a notice."""
        return Notice(code=self.code, values=self.values, text=self.message)


class Preparing(Worded):
    """What a run waits for before it trains."""

    fraction: float | None = Field(None, ge=0, le=1)


class Hello(_Message):
    """First message of a producer: it names its run, to which the token admits, or gives a new run a name."""

    type: Literal["hello"] = "hello"
    run: str = ""
    token: str = ""
    name: str = Field("", max_length=200)


class PreparingMessage(_Message, Preparing):
    """The run waits for something."""

    type: Literal["preparing"] = "preparing"


class Begin(_Message):
    """Training begins; the header declares what the frames hold."""

    type: Literal["begin"] = "begin"
    header: RunHeader

    def to_json_for(self, wire: int) -> str:
        """Return the message as a server takes it that speaks such a version of the wire (see Welcome)."""
        return self.to_json() if wire >= WIRE else self.model_dump_json(exclude=_NOT_IN_WIRE_1)


class Progress(_Message):
    """How many updates were made."""

    type: Literal["progress"] = "progress"
    step: int = Field(ge=0, lt=MAX_STEP)


class EventMessage(_Message, Worded):
    """Something happened."""

    type: Literal["event"] = "event"
    kind: EventKind
    step: int = Field(ge=0, lt=MAX_STEP)
    network: str = Field("", max_length=200)
    layer: str = Field("", max_length=200)
    value: JsonValue = Field(
        None,
        description="of a kind measured: what an experiment's verdict rests on; of a kind checkpoint: the file's name; "
        "of a kind applied: what is so from that step on (see Applied)",
    )


class Revision(BaseModel):
    """The value of an event of kind layouts: streams whose frames are laid out otherwise from here on."""

    model_config = ConfigDict(frozen=True)

    layouts: tuple[Layout, ...] = Field(max_length=64)
    networks: tuple[NetworkInfo, ...] = Field((), max_length=16, description="those whose layers are others since")

    def of(self, header: RunHeader) -> RunHeader:
        """Return a run's header as it is since. Raises ValueError where this contradicts it."""
        return header.revised(self.layouts, self.networks)


class LayoutsMessage(EventMessage):
    """An event that declares layouts, read as that."""

    kind: Literal["layouts"]
    value: Revision  # type: ignore[assignment]  # narrower than any value


class End(_Message):
    """No frame follows."""

    type: Literal["end"] = "end"
    state: EndState
    reason: Sentence = ""
    code: str = Field("", max_length=80, description="of the reason, with its values")
    values: Values = {}

    @property
    def notice(self) -> Notice:
        """The reason as a notice."""
        return Notice(code=self.code, values=self.values, text=self.reason)


class Welcome(_Message):
    """The server's answer to a hello: what is kept of the run, so that its producer goes on after that."""

    type: Literal["welcome"] = "welcome"
    run: str
    token: str
    after: int = Field(0, description="seq of the last frame that is kept")
    events: int = Field(0, description="how many of the producer's events are kept")
    begun: bool = Field(False, description="whether the header is kept")
    kinds: tuple[str, ...] = Field((), description="of events that the server takes; an older one does not name them")
    wire: int = Field(1, description="version of the wire that the server speaks; those of version 1 do not name it")
    last: tuple[int, int] | None = Field(None, description="stream and step of the last frame that is kept")


class Acknowledged(_Message):
    """The frames up to `seq`, and so many `events` of the producer's, survive whatever is killed."""

    type: Literal["acknowledged"] = "acknowledged"
    seq: int
    events: int = 0


class Command(_Message):
    """What a launched worker is to do from its next step on.

    `pace` and `learning_rate` go with "set": those that are given change, a pace of None to full speed.
    So do `networks`: what is done to each of those that are named from now on, whole. `name` goes
    with "checkpoint": that by which the state between two steps is sent to the server, also while the run is paused.
    """

    type: Literal["command"] = "command"
    command: Literal["pause", "resume", "step", "stop", "set", "checkpoint"]
    pace: float | None = None
    learning_rate: float | None = None
    networks: dict[str, Intervention] | None = None
    name: str | None = Field(None, pattern="^[0-9a-f]{16}$")

    @override
    def to_json(self) -> str:
        given = self.model_fields_set | {"type", "command"}
        return self.model_dump_json(include=given)


ProducerMessage = Annotated[PreparingMessage | Begin | Progress | EventMessage | End, Field(discriminator="type")]
PRODUCER_MESSAGE: TypeAdapter[ProducerMessage] = TypeAdapter(ProducerMessage)
"""Reads what a producer says after its hello."""

ServerMessage = Annotated[Welcome | Acknowledged | Command, Field(discriminator="type")]
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
"""Reads what the server answers."""
