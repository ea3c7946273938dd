"""Which modules are to be layers, where that is said by name: patterns to include and to exclude."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Patterns = str | re.Pattern[str] | Sequence[str | re.Pattern[str]]
"""Globs of names, in which `*` stays within one level and `**` does not; one that begins with "!" excludes. Or regexes,
which have to match a whole name.
"""
_GLOB = re.compile(r"\*\*|\*|\?|[^*?]+")


class _Pattern(NamedTuple):
    """A pattern of names; `deep` where it goes through all levels, and so means layers, not what holds them."""

    regex: re.Pattern[str]
    deep: bool


class Selection(NamedTuple):
    """Patterns of the names of layers. With none at all, every layer there is.

    Attributes:
        include: what is a layer: any module, also one that holds others.
        exclude: what is none, with all that is inside.
    """

    include: tuple[_Pattern, ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def of(cls, patterns: Patterns) -> Selection:
        """Read what `watch(layers=...)` is given. Raises re.error for a glob that cannot be."""
        each = [patterns] if isinstance(patterns, str | re.Pattern) else patterns
        include: list[_Pattern] = []
        exclude: list[re.Pattern[str]] = []
        for one in each:
            if isinstance(one, re.Pattern):
                include.append(_Pattern(one, deep=False))
            elif one.startswith("!"):
                exclude.append(_regex(one[1:]))
            else:
                include.append(_Pattern(_regex(one), deep="**" in one))
        return cls(tuple(include), tuple(exclude))

    def takes(self, names: Sequence[str], *, layer: bool) -> bool:
        """Whether a module of these names is chosen; `layer` says whether it is a layer where nothing is said."""
        if any(_reaches(pattern, name) for pattern in self.exclude for name in names):
            return False
        if not self.include:
            return layer
        asked = [one.regex for one in self.include if layer or not one.deep]
        return any(pattern.fullmatch(name) for pattern in asked for name in names)

    def unmatched(self, names: Iterable[str]) -> bool:
        """Whether something is to be included, and none of the names is."""
        known = [name for name in names if name]
        return bool(self.include) and not any(one.regex.fullmatch(name) for one in self.include for name in known)


EVERY_LAYER = Selection()


def _regex(glob: str) -> re.Pattern[str]:
    parts = {"**": ".*", "*": r"[^.]*", "?": "[^.]"}
    return re.compile("".join(parts.get(one, re.escape(one)) for one in _GLOB.findall(glob)))


def _reaches(pattern: re.Pattern[str], name: str) -> bool:
    """Whether a pattern matches a name, or that of something around it."""
    path = name.split(".")
    return any(pattern.fullmatch(".".join(path[:depth])) for depth in range(1, len(path) + 1))
