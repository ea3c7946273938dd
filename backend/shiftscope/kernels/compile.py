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
        # The stamp knows what a function calls; without this the key would hold what it is closed over, a compiled
        # function among it, which is another one in each process.
        result._cache._index_key = lambda signature, codegen: (signature, codegen.magic_tuple())
    made: Function = result
    return made


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


@compiled()
def same_type_at(other: NDArray[Any], address: int) -> NDArray[Any]:
    """View as many values as another array has, of its type."""
    array: NDArray[Any] = carray(_pointer(address), other.shape, other.dtype)
    return array


def over_memory(function: Function) -> Callable[..., Any]:
    """Compile a function of an array as one of memory: (address, n, wide, ...) stand for the array.

    This is the one place that views float32 or, where `wide`, float64; the function is compiled for both.
    """
    over_array: Any = compiled()(function)

    def at_address(address: int, n: int, wide: bool, *more: Any) -> Any:  # noqa: ANN401  what the function takes and gives
        if wide:
            return over_array(float64_at(address, n), *more)
        return over_array(float32_at(address, n), *more)

    at_address.__name__ = function.__name__
    at_address.__qualname__ = f"{function.__qualname__}.of_memory"
    at_address.__module__ = function.__module__
    at_address.__doc__ = function.__doc__
    return compiled()(at_address)
