"""The languages other than English: one file each, TAG.json, with all that people read. A new language is a new file.

A catalogue is {"language": its own name, "texts": the page's texts by key, "messages": the experiments' by their
English, "notices": what the program says of runs and requests, by code}. The page's English is frontend/locales/en.js,
that of the notices shiftscope/notices.py; the experiments' stands in their source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

FOLDER = Path(__file__).resolve().parent


class Catalogue(TypedDict):
    """What a language's file holds."""

    language: str
    texts: Mapping[str, str]
    messages: Mapping[str, str]
    notices: Mapping[str, str]


def read(tag: str, folder: Path = FOLDER) -> Catalogue:
    """Return the catalogue of a language. Raises FileNotFoundError when there is none."""
    catalogue: Catalogue = json.loads((folder / f"{tag}.json").read_text(encoding="utf-8"))
    return catalogue


def languages(folder: Path = FOLDER) -> dict[str, str]:
    """Return the languages by tag, each by its own name, English first."""
    return {"en": "English"} | {
        path.stem: read(path.stem, folder)["language"] for path in sorted(folder.glob("*.json"))
    }
