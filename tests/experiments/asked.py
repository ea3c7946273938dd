"""Results that note which figures a verdict asks for."""

from __future__ import annotations

from shiftscope.experiments.verdict import Results


class Asked(Results):
    """Notes which figures a verdict asks for."""

    def __init__(self, measured) -> None:
        super().__init__(measured)
        self.asked: set[tuple[str, str]] = set()

    def each(self, label: str, name: str) -> list[float]:
        self.asked.add((label, name))
        return super().each(label, name)
