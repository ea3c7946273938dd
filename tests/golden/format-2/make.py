"""Wrote run.shiftscope: the run of format 1, written by the first code that wrote format 2. Today's code only reads it.

python tests/golden/format-2/make.py
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from shiftscope.recording.reader import open_recording
from shiftscope.recording.writer import RecordingWriter

FOLDER = Path(__file__).parent


def main() -> None:
    target = FOLDER / "run.shiftscope"
    target.unlink(missing_ok=True)
    with open_recording(FOLDER.parent / "format-1" / "run.shiftscope") as old:
        writer = RecordingWriter.create(target, old.info)
        assert old.header is not None
        writer.begin(old.header)
        for event in old.journal():
            writer.log(event)
        for _, frames in groupby(old.read(), key=lambda frame: frame.step // 2):
            writer.append(frames)
        writer.close()


if __name__ == "__main__":
    main()
