"""What the server names and the page words by a key is in the page's texts: fields, choices, states, probes, events."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from shiftscope.config import RunConfig
from shiftscope.engine.overhead import RESERVED
from shiftscope.probes.registry import PROBES
from shiftscope.server.run_state import RunState
from shiftscope.wire.messages import EventKind
from tests.conftest import REPOSITORY
from tests.translations.messages import figures

ENGLISH = (REPOSITORY / "frontend" / "locales" / "en.js").read_text(encoding="utf-8")
KEYS = {quoted or plain for quoted, plain in re.findall(r'^  (?:"([\w.]+)"|(\w+)):', ENGLISH, re.MULTILINE)}
SCHEMA = RunConfig.model_json_schema()
PARTS = (SCHEMA, *SCHEMA["$defs"].values())


def choices(schema: Any) -> Iterator[str]:
    """Yield the values that a form offers: each constant and each member of an enumeration."""
    if isinstance(schema, dict):
        yield from (one for one in (schema.get("const"), *schema.get("enum", ())) if isinstance(one, str))
        for inner in schema.values():
            yield from choices(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from choices(inner)


WORDED = {
    "field": {name for part in PARTS for name in part.get("properties", {})},
    "option": set(choices(SCHEMA)),
    "state": set(RunState),
    "waiting": set(RunState),
    "source": {"worker", "script"},
    "probe": {*(probe.name for probe in PROBES), *RESERVED},
    "quantity": {name[-1] for name in figures() if not name[-1].isdigit()},
    "event": {*get_args(EventKind), "learning_rate", "pace", "paused", "resumed"},
}


@pytest.mark.parametrize("kind", WORDED)
def test_the_page_has_a_text_for(kind):
    assert len(KEYS) > 300
    assert {f"{kind}.{name}" for name in WORDED[kind]} <= KEYS


def test_the_form_has_no_text_of_what_is_not_in_the_config():
    for kind in ("field", "option"):
        assert {key.partition(".")[2] for key in KEYS if key.startswith(f"{kind}.")} <= WORDED[kind]
