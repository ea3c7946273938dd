"""What a producer may send, and how it is read: within limits, and where it is long in a thread of its own.

Reading holds the interpreter for as long as pydantic takes, thread or not: a text is measured before it is read.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, TypeAdapter

from shiftscope.notices import NoticeError, notice
from shiftscope.wire.frames import MOST_ENTRIES, RunHeader
from shiftscope.wire.messages import PRODUCER_MESSAGE, Begin, EventMessage, Hello, LayoutsMessage, ProducerMessage

HELLO_CHARS = 4 << 10
"""Longest hello."""
EVENT_CHARS = 1 << 20
"""Longest text, in characters, of any message but those that declare layouts."""
EVENT_ITEMS = 10_000
"""Most values in the lists and objects of such a message."""
LAYOUTS_CHARS = 8 << 20
"""Longest text of a message that declares layouts."""
LAYOUTS_ITEMS = 750_000
RUN_EVENTS = 250_000
"""Most events that a run's producer may send."""
RUN_EVENT_CHARS = 64 << 20
"""Most characters that they may have in all."""
MESSAGE_BYTES = 16 << 20
"""Largest message, once a producer has introduced itself: the largest frame that there may be."""
MESSAGE_FRAMES = 10_000
"""Most frames in one message."""
_INLINE_CHARS = 16 << 10
"""A text of so many characters is read in less time than a thread takes to begin."""

_Layouts = Annotated[Begin | LayoutsMessage, Field(discriminator="type")]
_LAYOUTS: TypeAdapter[_Layouts] = TypeAdapter(_Layouts)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class TooMuchSent(NoticeError):
    """A producer sent more than is taken; the message becomes the socket's close reason."""


def read_hello(text: str) -> Hello:
    """Return the first message of a producer. Raises TooMuchSent, pydantic.ValidationError."""
    if len(text) > HELLO_CHARS:
        raise TooMuchSent(notice("refused.hello", most=HELLO_CHARS))
    hello = Hello.model_validate_json(text)
    refuse_unprintable([hello.name])
    return hello


async def read_message(text: str) -> ProducerMessage:
    """Return any other message. Raises TooMuchSent, pydantic.ValidationError."""
    message = _read(text) if len(text) <= _INLINE_CHARS else await asyncio.to_thread(_read, text)
    if isinstance(message, Begin):
        await asyncio.to_thread(check_header, message.header)
    elif isinstance(message, EventMessage):
        refuse_unprintable([message.network, message.layer])
    return message


def _too_long(*, short: bool) -> TooMuchSent:
    if short:
        return TooMuchSent(notice("refused.event", most=EVENT_CHARS, items=EVENT_ITEMS))
    return TooMuchSent(notice("refused.layouts", most=LAYOUTS_CHARS >> 20, entries=MOST_ENTRIES))


def check_header(header: RunHeader) -> None:
    """Raise TooMuchSent where the layouts of a run have too many entries, or names that cannot be shown."""
    if sum(len(layout.entries) for layout in header.layouts) > MOST_ENTRIES:
        raise TooMuchSent(notice("refused.layouts", most=LAYOUTS_CHARS >> 20, entries=MOST_ENTRIES))
    for network in header.networks:
        refuse_unprintable([network.name])
        refuse_unprintable(name for layer in network.layers for name in (layer.name, layer.label))
    for layout in header.layouts:
        refuse_unprintable([layout.name])
        refuse_unprintable(
            name
            for entry in layout.entries
            for name in (entry.network, entry.layer, entry.site, entry.quantity, entry.unit)
        )


def refuse_unprintable(names: Iterable[str]) -> None:
    """Raise TooMuchSent where one of the names has a character that no name of the API may have."""
    for name in names:
        if not name.isprintable() and _UNPRINTABLE.search(name):
            raise TooMuchSent(notice("refused.unprintable", name=ascii(name)[1:61]))


def _read(text: str) -> ProducerMessage:
    """Return a message once it is known to be no longer than it may."""
    short, lays_out = len(text) <= EVENT_CHARS, '"layouts"' in text
    if len(text) > LAYOUTS_CHARS or not (short or lays_out):
        raise _too_long(short=not lays_out)
    items = sum(text.count(sign) for sign in ",[{")
    if short and items <= EVENT_ITEMS:
        return PRODUCER_MESSAGE.validate_json(text)
    if not lays_out or items > LAYOUTS_ITEMS:
        raise _too_long(short=not lays_out)
    return _read_layouts(text)


def _read_layouts(text: str) -> ProducerMessage:
    """Return a message that is as long as only those are that declare layouts: free values are not read."""
    message = _LAYOUTS.validate_json(text)
    if isinstance(message, Begin):
        return message
    return EventMessage.model_validate({**dict(message), "value": message.value.model_dump(mode="json")})
