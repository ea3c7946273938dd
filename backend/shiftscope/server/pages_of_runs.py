"""Which runs stand on which page of a list: the newest first, those of a trial side by side and never torn apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import Query, Response

Limit = Annotated[int, Query(ge=1, le=1000, description="so many runs at least, if there are; the last group is whole")]
Cursor = Annotated[str, Query(max_length=400, description="as the address of the next page has it")]


Group = Annotated[str, Query(max_length=200, description="those of one class alone; of all where it is empty")]


class Entry(NamedTuple):
    """What a run is found by: its file, and what the file says of it."""

    file: str
    id: str
    place: float
    trial: str
    key: str = ""
    """The id under which the server knows it: another than the file's where it is a copy."""
    stamp: str = ""
    """What told the content of the file from another, when the folder's index was written."""
    group: str = ""
    """What those are called together who started it."""


class Page(NamedTuple):
    """Keys of runs, and where the next page begins; "" on the last."""

    keys: list[str]
    cursor: str


def page(entries: Iterable[Entry], limit: int, cursor: str = "", *, trials_alone: bool = False) -> Page:
    """Return the runs after a cursor: at least `limit`, if there are, and then those that belong with the last."""
    groups = _groups(entries, trials_alone=trials_alone)
    keys: list[str] = []
    last = ""
    for head, members in groups:
        if cursor and head >= cursor:
            continue
        if len(keys) >= limit:
            return Page(keys, last)
        keys += [one.key for one in members]
        last = head
    return Page(keys, "")


def _groups(entries: Iterable[Entry], *, trials_alone: bool) -> list[tuple[str, list[Entry]]]:
    """Return the runs by group, the newest of each first, and where each stands in the order of groups."""
    found: dict[str, list[Entry]] = {}
    for one in sorted(entries, key=_place, reverse=True):
        if one.trial or not trials_alone:
            found.setdefault(f"trial {one.trial}" if one.trial else f"run {one.key}", []).append(one)
    return [(_place(members[0]), members) for members in found.values()]


def _place(entry: Entry) -> str:
    return f"{entry.place:020.9f} {entry.key}"


def lead_on(response: Response, path: str, limit: int, found: Page, **more: str) -> None:
    """Let an answer say where the next page is; `more` is what else is asked for."""
    if found.cursor:
        asked = {"limit": limit, "cursor": found.cursor} | more
        response.headers["Link"] = f'<{path}?{urlencode(asked)}>; rel="next"'
