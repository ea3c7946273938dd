"""What a run needs of the machine that trains it. It changes where a run is trained, never what is trained."""

from __future__ import annotations

from pydantic import Field

from shiftscope.config._part import Part

GIB = 1 << 30


class Resources(Part):
    """What is kept for a run while it is trained."""

    cpus: int | None = Field(
        None, ge=1, le=256, description="CPU cores, and threads that compute; empty: as many as the server gives a run"
    )
    gpus: int = Field(
        0, ge=0, le=64, description="GPUs kept free for the run, on a cluster; what this page trains computes on CPUs"
    )
    memory: float | None = Field(
        None, gt=0, le=65_536, description="GiB of memory kept free for the run, on a cluster; empty: none"
    )

    @property
    def memory_bytes(self) -> int:
        """The memory in bytes; 0 where none is asked for."""
        return round((self.memory or 0) * GIB)
