"""The IDX format of the MNIST family: a magic number, the dimensions, then unsigned bytes (LeCun, Cortes & Burges).

The magic number is two zero bytes, the type of the values (8: unsigned byte) and the number of dimensions; each
dimension follows as a big-endian uint32, then the values in row-major order.
"""

from __future__ import annotations

import struct
from math import prod

import numpy as np
from numpy.typing import NDArray

_UNSIGNED_BYTE = 8


class IdxError(ValueError):
    """Bytes that are not an IDX file of the kind expected. The message completes "the file ..."."""


def parse(content: bytes, dimensions: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes: a read-only array with as many axes as `dimensions`.

    Raises:
        IdxError: another format, type or number of dimensions, or more or fewer values than the header announces.
    """
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise IdxError(f"is cut off inside its header: {len(content)} bytes where at least {start} should stand")
    if content[:4] != bytes((0, 0, _UNSIGNED_BYTE, dimensions)):
        expected = bytes((0, 0, _UNSIGNED_BYTE, dimensions)).hex()
        raise IdxError(f"begins with {content[:4].hex()}, an IDX file of {dimensions}-D bytes begins with {expected}")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    values = len(content) - start
    if values != prod(shape):
        fault = "is truncated" if values < prod(shape) else "is too long"
        size = " x ".join(str(length) for length in shape)
        raise IdxError(f"{fault}: its header announces {size} values, {values:,} follow")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
