"""The viewers that have everything: each gets every frame once, and one that does not read is left to itself."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from shiftscope.server.recent import RecentFrames
from shiftscope.server.signal import Signal
from shiftscope.wire.frames import Frame
from tests.conftest import LiveServer
from tests.producer import Producer, frame
from tests.viewer import Viewer

CROWD = 30


def test_each_of_many_gets_every_frame_and_event_once(server: LiveServer) -> None:
    with Producer(server.url) as producer, ExitStack() as stack:
        producer.begin()
        producer.socket.send(frame(1))
        viewers = [stack.enter_context(Viewer(server.url, producer.run)) for _ in range(CROWD // 2)]
        for seq in range(2, 101):
            producer.socket.send(frame(seq))
            if seq == 30:
                viewers += [stack.enter_context(Viewer(server.url, producer.run)) for _ in range(CROWD // 2)]
            if seq == 60:
                producer.say(type="event", kind="diverged", step=60, message="a diverged", network="a")
                producer.wait_for_acknowledgement(60, events=1)
        producer.end()
        for viewer in viewers:
            viewer.until_closed()
            assert [one.data for one in viewer.frames] == [frame(seq) for seq in range(1, 101)]
            told = [text["event"]["message"] for text in viewer.of_type("event")]
            told += [event["message"] for event in viewer.of_type("run")[0]["events"]]
            assert told.count("a diverged") == 1
            assert viewer.of_type("state")[-1]["run"]["state"] == "finished"


def test_one_that_does_not_read_is_left_to_itself_and_gets_everything_later(server: LiveServer) -> None:
    count = 3000  # 18 MB: more than the buffers of a connection hold
    with Producer(server.url) as producer:
        producer.begin()
        with Viewer(server.url, producer.run) as deaf, Viewer(server.url, producer.run) as other:
            deaf.hear()
            for first in range(1, count, 50):
                producer.socket.send(b"".join(map(frame, range(first, first + 50))))
            seen = [one.seq for one in other.receive(count)]
            assert sorted(seen) == list(range(1, count + 1))
            late = deaf.receive(count)
            assert {one.seq: one.data for one in late} == {seq: frame(seq) for seq in range(1, count + 1)}
            assert len(late) == count


def test_a_change_wakes_who_waits_in_another_loop() -> None:
    signal, waits, woken = Signal(), threading.Event(), threading.Event()

    async def wait() -> None:
        changed = signal.changed
        waits.set()
        await changed.wait()
        woken.set()

    thread = threading.Thread(target=asyncio.run, args=(wait(),))
    thread.start()
    waits.wait()
    signal.notify()
    thread.join()
    assert woken.is_set()
    signal.notify()  # of a loop that has ended nobody waits


@given(st.lists(st.integers(1, 40), max_size=20), st.integers(0, 300), st.integers(1, 300), st.integers(1, 10_000))
def test_recent_frames_are_those_that_were_asked_for(bunches: list[int], after: int, upto: int, most: int) -> None:
    recent, last = RecentFrames(), 0
    for bunch in bunches:
        recent.add([Frame(1, seq, seq, 0.0, bytes(200)) for seq in range(last + 1, last + 1 + bunch)])
        last += bunch
    found = [one.seq for one in recent.between(after, upto, most)]
    assert found == list(range(after + 1, after + 1 + len(found)))
    there = max(0, min(upto, last) - after)
    assert len(found) == min(there, max(1, most // 200))
