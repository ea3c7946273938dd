"""Reads recordings, written from docs/recording.md alone: nothing here comes from shiftscope, nor from NumPy."""

import json
import math
import sqlite3
import struct
import zlib
from pathlib import Path


class Damaged(Exception):
    pass


def inflated(data, length):
    if len(data) == length:
        return data
    return zlib.decompress(data)


def rows_of(count, values, groups, planes):
    """Return the rows of a part as bytes."""
    rows = [bytearray(4 * values) for _ in range(count)]
    counted = [(offset + i, divisor) for offset, size, divisor in groups for i in range(size)]
    plain = sorted(set(range(values)) - {column for column, _ in counted})
    floats = [inflated(plane, count * len(plain)) for plane in planes[:4]]
    low, high = (inflated(plane, count * len(counted)) for plane in planes[4:])
    for place, column in enumerate(plain):
        for k in range(count):
            rows[k][4 * column : 4 * column + 4] = bytes(plane[place * count + k] for plane in floats)
    for place, (column, divisor) in enumerate(counted):
        for k in range(count):
            at = place * count + k
            struct.pack_into("<f", rows[k], 4 * column, (low[at] + 256 * high[at]) / divisor)
    return rows


def frames_of(heads, data):
    """Yield (seq, whole frame) of a block."""
    heads = zlib.decompress(heads)
    frames, parts = struct.unpack_from("<2I", heads)
    headers = [heads[8 + 28 * i : 8 + 28 * i + 24] for i in range(frames)]
    checksums = [struct.unpack_from("<I", heads, 8 + 28 * i + 24)[0] for i in range(frames)]
    at, begin, found = 8 + 28 * frames, 0, {}
    for _ in range(parts):
        stream, values, group_count, *lengths = struct.unpack_from("<9I", heads, at)
        groups = [struct.unpack_from("<3I", heads, at + 36 + 12 * i) for i in range(group_count)]
        at += 36 + 12 * group_count
        planes = []
        for length in lengths:
            planes.append(data[begin : begin + length])
            begin += length
        mine = [i for i in range(frames) if struct.unpack_from("<I", headers[i])[0] == stream]
        for i, row in zip(mine, rows_of(len(mine), values, groups, planes), strict=True):
            found[i] = headers[i] + bytes(row)
    for i in range(frames):
        seq = struct.unpack_from("<I", headers[i], 4)[0]
        if zlib.crc32(found[i]) != checksums[i]:
            raise Damaged(f"frame {seq}")
        yield seq, found[i]


class Reader:
    def __init__(self, path):
        self.database = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
        assert self.database.execute("PRAGMA application_id").fetchone() == (0x53484654,)
        self.format = self.database.execute("PRAGMA user_version").fetchone()[0]

    def texts(self, table, key):
        if self.format == 1:
            return {name: json.loads(body) for name, body in self.database.execute(f"SELECT {key}, body FROM {table}")}
        found = {}
        for name, body, crc in self.database.execute(f"SELECT {key}, body, crc FROM {table} ORDER BY {key}"):
            if zlib.crc32(f"{name}\n{body}".encode()) != crc:
                raise Damaged(f"{table} {name}")
            found[name] = json.loads(body)
        return found

    def frames(self, after=0):
        if self.format == 1:
            yield from self.database.execute("SELECT seq, data FROM frames WHERE seq > ? ORDER BY seq", (after,))
            return
        for heads, data in self.database.execute(
            "SELECT heads, data FROM blocks WHERE last > ? ORDER BY last", (after,)
        ):
            yield from ((seq, frame) for seq, frame in frames_of(heads, data) if seq > after)

    def values(self, stream, **place):
        """Return (step, values) of each frame of a stream, of the entry with these members."""
        layouts = self.texts("document", "key")["header"]["layouts"]
        for event in self.texts("journal", "id").values():
            layouts += event["value"]["layouts"] if event["kind"] == "layouts" else []
        entries = {(one["name"], one["stream"] + 65536 * one.get("revision", 0)): one["entries"] for one in layouts}
        for _, frame in self.frames():
            number, _, step, _ = struct.unpack_from("<IIQd", frame)
            for entry in entries.get((stream, number), ()):
                if place.items() <= entry.items():
                    size = math.prod(entry["shape"])
                    yield step, list(struct.unpack_from(f"<{size}f", frame, 24 + 4 * entry["offset"]))
                    break
