"""What a probe is handed to set itself up for one network when the run begins."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from shiftscope.engine.network import TracedNetwork
from shiftscope.engine.plan import Location, Plan, Quantity
from shiftscope.engine.program import Place, Program
from shiftscope.engine.study import Inputs, Loss, RunInputs
from shiftscope.tracing.explorer import Exploration
from shiftscope.tracing.layers import Site


class ProbeSetup:
    """One network, and where a probe lays out what it records and requests what it needs.

    Attributes:
        network: with its layers and the sites that are measured.
        program: to which the probe adds compiled operations; they are charged to it.
        given: what the run was given to measure with.
    """

    def __init__(
        self, plan: Plan, program: Program, given: RunInputs, exploration: Exploration, stream: str,
        network: TracedNetwork,
    ) -> None:  # fmt: skip
        self.network, self.program, self.given = network, program, given
        self._plan, self._exploration, self._stream = plan, exploration, stream

    @property
    def loss(self) -> Loss:
        """The loss, (outputs, targets) -> a scalar. Raises ValueError where none was given: declare Need.LOSS."""
        if self.given.loss is None:
            raise ValueError("no loss was given; a probe that uses it declares Need.LOSS")
        return self.given.loss

    @property
    def probe_batch(self) -> Inputs:
        """The fixed inputs. Raises ValueError where there are none: declare Need.PROBE_BATCH."""
        if self.given.probe_batch is None:
            raise ValueError("no probe batch was kept; a probe that uses it declares Need.PROBE_BATCH")
        return self.given.probe_batch

    def add(
        self, quantity: Quantity, layer: str = "", site: str = "", *, shape: tuple[int, ...] = (),
        coordinates: tuple[float, ...] | None = None,
    ) -> Place:  # fmt: skip
        """Lay out one entry of the probe's stream and return where its values are to be written."""
        where = Location(self.network.name, layer, site)
        return self._plan.add(self._stream, quantity, where, shape=shape, coordinates=coordinates)

    def add_all(
        self, quantities: Sequence[Quantity], layer: str = "", site: str = "", *, shape: tuple[int, ...] = ()
    ) -> Place:
        """Lay out several entries of one shape side by side and return where the first is to be written."""
        first, *_ = [self.add(quantity, layer, site, shape=shape) for quantity in quantities]
        return first

    def first_values(self, site: Site) -> Tensor | None:
        """Return a site's values at the first step; None where nothing passed it then."""
        return self._exploration.values(site)
