"""All that a training carries from one step to the next, so that it goes on elsewhere with the same bits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, Self

import torch
from torch import Tensor

FORMAT = 1
"""Of the bytes; those of another format are refused."""


DEPTH = 50
"""Most dicts, lists and tuples that lie in one another; a state has a dozen."""


class CheckpointError(ValueError):
    """Bytes that are no checkpoint, or a checkpoint that is not of this training. The message says why."""


class FirstStepError(CheckpointError):
    """A step failed that was the first after a checkpoint: of what is in that, or of what any step may fail of."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training between two steps.

    What follows from its config alone is not in it: the data, and the fixed samples on which it is evaluated and
    studied.

    Attributes:
        steps_done: optimizer steps so far.
        networks: the state_dict of each: parameters and buffers.
        optimizers: the state_dict of each: moments, counters, learning rates.
        random: the state of the stream from which each network that draws random numbers draws them.
        order: the state of the stream from which the order of each epoch is drawn.
        permutation: that of the epoch under way, int64; empty before the first step.
        measuring: what else is carried along: by whoever measures the training. Tensors, numbers and texts in dicts,
            lists and tuples.
    """

    steps_done: int
    networks: Mapping[str, Mapping[str, Any]]
    optimizers: Mapping[str, Mapping[str, Any]]
    random: Mapping[str, Tensor]
    order: Tensor
    permutation: Tensor
    measuring: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return all of it as bytes."""
        contents = {one.name: getattr(self, one.name) for one in fields(self)}
        written = io.BytesIO()
        torch.save({"format": FORMAT, **contents}, written)
        return written.getvalue()

    @classmethod
    def of_bytes(cls, written: bytes) -> Self:
        """Return what `to_bytes` returned. Raises CheckpointError where it is nothing that this version can read."""
        with whatever_is_wrong("this is not a checkpoint"):
            _refuse_packed(written)
            contents = torch.load(io.BytesIO(written), map_location="cpu", weights_only=True)
            found = contents.pop("format")
            if found != FORMAT:
                raise CheckpointError(f"the checkpoint has format {found}; this version reads format {FORMAT}")
            _refuse_strange(contents, most=len(written))
            kept = cls(**contents)
            kept._check()
        return kept

    def _check(self) -> None:
        """Raise TypeError where a part is of another kind."""
        if type(self.steps_done) is not int or self.steps_done < 0:
            raise TypeError("its number of steps is none")
        for part in (self.networks, self.optimizers, self.random, self.measuring):
            if not isinstance(part, Mapping) or not all(isinstance(key, str) for key in part):
                raise TypeError("a part of it has no names")
        for states in (self.networks, self.optimizers):
            if not all(isinstance(state, Mapping) for state in states.values()):
                raise TypeError("the state of a network or its optimizer is none")
        drawn = [self.order, *self.random.values()]
        if not all(isinstance(state, Tensor) and state.dtype == torch.uint8 for state in drawn):
            raise TypeError("the state of a random stream is none")
        if not isinstance(self.permutation, Tensor) or self.permutation.dtype != torch.int64:
            raise TypeError("the order of the samples is none")


@contextmanager
def whatever_is_wrong(sentence: str, *but: type[Exception]) -> Iterator[None]:
    """Let an error of what is made of a checkpoint be told as that: it may hold anything, and so raises anything.

    Raises:
        CheckpointError: with the sentence and the error; errors of the kinds `but` are let through, and that memory
            has run out.
    """
    let_through: tuple[type[Exception], ...] = (CheckpointError, *but)
    try:
        yield
    except let_through:
        raise
    except Exception as error:
        if is_of_memory(error):
            raise
        raise CheckpointError(f"{sentence}: {in_words(error)}") from error


@contextmanager
def whatever_fails_first(*but: type[Exception]) -> Iterator[None]:
    """Let an error of the first step after a checkpoint be told as that.

    Raises:
        FirstStepError: with the error; what `whatever_is_wrong` lets through is let through.
    """
    try:
        with whatever_is_wrong("", *but):
            yield
    except CheckpointError as error:
        if (cause := error.__cause__) is None:
            raise
        raise FirstStepError(in_words(cause)) from cause


def is_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left, which is no fault of any file."""
    of_torch = isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
    return of_torch or isinstance(error, MemoryError | torch.OutOfMemoryError)


def in_words(error: BaseException) -> str:
    """Return what an error says, its notes first: which probe it is of, say."""
    return ": ".join([*getattr(error, "__notes__", ()), f"{type(error).__name__}: {error}"])


def _refuse_packed(written: bytes) -> None:
    """Raise ValueError for an archive that is longer unpacked than it is: none is written here."""
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        for one in archive.infolist():
            if one.compress_type != zipfile.ZIP_STORED or one.file_size > len(written):
                raise ValueError(f"{one.filename!r} is packed")


def _refuse_strange(contents: object, most: int) -> None:
    """Raise ValueError where there is anything but tensors, numbers and texts in dicts, lists and tuples.

    `most`: how many there may be. What is read once may stand in many places, so that there are more than was written.
    """
    layer, depth, count = [contents], 0, 0
    while layer:
        if (depth := depth + 1) > DEPTH:
            raise ValueError(f"it is nested more than {DEPTH} deep")
        inner: list[object] = []
        for one in layer:
            parts = _parts(one)
            if (count := count + len(parts)) > most:
                raise ValueError("it holds more than was written")
            inner += parts
        layer = inner


def _parts(value: object) -> Collection[object]:
    match value:
        case Mapping():
            return [*value.keys(), *value.values()]
        case list() | tuple():
            return value
        case Tensor():
            _refuse_unreal(value)
        case str() | int() | float() | None:
            pass
        case _:
            raise TypeError(f"it holds a {type(value).__name__}")
    return ()


def _refuse_unreal(tensor: Tensor) -> None:
    """Raise ValueError for a tensor that claims more numbers than its bytes are."""
    real = tensor.layout is torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
    if not real or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise ValueError(f"a tensor of shape {tuple(tensor.shape)} has not so many numbers")
