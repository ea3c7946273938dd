"""A header is written in pieces, and reads as one that was written whole."""

from __future__ import annotations

import json

import pytest

from shiftscope.wire import header_json as module
from shiftscope.wire.frames import RunHeader
from tests.hostile.making import header


@pytest.mark.parametrize("piece", [1, 2, 500])
@pytest.mark.parametrize("change", [{}, {"layouts": []}, {"total_steps": None}])
def test_a_header_in_pieces_is_the_same(piece: int, change: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", piece)
    given = RunHeader.model_validate(header().model_dump() | change)
    assert json.loads(module.header_json(given)) == json.loads(given.model_dump_json())
