"""How numba compiles kernels, and how compiled ones read memory by its address.

Results are cached on disk beside this package, in the user's cache directory, or where NUMBA_CACHE_DIR says; where
nothing is writable, in a folder that lasts as long as the process. numba reads no cache that it could not write to:
where NUMBA_CACHE_DIR names one, as in a container's image, that folder begins with all that is there. numba takes a
cached function for current as long as its own file is; but what it calls is compiled into it. Here it is current as
long as all of this package is.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numba import config as _config
from numba import njit, types
from numba.extending import intrinsic
from numba.np.numpy_support import carray
from numpy.typing import NDArray

config: Any = _config

# Sums may be regrouped into vectors. NaN and infinity keep their meaning: they are how non-finite values are noticed.
_VECTORIZED = {"reassoc", "contract", "arcp", "nsz"}


def compiled(function: Callable[..., Any], *, vectorized: bool = False) -> Any:  # noqa: ANN401  numba's own type
    """Return what compiles a function, or loads it from the cache, for the types of its arguments when it is called."""
    if not _is_for_reading_alone(config.CACHE_DIR):
        with suppress(RuntimeError):  # numba finds no place to write its cache to
            return _compiled(function, vectorized)
    before = config.CACHE_DIR
    config.CACHE_DIR = temporary_cache()
    try:
        return _compiled(function, vectorized)
    finally:
        config.CACHE_DIR = before


def _compiled(function: Callable[..., Any], vectorized: bool) -> Any:  # noqa: ANN401
    result: Any = njit(
        cache=True, nogil=True, error_model="numpy", boundscheck=False, fastmath=_VECTORIZED if vectorized else False
    )(function)
    result._cache._cache_file._source_stamp = _stamp()
    # The stamp knows what a function calls; without this the key would hold what it is closed over, a compiled
    # function among it, which is another one in each process.
    result._cache._index_key = lambda signature, codegen: (signature, codegen.magic_tuple())
    return result


@lru_cache
def _is_for_reading_alone(folder: str) -> bool:
    return bool(folder) and Path(folder).is_dir() and not os.access(folder, os.W_OK)


@lru_cache
def temporary_cache() -> str:
    """Return a folder for this process's cache, which is deleted with it. It has what one for reading alone has."""
    folder = tempfile.mkdtemp(prefix="shiftscope-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if _is_for_reading_alone(config.CACHE_DIR):
        with suppress(OSError):  # numba compiles what it does not find
            _link_all(Path(config.CACHE_DIR).absolute(), Path(folder))
    return folder


def _link_all(source: Path, target: Path) -> None:
    for path in source.glob("*/*"):
        (target / path.parent.name).mkdir(exist_ok=True)
        (target / path.parent.name / path.name).symlink_to(path)


def cache_folder() -> str:
    """Return where compiled functions are kept: NUMBA_CACHE_DIR for another process, or nothing for the usual place."""
    return temporary_cache() if temporary_cache.cache_info().currsize else ""


@lru_cache
def _stamp() -> str:
    """Return what changes whenever this package does."""
    digest = sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _to_pointer(_context: Any, address: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ANN401  numba's own types
    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(address), generate


_pointer: Any = intrinsic(_to_pointer)


def _float32_at(address: int, n: int) -> NDArray[np.float32]:
    array: NDArray[np.float32] = carray(_pointer(address), (n,), np.float32)
    return array


def _float64_at(address: int, n: int) -> NDArray[np.float64]:
    array: NDArray[np.float64] = carray(_pointer(address), (n,), np.float64)
    return array


def _int32_at(address: int, n: int) -> NDArray[np.int32]:
    array: NDArray[np.int32] = carray(_pointer(address), (n,), np.int32)
    return array


def _int64_at(address: int, n: int) -> NDArray[np.int64]:
    array: NDArray[np.int64] = carray(_pointer(address), (n,), np.int64)
    return array


def _same_type_at(other: NDArray[Any], address: int) -> NDArray[Any]:
    array: NDArray[Any] = carray(_pointer(address), other.shape, other.dtype)
    return array


float32_at, float64_at, int32_at, int64_at, same_type_at = (
    compiled(function) for function in (_float32_at, _float64_at, _int32_at, _int64_at, _same_type_at)
)
