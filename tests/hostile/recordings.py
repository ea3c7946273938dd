"""Makers of recordings that a stranger might put into the folder: each is broken or wicked in one way."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

from shiftscope.recording.blocks import BlockEncoder
from tests.hostile.files import FILES
from tests.hostile.making import FORMATS, Maker, document, event, frames, good, run_sql, sql, without_rules

DEEP = "[" * 5000 + "]" * 5000
LONG = "9" * 400
OF_TWO_NAMES = {"stream": 1, "revision": 1, "name": "steps", "entries": []}
FOREVER = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 'x' AS body, 0 AS crc FROM n"

_TEXT = {
    "no-json": "{",
    "deep": f'{{"id": "r", "name": "n", "source": "s", "created": 1, "config": {DEEP}}}',
    "half-a-pair": '{"id": "r", "name": "\\ud800", "source": "s", "created": 1}',
    "nan": '{"id": "r", "name": "n", "source": "s", "created": NaN}',
    "of-the-year-1e300": '{"id": "r", "name": "n", "source": "s", "created": 1e300}',
    "nothing": "{}",
    "a-list": "[]",
    "huge": '{"id": "r", "name": "' + "n" * (17 << 20) + '", "source": "s", "created": 1}',
}
_RUN: dict[str, dict[str, Any]] = {
    "id-of-a-path": {"id": "../../../etc/passwd"},
    "id-with-nul": {"id": "a\x00b"},
    "name-of-a-megabyte": {"name": "n" * (1 << 20)},
    "name-is-a-list": {"name": ["n"]},
    "config-of-nonsense": {"config": {"steps": "many"}},
    "trial-of-none": {"trial": {"id": "t", "experiment": "e", "label": "l", "seed": 0, "runs": 0}},
    "trial-of-very-many": {"trial": {"id": "t", "experiment": "e", "label": "l", "seed": 0, "runs": 10**30}},
    "forked-before-step-0": {"forked": {"run": "r", "step": -1}},
    "title-with-infinity": {"title": {"text": "t", "code": "", "values": {"x": float("inf")}}},
}


def _entries(**changed: Any) -> Any:
    def change(header: dict[str, Any]) -> dict[str, Any]:
        header["layouts"][0]["entries"][1] |= changed
        return header

    return change


def _header(**changed: Any) -> Any:
    return lambda header: header | changed


_HEADERS: dict[str, Any] = {
    "entries-overlap": _entries(offset=0),
    "entry-of-negative-size": _entries(shape=[-16]),
    "entry-of-a-billion": _entries(shape=[1000, 1000, 1000]),
    "entry-without-a-name": _entries(quantity=""),
    "entry-with-a-huge-name": _entries(layer="l" * 10_000),
    "entry-of-no-network": _entries(network="nowhere"),
    "more-coordinates-than-positions": _entries(coordinates=[1, 2, 3]),
    "networks-twice": lambda header: header | {"networks": header["networks"] * 2},
    "layouts-twice": lambda header: header | {"layouts": header["layouts"] * 2},
    "steps-1e300": _header(total_steps=1e300),
    "steps-of-a-word": _header(total_steps="abc"),
    "no-layouts-for-its-frames": _header(layouts=[]),
    "a-thousand-networks": _header(networks=[{"name": str(one), "layers": []} for one in range(1000)]),
}
_EVENTS: dict[str, Any] = {
    "step-abc": {"step": "abc"},
    "step-1e300": {"step": 1e300},
    "step-before-0": {"step": -1},
    "step-2-to-the-63": {"step": 2**63},
    "time-nan": {"time": float("nan")},
    "time-1e300": {"time": 1e300},
    "kind-of-nothing": {"kind": ""},
    "state-abc": {"kind": "state", "value": "abc"},
    "state-7": {"kind": "state", "value": 7},
    "pace-of-400-digits": f'{{"time": 9.0, "step": 3, "kind": "pace", "value": {LONG}}}',
    "pace-nan": {"kind": "pace", "value": float("nan")},
    "rate-x": {"kind": "learning_rate", "value": "x"},
    "figure-x": {"kind": "measured", "value": {"figures": {"a": "x"}}},
    "figures-in-a-list": {"kind": "measured", "value": {"figures": [1, 2]}},
    "intervention-of-nonsense": {"kind": "intervention", "value": {"noise": "loud"}},
    "layouts-of-nonsense": {"kind": "layouts", "value": {"layouts": [{"stream": -1}]}},
    "layouts-that-contradict": {
        "kind": "layouts",
        "value": {"layouts": [{"stream": 9, "name": "steps", "entries": []}]},
    },
    "connection-of-nonsense": {"kind": "connection", "value": {"lost": []}},
    "value-infinite": {"value": {"a": [float("inf")]}},
    "value-of-5000-digits": f'{{"time": 9.0, "step": 3, "kind": "note", "value": {"9" * 5000}}}',
    "value-deep": f'{{"time": 9.0, "step": 3, "kind": "note", "value": {DEEP}}}',
    "notice-of-infinity": {"message": "m", "code": "c", "values": {"x": float("inf")}},
    "name-of-a-megabyte": {"kind": "name", "value": "n" * (1 << 20)},
}


def _block(change: Any) -> Maker:
    """Return what changes the heads of the last block, inflated, and its data."""

    def make(path: Path) -> None:
        good(path)
        block = BlockEncoder().encode(frames()[4:])
        heads, data = change(bytearray(zlib.decompress(block.heads)), block.data)
        run_sql(path, ("UPDATE blocks SET heads = ?, data = ? WHERE last = 8", (zlib.compress(heads), data)))

    return make


def _set(at: int, form: str, value: int) -> Maker:
    def change(heads: bytearray, data: bytes) -> tuple[bytes, bytes]:
        struct.pack_into(form, heads, at, value)
        return bytes(heads), data

    return _block(change)


def _bomb(heads: bytearray, data: bytes) -> tuple[bytes, bytes]:
    """As many rows of as many zeros as can be claimed: 64 GB, of which the file has 64 KB."""
    count = 4096
    plane = zlib.compress(bytes(4_000_000))
    lines = b"".join(struct.pack("<IIQdI", at, 5 + at, 0, 0.0, 0) for at in range(count))
    parts = b"".join(struct.pack("<9I", at, 4_000_000, 0, *(len(plane),) * 4, 0, 0) for at in range(count))
    return struct.pack("<II", count, count) + lines + parts, plane


_BLOCKS: dict[str, Maker] = {
    "wrong-checksum": _set(8 + 24, "<I", 7),
    "frames-out-of-order": _set(8 + 4, "<I", 7),
    "step-2-to-the-63": _set(8 + 8, "<Q", 2**63),
    "time-nan": _set(8 + 16, "<Q", 0x7FF8 << 48),
    "a-billion-frames": _set(0, "<I", 10**9),
    "a-billion-values": _set(8 + 4 * 28 + 4, "<I", 10**9),
    "a-billion-groups": _set(8 + 4 * 28 + 8, "<I", 10**9),
    "planes-that-end-early": _block(lambda heads, data: (bytes(heads), data[:-5])),
    "rows-that-inflate-to-64-GB": _block(_bomb),
    "heads-that-inflate-to-a-GB": sql(2, ("UPDATE blocks SET heads = ?", (zlib.compress(bytes(1 << 30), 9),))),
    "heads-of-text": sql(2, "UPDATE blocks SET heads = 'heads'"),
    "data-of-numbers": sql(2, "UPDATE blocks SET data = 1e300"),
    "data-null": without_rules(2, "blocks", "UPDATE blocks SET data = NULL"),
    "heads-null": without_rules(2, "blocks", "UPDATE blocks SET heads = NULL"),
    "seq-2-to-the-62": sql(2, f"UPDATE blocks SET last = {2**62} WHERE last = 8"),
    "seq-before-0": sql(2, "UPDATE blocks SET last = -8 WHERE last = 8"),
    "first-abc": sql(2, "UPDATE blocks SET first = 'abc'"),
    "blocks-twice": sql(2, "INSERT INTO blocks SELECT 7, first, heads, data FROM blocks WHERE last = 8"),
    "a-block-missing": sql(2, "DELETE FROM blocks WHERE last = 4"),
    "crc-of-text": sql(2, "UPDATE document SET crc = 'x'"),
    "event-missing": sql(2, "DELETE FROM journal WHERE id = 2"),
    "seal-of-more": sql(2, ("UPDATE seal SET body = ?", ('{"documents": [], "events": 99, "first": 1, "last": 99}',))),
}
_ROWS: dict[str, Maker] = {
    "step-abc": sql(1, "UPDATE frames SET step = 'abc' WHERE seq = 5"),
    "step-1e300": sql(1, "UPDATE frames SET step = 1e300"),
    "step-before-0": sql(1, "UPDATE frames SET step = -1"),
    "data-null": without_rules(1, "frames", "UPDATE frames SET data = NULL WHERE seq = 8"),
    "data-of-text": sql(1, "UPDATE frames SET data = 'text' WHERE seq = 8"),
    "data-cut-short": sql(1, "UPDATE frames SET data = substr(data, 1, 30)"),
    "seq-2-to-the-62": sql(1, f"UPDATE frames SET seq = {2**62} WHERE seq = 8"),
    "seq-before-0": sql(1, "UPDATE frames SET seq = -8 WHERE seq = 8"),
    "stream-of-no-layout": sql(1, "UPDATE frames SET stream = 77, data = x'4d' || substr(data, 2) WHERE seq = 8"),
    "time-of-text": sql(1, "UPDATE frames SET time = 'noon'"),
}
_SCHEMAS: dict[str, tuple[str, ...]] = {
    "view-without-end": ("DROP TABLE journal", f"CREATE VIEW journal AS {FOREVER}"),
    "view-of-documents": ("ALTER TABLE document RENAME TO d", "CREATE VIEW document AS SELECT * FROM d"),
    "trigger": ("CREATE TRIGGER t AFTER INSERT ON journal BEGIN DELETE FROM document; END",),
    "column-that-computes": ("ALTER TABLE journal ADD COLUMN x AS (hex(zeroblob(99999999)))",),
    "column-more": ("ALTER TABLE journal ADD COLUMN x DEFAULT 7",),
    "index": ("CREATE INDEX i ON journal (hex(body))",),
    "virtual-table": ("CREATE VIRTUAL TABLE extra USING fts5(x)",),
    "table-more": ("CREATE TABLE extra (x)",),
    "table-without-rowid": (
        "DROP TABLE journal",
        "CREATE TABLE journal (id INTEGER PRIMARY KEY, body TEXT NOT NULL, crc INTEGER) WITHOUT ROWID",
    ),
    "table-of-a-search": ("DROP TABLE journal", "CREATE VIRTUAL TABLE journal USING fts5(id, body, crc)"),
    "table-less": ("DROP TABLE journal",),
    "schema-of-nonsense": ("UPDATE sqlite_master SET sql = 'CREATE TABLE journal (id' WHERE name = 'journal'",),
    "two-of-a-table": ("INSERT INTO sqlite_master SELECT * FROM sqlite_master WHERE name = 'journal'",),
    "table-of-another-page": ("UPDATE sqlite_master SET rootpage = 99999 WHERE name = 'journal'",),
    "tables-of-one-page": ("UPDATE sqlite_master SET rootpage = 2",),
    "documents-of-bytes": ("UPDATE document SET body = x'ff00ff'",),
    "documents-of-other-letters": ("UPDATE document SET body = CAST(x'7b22ffff' AS TEXT)",),
    "no-documents": ("DELETE FROM document",),
    "journal-of-numbers": ("UPDATE journal SET body = 7",),
}  # fmt: skip


def _all() -> dict[str, Maker]:
    found: dict[str, Maker] = dict(FILES)
    for version in FORMATS:
        for what, statements in _SCHEMAS.items():
            found[f"{version}-schema-{what}"] = sql(version, *statements)
        for what, text in _TEXT.items():
            found[f"{version}-run-{what}"] = document(version, "run", text)
        for what, changed in _RUN.items():
            found[f"{version}-run-{what}"] = document(version, "run", lambda run, changed=changed: run | changed)
        for what, change in _HEADERS.items():
            found[f"{version}-header-{what}"] = document(version, "header", change)
        for what, body in _EVENTS.items():
            found[f"{version}-event-{what}"] = event(version, body)
    found |= {f"1-rows-{what}": make for what, make in _ROWS.items()}
    found |= {f"2-blocks-{what}": make for what, make in _BLOCKS.items()}
    return found


HOSTILE: dict[str, Maker] = _all()
"""By a name that says what is wrong."""
