"""Attention's weights: what a module returns beside its output, where it is asked for them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from shiftscope.tracing.held_parts import HeldParts
from shiftscope.tracing.journal import Call, Pass
from shiftscope.tracing.kinds import AttentionWeights
from shiftscope.tracing.parts import Weights
from shiftscope.tracing.producers import Producers
from shiftscope.tracing.taps import Watcher
from shiftscope.tracing.values import Arguments, Keywords, is_plain, main_tensor

Output = Callable[[Call, Tensor, Tensor], None]
_NAMES = ("attention", "attn")
_DIMENSIONS = (3, 4)
"""Samples, heads if they are apart, queries, keys."""
_LEAST, _LARGEST = 0.5, 1.5
"""Between these lies the mean sum of weights of a query: 1, and where dropout has passed them about that."""


class AttentionTracer:
    """Sees the weights that modules of attention return, and shows them as parts of their own.

    Args:
        held: the parts of the network; weights that are found are added to them.
        shown: returns what is shown the weights that a part stands for; None where nobody wants them.
        under_way: returns the pass that counts, of the thread that asks; None where there is none.
        opened: notes a call of a part in a pass, given the module's output.
        producers: of tensors.
        failed: told of an error, with the part; None where it is not known yet.
        silent: parts of which nothing is shown.
    """

    def __init__(
        self, held: HeldParts, shown: Callable[[int], Output | None], under_way: Callable[[], Pass | None],
        opened: Callable[[int, Tensor, Pass], Call], producers: Producers,
        failed: Callable[[int | None, Exception], None], silent: Collection[int],
    ) -> None:  # fmt: skip
        self._held, self._shown, self._under_way, self._opened = held, shown, under_way, opened
        self._producers, self._failed, self._silent = producers, failed, silent

    def watchers(self, root: nn.Module, *, discovers: bool) -> Iterator[tuple[nn.Module, Watcher]]:
        """Yield what watches the modules whose weights are known; to find others, each that may return such."""
        known = set()
        for part, weights, module in self._held.attention():
            known.add(weights.owner)
            if (show := self._shown(part)) is not None:
                yield module, self._watcher(weights.owner, (part, weights.place, show))
        for module in root.modules() if discovers else ():
            name = self._held.name_of(module) if may_attend(module) else None
            if name is not None and name not in known:
                yield module, self._watcher(name, None)

    def _watcher(self, owner: str, known: tuple[int, int, Output] | None) -> Watcher:
        def returned(_arguments: Arguments, _keywords: Keywords, output: Any) -> None:  # noqa: ANN401
            nonlocal known
            # First: a look at values would end the capture of a CUDA graph.
            within = self._under_way()
            if within is None:
                return
            main, leaves = main_tensor(output), tree_leaves(output)
            if main is None or len(leaves) < 2:
                return
            if known is None:
                known = self._find(owner, leaves)
            if known is None:
                return
            part, place, show = known
            weights = leaves[place] if place < len(leaves) else None
            # What is around a module that attends may return the same weights.
            if not _has_their_shape(weights) or self._producers.call_of(weights) is not None:
                return
            call = self._opened(part, main, within)
            if part not in self._silent:
                self._producers.note(weights, call)
                show(call, weights, weights)

        return Watcher(after=returned, report=lambda error: self._failed(None if known is None else known[0], error))

    def _find(self, owner: str, leaves: list[Any]) -> tuple[int, int, Output] | None:
        """Return the part that weights among what a module returned are, where they are, and whom to show them."""
        for place, one in enumerate(leaves[1:], start=1):
            if are_weights(one):
                if self._producers.call_of(one) is not None:
                    return None
                part = self._held.add_weights(Weights(owner, place, AttentionWeights()))
                show = None if part is None else self._shown(part)
                return None if part is None or show is None else (part, place, show)
        return None


def may_attend(module: nn.Module) -> bool:
    """Whether a module may return weights of attention: it is torch's own, or named after what it does."""
    name = type(module).__name__.lower()
    return isinstance(module, nn.MultiheadAttention) or any(one in name for one in _NAMES)


def are_weights(value: object) -> bool:
    """Whether something can be weights of attention: none is negative, and those of a query are 1 together.

    Of those that dropout has passed, these sums are 1 on average. The first sample has to show it. Of a tensor that is
    spread over processes nothing is read: all of them would have to read it together.
    """
    if not _has_their_shape(value) or type(value).__torch_dispatch__ is not Tensor.__torch_dispatch__:
        return False
    with torch.no_grad():
        first = value.detach()[0].float()
        sums = first.sum(-1)
        sums = sums[sums.isfinite()]
        if not sums.numel() or bool((first < 0).any()):
            return False
        return _LEAST <= float(sums.mean()) <= _LARGEST


def _has_their_shape(value: object) -> TypeGuard[Tensor]:
    return (
        isinstance(value, Tensor)
        and value.dim() in _DIMENSIONS
        and value.is_floating_point()
        and value.numel() > 0
        and is_plain(value)
    )
