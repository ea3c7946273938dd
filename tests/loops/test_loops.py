"""Every loop of the corpus, bare and watched."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from shiftscope import every
from tests.loops.checks import check_recordings
from tests.loops.harness import Loop, Run, run_loop

CORPUS = [import_module(f"tests.loops.{path.stem}") for path in sorted(Path(__file__).parent.glob("corpus_*.py"))]
LOOPS = [one for module in CORPUS for one in vars(module).values() if isinstance(one, Loop)]
HOW = {"by default": {}, "every step": {"schedule": every(1)}}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("one", LOOPS, ids=lambda one: one.name)
def test_a_loop_is_seen_and_not_changed(one, how, tmp_path):
    bare_end, bare_anatomy, bare_warnings = run_loop(one, Run(None))
    run = Run(tmp_path, **HOW[how])
    end, anatomy, warned = run_loop(one, run)
    for kind, expected in bare_end.items():
        assert end[kind] == expected, f"{kind} differs from the unwatched run's"
    if one.anatomy:
        assert anatomy == bare_anatomy
    new = [text for text in warned if text not in bare_warnings]
    if one.warns:
        assert len(new) == 1, new
        assert re.search(one.warns, new[0]), new
    else:
        assert new == []
    check_recordings(one, run, tmp_path)


def test_there_are_many():
    assert len(LOOPS) >= 100
    assert len({one.name for one in LOOPS}) == len(LOOPS)
