"""Texts that people read: English stands in the source, and is the id by which a catalogue has it in other languages.

A text that holds numbers or names is a message with {placeholders} and their values; it travels as both, so that
whoever shows it can word the message in another language before it is filled in (shiftscope.translations).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, computed_field

Prose = Annotated[str, "translated"]
"""A text without values, in English: a message of the catalogues."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")


class Text(BaseModel):
    """A message in English and what its {placeholders} stand for."""

    model_config = ConfigDict(frozen=True)

    message: str = Field(description="English, with {placeholders}; what a catalogue is asked for")
    values: Mapping[str, str | Text] = Field({}, description="what the placeholders stand for: words, or other texts")

    @computed_field(description="the whole in English")  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """The whole in English."""
        return _PLACEHOLDER.sub(lambda found: str(self.values[found[1]]), self.message)

    def __str__(self) -> str:
        return self.text


def t(message: str, **values: object) -> Text:
    """Return a text; `message` stands in English in every catalogue."""
    return Text(
        message=message,
        values={name: value if isinstance(value, Text) else str(value) for name, value in values.items()},
    )


def literal(words: object) -> Text:
    """Return a text that reads alike in each language: a number, a symbol."""
    return t("{words}", words=words)


def named(name: str) -> Text:
    """Return the name of a network or a run as a text: its words are the message, its numbers the values {0}, {1}."""
    numbers = _NUMBER.findall(name)
    places = iter(range(len(numbers)))
    message = _NUMBER.sub(lambda _: f"{{{next(places)}}}", name)
    return Text(message=message, values={str(place): number for place, number in enumerate(numbers)})


def join(texts: Sequence[Text], separator: str = "; ") -> Text:
    """Join texts."""
    return Text(
        message=separator.join(f"{{{place}}}" for place in range(len(texts))),
        values={str(place): text for place, text in enumerate(texts)},
    )
