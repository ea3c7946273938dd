"""One network's measurements, made ready once: what to see at its sites, and a table of operations for the rest.

A probe adds to the program when the run begins; at a recorded step two kinds of compiled call carry it out: one for
each tensor that passes a site, and one for all that is left to do when the gradients are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import nn

from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import Operation
from shiftscope.tracing.layers import Site


class Place(NamedTuple):
    """Where in a stream's row something is written; `stream` is -1 for nowhere."""

    stream: int
    offset: int


NOWHERE = Place(-1, 0)
_NOTHING = Statistic(0)


class Step(NamedTuple):
    """An operation to be carried out, and for whom."""

    operation: Operation
    of: int
    place: Place
    argument: int
    constant: int
    other: Place


@dataclass
class SiteRequest:
    """What is wanted at a site.

    Attributes:
        site: the site.
        statistics: what of its values; may be nothing yet.
        channels: how many units or channels there are, where something is wanted of these.
        axis: along which they lie.
        limits: beyond which values are counted.
        gradient: whether the norm of the loss's gradient by these values is wanted.
    """

    site: Site
    statistics: Statistic
    channels: int = 0
    axis: int = 1
    limits: tuple[float, float] = (0.0, 0.0)
    gradient: bool = False


class Program:
    """What is to be done for one network."""

    def __init__(self) -> None:
        self.requests: list[SiteRequest] = []
        self.parameters: list[nn.Parameter] = []
        self.vectors: list[tuple[Mapping[str, Any], str]] = []
        self.steps: dict[Step, None] = {}
        self.constants: list[float] = [0.0]
        self.updates: list[tuple[Mapping[str, Any], str, Place]] = []
        self.units: list[tuple[int, Place, Place]] = []

    def see(
        self, site: Site, statistics: Statistic = _NOTHING, *, channels: int = 0, axis: int = 1,
        limits: tuple[float, float] | None = None, gradient: bool = False,
    ) -> int:  # fmt: skip
        """Say what is wanted at a site, and see SiteRequest; return its index."""
        key = (site.calls, site.end, site.normalization)
        known = [(request.site.calls, request.site.end, request.site.normalization) for request in self.requests]
        if key not in known:
            self.requests.append(SiteRequest(site, _NOTHING))
            known.append(key)
        index = known.index(key)
        request = self.requests[index]
        request.statistics |= statistics
        if channels:
            request.channels, request.axis = channels, axis
        request.limits = limits or request.limits
        request.gradient |= gradient
        return index

    def gradients(self, parameters: Sequence[nn.Parameter]) -> int:
        """Return the index of the first of these parameters' gradients; they stand side by side."""
        first = len(self.parameters)
        self.parameters.extend(parameters)
        return first

    def vector(self, held: Mapping[str, Any], name: str) -> int:
        """Return the index of a parameter or buffer, given the module's mapping that holds it and its name there."""
        self.vectors.append((held, name))
        return len(self.vectors) - 1

    def add(
        self, operation: Operation, index: int = 0, place: Place = NOWHERE, *, argument: int = 0,
        constant: float = 0.0, other: Place = NOWHERE,
    ) -> None:  # fmt: skip
        """Add an operation, once; `other` is a place in the row that is its argument."""
        if constant not in self.constants:
            self.constants.append(constant)
        self.steps[Step(operation, index, place, argument, self.constants.index(constant), other)] = None

    def watch_update(self, held: Mapping[str, Any], name: str, place: Place) -> None:
        """Write, once the network was updated, by what fraction a parameter has changed."""
        self.updates.append((held, name, place))

    def watch_units(self, index: int, moments: Place, histograms: Place) -> None:
        """Write what single units at a site do; either place may be NOWHERE."""
        self.units.append((index, moments, histograms))
