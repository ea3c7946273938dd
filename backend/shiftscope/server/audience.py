"""Who presents, and who watches."""

from __future__ import annotations

import asyncio
from typing import Any


class Audience:
    """The pages that are open, and which of them presents."""

    def __init__(self) -> None:
        self._pages: dict[object, bool] = {}
        self._presenter: object | None = None
        self._view = ""
        self._calls = 0
        self.changed = asyncio.Event()

    def come(self, page: object) -> None:
        """Count a page that was opened."""
        self._pages[page] = False
        self._notify()

    def go(self, page: object) -> None:
        """Count a page no more; if it presented, nobody does."""
        self._pages.pop(page, None)
        self.leave(page)
        self._notify()

    def present(self, page: object, view: str) -> None:
        """Let a page present; one that did before is let go."""
        self._presenter, self._view = page, view
        self._pages[page] = False
        self._notify()

    def call(self, page: object) -> None:
        """Call everyone to the page that presents, if it is this."""
        if page is self._presenter:
            self._calls += 1
            self._notify()

    def leave(self, page: object) -> None:
        """End what a page presents, if it does."""
        if page is self._presenter:
            self._presenter, self._view = None, ""
            self._notify()

    def follow(self, page: object, *, following: bool) -> None:
        """Note whether a page follows."""
        self._pages[page] = following and page is not self._presenter
        self._notify()

    def as_seen_by(self, page: object) -> dict[str, Any]:
        """Return how it stands, as a page is sent it."""
        presenting = self._presenter is not None
        return {
            "type": "audience",
            "watching": len(self._pages) - presenting,
            "following": sum(self._pages.values()) if presenting else 0,
            "presenting": presenting,
            "mine": presenting and page is self._presenter,
            "view": self._view,
            "calls": self._calls,
        }

    def _notify(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()
