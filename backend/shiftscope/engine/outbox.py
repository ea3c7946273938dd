"""Numbers on their way from devices to the host: those of a frame in one copy, which nothing waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shiftscope.engine.staging import apart
from shiftscope.kernels.reductions import wide_type

TELLING = frozenset({"cuda", "cpu"})
"""Devices of which it is known when a copy has come. What another sends is read when several later frames are there."""

_Numbers = NDArray[np.float64]
_Done = Callable[[torch.device, Tensor, NDArray[Any]], None]


class Parcel(NamedTuple):
    """Where in what a device sends numbers lie."""

    device: torch.device
    start: int
    size: int


class _Sent(NamedTuple):
    """What a device has sent: the memory of the host's that it comes to, and what knows whether it has come."""

    landing: Tensor
    values: NDArray[Any]
    size: int
    event: Any
    on_device: Tensor | None


class Arrival:
    """The numbers of one frame. Where nobody can tell whether they have come, they are taken for not come."""

    def __init__(self, sent: Mapping[torch.device, _Sent], done: _Done) -> None:
        self._sent, self._done = sent, done
        self._read: dict[torch.device, _Numbers] = {}

    @property
    def ready(self) -> bool:
        """Whether all have come."""
        return all(one.on_device is None and (one.event is None or one.event.query()) for one in self._sent.values())

    @property
    def awaited(self) -> bool:
        """Whether some have not come, as far as anybody can tell."""
        return any(one.event is not None and not one.event.query() for one in self._sent.values())

    def has(self, parcel: Parcel) -> bool:
        """Whether numbers of this device were sent."""
        return parcel.device in self._sent

    def numbers(self, parcel: Parcel) -> _Numbers:
        """Return numbers, once they have come: this waits for them."""
        if parcel.device not in self._read:
            one = self._sent[parcel.device]
            if one.on_device is not None:
                with apart():
                    one.landing[: one.size].copy_(one.on_device)
            if one.event is not None:
                one.event.synchronize()
            self._read[parcel.device] = one.values[: one.size].astype(np.float64)
            self._done(parcel.device, one.landing, one.values)
        return self._read[parcel.device][parcel.start : parcel.start + parcel.size]


class Outbox:
    """Gathers tensors of a frame. `depot` keeps memory from frame to frame."""

    def __init__(self, depot: Depot) -> None:
        self._depot = depot
        self._pieces: dict[torch.device, list[Tensor]] = {}
        self._sizes: dict[torch.device, int] = {}
        self._known: dict[int, Parcel] = {}

    def add(self, tensor: Tensor) -> Parcel:
        """Send a tensor's values too, once however often it is added."""
        if id(tensor) not in self._known:
            device = tensor.device
            start = self._sizes.get(device, 0)
            self._pieces.setdefault(device, []).append(tensor)
            self._sizes[device] = start + tensor.numel()
            self._known[id(tensor)] = Parcel(device, start, tensor.numel())
        return self._known[id(tensor)]

    def send(self) -> Arrival:
        """Send all: one copy for each device that has any."""
        return Arrival(
            {device: self._depot.send(device, pieces) for device, pieces in self._pieces.items()}, self._depot.give_back
        )

    def clear(self) -> None:
        """Let go of all that was added, and of the memory on devices."""
        self._pieces.clear()
        self._sizes.clear()
        self._known.clear()
        self._depot.release()


class Depot:
    """Memory for what is sent, on both sides: kept from frame to frame."""

    def __init__(self) -> None:
        self._sending: dict[torch.device, Tensor] = {}
        self._landing: dict[torch.device, list[tuple[Tensor, NDArray[Any]]]] = {}

    def send(self, device: torch.device, pieces: list[Tensor]) -> _Sent:
        """Copy pieces to the host, side by side."""
        size = sum(piece.numel() for piece in pieces)
        with apart():
            whole = self._gathered(device, size)
            kind = whole.dtype
            torch.cat([piece.reshape(-1).to(kind) for piece in pieces], out=whole)
            landing, values = self._landing_for(device, size, kind)
            if device.type not in TELLING:
                return _Sent(landing, values, size, None, whole.clone())
            landing[:size].copy_(whole, non_blocking=True)
        event = None
        if device.type == "cuda":
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record(torch.cuda.current_stream(device))
        return _Sent(landing, values, size, event, None)

    def release(self) -> None:
        """Let go of what is kept on devices."""
        self._sending.clear()

    def give_back(self, device: torch.device, landing: Tensor, values: NDArray[Any]) -> None:
        """Take memory back whose numbers were read."""
        self._landing.setdefault(device, []).append((landing, values))

    def _gathered(self, device: torch.device, size: int) -> Tensor:
        sending = self._sending.get(device)
        if sending is None or sending.numel() < size:
            with torch.inference_mode(mode=False):
                sending = torch.empty(size, dtype=wide_type(device.type), device=device)
            self._sending[device] = sending
        return sending[:size]

    def _landing_for(self, device: torch.device, size: int, kind: torch.dtype) -> tuple[Tensor, NDArray[Any]]:
        free = self._landing.get(device, [])
        while free:
            landing, values = free.pop()
            if landing.numel() >= size:
                return landing, values
        with torch.inference_mode(mode=False):  # it is filled at other steps too, outside of that mode
            if device.type == "cuda":
                landing = torch.empty(size, dtype=kind, pin_memory=True, device="cpu")
                return landing, landing.numpy()
            values = np.empty(size, dtype=np.float64 if kind is torch.float64 else np.float32)
            return torch.from_numpy(values), values
