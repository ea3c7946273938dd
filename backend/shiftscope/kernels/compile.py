"""How functions are compiled, and how compiled ones read memory by its address.

Results are cached on disk beside this package, in the user's cache directory, or where NUMBA_CACHE_DIR says; where
nothing is writable they are compiled anew by each process. numba takes a cached function for current as long as its own
file is; but what it calls is compiled into it. Here it is current as long as all of this package is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numba.np.numpy_support import carray
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

# Sums may be regrouped into vectors. NaN and infinity keep their meaning: they are how non-finite values are noticed.
_VECTORIZED = {"reassoc", "contract", "arcp", "nsz"}


def compiled(*, vectorized: bool = False) -> Callable[[Function], Function]:
    """Compile a function with numba at its first call; `vectorized` lets its sums be regrouped."""

    def decorate(function: Function) -> Function:
        try:
            return _compile(function, vectorized=vectorized, cache=True)
        except RuntimeError:  # numba found no place to write its cache to
            return _compile(function, vectorized=vectorized, cache=False)

    return decorate


def _compile(function: Function, *, vectorized: bool, cache: bool) -> Function:
    result: Any = njit(
        cache=cache, nogil=True, error_model="numpy", boundscheck=False, fastmath=_VECTORIZED if vectorized else False
    )(function)
    if cache:
        result._cache._cache_file._source_stamp = _stamp()
    made: Function = result
    return made


@lru_cache
def _stamp() -> str:
    """Tell one state of this package from another."""
    digest = sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _to_pointer(_context: Any, address: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ANN401  numba's own types
    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(address), generate


_pointer: Any = intrinsic(_to_pointer)


@compiled()
def float32_at(address: int, n: int) -> NDArray[np.float32]:
    """View n values in memory, for compiled functions."""
    array: NDArray[np.float32] = carray(_pointer(address), (n,), np.float32)
    return array


@compiled()
def float64_at(address: int, n: int) -> NDArray[np.float64]:
    """View n values in memory, for compiled functions."""
    array: NDArray[np.float64] = carray(_pointer(address), (n,), np.float64)
    return array


@compiled()
def int32_at(address: int, n: int) -> NDArray[np.int32]:
    """View n values in memory, for compiled functions."""
    array: NDArray[np.int32] = carray(_pointer(address), (n,), np.int32)
    return array


@compiled()
def int64_at(address: int, n: int) -> NDArray[np.int64]:
    """View n values in memory, for compiled functions."""
    array: NDArray[np.int64] = carray(_pointer(address), (n,), np.int64)
    return array
