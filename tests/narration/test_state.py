"""A narrator as bytes: it goes on as it would have, and bytes of any other kind make nothing and do nothing."""

from __future__ import annotations

import copy
import json
import logging
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from shiftscope.config import Intervention
from shiftscope.narration.narrator import Narrator
from shiftscope.narration.state import NarratorStateError, frozen, thawed
from shiftscope.sinks.narration import Narration
from shiftscope.sinks.outbox import Item
from shiftscope.wire.frames import Frame, NetworkInfo, encode
from shiftscope.wire.messages import Begin, EventMessage
from tests.narration.stories import Numbers, Story, codes

DRIFT = "wasserstein_over_sigma_from_start"
FROZEN = Intervention(freeze_below="hidden 2", noise=0.1)


def eventful() -> Story:
    """A run of which nearly each rule has something to say."""
    made = Story("plain", "bn")
    for step in range(240):
        if step == 120:
            made.intervene({"bn": FROZEN})
        far, loss = 0.02 * step, 1 / (1 + step / 20)
        plain: Numbers = {
            "loss": 0.99,
            "gradient_norm": (0.001, 1, 1, 1),
            "test_accuracy": 0.1,
            "dead_fraction": (1, 0, 0, 0),
        }
        if step > 150:
            moved = (0.1, 0.1 + 0.001 * (step - 150), 0.1, 0.1)
            plain = {**plain, "loss": 0.05 if step < 200 else math.nan, "nan_count": (0, 2, 0, 0), DRIFT: moved}
        made.step(
            {"plain": plain, "bn": {
                "loss": loss, "test_accuracy": min(0.99, step / 100), DRIFT: (0.1, far, 0.2, far),
                "input_centroid": ((0, 0), (far, 0), (0, far), (1, 1)),
            }},
            rate=0.1 if step < 60 else 0.01,
        )  # fmt: skip
    return made


def test_a_narrator_goes_on_elsewhere_with_the_same_sentences() -> None:
    made = eventful()
    one, other = Narrator(made.header), Narrator(made.header)
    said: list[list[EventMessage]] = [[], []]
    for number, frame in enumerate(made.frames):
        if frame.step == 120:
            one.intervened({"bn": FROZEN}, 119)
            other.intervened({"bn": FROZEN}, 119)
        if number % 23 == 0:
            other = thawed(frozen(other))
        said[0] += one.observe(frame)
        said[1] += other.observe(frame)
    assert said[1] + thawed(frozen(other)).end() == said[0] + one.end()
    assert {
        "still_smaller", "wakes_moving", "overtakes", "equal_loss_moved", "moved_farther_while_still", "accuracy",
        "origin", "learning_rate", "intervened", "diverged", "silent",
    } <= set(codes(said[0]))  # fmt: skip


def test_a_narrator_goes_on_with_streams_that_were_laid_out_anew() -> None:
    made = Story("plain")
    made.step(times=30)
    layout = next(one for one in made.layouts if one.name == "layers").model_copy(update={"revision": 1})
    fewer = NetworkInfo(name="plain", layers=made.header.networks[0].layers[1:])
    made.narrator.revise({"layouts": [layout.model_dump(mode="json")], "networks": [fewer.model_dump(mode="json")]})
    again = thawed(frozen(made.narrator))
    row = np.full(layout.size, 2e3, dtype=np.float32)
    frame = Frame.parse(encode(layout.number, 1, 31, 0.0, row))
    assert codes(again.observe(frame)) == codes(made.narrator.observe(frame)) == ["origin", "huge_gradient"]
    assert frozen(again) == frozen(made.narrator)


def exploits(touched: Path) -> dict[str, bytes]:
    """Return pickles that make a file: at once, by a function, and past a reader that admits what it has been told."""
    makes = f"cio\nFileIO\n(S'{touched}'\nS'w'\ntR.".encode()
    calls = f"cos\nsystem\n(S'touch {touched}'\ntR.".encode()
    admits = b"cshiftscope.narration.state\n_Reader\n(N(dS'_may'\ncshiftscope.narration.recorded\nchain\nstb0"
    return {"a type": makes, "a function": calls, "past a reader": admits + makes}


@pytest.mark.parametrize("which", ["a type", "a function", "past a reader"])
def test_a_pickle_executes_nothing_and_the_run_goes_on(
    which: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touched = tmp_path / "touched"
    said = goes_on(exploits(touched)[which], caplog)
    assert "narration.still" in said
    assert not touched.exists()


def junk() -> Iterator[tuple[str, bytes]]:
    whole = frozen(Story("plain").narrator)
    contents = json.loads(whole)
    yield "nothing of it", b"\x80\x04."
    yield "torn", whole[: len(whole) // 2]
    yield "no text", b"\xff\xfe"
    yield "deep", b"[" * 100_000
    yield "a huge number", b"1" * 10_000
    yield "something else", b"[]"
    for name, places, value in (
        ("of another version", ("format",), 0),
        ("without what is known", ("carried",), {}),
        ("a flag for a number", ("carried", "told"), True),
        ("a text for a number", ("carried", "told"), "__import__('os')"),
        ("what is not there", ("carried", "header"), 99),
        ("what is nothing's number", ("carried", "header"), -1),
        ("too few rules", ("carried", "rules"), []),
        ("a class by its name", ("carried", "rules", 0), {"py/object": "subprocess.Popen"}),
        ("other networks", ("carried", "known", "networks"), []),
        ("no pairs", ("carried", "known", "interventions"), [[1, 2, 3]]),
        ("a huge loss", ("carried", "known", "learning_rate"), 10**400),
    ):
        changed = copy.deepcopy(contents)
        place = changed["value"]
        for at in places[:-1]:
            place = place[at]
        place[places[-1]] = value
        yield name, json.dumps(changed).encode()


@pytest.mark.parametrize("state", [pytest.param(state, id=name) for name, state in junk()])
def test_a_narrator_begins_anew_where_there_is_none_of_this_version(
    state: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NarratorStateError):
        thawed(state)
    assert "narration.still" in goes_on(state, caplog)


def goes_on(state: bytes, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the codes of what is narrated of a run that goes on from a state."""
    with caplog.at_level(logging.WARNING):
        narration = Narration(state)
    assert "begins anew" in caplog.text
    made = Story("plain")
    made.step(times=301)
    items: list[Item] = [Begin(header=made.header), *(frame.data for frame in made.frames)]
    return [item.code for item in narration.added_to(items) if isinstance(item, EventMessage)]
