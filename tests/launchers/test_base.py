"""In which words a worker's end is told."""

from __future__ import annotations

import pytest

from shiftscope.launchers.base import obituary
from shiftscope.notices import notice
from shiftscope.wire.assignment import last_word


@pytest.mark.parametrize(
    ("code", "words"), [(-9, "the worker was killed by SIGKILL"), (-40, "the worker was killed by 40")]
)
def test_a_signal_has_its_name_or_its_number(code: int, words: str) -> None:
    assert obituary(code, ()).text == words


def test_a_worker_that_says_why_it_ends_is_quoted_and_what_is_no_reason_is_not() -> None:
    reason = notice("end.replica_killed", replica=1, of=2, signal="SIGKILL")
    said = last_word(reason).rstrip()
    assert obituary(1, ("Traceback: the other replica's", said, "a warning")) == reason
    assert obituary(-9, (said,)).code == "end.worker_killed_saying"
    assert obituary(1, (said[:-1],)).code == "end.worker_exited_saying"
