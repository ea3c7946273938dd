"""What the compiled passes find, found by torch's operations on whatever device the values lie.

Nothing here depends on a value: no number comes to the host, and no device is waited for. Sums are kept in float64
where the device has it, else in float32. The definitions, ranges, bins and samples are those of the compiled passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import inf, nan

import numpy as np
import torch
from torch import Tensor

from shiftscope.kernels import plain
from shiftscope.kernels.fused_pass import MOST_PICKED, Statistic
from shiftscope.kernels.histogram import FINE, LANE, NARROW, REACH, SAFE_HIGH, SAFE_LOW, SAMPLE, SHRINK, WHOLE
from shiftscope.kernels.moments import STATE

COMPACT = STATE + LANE
"""Numbers that are found of what passes a site: its state, then the counts of its fine histogram."""
_ROW = 2**18
"""Values of a large tensor whose moments are found at once and then joined with the others'."""
_AT_ONCE = 16
"""So many of these are gone through together: what is made of them on the way takes some hundred MB at most."""
_EXACT = 2**20
"""Most values whose moments by channel are found in the wider type."""
_TOGETHER = 2**22
"""About so many values of gradients are looked through at once."""

Moments = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
"""Of rows: how many values are finite, their mean and variance, minimum and maximum, how many are NaN and infinite."""


@lru_cache
def wide_type(kind: str) -> torch.dtype:
    """Return the type that sums are kept in on a kind of device."""
    try:
        torch.zeros(1, dtype=torch.float64, device=kind)
    except (TypeError, RuntimeError):  # as on Apple's
        return torch.float32
    return torch.float64


def in_memory_order(values: Tensor) -> tuple[Tensor, int]:
    """Return all values one after the other, as they lie, and how many of a channel, the second axis, lie together."""
    if values.dim() == 4 and not values.is_contiguous() and values.is_contiguous(memory_format=torch.channels_last):
        return values.permute(0, 2, 3, 1).reshape(-1), 1
    if values.dim() == 5 and not values.is_contiguous() and values.is_contiguous(memory_format=torch.channels_last_3d):
        return values.permute(0, 2, 3, 4, 1).reshape(-1), 1
    return values.reshape(-1), max(1, values.shape[2:].numel()) if values.dim() > 2 else 1


def moments(rows: Tensor) -> Moments:
    """Return the moments of each row, shape (rows, values): of its finite values."""
    finite = torch.isfinite(rows)
    values = rows.to(wide_type(rows.device.type))
    count = finite.sum(1).to(values.dtype)
    mean = torch.where(finite, values, 0.0).sum(1) / count
    apart = torch.where(finite, values - mean[:, None], 0.0)
    if rows.dtype is values.dtype:  # a difference may be too large for its type
        apart = torch.where(torch.isfinite(apart), apart, 0.0)
    nans = torch.isnan(rows).sum(1).to(values.dtype)
    some = count > 0
    low = torch.where(some, torch.where(finite, values, inf).amin(1), nan)
    high = torch.where(some, torch.where(finite, values, -inf).amax(1), nan)
    return count, mean, (apart * apart).sum(1) / count, low, high, nans, rows.shape[1] - count - nans


def joined(parts: Moments) -> Moments:
    """Return the moments of all rows together, as those of one."""
    count, mean, variance, low, high, nans, infinities = parts
    some = count > 0
    total = count.sum(0, keepdim=True)
    whole = torch.where(some, count * mean, 0.0).sum(0, keepdim=True) / total
    squares = torch.where(some, count * (variance + (mean - whole) ** 2), 0.0).sum(0, keepdim=True)
    least = torch.where(some, low, inf).amin(0, keepdim=True)
    most = torch.where(some, high, -inf).amax(0, keepdim=True)
    there = total > 0
    return (
        total, whole, squares / total, torch.where(there, least, nan), torch.where(there, most, nan),
        nans.sum(0, keepdim=True), infinities.sum(0, keepdim=True),
    )  # fmt: skip


def moments_of_all(flat: Tensor) -> Moments:
    """Return the moments of however many values, as those of one row."""
    whole = flat.numel() // _ROW * _ROW
    parts = [moments(some) for some in torch.split(flat[:whole].view(-1, _ROW), _AT_ONCE)] if whole else []
    if whole < flat.numel():
        parts.append(moments(flat[whole:].view(1, -1)))
    if len(parts) == 1 and len(parts[0][0]) == 1:
        return parts[0]
    return joined(_joined_rows(parts))


def sample(flat: Tensor) -> Tensor:
    """Return the values that are counted: all, or of more than WHOLE one from each of SAMPLE equal stretches."""
    if flat.numel() <= WHOLE:
        return flat
    return flat.index_select(0, _positions(flat.numel(), flat.device))


def compact(rows: Tensor, wanted: Statistic, known: Moments | None = None, counts: Tensor | None = None) -> Tensor:
    """Return what is wanted of each row of values: shape (rows, COMPACT), NaN for all else.

    Args:
        rows: float32 or float64, shape (rows, values): those that are counted into the histogram.
        wanted: moments, and bins or not.
        known: the moments of all values, where the rows are samples of them.
        counts: counts of zeros and of values beyond limits, shape (rows, 2), where they are wanted.
    """
    count, mean, variance, low, high, nans, infinities = moments(rows) if known is None else known
    lower = upper = torch.full_like(mean, nan)
    fine = torch.zeros((len(rows), LANE), dtype=mean.dtype, device=rows.device)
    if wanted & Statistic.BINS:
        lower, upper = _range(mean, variance, low, high)
        fine = _counts(rows, lower, upper, nans + infinities == 0).to(mean.dtype)
    zeros = torch.full((len(rows), 2), nan, dtype=mean.dtype, device=rows.device) if counts is None else counts
    columns = (count + nans + infinities, count, mean, variance, low, high, nans, infinities, lower, upper)
    return torch.cat((torch.stack(columns, 1), zeros.to(mean.dtype), torch.zeros_like(mean)[:, None], fine), 1)


def zeros_and_beyond(rows: Tensor, limits: tuple[float, float]) -> Tensor:
    """Return for each row how many values are zero, and how many below or above the limits: shape (rows, 2)."""
    low, high = limits
    return torch.stack(((rows == 0).sum(1), ((rows < low) | (rows > high)).sum(1)), 1)


def channel_moments(flat: Tensor, channels: int, beside: int) -> Tensor | None:
    """Return the mean, then the biased variance of each channel of values that lie as (samples, channels, beside).

    None where there is nothing, or not as many values as that would be.
    """
    if flat.numel() == 0 or channels * beside == 0 or flat.numel() % (channels * beside):
        return None
    blocks = flat.view(-1, channels, beside)
    exact = wide_type(flat.device.type) if flat.numel() <= _EXACT or flat.dtype is torch.float64 else torch.float32
    variance, mean = torch.var_mean(blocks.to(exact), (0, 2), correction=0)
    return torch.cat((mean, variance))


def pick(flat: Tensor, channels: int, beside: int, units: tuple[int, ...]) -> Tensor:
    """Return values of single units, shape (units, values): of a channel's positions one of each sample."""
    count = min(flat.numel() // (channels * beside), MOST_PICKED) if channels * beside else 0
    positions = _unit_positions(count, channels, beside, units, flat.device)
    picked = flat.index_select(0, positions).view(len(units), count).to(wide_type(flat.device.type))
    for at, unit in enumerate(units):
        if not 0 <= unit < channels:
            picked[at] = nan
    return picked


def squares(flat: Tensor) -> Tensor:
    """Return the sum of squares of values, and how many are not finite: shape (2,)."""
    wide = wide_type(flat.device.type)
    norm = torch.linalg.vector_norm(flat, dtype=torch.promote_types(wide, flat.dtype))
    return torch.stack((norm * norm, not_finite(flat).to(norm.dtype)))


def not_finite(flat: Tensor) -> Tensor:
    """Count what is NaN or infinite."""
    return torch.count_nonzero(flat - flat)  # 0 of what is finite, else NaN


def _range(mean: Tensor, variance: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    reach, sliver = REACH * variance.sqrt(), mean.abs() * NARROW
    # What has no value is NaN all along.
    lower, upper = torch.maximum(low, mean - reach), torch.minimum(high, mean + reach)
    alike = upper - lower <= sliver
    half = sliver.clamp_min(1e-6)
    return torch.where(alike, mean - half, lower), torch.where(alike, mean + half, upper)


def _counts(rows: Tensor, lower: Tensor, upper: Tensor, all_finite: Tensor) -> Tensor:
    span = upper - lower
    scale = FINE * SHRINK / span
    finite = torch.isfinite(rows)
    places = _places(rows.to(span.dtype), lower, scale)
    if rows.dtype is torch.float32 and span.dtype is not torch.float32:
        # As the compiled pass does it, which takes the narrow type where all is finite.
        simple = (span > SAFE_LOW) & (span < SAFE_HIGH) & all_finite
        narrow = _places(rows, lower.to(rows.dtype), scale.to(rows.dtype))
        places = torch.where(simple[:, None], narrow.to(span.dtype), places)
    at = torch.where(finite, places, 0.0).to(torch.int64)
    at += LANE * torch.arange(len(rows), device=rows.device)[:, None]
    counts = torch.zeros(len(rows) * LANE, dtype=torch.int32, device=rows.device)
    return counts.scatter_add_(0, at.view(-1), finite.view(-1).to(torch.int32)).view(-1, LANE)


def _places(values: Tensor, lower: Tensor, scale: Tensor) -> Tensor:
    return ((values - lower[:, None]) * scale[:, None] + 1.0).nan_to_num(0.0).clamp(0.0, FINE + 1.0)


def _joined_rows(parts: list[Moments]) -> Moments:
    """Return the rows of several groups one after the other."""
    count, mean, variance, low, high, nans, infinities = (torch.cat(column) for column in zip(*parts, strict=True))
    return count, mean, variance, low, high, nans, infinities


@lru_cache(maxsize=64)
def _positions(size: int, device: torch.device) -> Tensor:
    stretch = size // SAMPLE
    return torch.arange(SAMPLE, device=device) * stretch + _jumps(device) % stretch


@lru_cache
def _jumps(device: torch.device) -> Tensor:
    return torch.from_numpy(plain.jumps(SAMPLE).astype(np.int64)).to(device)


@lru_cache(maxsize=256)
def _unit_positions(count: int, channels: int, beside: int, units: tuple[int, ...], device: torch.device) -> Tensor:
    places = torch.arange(count, device=device)
    start = places * (channels * beside) + (places * 2654435761) % beside
    return torch.cat([start + (unit if 0 <= unit < channels else 0) * beside for unit in units])


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """Return the L2 norms of tensors on one device, shape (tensors,)."""
    wide = wide_type(tensors[0].device.type)
    found = torch._foreach_norm([one for one in tensors if one.numel()], 2, dtype=wide)
    there = iter(found)
    nothing = torch.zeros((), dtype=wide, device=tensors[0].device)
    return torch.stack([next(there) if one.numel() else nothing for one in tensors])


def all_not_finite(tensors: Sequence[Tensor]) -> Tensor:
    """Count what is not finite in tensors on one device, all together."""
    total = torch.zeros((), dtype=torch.int64, device=tensors[0].device)
    group: list[Tensor] = []
    for one in tensors:
        group.append(one.reshape(-1))
        if sum(part.numel() for part in group) >= _TOGETHER:
            total += not_finite(torch.cat(group))
            group = []
    return total + not_finite(torch.cat(group)) if group else total
