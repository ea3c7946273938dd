"""The pages of docs/tasks: their code runs, and what it finds is what they say."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY

TASKS = REPOSITORY / "docs" / "tasks"
Found = dict[str, Any]

EXPECTED: dict[str, Callable[[Found], bool]] = {
    "nan": lambda found: (found["where"].kind, found["where"].layer) == ("diverged", "") and found["sizes"][-1] > 1e18,
    "dead-bn": lambda found: (found["dead"].sum(), (found["silent"] & ~found["dead"]).sum()) == (4, 2),
    "train-eval": lambda found: found["gap"].max() > 1,
    "with-and-without-bn": lambda found: set(found["losses"]) == {"mine", "without BN"},
    "cluster": lambda found: found["last"]["quantity"] == "gradient_norm" and found["last"]["step"] == 90,
    "steps": lambda found: (
        found["passes"].tolist() == [4] * 5 and found["done"].tolist() == [0, 1, 2] and found["skipped"][-1] == 1
    ),
}


def test_each_page_is_expected_and_led_to() -> None:
    pages = {path.stem for path in TASKS.glob("*.md")}
    assert pages == set(EXPECTED)
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert {name for name in pages if f"(docs/tasks/{name}.md)" in readme} == pages


@pytest.mark.parametrize("page", EXPECTED)
def test_the_code_of_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (TASKS / f"{page}.md").read_text(encoding="utf-8")
    found: Found = {}
    for code in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        exec(compile(code, f"{page}.md", "exec"), found)
    assert EXPECTED[page](found), {name: value for name, value in found.items() if not name.startswith("__")}
