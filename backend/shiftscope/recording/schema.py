"""What the database of a recording holds: the tables of its format, as they were made, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

TABLES: dict[int, dict[str, str]] = {
    1: {
        "document": "CREATE TABLE document (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
        "frames": "CREATE TABLE frames (seq INTEGER PRIMARY KEY, stream INTEGER NOT NULL, step INTEGER NOT NULL,"
        " time REAL NOT NULL, data BLOB NOT NULL)",
        "journal": "CREATE TABLE journal (id INTEGER PRIMARY KEY, body TEXT NOT NULL)",
    },
    2: {
        "document": "CREATE TABLE document (key TEXT PRIMARY KEY, body TEXT NOT NULL, crc INTEGER NOT NULL)"
        " WITHOUT ROWID",
        "blocks": "CREATE TABLE blocks (last INTEGER PRIMARY KEY, first INTEGER NOT NULL, heads BLOB NOT NULL,"
        " data BLOB NOT NULL)",
        "journal": "CREATE TABLE journal (id INTEGER PRIMARY KEY, body TEXT NOT NULL, crc INTEGER NOT NULL)",
        "seal": "CREATE TABLE seal (id INTEGER PRIMARY KEY, body TEXT NOT NULL, crc INTEGER NOT NULL)",
    },
}
"""By format and name. Nothing else is read: a view or a column that computes would run what a stranger wrote."""

QUERY = "SELECT type, name, sql FROM sqlite_master"


def foreign(found: Iterable[Sequence[object]], tables: dict[str, str]) -> str:
    """Return what is otherwise in a database whose (type, name, sql) were found; empty when nothing is."""
    left = dict(tables)
    for kind, name, sql in found:
        shown = f"{kind!s:.20} {name!s:.40}"
        if kind != "table" or not isinstance(name, str) or name not in tables:
            return f"it has a {shown}, which a recording has not"
        if not isinstance(sql, str) or _words(sql) != _words(tables[name]):
            return f"its {shown} is not as it was made"
        if left.pop(name, None) is None:
            return f"it has two of {shown}"
    return f"no such table: {next(iter(left))}" if left else ""


def _words(sql: str) -> list[str]:
    return sql.split()
