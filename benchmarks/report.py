"""Writes docs/benchmarks.md, and README's table of what it costs to look, from the figures of docs/benchmarks.json."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "benchmarks.md"
README = REPOSITORY / "README.md"

HEAD = """# What was measured

Every benchmark of `benchmarks/`, as `make bench` ran it last and wrote it down here; the figures as JSON, with the
versions of the libraries, are in [benchmarks.json](benchmarks.json). Ratios come from one interleaved run; absolute
times are those of the machine that is named.
"""

ROWS = (
    ("disarmed", "watched, no step due"),
    ("default", "by default (`standard`), averaged over a training of 50,000 steps"),
    ("essential", "a step that is recorded, tier *essential*"),
    ("standard", "a step that is recorded, tier *standard*"),
    ("full", "a step that is recorded, tier *full*"),
)
"""README's rows: what overhead.py calls them, and in words."""

BEGIN, END = "<!-- overhead: written by make bench -->", "<!-- /overhead -->"

Results = Mapping[str, Mapping[str, Any]]
"""By benchmark: command, day, machine, versions, figures."""


def write_pages(results: Results) -> None:
    """Write docs/benchmarks.md and the README's table."""
    PAGE.write_text(page(results), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8"), results), encoding="utf-8")


def page(results: Results) -> str:
    """Return docs/benchmarks.md."""
    return "\n".join([HEAD, *(_section(name, result) for name, result in results.items())])


def readme(text: str, results: Results) -> str:
    """Return the README with the table of what it costs to look."""
    if "overhead" not in results:
        return text
    table = f"{BEGIN}\n{overhead_table(results['overhead'])}\n{END}"
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: table, text, flags=re.DOTALL)


def overhead_table(result: Mapping[str, Any]) -> str:
    """Return what it costs to look, a row a way and a column a workload, and where and when it was measured."""
    figures = result["figures"]
    rows = [(words, *(_ratio(key, found.get(key)) for found in figures.values())) for key, words in ROWS]
    return f"{_table(('', *figures), rows)}\n\nMeasured on {result['day']} ({result['machine']})."


def _ratio(key: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if key == "default" else f"{value:.2f}"


def _section(name: str, result: Mapping[str, Any]) -> str:
    about, meaning = _about(name)
    parts = [f"## {about}", "", f"`{result['command']}`, {result['day']}, {result['machine']}."]
    if meaning:
        parts += ["", "```text", meaning, "```"]
    parts += ["", *(part for part in _tables(result["figures"]))]
    return "\n".join(parts).rstrip() + "\n"


def _about(name: str) -> tuple[str, str]:
    """Return the first line of a benchmark's docstring, and what follows its usage."""
    script = Path(__file__).with_name(f"{name}.py")
    first, *rest = (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or name).split("\n\n")
    return first.rstrip(".").replace("\n", " "), "\n\n".join(one for one in rest if "python benchmarks/" not in one)


def _tables(figures: Mapping[str, Any], title: str = "") -> Iterable[str]:
    """Yield a table of all single figures, one of all that have the same columns, and those of what lies deeper."""
    single = {key: value for key, value in figures.items() if not isinstance(value, Mapping)}
    rows = {key: value for key, value in figures.items() if _is_flat(value)}
    if title and (single or rows):
        yield f"**{title}**\n"
    if single:
        yield _table(("", ""), [(key, _figure(value)) for key, value in single.items()]) + "\n"
    if rows:
        columns = list(dict.fromkeys(column for row in rows.values() for column in row))
        yield (
            _table(("", *columns), [(key, *(_figure(row.get(one)) for one in columns)) for key, row in rows.items()])
            + "\n"
        )
    for key, value in figures.items():
        if isinstance(value, Mapping) and key not in rows:
            yield from _tables(value, f"{title} {key}".strip())


def _is_flat(value: object) -> bool:
    return isinstance(value, Mapping) and not any(isinstance(one, Mapping) for one in value.values())


def _figure(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return "" if value is None else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
