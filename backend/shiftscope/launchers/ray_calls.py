"""Calls that a Ray cluster makes: what `shiftscope verify` does its runs with instead of processes of this machine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import ray
from typing_extensions import override

from shiftscope.launchers.ray_cluster import connect
from shiftscope.launchers.ray_node import datasets_here

RETRIES = 3
"""How often a call is made anew whose node has died."""
P = ParamSpec("P")
T = TypeVar("T")


class RayExecutor(Executor):
    """Makes each call on a core of some node. Raises ConnectionError, RuntimeError, ValueError where no cluster is."""

    def __init__(self, address: str) -> None:
        connect(address)
        self._call = ray.remote(num_cpus=1, max_retries=RETRIES)(_call)

    @override
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = self._call.remote(fn, args, kwargs).future()
        return future

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        ray.shutdown()


def _call(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401  as fn does
    """Call a function where this is, with the folder of data sets of this machine for the one that was named."""
    return fn(*(datasets_here(one) if isinstance(one, Path) else one for one in args), **kwargs)
