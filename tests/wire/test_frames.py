from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from shiftscope.wire.frames import (
    Entry,
    Frame,
    FrameError,
    LayerInfo,
    Layout,
    LayoutBuilder,
    NetworkInfo,
    RunHeader,
    encode,
    split,
)
from shiftscope.wire.messages import Begin
from tests.conftest import REPOSITORY

GOLDEN = REPOSITORY / "tests" / "golden"


def test_golden_samples() -> None:
    message = (GOLDEN / "frames.bin").read_bytes()
    expected = json.loads((GOLDEN / "frames.json").read_text())
    header = RunHeader.model_validate(expected["header"])
    frames = list(split(message, {layout.stream: layout.frame_bytes for layout in header.layouts}))
    assert [(f.stream, f.seq, f.step, f.time) for f in frames] == [
        (f["stream"], f["seq"], f["step"], f["time"]) for f in expected["frames"]
    ]
    for frame, sample in zip(frames, expected["frames"], strict=True):
        for value, wanted in zip(frame.row.tolist(), map(float, sample["row"]), strict=True):
            assert (math.isnan(value) and math.isnan(wanted)) or value == wanted
            assert math.copysign(1, value) == math.copysign(1, wanted) or math.isnan(value)
    again = b"".join(encode(f.stream, f.seq, f.step, f.time, f.row) for f in frames)
    assert again == message


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**63 - 1),
    st.floats(allow_nan=False),
    arrays(np.float32, st.integers(0, 50), elements=st.floats(width=32)),
)
def test_a_frame_survives_the_wire(seq: int, step: int, time: float, row: np.ndarray) -> None:
    data = encode(3, seq, step, time, row)
    (frame,) = split(data, {3: len(data)})
    assert frame == Frame(3, seq, step, time, data) == Frame.parse(data)
    assert frame.row.tobytes() == row.tobytes()


def test_rows_of_a_message_are_aligned() -> None:
    data = encode(0, 1, 1, 1.0, np.ones(3, np.float32)) + encode(0, 2, 2, 2.0, np.ones(3, np.float32))
    assert len(data) % 8 in {0, 4}
    assert [f.seq for f in split(data, {0: 24 + 12})] == [1, 2]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\0" * 23, "23 bytes are left where a header of 24"),
        (encode(0, 1, 1, 1.0, np.ones(2, np.float32)), "needs 36 bytes, 32 are there"),
        (encode(9, 1, 1, 1.0, np.ones(3, np.float32)), r"stream 9 has no layout; known are \[0\]"),
    ],
)
def test_what_is_not_frames_says_what_is_wrong(data: bytes, words: str) -> None:
    with pytest.raises(FrameError, match=words):
        list(split(data, {0: 36}))


def test_layout_builder_lays_entries_side_by_side() -> None:
    builder = LayoutBuilder(1, "layers")
    assert builder.add("mean", unit="1") == slice(0, 1)
    assert builder.add("histogram", unit="fraction", shape=(64,)) == slice(1, 65)
    assert builder.add("matrix", unit="1", shape=(2, 3)) == slice(65, 71)
    layout = builder.build()
    assert layout.size == 71
    assert layout.frame_bytes == 24 + 4 * 71


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ((Entry(quantity="mean", offset=1),), "mean stands at 1, expected 0"),
        ((Entry(quantity="mean", offset=0), Entry(quantity="std", offset=2)), "std stands at 2, expected 1"),
        ((Entry(quantity="mean", shape=(0,), offset=0),), "empty axis"),
        ((Entry(quantity="mean", shape=(3000, 3000), offset=0),), "longer than"),
    ],
)
def test_a_layout_with_gaps_or_overlaps_is_refused(entries: tuple[Entry, ...], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Layout(stream=0, name="layers", entries=entries)


def test_a_header_names_type_and_sizes_of_a_layer_but_not_to_an_older_server() -> None:
    layer = LayerInfo(name="conv2", features=64, label="Conv2d 64→64")
    begin = Begin(header=RunHeader(networks=(NetworkInfo(name="mine", layers=(layer,)),), layouts=()))
    today, older = json.loads(begin.to_json_for(2)), json.loads(begin.to_json_for(1))
    assert today["header"]["networks"][0]["layers"][0].pop("label") == "Conv2d 64→64"
    assert today == older


def test_what_a_newer_header_says_besides_is_passed_over() -> None:
    entry = {"quantity": "mean", "offset": 0, "later": 1}
    layout = {"stream": 0, "name": "layers", "entries": [entry], "later": 1}
    layer = {"name": "a", "features": 1, "later": 1}
    header = {"networks": [{"name": "mine", "layers": [layer], "later": 1}], "layouts": [layout], "later": 1}
    assert RunHeader.model_validate(header).layouts[0].size == 1
