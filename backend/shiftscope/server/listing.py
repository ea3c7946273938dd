"""What lists show of a run, kept so that a list opens no recording."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from shiftscope.experiments.figures import as_figures, figures_of
from shiftscope.recording.documents import Event
from shiftscope.recording.values import Figure
from shiftscope.server.run_state import RunView


class Listed(BaseModel):
    """A run in a list, and what the verdict of its trial rests on."""

    model_config = ConfigDict(frozen=True)

    view: RunView
    figures: dict[str, Figure] | None = None
    retuned: bool = False
    """Whether its learning rate was changed as it trained."""
    touched: bool = False
    """Whether anything was done to its networks."""

    @classmethod
    def of(cls, view: RunView, events: Iterable[Event]) -> Listed:
        """Return what is listed of a run."""
        events = list(events)
        kinds = {event.kind for event in events}
        figures = figures_of(events)
        return cls(
            view=view,
            figures=None if figures is None else as_figures(figures),
            retuned="learning_rate" in kinds,
            touched="intervention" in kinds,
        )

    @property
    def measured(self) -> dict[str, float | str] | None:
        """The figures as JSON has them."""
        return None if self.figures is None else {**self.figures}

    @property
    def numbers(self) -> dict[str, float] | None:
        """The figures as numbers."""
        return None if self.figures is None else {name: float(value) for name, value in self.figures.items()}
