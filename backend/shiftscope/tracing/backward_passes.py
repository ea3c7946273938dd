"""Whether the gradient that a backward pass has left at a parameter is still there, or what is there is another one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import ref

from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef

Call = TypeVar("Call")


class Gradient(NamedTuple):
    """A gradient as it is at some moment: where it lies, and how often that was written to. None where there is none.

    Of the tensor itself no reference is kept, not a weak one either: torch refuses to swap one that has any, as it may
    do where a network is converted to another type.
    """

    place: StorageWeakRef | ref[Tensor]
    version: int
    zero: bool = False

    def same(self, other: Gradient | None) -> bool:
        """Whether it is the same tensor with the same values at both moments."""
        return other is not None and self.version == other.version and self.same_tensor(other)

    def same_tensor(self, other: Gradient) -> bool:
        """Whether it is the same tensor at both moments, whatever its values."""
        mine, its = self.place, other.place
        if isinstance(mine, StorageWeakRef) and isinstance(its, StorageWeakRef):
            return bool(mine.cdata == its.cdata)
        return mine is its


def _place(gradient: Tensor) -> StorageWeakRef | ref[Tensor]:
    """Return what no other gradient will be known by, as long as it is held: it holds no values."""
    try:
        return StorageWeakRef(gradient.untyped_storage())  # type: ignore[no-untyped-call]  # torch's
    except (NotImplementedError, RuntimeError):  # a sparse one has none
        return ref(gradient)


class BackwardPass(Generic[Call]):
    """One backward pass as a layer sees it: the gradient at the layer's parameter before, and the calls it reached."""

    __slots__ = ("before", "calls", "task")

    def __init__(self, task: int, before: Gradient | None) -> None:
        self.task, self.before = task, before
        self.calls: list[Call] = []


def gradient_now(parameter: nn.Parameter | None, earlier: Collection[BackwardPass[Any]]) -> Gradient | None:
    """Return the gradient at a parameter as it is now; `earlier` backward passes may have left it."""
    gradient = None if parameter is None else parameter.grad
    if gradient is None:
        return None
    now = Gradient(_place(gradient), gradient._version)
    # Only after an earlier backward pass could it have been set to zero without an update.
    if earlier and not gradient.is_sparse and not any(one.before and one.before.same(now) for one in earlier):
        return now._replace(zero=not bool(gradient.any()))
    return now


def still_used(
    passes: Sequence[BackwardPass[Call]], parameter: nn.Parameter | None
) -> tuple[list[BackwardPass[Call]], set[int]]:
    """Return the backward passes whose gradients are still there, and the tasks of which that is unclear."""
    used: list[BackwardPass[Call]] = []
    unclear: set[int] = set()
    for one, following in zip(passes, [*passes[1:], None], strict=True):
        if one.before is None:
            used.clear()
            unclear.clear()
        elif one.before.zero:
            unclear.update(before.task for before in used)
            used.clear()
        after = following.before if following else gradient_now(parameter, ())
        if (one.before is None) != (after is None) or (one.before and not one.before.same(after)):
            used.append(one)
        else:
            unclear.add(one.task)
    return used, unclear
