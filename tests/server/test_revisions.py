"""A stream that is laid out anew while its run goes on: a layer appears, or did not run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosedError

from shiftscope.recording.reader import open_recording
from shiftscope.wire.frames import REVISION, LayoutBuilder, encode
from tests.conftest import LiveServer
from tests.producer import Producer
from tests.recording.second_reader import Reader
from tests.viewer import Viewer


def layout(*layers: str, revision: int = 0) -> dict[str, Any]:
    builder = LayoutBuilder(1, "layers")
    for layer in layers:
        builder.add("mean", unit="1", network="a", layer=layer)
    return builder.build().model_dump(mode="json") | {"revision": revision}


def frame(seq: int, revision: int, *values: float) -> bytes:
    return encode(1 + REVISION * revision, seq, seq, 1.0, np.array(values, np.float32))


def declare(producer: Producer, *layouts: dict[str, Any]) -> None:
    producer.say(type="event", kind="layouts", step=0, value={"layouts": [*layouts]})


def test_a_layer_that_did_not_run_is_absent_from_the_frame(server: LiveServer) -> None:
    sent = [frame(1, 0, 10, 20), frame(2, 1, 21), frame(3, 2, 12, 22, 32), frame(4, 0, 13, 23)]
    with Producer(server.url) as producer:
        assert "layouts" in producer.welcome["kinds"]
        header = {"networks": [{"name": "a", "layers": []}], "layouts": [layout("one", "two")], "total_steps": None}
        producer.say(type="begin", header=header)
        producer.socket.send(sent[0])
        producer.wait_for_acknowledgement(1)
        with Viewer(server.url, producer.run) as viewer:
            assert viewer.receive(1)[0].data == sent[0]
            declare(producer, layout("two", revision=1))
            network = {"name": "a", "layers": [{"name": name, "features": 1} for name in ("one", "two", "three")]}
            value = {"layouts": [layout("one", "two", "three", revision=2)], "networks": [network]}
            producer.say(type="event", kind="layouts", step=0, value=value)
            producer.socket.send(b"".join(sent[1:]))
            producer.end()
            viewer.until_closed()
    assert [one.data for one in viewer.frames] == sent
    with Viewer(server.url, producer.run) as later:
        later.until_closed()
    assert [one.data for one in later.frames] == sent
    assert [one["revision"] for one in later.of_type("run")[0]["header"]["layouts"]] == [0, 1, 2]
    (network,) = later.of_type("run")[0]["header"]["networks"]
    assert [layer["name"] for layer in network["layers"]] == ["one", "two", "three"]
    path = server.data / f"{producer.run}.shiftscope"
    with open_recording(path) as recording:
        for layer, steps, values in (
            ("one", [1, 3, 4], [10, 12, 13]),
            ("two", [1, 2, 3, 4], [20, 21, 22, 23]),
            ("three", [3], [32]),
        ):
            assert recording.values("layers", "mean", network="a", layer=layer).tolist() == values
            assert recording.steps_of("layers", "mean", network="a", layer=layer).tolist() == steps
        assert recording.steps("layers").tolist() == [1, 2, 3, 4]
        assert recording.sizes()["layers"]["mean"] == 4 * 8
    assert list(Reader(path).values("layers", quantity="mean", layer="one")) == [(1, [10]), (3, [12]), (4, [13])]


@pytest.mark.parametrize(
    ("layouts", "words"),
    [
        ([layout("two") | {"revision": 0}], "a stream is there twice"),
        ([layout("two", revision=1) | {"name": "other"}], "a stream has two names"),
        ([{"stream": 1}], "name: Field required"),
    ],
)
def test_layouts_that_contradict_the_header_are_refused(
    server: LiveServer, layouts: list[dict[str, Any]], words: str
) -> None:
    with Producer(server.url) as producer:
        producer.begin(3)
        declare(producer, *layouts)
        with pytest.raises(ConnectionClosedError, match=words):
            list(producer.socket)
        assert producer.socket.protocol.close_code == 1008


def test_layouts_before_the_header_are_refused(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        declare(producer, layout("one", revision=1))
        with pytest.raises(ConnectionClosedError, match="before the run has begun"):
            list(producer.socket)
