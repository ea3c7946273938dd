"""The IDX format of the MNIST family: a magic number, the dimensions, then unsigned bytes (LeCun, Cortes & Burges).

The magic number is two zero bytes, the type of the values (8: unsigned byte) and the number of dimensions; each
dimension follows as a big-endian uint32, then the values in row-major order.
"""

from __future__ import annotations

import struct
from math import prod

import numpy as np
from numpy.typing import NDArray

from shiftscope.lab.data.types import FormatError
from shiftscope.notices import notice

_UNSIGNED_BYTE = 8


def parse(content: bytes, dimensions: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes: a read-only array with as many axes as `dimensions`.

    Raises:
        FormatError: another format, type or number of dimensions, or more or fewer values than the header announces.
    """
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise FormatError(notice("fault.idx_header", found=len(content), expected=start))
    if content[:4] != bytes((0, 0, _UNSIGNED_BYTE, dimensions)):
        expected = bytes((0, 0, _UNSIGNED_BYTE, dimensions)).hex()
        found = content[:4].hex()
        raise FormatError(notice("fault.idx_magic", found=found, dimensions=dimensions, expected=expected))
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    values = len(content) - start
    if values != prod(shape):
        code = "fault.idx_truncated" if values < prod(shape) else "fault.idx_too_long"
        raise FormatError(notice(code, announced=" x ".join(map(str, shape)), found=values))
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
