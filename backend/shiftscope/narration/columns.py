"""Which numbers of each layer the narrator reads, and where they stand in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shiftscope.wire.frames import Entry, Layout, NetworkInfo

INPUT_SITES = ("pre_activation", "linear_output", "output", "")
"""Where a layer's distribution is compared, the first that a run has: the input to its nonlinearity. As on the page."""


class Column(NamedTuple):
    """A quantity of each layer.

    Attributes:
        stream: that has it.
        name: by which it is known here.
        quantity: by which the layout has it.
        sites: of which the first that there is is read.
        part: of two numbers, which; None for a single one.
    """

    stream: str
    name: str
    quantity: str
    sites: Sequence[str] = ("",)
    part: int | None = None

    def offsets(self, layout: Layout, network: NetworkInfo) -> list[int]:
        """Return where it stands for each layer of a network; -1 where it does not."""
        found: dict[tuple[str, str], Entry] = {
            (entry.layer, entry.site): entry
            for entry in layout.entries
            if entry.network == network.name
            and entry.quantity == self.quantity
            and entry.size == (1 if self.part is None else 2)
        }
        first = (
            next((found[one.name, s] for s in self.sites if (one.name, s) in found), None) for one in network.layers
        )
        return [-1 if entry is None else entry.offset + (self.part or 0) for entry in first]


COLUMNS = (
    Column("layers", "gradients", "gradient_norm"),
    Column("layers", "zeros", "zero_fraction", ("output",)),
    Column("layers", "saturated", "saturated_fraction", INPUT_SITES),
    Column("layers", "nans", "nan_count", (*INPUT_SITES, "input")),
    Column("layers", "infinities", "infinite_count", (*INPUT_SITES, "input")),
    Column("drift", "silent", "dead_fraction", ("output",)),
    Column("input_cloud", "centroids_x", "input_centroid", part=0),
    Column("input_cloud", "centroids_y", "input_centroid", part=1),
)
"""What is read of every run that records it; and of drift one quantity, see `DRIFTS`."""

AT_START = (
    Column("layers", "stds", "std", INPUT_SITES),
    Column("layers", "means", "mean", INPUT_SITES),
)
"""What is read of a layer once: it knows whether the sigma of its start is one to measure by."""
