"""One network's measurements, made ready once: what is requested at its sites, and a table of operations for the rest.

A probe adds to the program when the run begins; at a recorded step two kinds of compiled call carry it out: one for
each tensor that passes a site, and one for all that is left to do when the gradients are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from shiftscope.kernels.fused_pass import Statistic
from shiftscope.kernels.interpreter import Operation
from shiftscope.tracing.layers import Site

SCOPE = "scope"
"""Who is charged with what no probe requested."""


class Place(NamedTuple):
    """Where in a stream's row something is written; `stream` is empty for nowhere."""

    stream: str
    offset: int


NOWHERE = Place("", 0)
_NOTHING = Statistic(0)


class Requester(NamedTuple):
    """The probe that requested something, which is charged with what it costs, and the stream that it is for."""

    probe: str
    stream: str


class Step(NamedTuple):
    """An operation to be carried out, and on what."""

    operation: Operation
    target: int
    place: Place
    argument: int
    constant: int
    other: Place


class ParameterUpdate(NamedTuple):
    """A parameter whose change is recorded: the module's mapping that holds it, its name there, and the place."""

    held: Mapping[str, Any]
    name: str
    place: Place
    requester: Requester


class Comparison(NamedTuple):
    """A site whose values are compared with what passed before, and where the distances are written.

    Attributes:
        request: index of the site's.
        start: where the distances from what passed first are written.
        previous: where those from what was compared last are.
        requester: who is charged.
    """

    request: int
    start: Place
    previous: Place
    requester: Requester


class Clipping(NamedTuple):
    """Where the norm of all gradients is written, before they are clipped and after; and who is charged."""

    before: Place
    after: Place
    requester: Requester


@dataclass
class UnitPlaces:
    """Where the moments and quantiles, and the histograms, of single units at a site are written."""

    requester: Requester
    moments: Place = NOWHERE
    histograms: Place = NOWHERE


@dataclass
class Observer:
    """A function of a site's values, called as they pass, and the number or numbers that it returned last."""

    function: Callable[[Tensor], NDArray[np.float32]]
    place: Place
    requester: Requester
    latest: NDArray[np.float32]


@dataclass
class SiteRequest:
    """What is requested at a site.

    Attributes:
        site: the site.
        statistics: of its values, each with those who requested it.
        channels: how many units or channels there are, where a statistic is of these.
        axis: along which they lie.
        limits: beyond which values are counted.
        gradient: who requested the norm of the loss's gradient by these values, if anybody.
        observers: functions of its values.
    """

    site: Site
    statistics: dict[Statistic, list[Requester]] = field(default_factory=dict)
    channels: int = 0
    axis: int = 1
    limits: tuple[float, float] = (0.0, 0.0)
    gradient: Requester | None = None
    observers: list[Observer] = field(default_factory=list)

    def all_statistics(self) -> Statistic:
        """Return the statistics that anybody requested."""
        return self.due_statistics(None)

    def due_statistics(self, streams: frozenset[str] | None) -> Statistic:
        """Return the statistics that these streams are for; None stands for all streams."""
        found = _NOTHING
        for statistic, requesters in self.statistics.items():
            if streams is None or any(one.stream in streams for one in requesters):
                found |= statistic
        return found


class Program:
    """What is to be done for one network. `sites` names the probe that is charged for sites that it had measured."""

    def __init__(self, sites: Mapping[str, str]) -> None:
        self._sites = sites
        self._requester = Requester(SCOPE, "")
        self.requests: list[SiteRequest] = []
        self._places: dict[tuple[int, int, int, int], int] = {}
        self.parameters: list[nn.Parameter] = []
        self.vectors: list[tuple[Mapping[str, Any], str]] = []
        self.noting: list[str] = []
        self.steps: dict[Step, str] = {}
        self.constants: list[float] = [0.0]
        self.updates: list[ParameterUpdate] = []
        self.units: dict[int, UnitPlaces] = {}
        self.compared: list[Comparison] = []
        self.noise_floors: list[Place] = []
        self.clipped: list[Clipping] = []

    def requested_by(self, probe: str, stream: str) -> Program:
        """Return this program to add to: the probe is charged with what is added, which is for the stream."""
        same = copy(self)
        same._requester = Requester(probe, stream)
        return same

    def request(
        self, site: Site, statistics: Statistic = _NOTHING, *, channels: int = 0, axis: int = 1,
        limits: tuple[float, float] | None = None, gradient: bool = False,
    ) -> int:  # fmt: skip
        """Request something at a site, see SiteRequest; return its index."""
        index = self._index(site)
        request = self.requests[index]
        requester = Requester(self._sites.get(site.name) or self._requester.probe, self._requester.stream)
        for statistic in statistics:
            request.statistics.setdefault(statistic, []).append(requester)
        if channels:
            request.channels, request.axis = channels, axis
        request.limits = limits or request.limits
        if gradient:
            request.gradient = request.gradient or self._requester
        return index

    def observe(self, site: Site, function: Callable[[Tensor], NDArray[np.float32]], place: Place, size: int) -> None:
        """Call a function with a site's values as they pass, and write the `size` numbers that it returns."""
        latest = np.full(size, np.nan, dtype=np.float32)
        self.requests[self._index(site)].observers.append(Observer(function, place, self._requester, latest))

    def gradients(self, parameters: Sequence[nn.Parameter]) -> int:
        """Return the index of the first of these parameters' gradients; they stand side by side."""
        first = len(self.parameters)
        self.parameters.extend(parameters)
        self.noting.append(self._requester.probe)
        return first

    def vector(self, held: Mapping[str, Any], name: str) -> int:
        """Return the index of a parameter or buffer, given the module's mapping that holds it and its name there."""
        self.vectors.append((held, name))
        self.noting.append(self._requester.probe)
        return len(self.vectors) - 1

    def add(
        self, operation: Operation, index: int = 0, place: Place = NOWHERE, *, argument: int = 0,
        constant: float = 0.0, other: Place = NOWHERE,
    ) -> None:  # fmt: skip
        """Add an operation, once; `other` is a place in the row that is its argument."""
        if constant not in self.constants:
            self.constants.append(constant)
        step = Step(operation, index, place, argument, self.constants.index(constant), other)
        self.steps.setdefault(step, self._requester.probe)

    def record_update(self, held: Mapping[str, Any], name: str, place: Place) -> None:
        """Write, once the network was updated, by what fraction a parameter has changed."""
        self.updates.append(ParameterUpdate(held, name, place, self._requester))

    def record_units(self, index: int, *, moments: Place = NOWHERE, histograms: Place = NOWHERE) -> None:
        """Write what single units at a site do."""
        places = self.units.setdefault(index, UnitPlaces(self._requester))
        if moments != NOWHERE:
            places.moments = moments
        if histograms != NOWHERE:
            places.histograms = histograms

    def compare(self, site: Site, start: Place, previous: Place) -> None:
        """Write how far a site's distribution is from that of the first step, and of the step compared before."""
        index = self.request(site, Statistic.MOMENTS | Statistic.BINS)
        self.compared.append(Comparison(index, start, previous, self._requester))

    def record_clipping(self, before: Place, after: Place) -> None:
        """Write the norm of all gradients together as the backward pass left them, and as the update uses them."""
        self.clipped.append(Clipping(before, after, self._requester))

    def record_noise_floor(self, place: Place) -> None:
        """Write, where sites are compared, 1 / sqrt(samples of the step): what two batches differ by, in sigmas."""
        self.noise_floors.append(place)

    def _index(self, site: Site) -> int:
        key = (site.layer, site.part, site.end, id(site.normalization))
        if key not in self._places:
            self._places[key] = len(self.requests)
            self.requests.append(SiteRequest(site))
        return self._places[key]
