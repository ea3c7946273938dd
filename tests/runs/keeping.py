"""What a worker has besides its run, without a server: states in memory, and a sink that is acknowledged at once."""

from __future__ import annotations

from pydantic import JsonValue
from typing_extensions import override

from shiftscope.lab.training.checkpoint import Checkpoint
from shiftscope.notices import Notice
from shiftscope.runs.checkpoints import Checkpoints, narrator_of
from shiftscope.sinks.mark import Mark
from shiftscope.sinks.narration import Narration
from shiftscope.testing.collecting import Collecting
from shiftscope.wire.frames import RunHeader
from shiftscope.wire.messages import Begin, EndState, EventKind, EventMessage
from shiftscope.wire.state_file import StateHead
from tests.waiting import eventually


class States:
    """A deposit in memory: by name, and the run's own by their steps."""

    def __init__(self) -> None:
        self.named: dict[str, bytes] = {}
        self.own: dict[int, tuple[StateHead, bytes]] = {}

    def put(self, head: StateHead, contents: bytes, name: str = "") -> None:
        if name:
            self.named[name] = contents
        else:
            self.own[head.step] = head, contents

    def at(self, step: int) -> Checkpoint:
        return Checkpoint.of_bytes(eventually(lambda: self.own.get(step))[1])


class Narrated(Collecting):
    """Collects what a server would get of a worker whose run keeps states, sentences included."""

    def __init__(self, state: Checkpoint | None = None) -> None:
        super().__init__()
        self._narration = Narration(narrator_of(state), exact=True)

    @override
    def begin(self, header: RunHeader) -> None:
        super().begin(header)
        self._hear(Begin(header=header))

    @override
    def frame(self, data: bytes) -> None:
        super().frame(data)
        self._hear(data)

    @override
    def event(
        self, kind: EventKind, step: int, message: Notice | str, *, network: str = "", layer: str = "",
        value: JsonValue = None,
    ) -> None:  # fmt: skip
        super().event(kind, step, message, network=network, layer=layer, value=value)
        self._hear(EventMessage.saying(message, kind=kind, step=step, network=network, layer=layer, value=value))

    @override
    def end(self, state: EndState, reason: Notice | str) -> None:
        super().end(state, reason)

    def mark(self, mark: Mark) -> None:
        mark.seq, mark.events, mark.narrator = len(self.frames), len(self.events), self._narration.state
        mark.reached.set()
        mark.kept.set()

    def checkpoints(self, every: int, deposit: States) -> Checkpoints:
        return Checkpoints(every, self, deposit)

    def _hear(self, item: Begin | bytes | EventMessage) -> None:
        for said in [*self._narration.added_to([item])][1:]:
            assert isinstance(said, EventMessage)
            super().event(said.kind, said.step, said.message, network=said.network, layer=said.layer, value=said.value)
