"""The habits of the tests: they wait for a state and never for a time, and they look at what is public."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

TESTS = REPOSITORY / "tests"
PYTHON = sorted(TESTS.rglob("*.py"))
JAVASCRIPT = sorted(TESTS.rglob("*.js"))
POLLING = TESTS / "waiting.py"
"""Where the one loop stands that asks for a state again and again."""

WAITS = {"sleep", "wait_for_timeout", "Timer"}
"""Calls that wait for a time. (The linter finds private members of Python objects: SLF001.)"""
WAITS_IN_JAVASCRIPT = re.compile(r"\b(?:setTimeout|setInterval)\(|timers/promises")
INSIDES = re.compile(r"\b_full(?:Layout|Data)\b|\.gd\b|\bcalcdata\b|shiftscope\.(?:store|stage|session)\b")
"""What belongs to Plotly, or to the page's own parts: a page is tested by what it shows."""


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Yield what a file calls, by the last part of its name, and where."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            yield getattr(called, "attr", getattr(called, "id", "")), node.lineno


def lines(path: Path, pattern: re.Pattern[str]) -> list[str]:
    text = path.read_text(encoding="utf-8").splitlines()
    return [f"{path.relative_to(REPOSITORY)}:{number}" for number, line in enumerate(text, 1) if pattern.search(line)]


def test_no_test_waits_for_a_time() -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{line}: {name}"
        for path in PYTHON
        if path != POLLING
        for name, line in calls(path)
        if name in WAITS
    ]
    assert found == [], "wait for a state: tests.waiting.eventually, tests.browser.looking.settle"
    assert [line for path in JAVASCRIPT for line in lines(path, WAITS_IN_JAVASCRIPT)] == []


def test_no_test_of_the_page_looks_inside() -> None:
    browser = [path for path in PYTHON if path.parent.name == "browser"]
    assert [line for path in browser for line in lines(path, INSIDES)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time\ntime.sleep(1)", {"sleep"}),
        ("from time import sleep\nsleep(1)", {"sleep"}),
        ("page.wait_for_timeout(500)", {"wait_for_timeout"}),
        ("await asyncio.sleep(0.1)", {"sleep"}),
        ("thread.join()", set()),
    ],
)
def test_the_check_can_fail(tmp_path: Path, source: str, found: set[str]) -> None:
    (tmp_path / "test.py").write_text(source)
    assert {name for name, _ in calls(tmp_path / "test.py")} & WAITS == found
