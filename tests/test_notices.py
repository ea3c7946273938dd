"""What the program says: each code is used, its English whole, and every language has it."""

from __future__ import annotations

import ast
import re

import pytest
from pydantic_core import PydanticKnownError

from shiftscope.notices import ENGLISH, MAX_SENTENCE, Notice, NoticeError, as_notice, notice
from shiftscope.translations import languages, read
from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "backend" / "shiftscope"
PAGE = (REPOSITORY / "frontend" / "locales" / "en.js").read_text(encoding="utf-8")
BLANK = re.compile(r"\{(\w+)\}")
TAGS = [tag for tag in languages() if tag != "en"]


def test_the_text_is_made_from_the_code_and_its_values() -> None:
    said = notice("end.server_ended", state=notice("state.paused"), step=1200)
    assert said.text == str(said) == "the server ended while the run was paused at step 1,200"
    assert notice("config.names", names=("a", "b")).text == "each variant needs a name of its own; got a, b"
    assert notice("event.learning_rate_set", rate=0.25).text == "learning rate: 0.25"
    assert notice("event.learning_rate_set", rate=1.1e19).text == "learning rate: 1.1 · 10¹⁹"
    assert notice("event.learning_rate_set", rate=-2.5e-7).text == "learning rate: -2.5 · 10⁻⁷"
    with pytest.raises(KeyError):
        notice("end.unheard_of")
    with pytest.raises(KeyError):
        notice("end.not_started")


def test_a_notice_survives_json_also_what_is_not_finite() -> None:
    said = notice("end.not_started", error=notice("event.pace_set", pace=float("nan")))
    assert Notice.model_validate_json(said.model_dump_json()) == said


def test_a_long_text_is_cut_and_not_refused() -> None:
    assert len(Notice(text="x" * 10_000).text) == MAX_SENTENCE


def test_an_error_says_its_notice() -> None:
    error = NoticeError(notice("wait.data"))
    assert (str(error), as_notice(error)) == ("loading the data", notice("wait.data"))
    assert as_notice(ValueError("of somebody's own")) == Notice(text="of somebody's own")


def said_in_source() -> set[str]:
    """Return every string of the product's source, those of the declarations apart."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if path.name != "notices.py":
            tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            found |= {node.value for node in tree if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return found


def test_each_code_is_said_somewhere() -> None:
    said = said_in_source()
    made_up = {"state.", "action.", "invalid.", "end.worker_killed", "end.worker_exited"}
    assert {code for code in ENGLISH if code not in said and not code.startswith(tuple(made_up))} == set()


@pytest.mark.parametrize("code", [code for code in ENGLISH if code.startswith("invalid.")])
def test_what_pydantic_says_is_declared_word_for_word(code: str) -> None:
    context = dict.fromkeys(BLANK.findall(ENGLISH[code]), 1)
    texts = {name: "x" for name in context if name in {"pattern", "expected"}}
    error = PydanticKnownError(code.removeprefix("invalid."), context | texts)  # type: ignore[arg-type]
    assert error.message_template == ENGLISH[code]


@pytest.mark.parametrize("tag", TAGS)
def test_each_language_has_every_notice_with_the_same_blanks(tag: str) -> None:
    catalogue = read(tag)
    shared = {code for code in ENGLISH if code in catalogue["texts"]}
    assert shared == {code for code in ENGLISH if code.startswith("state.")}
    assert set(catalogue["notices"]) == set(ENGLISH) - shared
    for code, translation in catalogue["notices"].items():
        assert set(BLANK.findall(translation)) == set(BLANK.findall(ENGLISH[code])), code
    for code in shared:
        assert f'"{code}": "{ENGLISH[code]}"' in PAGE, f"the page has {code} in other words"
