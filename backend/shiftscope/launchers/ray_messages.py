"""What a server and the process that speaks to Ray for it say to each other: a line of JSON each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shiftscope.launchers.base import Amount, Node
from shiftscope.notices import Notice
from shiftscope.wire.assignment import Assignment


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)

    def line(self) -> bytes:
        """Return the message as it travels."""
        return self.model_dump_json().encode() + b"\n"


class Claim(_Message):
    """A run is to be given a place with so many cores, GPUs and bytes."""

    say: Literal["claim"] = "claim"
    run: str
    cpus: int
    gpus: int
    memory: int


class Train(_Message):
    """A run that has a place is to be trained there."""

    say: Literal["train"] = "train"
    run: str
    assignment: Assignment


class Release(_Message):
    """A run needs its place no more, or never will: what trains it is killed."""

    say: Literal["release"] = "release"
    run: str


Order = Annotated[Claim | Train | Release, Field(discriminator="say")]
ORDER: TypeAdapter[Order] = TypeAdapter(Order)


class Cluster(_Message):
    """What the cluster is made of, and what of that is free."""

    say: Literal["cluster"] = "cluster"
    nodes: tuple[Node, ...]
    free: Amount


class Unreachable(_Message):
    """There is no cluster to speak to: the process ends."""

    say: Literal["unreachable"] = "unreachable"
    reason: str


class Placed(_Message):
    """A run has a place."""

    say: Literal["placed"] = "placed"
    run: str
    node: str


class Gone(_Message):
    """What trained a run has ended; `lost` where its machine went away."""

    say: Literal["gone"] = "gone"
    run: str
    reason: Notice
    lost: bool = False


Report = Annotated[Cluster | Unreachable | Placed | Gone, Field(discriminator="say")]
REPORT: TypeAdapter[Report] = TypeAdapter(Report)
