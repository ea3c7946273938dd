"""What a producer sends to the server in words (docs/protocol.md, "A producer"); both ends use these models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from shiftscope.wire.frames import MAX_STEP, RunHeader


class Preparing(BaseModel):
    """What a run waits for before it trains."""

    model_config = ConfigDict(frozen=True)

    message: str = Field(max_length=1000)
    fraction: float | None = Field(None, ge=0, le=1)


class Hello(BaseModel):
    """First message of a producer."""

    type: Literal["hello"]
    run: str = ""
    token: str = ""
    name: str = Field("", max_length=200)


class PreparingMessage(Preparing):
    """The run waits for something."""

    type: Literal["preparing"]


class Begin(BaseModel):
    """Training begins; the header says what the frames hold."""

    type: Literal["begin"]
    header: RunHeader


class Progress(BaseModel):
    """How far the training is."""

    type: Literal["progress"]
    step: int = Field(ge=0, lt=MAX_STEP)


class EventMessage(BaseModel):
    """Something happened."""

    type: Literal["event"]
    kind: Literal["diverged", "note", "measured"]
    step: int = Field(ge=0, lt=MAX_STEP)
    message: str = Field(max_length=4000)
    network: str = Field("", max_length=200)
    layer: str = Field("", max_length=200)
    value: JsonValue = Field(None, description="of a kind measured: what an experiment's verdict rests on")


class End(BaseModel):
    """No frame follows."""

    type: Literal["end"]
    state: Literal["finished", "stopped", "failed"]
    reason: str = Field("", max_length=4000)


Message = Annotated[PreparingMessage | Begin | Progress | EventMessage | End, Field(discriminator="type")]
MESSAGES: TypeAdapter[Message] = TypeAdapter(Message)
