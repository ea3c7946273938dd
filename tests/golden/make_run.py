"""Writes a short real run as a viewer receives it: golden/run.json (header) and golden/run.bin (frames).

python tests/golden/make_run.py

The tests of the page draw it. Its numbers are whatever this machine measured; what is tested is that the page shows
each of them once under its name. Run it again when a probe records other quantities.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from shiftscope.config import Mlp, RunConfig, Sgd, Steps
from shiftscope.config.run import Every
from shiftscope.recording.reader import open_recording
from shiftscope.runs.controls import Controls
from shiftscope.runs.train import train
from shiftscope.sinks.file import FileSink

FOLDER = Path(__file__).parent
CONFIG = RunConfig(
    network=Mlp(depth=2, width=6),
    optimizer=Sgd(learning_rate=0.2),
    duration=Steps(steps=30),
    recording=Every(every=3),
    seed=11,
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.shiftscope"
        sink = FileSink(path, config=CONFIG)
        train(CONFIG, sink, datasets=Path(folder), controls=Controls(), waiting=lambda *_: None)
        with open_recording(path) as recording:
            header = recording.header
            assert header is not None
            (FOLDER / "run.json").write_text(header.model_dump_json() + "\n", encoding="utf-8")
            frames = b"".join(frame.data for frame in recording.read())
            (FOLDER / "run.bin").write_bytes(frames)


if __name__ == "__main__":
    main()
