"""A run's page inside of a notebook: JupyterLab and marimo show what has `_repr_html_`."""

from __future__ import annotations

from html import escape

from shiftscope.integrations.replay import Replay


class PageView:
    """The page of a run, live; where the run goes to a file, what it holds so far, which a saved notebook plays too.

    Args:
        page: its address; "" where it has none.
        path: of the recording, where it goes to one.
        height: in pixels.
    """

    def __init__(self, page: str, path: str = "", height: int = 640) -> None:
        self._page, self._path, self._height = page, path, height

    def _repr_html_(self) -> str:
        """Return a frame with charts and timeline, or where the recording is."""
        if self._page:
            source = escape(f"{self._page}&embed", quote=True)
            return (
                f'<iframe src="{source}" width="100%" height="{self._height}" style="border:0" '
                f'title="Shiftscope" allow="clipboard-write"></iframe>'
            )
        where = escape(self._path) or "a sink of its own"
        so_far = Replay(self._path, self._height)._repr_html_() if self._path else ""
        return (
            f"{so_far}<p>Recording to <code>{where}</code>. <code>shiftscope serve</code> before <code>watch()</code> "
            f"shows a run here while it trains; <code>shiftscope sync FILE</code> sends a recording to its page.</p>"
        )

    def __repr__(self) -> str:
        return self._page or self._path or "Shiftscope"
