"""Runs that are made up, so that a rule of the narrator has something to speak of, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from shiftscope.config import Intervention
from shiftscope.narration.narrator import Narrator
from shiftscope.recording.documents import Event, RunInfo
from shiftscope.recording.writer import RecordingWriter
from shiftscope.sinks.file import FileSink
from shiftscope.sinks.queued import Closing
from shiftscope.wire.frames import Frame, LayerInfo, LayoutBuilder, NetworkInfo, RunHeader, encode
from shiftscope.wire.messages import EventMessage

LAYERS = ("hidden 1", "hidden 2", "hidden 3", "output")
DRIFT = "wasserstein_over_sigma_from_start"
STREAMS = ("steps", "layers", "evaluation", "drift", "input_cloud")

Numbers = Mapping[str, float | Sequence[float] | Sequence[tuple[float, float]]]
"""Of one network at one step, by quantity: a number, or one a layer, or a place a layer."""

USUAL: Numbers = {
    "loss": 1.0,
    "gradient_norm": (1.0, 1.0, 1.0, 1.0),
    "zero_fraction": (0.5, 0.5, 0.5, 0.0),
    "saturated_fraction": (0.0, 0.0, 0.0, 0.0),
    "nan_count": (0.0, 0.0, 0.0, 0.0),
    "infinite_count": (0.0, 0.0, 0.0, 0.0),
    "wasserstein_over_sigma_from_start": (0.1, 0.1, 0.1, 0.1),
    "dead_fraction": (0.0, 0.0, 0.0, 0.0),
}
"""What a network does of which there is nothing to say."""
HOME = {
    "loss": ("steps", ""),
    "test_accuracy": ("evaluation", ""),
    "gradient_norm": ("layers", ""),
    "zero_fraction": ("layers", "output"),
    "saturated_fraction": ("layers", "output"),
    "nan_count": ("layers", "pre_activation"),
    "infinite_count": ("layers", "pre_activation"),
    "wasserstein_over_sigma_from_start": ("drift", "pre_activation"),
    "dead_fraction": ("drift", "output"),
    "std": ("layers", "pre_activation"),
    "mean": ("layers", "pre_activation"),
    "input_centroid": ("input_cloud", ""),
}
"""The stream and site of each quantity."""


class Story:
    """A run that is narrated while it is made up: each `step` is a recorded one."""

    def __init__(self, *names: str, without: Sequence[str] = ()) -> None:
        self._builders = {name: LayoutBuilder(number, name) for number, name in enumerate(STREAMS)}
        self._places: dict[tuple[str, str], list[slice]] = {}
        self.names = names or ("plain",)
        for network in self.names:
            for quantity in HOME:
                if quantity not in without:
                    self._places[network, quantity] = list(self._declare(network, quantity))
        self._rate = self._builders["steps"].add("learning_rate", unit="1")
        self.layouts = tuple(builder.build() for builder in self._builders.values())
        layers = tuple(LayerInfo(name=name, features=8) for name in LAYERS)
        networks = tuple(NetworkInfo(name=name, layers=layers) for name in self.names)
        self.header = RunHeader(networks=networks, layouts=self.layouts)
        self.narrator = Narrator(self.header)
        self.frames: list[Frame] = []
        self.at = 0

    def _declare(self, network: str, quantity: str) -> Iterator[slice]:
        stream, site = HOME[quantity]
        if stream in ("steps", "evaluation"):
            yield self._builders[stream].add(quantity, unit="1", network=network)
            return
        for layer in LAYERS:
            shape = (2,) if quantity == "input_centroid" else ()
            yield self._builders[stream].add(quantity, unit="1", network=network, layer=layer, site=site, shape=shape)

    def step(
        self, numbers: Mapping[str, Numbers] | None = None, *, times: int = 1, rate: float = 0.1
    ) -> list[EventMessage]:
        """Record steps alike, and return what the narrator says of them."""
        said = []
        for _ in range(times):
            for layout in self.layouts:
                row = np.full(layout.size, np.nan, dtype=np.float32)
                if self._fill(row, layout.name, numbers or {}, rate):
                    data = encode(layout.stream, len(self.frames) + 1, self.at, 0.0, row)
                    self.frames.append(Frame.parse(data))
                    said += self.narrator.observe(self.frames[-1])
            self.at += 1
        return said

    def intervene(self, done: Mapping[str, Intervention]) -> None:
        """Do something to networks after the step that was recorded last."""
        self.narrator.intervened(done, self.at - 1)

    def _fill(self, row: np.ndarray, stream: str, numbers: Mapping[str, Numbers], rate: float) -> bool:
        written = False
        for (network, quantity), places in self._places.items():
            given = {**USUAL, **numbers.get(network, {})}.get(quantity)
            if HOME[quantity][0] != stream or given is None:
                continue
            for place, value in zip(places, np.atleast_1d(np.asarray(given)), strict=True):
                row[place] = value
            written = True
        if stream == "steps":
            row[self._rate] = rate
        return written


def codes(said: Sequence[EventMessage]) -> list[str]:
    """Return which sentences were said."""
    return [one.code.removeprefix("narration.") for one in said]


def waking() -> Story:
    """A network that learns at once beside one that does so late."""
    made = Story("plain", "bn")
    slow = {"gradient_norm": (0.02, 1, 1, 1), DRIFT: (0.01, 0.02, 0.03, 0.2)}
    made.step({"plain": slow})
    made.step({"plain": slow, "bn": {"loss": 0.4, "gradient_norm": (0.8, 1, 1, 1)}}, times=80)
    for loss in np.linspace(0.95, 0.45, 40):
        moving = {"loss": float(loss), DRIFT: (0.1, 2.0 - float(loss), 0.2, 9.0)}
        made.step({"plain": moving, "bn": {"loss": 0.4}})
    return made


def recorded(path: Path, made: Story) -> Path:
    """Record a story as a script without a server would."""
    sink = FileSink(path, closing=Closing(still=30, all=60))
    sink.begin(made.header)
    for frame in made.frames:
        sink.frame(frame.data)
    sink.progress(made.at)
    sink.end("finished", "")
    return path


def of_before(path: Path, made: Story, *events: Event) -> Path:
    """Record a story as it was done before there was a narrator, with what else happened."""
    writer = RecordingWriter.create(path, RunInfo(id="old", name="old", source="script", created=1.0))
    writer.begin(made.header)
    writer.append(made.frames)
    for event in events:
        writer.log(event)
    writer.log(Event(time=2.0, step=made.at, kind="state", value="finished"))
    writer.close()
    return path
