from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from shiftscope.server.stream import NEWEST, OUTLINE_BYTES, Backlog, outline_stride
from shiftscope.wire.frames import RunHeader
from tests.conftest import LiveServer
from tests.producer import Producer, frame, header
from tests.viewer import Viewer
from tests.waiting import eventually


def test_the_first_message_is_the_run_and_its_layouts(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        with Viewer(server.url, producer.run) as early:
            first = early.hear()
            assert (first["type"], first["header"], first["last_seq"]) == ("run", None, 0)
            producer.begin()
            producer.socket.send(frame(1))
            assert early.receive(1)[0].data == frame(1)
            (said,) = early.of_type("header")
            assert RunHeader.model_validate(said["header"]) == RunHeader.model_validate(header())
        with Viewer(server.url, producer.run) as late:
            first = late.hear()
            assert first["run"]["id"] == producer.run
            assert [event["value"] for event in first["events"]] == ["preparing", "running"]
            assert late.receive(1)[0].data == frame(1)


def test_live_frames_arrive_as_they_were_sent(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        with Viewer(server.url, producer.run) as viewer:
            for seq in range(1, 21):
                producer.socket.send(frame(seq))
                assert [f.data for f in viewer.receive(1)] == [frame(seq)]


def test_a_long_history_comes_newest_first_and_whole(server: LiveServer) -> None:
    count = 1000
    with Producer(server.url) as producer:
        producer.begin()
        producer.socket.send(b"".join(map(frame, range(1, count + 1))))
        producer.wait_for_acknowledgement(count)
        with Viewer(server.url, producer.run) as viewer:
            frames = viewer.receive(count)
        assert frames[NEWEST - 1].seq == count
        assert {f.seq: f.data for f in frames} == {seq: frame(seq) for seq in range(1, count + 1)}
        assert len(frames) == count


def test_a_long_history_comes_in_outline_first_where_that_is_asked_for(server: LiveServer) -> None:
    count, every = 1000, 16
    with Producer(server.url) as producer:
        producer.begin()
        producer.socket.send(b"".join(map(frame, range(1, count + 1))))
        producer.wait_for_acknowledgement(count)
        with Viewer(server.url, producer.run, outline=every) as viewer:
            outline = [f.seq for f in viewer.receive(NEWEST + (count - NEWEST) // every + 1)][NEWEST:]
            (said,) = viewer.of_type("outline") or [viewer.hear()]
            rest = viewer.receive(count - NEWEST)
        assert outline == list(range(1, count - NEWEST + 1, every))
        assert (said["every"], said["upto"]) == (every, count - NEWEST)
        assert [f.seq for f in rest] == list(range(1, count - NEWEST + 1))


@pytest.mark.parametrize(
    ("wanted", "frames", "sizes", "stride"),
    [(16, 1000, [40, 3000], 16), (2, 10**6, [40], 62), (2, 1000, [8 << 20, 40], 500), (10**9, 5, [], 10**9)],
)
def test_an_outline_has_a_bound(wanted: int, frames: int, sizes: list[int], stride: int) -> None:
    assert outline_stride(wanted, frames, sizes) == stride
    assert frames // stride * max(sizes, default=0) <= OUTLINE_BYTES


def test_a_viewer_that_comes_back_gets_what_it_missed(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        producer.socket.send(b"".join(map(frame, range(1, 31))))
        producer.wait_for_acknowledgement(30)
        with Viewer(server.url, producer.run, after=10) as viewer:
            assert [f.seq for f in viewer.receive(20)] == list(range(11, 31))


def test_events_and_states_are_told(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        with Viewer(server.url, producer.run) as viewer:
            viewer.hear()
            producer.say(type="event", kind="diverged", step=3, message="a diverged at step 3", network="a")
            producer.say(type="progress", step=17)
            producer.end("finished")
            viewer.until_closed()
            assert viewer.close_code == 1000
    assert "a diverged at step 3" in [text["event"]["message"] for text in viewer.of_type("event")]
    last = viewer.of_type("state")[-1]["run"]
    assert (last["state"], last["step"]) == ("finished", 17)


def test_a_finished_run_is_replayed_the_same_way(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        producer.socket.send(b"".join(map(frame, range(1, 6))))
        producer.end()
    with Viewer(server.url, producer.run) as viewer:
        viewer.until_closed()
        assert [f.data for f in viewer.frames] == list(map(frame, range(1, 6)))
        assert viewer.close_code == 1000
    eventually(lambda: len(list(server.data.glob(f"{producer.run}*"))) == 1, "the recording to be one file")


@pytest.mark.parametrize(("run", "after", "code"), [("none", 0, 4404), (None, -1, 1008)])
def test_bad_requests_are_closed_with_a_reason(server: LiveServer, run: str | None, after: int, code: int) -> None:
    with Producer(server.url) as producer, Viewer(server.url, run or producer.run, after) as viewer:
        with pytest.raises(ConnectionClosed) as closed:
            viewer.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        assert closed.value.rcvd.reason


@given(st.integers(0, 50), st.lists(st.tuples(st.integers(0, 300), st.integers(1, 100)), max_size=30))
def test_a_backlog_gives_each_frame_once(after: int, arrivals: list[tuple[int, int]]) -> None:
    """However frames arrive and however few are sent at a time, every seq after `after` is sent once."""
    backlog, last, sent = Backlog(after), after, []

    def send(most: int) -> bool:
        wanted = backlog.upcoming(last)
        if wanted is None:
            return False
        first, upto = wanted[0], min(wanted[1], wanted[0] + most - 1)
        sent.extend(range(first, upto + 1))
        backlog.sent(first, upto)
        return True

    for new, most in arrivals:
        last += new
        send(most)
        if new > NEWEST:
            assert sent[-1] > last - NEWEST
    while send(7):
        pass
    assert sorted(sent) == list(range(after + 1, last + 1))
