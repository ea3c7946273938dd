"""How a tensor's values lie in memory, and whether they can be read there.

Any tensor may turn up: a network is its owner's. What is read by its address must lie there, all of it, as float32 or
float64; else it is copied, and where that cannot be, refused. Nothing of a tensor is changed, none of its class's
overrides runs, and no process waits for another.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from operator import attrgetter

import torch
from torch import Tensor, nn

LOWEST_ADDRESS = 2**32
"""A view of memory that was freed lies at its offset. Addresses below this may be such, and are looked at closely."""

MOST_FILLED_IN = 2**24
"""Most values of a sparse tensor whose zeros are filled in."""

PLAIN_TYPES = frozenset({Tensor, nn.Parameter})
"""Classes without overrides."""
_SPARSE = frozenset({torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc})
WIDE_TYPES = frozenset({torch.float64, torch.int32, torch.int64, torch.uint32, torch.uint64})
"""What float32 does not hold exactly."""

# What torch's dispatcher knows of a tensor: all kinds that are not an ordinary one of the host's memory (sparse,
# quantized, nested, negated, zero, fake, wrapped by a transform, with overrides) have further keys.
_keys = torch._C._dispatch_keys
_USUAL = _keys(torch.empty(0, device="cpu"))
with torch.inference_mode():
    _IN_INFERENCE = _keys(torch.empty(0, device="cpu"))


OnHost = Callable[[Tensor], bool]
"""Returns whether a tensor is read by compiled code in the host's memory; else torch reduces it where it lies."""
lies_on_host: OnHost = attrgetter("is_cpu")
VARIABLE = "SHIFTSCOPE_REDUCTIONS"


def host_by_environment() -> OnHost:
    """Return what is read on the host: nothing where SHIFTSCOPE_REDUCTIONS is `torch`, so that this can be tried."""
    return (lambda _: False) if os.environ.get(VARIABLE) == "torch" else lies_on_host


class Unreadable(Exception):
    """The values of a tensor cannot be read; the message says what it is."""


def located(tensor: Tensor) -> tuple[Tensor, int, int, bool]:
    """Return what must be kept while values are read, where they lie, how many there are, whether they are float64.

    The first is the tensor itself, or a copy as `readable` makes it.

    Raises:
        Unreadable: they cannot be read.
    """
    if is_plain(tensor) and tensor.dtype is torch.float32 and tensor.is_contiguous():
        address = tensor.data_ptr()
        if address >= LOWEST_ADDRESS or is_there(tensor):
            return tensor, address, tensor.numel(), False
    tensor = readable(tensor)
    return tensor, tensor.data_ptr(), tensor.numel(), tensor.dtype is torch.float64


def is_plain(tensor: Tensor) -> bool:
    """Whether a tensor is an ordinary one of the host's memory; of any type and strides."""
    if type(tensor) not in PLAIN_TYPES:
        return False
    keys = _keys(tensor)
    return keys == _USUAL or keys == _IN_INFERENCE  # noqa: PLR1714  they have no hash, and a tuple's search is slower


def _is_plain_elsewhere(tensor: Tensor) -> bool:
    """Whether a tensor is an ordinary one of a device's memory, in which nothing is captured into a graph."""
    device = tensor.device.type
    if type(tensor) not in PLAIN_TYPES or device in {"cpu", "meta"}:
        return False
    return _keys(tensor) in _keys_on(device) and not (tensor.is_cuda and torch.cuda.is_current_stream_capturing())


@lru_cache
def _keys_on(device: str) -> list[object]:
    usual = _keys(torch.empty(0, device=device))
    with torch.inference_mode():
        return [usual, _keys(torch.empty(0, device=device))]


def readable(tensor: Tensor, *, zeros: bool = True) -> Tensor:
    """Return the values as float32 or float64 in one piece of the host's memory; in any order, as it lies.

    Args:
        tensor: of any kind.
        zeros: whether those that a sparse tensor leaves out are needed.

    Raises:
        Unreadable: they cannot be read.
    """
    # Neither the tensor's class nor a mode that is on sees what is done.
    with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
        try:
            return _converted(dense(tensor, zeros=zeros))
        except Unreadable:
            raise
        except Exception as error:  # whatever torch raises of a kind of tensor that is not known here
            raise Unreadable(f"{_kind(tensor)}: {error}") from error


@contextmanager
def unseen() -> Iterator[None]:
    """Let neither a tensor's class nor a mode that is on see what is done to tensors."""
    with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
        yield


def dense(tensor: Tensor, *, zeros: bool = True) -> Tensor:
    """Return the values as a strided tensor of their type, on their device; called while `unseen`.

    Raises:
        Unreadable: there are none that can be read.
    """
    usual = is_plain(tensor) or _is_plain_elsewhere(tensor)
    if usual and not tensor.is_complex() and torch._C._get_tracing_state() is None:
        return _in_bounds(tensor.detach())
    _refuse(tensor)
    tensor = _of_this_process(tensor)
    if tensor.is_nested:
        return _in_bounds(_of_nested(tensor))
    tensor = tensor.detach()
    if tensor.layout in _SPARSE:
        return _of_sparse(tensor, zeros)
    if tensor.layout is not torch.strided:
        return tensor.to_dense()
    if tensor.is_quantized:
        return tensor.dequantize()
    return _in_bounds(tensor).resolve_neg()


def inner(tensor: Tensor) -> int:
    """How many values of one channel, the second axis, lie together in a tensor made readable; 1 or more."""
    if tensor.dim() < 3 or not tensor.is_contiguous():
        return 1
    return max(1, tensor.shape[2:].numel())


def _refuse(tensor: Tensor) -> None:
    if tensor.is_complex():
        raise Unreadable(f"{_kind(tensor)}: complex numbers have no order")
    if tensor.is_meta:
        raise Unreadable(f"{_kind(tensor)}: a meta tensor has no values")
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        raise Unreadable(f"{_kind(tensor)}: inside a transform of torch.func")
    if torch._C._get_tracing_state() is not None:
        raise Unreadable(f"{_kind(tensor)}: being traced")
    if tensor.is_cuda and torch.cuda.is_current_stream_capturing():
        raise Unreadable(f"{_kind(tensor)}: being captured into a CUDA graph")


def _kind(tensor: Tensor) -> str:
    """Name a tensor by its class and type."""
    return f"{type(tensor).__name__} of {str(tensor.dtype).removeprefix('torch.')}"


def _of_this_process(tensor: Tensor) -> Tensor:
    """Return this process's part of a tensor that is spread over several."""
    distributed = getattr(sys.modules.get("torch.distributed.tensor"), "DTensor", None)
    if distributed is None or not isinstance(tensor, distributed):
        return tensor
    if any(placement.is_partial() for placement in tensor._spec.placements):
        raise Unreadable(f"{_kind(tensor)}: a sum whose parts lie in several processes")
    local: Tensor = tensor._local_tensor
    _refuse(local)
    return local


def _of_nested(tensor: Tensor) -> Tensor:
    """Return the values of all parts, one after the other."""
    if type(tensor) in PLAIN_TYPES:
        return torch.cat([part.reshape(-1) for part in tensor.detach().unbind()])
    values, lengths = getattr(tensor, "_values", None), getattr(tensor, "_lengths", None)
    if not isinstance(values, Tensor) or lengths is not None:
        raise Unreadable(f"{_kind(tensor)}: nested, with holes or in a way of its own")
    return values.detach()


def _of_sparse(tensor: Tensor, zeros: bool) -> Tensor:
    if not zeros:
        # Where an index occurs twice its values are added, in a tensor of its own: the given one stays as it is.
        return tensor.coalesce().values() if tensor.layout is torch.sparse_coo else tensor.values()
    if tensor.numel() > MOST_FILLED_IN:
        raise Unreadable(f"{_kind(tensor)}: sparse, of {tensor.numel()} values")
    return tensor.to_dense()


def is_there(tensor: Tensor) -> bool:
    """Whether a strided tensor has all the memory that it spans."""
    size = tensor.numel()
    if size == 0:
        return True
    if not tensor.is_contiguous():
        size = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    storage = tensor.untyped_storage()
    end = (tensor.storage_offset() + size) * tensor.element_size()
    return end <= storage.nbytes() and storage.device.type != "meta" and storage.data_ptr() != 0


def _in_bounds(tensor: Tensor) -> Tensor:
    if not is_there(tensor):
        raise Unreadable(f"{_kind(tensor)}: its memory is not there")
    return tensor


def _converted(tensor: Tensor) -> Tensor:
    tensor = tensor if tensor.is_cpu else tensor.to("cpu")
    tensor = tensor.to(torch.float64 if tensor.dtype in WIDE_TYPES else torch.float32)
    tensor = tensor if _channels_last(tensor) else tensor.contiguous()
    if tensor.numel() and tensor.data_ptr() == 0:
        raise Unreadable(f"{_kind(tensor)}: its memory is not there")
    return tensor


def _channels_last(tensor: Tensor) -> bool:
    return (tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)) or (
        tensor.dim() == 5 and tensor.is_contiguous(memory_format=torch.channels_last_3d)
    )
