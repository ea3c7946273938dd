"""What people read, in each of the program's languages."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict


class Text(BaseModel):
    """One text in English and in Korean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    ko: str

    def __add__(self, other: Text) -> Text:
        return Text(en=self.en + other.en, ko=self.ko + other.ko)

    def fill(self, **values: object) -> Text:
        """Put values into the text's {names}, in both languages."""
        return Text(en=self.en.format(**values), ko=self.ko.format(**values))

    @classmethod
    def same(cls, text: str) -> Self:
        """Return a text that reads alike in each language: a number, a name."""
        return cls(en=text, ko=text)

    @classmethod
    def join(cls, texts: list[Text], separator: str = "; ") -> Self:
        """Join texts, language by language."""
        return cls(en=separator.join(t.en for t in texts), ko=separator.join(t.ko for t in texts))


def t(en: str, ko: str) -> Text:
    """Return a text."""
    return Text(en=en, ko=ko)
