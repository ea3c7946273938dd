"""In which words a worker's end is told."""

from __future__ import annotations

import pytest

from shiftscope.launchers.base import obituary


@pytest.mark.parametrize(
    ("code", "words"), [(-9, "the worker was killed by SIGKILL"), (-40, "the worker was killed by 40")]
)
def test_a_signal_has_its_name_or_its_number(code: int, words: str) -> None:
    assert obituary(code, ()).text == words
