"""How functions are compiled, and what carries them out until they are.

A kernel is one function carried out in one of two ways. Compiled by numba it passes over memory at the speed of C; but
numba is slow to load and far slower to compile. Until that is done, which happens beside the training (`loading`), the
same function runs as the Python that it is, its loops over values replaced by numpy's. Both find the same numbers.

This module loads no numba: `jit` does, when something is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])


class Kernel(Generic[Function]):
    """A function that is carried out in Python now, and by compiled code once `switch` was called.

    What is called lies in a slot of the instance named `__call__`: calling a kernel costs no call of Python's.

    Attributes:
        in_python: the function, its loops in numpy.
        signatures: the types with which the engine calls it; none for one that is only called by others.
    """

    __slots__ = ("__call__", "_compile", "_dispatcher", "in_python", "module", "name", "signatures")

    def __init__(
        self, name: str, in_python: Callable[..., Any], compile_: Callable[[], Any], signatures: Sequence[str]
    ) -> None:
        self.module, self.name = name.split(":")
        self.in_python, self.signatures = in_python, tuple(signatures)
        self._compile, self._dispatcher = compile_, None
        self.interpret()

    @property
    def dispatcher(self) -> Any:  # noqa: ANN401  numba's own type
        """What numba made of the function: loaded or compiled for the types of its arguments when it is called."""
        if self._dispatcher is None:
            self._dispatcher = self._compile()
        return self._dispatcher

    @property
    def _numba_type_(self) -> Any:  # noqa: ANN401
        """The type that other compiled functions see where they call this one."""
        return self.dispatcher._numba_type_

    def switch(self) -> None:
        """Let compiled code carry the function out from now on."""
        self.__call__ = self.dispatcher

    def interpret(self) -> None:
        """Let Python carry the function out from now on."""
        self.__call__ = _quiet(self.in_python) if self.signatures else self.in_python


KERNELS: list[Kernel[Any]] = []
"""All that were declared, in the order in which they call each other."""


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """Divide by zero without a warning, as compiled code does."""

    def quiet(*arguments: Any) -> Any:  # noqa: ANN401
        with np.errstate(all="ignore"):
            return function(*arguments)

    return quiet


def compiled(
    *, vectorized: bool = False, in_numpy: Callable[..., Any] | None = None, signatures: Sequence[str] = ()
) -> Callable[[Function], Function]:
    """Make a kernel of a function.

    Args:
        vectorized: let sums be regrouped when it is compiled.
        in_numpy: what is called instead of the function itself as long as it is not.
        signatures: the types of its arguments, as numba writes them, where the engine calls it.
    """

    def decorate(function: Function) -> Function:
        def compile_() -> Any:  # noqa: ANN401
            return import_module("shiftscope.kernels.jit").compiled(function, vectorized=vectorized)

        kernel = Kernel[Function](
            f"{function.__module__}:{function.__qualname__}", in_numpy or function, compile_, signatures
        )
        KERNELS.append(kernel)
        return cast("Function", kernel)

    return decorate


def over_memory(
    *, in_numpy: Callable[..., Any] | None = None, signatures: Sequence[str] = ()
) -> Callable[[Function], Callable[..., Any]]:
    """Make a kernel of a function of an array that is one of memory: (address, n, wide, ...) stand for the array.

    This is the one place that views float32 or, where `wide`, float64; the function is compiled for both.
    """

    def decorate(function: Function) -> Callable[..., Any]:
        over_array = compiled(in_numpy=in_numpy)(function)

        def at_address(address: int, n: int, wide: bool, *more: Any) -> Any:  # noqa: ANN401  what the function takes and gives
            if wide:
                return over_array(float64_at(address, n), *more)
            return over_array(float32_at(address, n), *more)

        at_address.__name__ = function.__name__
        at_address.__qualname__ = f"{function.__qualname__}.of_memory"
        at_address.__module__ = function.__module__
        at_address.__doc__ = function.__doc__
        return compiled(signatures=signatures)(at_address)

    return decorate


class _Memory:
    """What numpy makes an array of that lies at an address."""

    __slots__ = ("__array_interface__",)

    def __init__(self, address: int, n: int, dtype: Any) -> None:  # noqa: ANN401
        self.__array_interface__ = {
            "version": 3,
            "shape": (n,),
            "typestr": np.dtype(dtype).str,
            "data": (address, False),
        }


def _view(name: str, dtype: Any) -> Callable[[int, int], NDArray[Any]]:  # noqa: ANN401
    def at(address: int, n: int) -> NDArray[Any]:
        return np.asarray(_Memory(int(address), int(n), dtype)) if n else np.empty(0, dtype)

    kernel = Kernel[Any](f"{__name__}:{name}", at, lambda: getattr(import_module("shiftscope.kernels.jit"), name), ())
    return cast("Callable[[int, int], NDArray[Any]]", kernel)


# Views of n values at an address, for compiled functions.
float32_at: Callable[[int, int], NDArray[np.float32]] = _view("float32_at", np.float32)
float64_at: Callable[[int, int], NDArray[np.float64]] = _view("float64_at", np.float64)
int32_at: Callable[[int, int], NDArray[np.int32]] = _view("int32_at", np.int32)
int64_at: Callable[[int, int], NDArray[np.int64]] = _view("int64_at", np.int64)


def _same_type_at(other: NDArray[Any], address: int) -> NDArray[Any]:
    return np.asarray(_Memory(int(address), other.size, other.dtype)) if other.size else other


same_type_at = cast(
    "Callable[[NDArray[Any], int], NDArray[Any]]",
    Kernel[Any](
        f"{__name__}:same_type_at", _same_type_at, lambda: import_module("shiftscope.kernels.jit").same_type_at, ()
    ),
)
"""A view of as many values as another array has, of its type."""
