"""The page's chart of somebody's own probes tells their streams from ours by name."""

from __future__ import annotations

import re

from shiftscope.engine.streams import number_streams
from shiftscope.probes.registry import PROBES
from tests.conftest import REPOSITORY


def test_the_page_knows_which_streams_are_ours() -> None:
    source = (REPOSITORY / "frontend" / "views" / "own-probes.js").read_text(encoding="utf-8")
    (listed,) = re.findall(r"const OURS = new Set\((.*?)\.split", source, re.DOTALL)
    known = set(" ".join(re.findall(r'"(.*?)"', listed)).split())
    assert known >= set(number_streams(probe.stream for probe in PROBES))
