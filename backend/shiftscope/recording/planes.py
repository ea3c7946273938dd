"""Numbers as they lie in a block: the first byte of all, then the second, ..., each deflated where that helps."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

LEVEL = 1
SHORTEST = 16
"""Planes of fewer bytes are stored as they are."""
WORTHWHILE = 8
"""Bytes of which the commonest is rarer than one in so many are stored as they are: deflate makes little of them."""


class BlockError(ValueError):
    """Bytes that are no block, or not those that were written."""


def numbers_of(data: bytes, at: int, stored: Sequence[int], length: int) -> tuple[NDArray[np.uint8], int]:
    """Return the bytes of numbers, given their planes, and where the last plane ends."""
    numbers = np.empty((length, len(stored)), dtype=np.uint8)
    for place, size in enumerate(stored):
        if size == length:
            if at + size > len(data):
                raise BlockError("a plane is cut short")
            numbers[:, place] = np.frombuffer(data, np.uint8, size, at)
        else:
            plane = inflated(data[at : at + size], length)
            if len(plane) != length:
                raise BlockError(f"{len(plane)} bytes where {length} should be")
            numbers[:, place] = np.frombuffer(plane, np.uint8)
        at += size
    return numbers, at


def planes_of(rows: NDArray[np.uint32] | NDArray[np.uint16]) -> Iterable[NDArray[np.uint8]]:
    """Return the first byte of all numbers, then the second, ...: column by column, as what is alike compresses."""
    columns = np.ascontiguousarray(rows.T)
    return np.ascontiguousarray(columns.reshape(-1).view(np.uint8).reshape(-1, rows.itemsize).T)


def squeezed(plane: NDArray[np.uint8]) -> bytes:
    """Return the bytes of a plane, deflated where that makes them fewer by enough."""
    raw = plane.tobytes()
    if plane.size < SHORTEST or int(np.bincount(plane).max()) * WORTHWHILE < plane.size:
        return raw
    packed = zlib.compress(raw, LEVEL)
    return packed if 8 * len(packed) < 7 * len(raw) else raw  # for less, reading is not slowed down


def inflated(data: bytes, most: int) -> bytes:
    """Return what was deflated, which has `most` bytes at most. Raises BlockError."""
    inflating = zlib.decompressobj()
    try:
        found = inflating.decompress(data, most + 1)
    except zlib.error as error:
        raise BlockError(str(error)) from error
    if not inflating.eof or inflating.unused_data:
        raise BlockError("what is compressed does not end where it should")
    return found
