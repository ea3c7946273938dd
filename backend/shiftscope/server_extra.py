"""The extra `server`: what the page and its runs need beside the core, and what is said where it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

INSTALL = 'pip install "shiftscope[server]"'
COMMANDS = ("serve", "links", "train", "verify")
"""The commands that need it."""
MODULES = ("fastapi", "plotly", "pooch", "prometheus_client", "pydantic_settings", "segno", "sklearn", "uvicorn")
"""What it brings, by the names that are imported."""


def is_installed() -> bool:
    """Return whether all of it can be imported; nothing is."""
    return all(find_spec(name) for name in MODULES)


def lacking(what: str) -> str:
    """Return the sentence that refuses something which needs it."""
    return f"{what} needs more than what is installed here: {INSTALL}"
