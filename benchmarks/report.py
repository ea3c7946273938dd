"""Writes docs/benchmarks.md, and what README quotes of it, from the figures of docs/benchmarks.json."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "benchmarks.md"
README = REPOSITORY / "README.md"

HEAD = """# What was measured

Every benchmark of `benchmarks/`, as `make bench` ran it last and wrote it down here, each under its day and commit:
what a later `make bench` had no time for stays. The figures as JSON, with the versions of the libraries, are in
[benchmarks.json](benchmarks.json). Ratios come from one interleaved run; absolute times are those of the machine that
is named.
"""

ROWS = (
    ("disarmed", "watched, no step due"),
    ("default", "by default (`standard`), averaged over a training of 50,000 steps"),
    ("essential", "a step that is recorded, tier *essential*"),
    ("standard", "a step that is recorded, tier *standard*"),
    ("full", "a step that is recorded, tier *full*"),
)
"""README's rows: what overhead.py calls them, and in words."""

TOOLS = {"tensorboard": "TensorBoard's histograms"}
"""Of the peers, those that are called otherwise than their module."""

Results = Mapping[str, Mapping[str, Any]]
"""By benchmark: command, day, commit, machine, versions, figures."""


def write_pages(results: Results) -> None:
    """Write docs/benchmarks.md and the README's figures."""
    write_whole(PAGE, page(results))
    write_whole(README, readme(README.read_text(encoding="utf-8"), results))


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all, whenever this is interrupted."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def page(results: Results) -> str:
    """Return docs/benchmarks.md."""
    return "\n".join([HEAD, *(_section(name, result) for name, result in results.items())])


def readme(text: str, results: Results) -> str:
    """Return the README with what it quotes: each between two remarks, which name the benchmark."""
    for name, words in QUOTED.items():
        if name in results:
            begin, end = f"<!-- {name}: written by make bench -->", f"<!-- /{name} -->"
            if begin in text:
                before, _, rest = text.partition(begin)
                text = f"{before}{begin}\n{words(results[name])}\n{end}{rest.partition(end)[2]}"
    return text


def overhead_table(result: Mapping[str, Any]) -> str:
    """Return what it costs to look, a row a way and a column a workload, and where and when it was measured."""
    figures = result["figures"]
    rows = [(words, *(_ratio(key, found.get(key)) for found in figures.values())) for key, words in ROWS]
    return f"{_table(('', *figures), rows)}\n\nMeasured on {_when(result)} ({result['machine']})."


def logging_words(result: Mapping[str, Any]) -> str:
    """Return what logging costs, in a sentence."""
    first, later = (f"{result['figures'][key]:.0f}" for key in ("all_kept_us", "thinned_us"))
    return (
        f"`scope.log` of two numbers takes {first} µs while all are kept, later {later} (one thread, {_when(result)})."
    )


def peers_words(result: Mapping[str, Any]) -> str:
    """Return what other tools cost that record each step, in a sentence."""
    costs = sorted(result["figures"]["W1"].items(), key=lambda one: one[1])
    said = ", ".join(f"{TOOLS.get(name, name)} {cost:.3g}" for name, cost in costs)
    return (
        f"For comparison, of tools that record each step of W1 (`{result['command']}`, wall time, a bare step = 1, "
        f"{_when(result)}): {said}."
    )


QUOTED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "overhead": overhead_table,
    "logging_cost": logging_words,
    "peers": peers_words,
}
"""What the README says of a benchmark."""


def _when(result: Mapping[str, Any]) -> str:
    commit = result.get("commit")
    return f"{result['day']}, commit {commit}" if commit else result["day"]


def _ratio(key: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if key == "default" else f"{value:.2f}"


def _section(name: str, result: Mapping[str, Any]) -> str:
    about, meaning = _about(name)
    parts = [f"## {about}", "", f"`{result['command']}`, {_when(result)}, {result['machine']}."]
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
