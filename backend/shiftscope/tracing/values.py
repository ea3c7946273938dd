"""What modules are called with and return: whatever their owner likes, of which tensors with values are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

Arguments = tuple[Any, ...]
Keywords = dict[str, Any]

stands_for_others = torch._C._functorch.is_functorch_wrapped_tensor
"""Whether a tensor stands for others, as under torch.func."""
_NO_TENSOR = torch.empty(0)
_WHOLE = frozenset({torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64})
"""Types of what a layer may give besides its values: indices, masks."""


def is_capturing() -> bool:
    """Whether what runs is captured into a CUDA graph: a look at a value would end that."""
    return torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing()  # type: ignore[no-untyped-call]


def is_plain(value: Any) -> bool:  # noqa: ANN401  whatever a module gives
    """Whether something is a tensor with values of its own."""
    kind = type(value)
    if kind is Tensor:  # nearly always
        return not stands_for_others(value)
    if not isinstance(value, Tensor) or stands_for_others(value):
        return False
    # A class that handles operations itself may have no values, as fake ones; those of DTensor lie in it.
    return kind.__torch_dispatch__ is Tensor.__torch_dispatch__ or kind.__name__ == "DTensor"


def first_tensor(arguments: Arguments, keywords: Keywords) -> Tensor:
    """Return the first tensor among the arguments; an empty one where there is none."""
    if arguments and type(arguments[0]) is Tensor:  # nearly always
        return arguments[0]
    for value in (*arguments, *keywords.values()):
        if isinstance(value, Tensor):
            return value
    return _NO_TENSOR


def main_tensor(output: Any) -> Tensor | None:  # noqa: ANN401  whatever a module gives
    """Return the values of what a module gave: a tensor, or the first of several; None where there are no such."""
    if type(output) is not Tensor and not isinstance(output, Tensor):
        # As of a recurrent network, with its states; of a packed sequence its data.
        output = next((leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)), None)
    return output if output is not None and is_plain(output) and output.dtype not in _WHOLE else None


def tensors_in(arguments: Arguments, keywords: Mapping[str, Any]) -> Iterator[Tensor]:
    """Yield the tensors of a call, however deep they lie."""
    return (leaf for leaf in tree_leaves((arguments, dict(keywords))) if isinstance(leaf, Tensor))


def count_samples(arguments: Arguments, keywords: Mapping[str, Any]) -> int:
    """Return how many samples a call is given: the length of the first tensor."""
    if arguments and type(arguments[0]) is Tensor:  # nearly always, and found at each pass
        first: Tensor | None = arguments[0]
    else:
        first = next(tensors_in(arguments, keywords), None)
    return 1 if first is None or not first.dim() else len(first)
