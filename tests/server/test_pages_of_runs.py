from __future__ import annotations

from pathlib import Path
from typing import cast

from fastapi import Response
from hypothesis import given
from hypothesis import strategies as st

from shiftscope.recording.documents import StartedBy
from shiftscope.server.api import list_runs
from shiftscope.server.pages_of_runs import Entry, page
from shiftscope.server.run_state import RunState
from shiftscope.server.services import Services
from shiftscope.server.store import RunStore
from tests.alone import run_alone

ENTRIES = st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["", "", "a", "b", "c"])), max_size=40).map(
    lambda made: [Entry(f"{at}", f"{at}", float(place), trial, f"{at}") for at, (place, trial) in enumerate(made)]
)


@given(ENTRIES, st.integers(1, 7))
def test_pages_have_each_run_once_and_whole_groups(entries: list[Entry], limit: int) -> None:
    pages = [page(entries, limit)]
    while pages[-1].cursor:
        pages.append(page(entries, limit, pages[-1].cursor))
    by_key = {one.key: one for one in entries}
    assert sorted(key for one in pages for key in one.keys) == sorted(by_key)
    assert all(len(one.keys) >= limit for one in pages[:-1])
    for trial in "abc":
        assert sum(any(by_key[key].trial == trial for key in one.keys) for one in pages) <= 1
    alone = [by_key[key].place for one in pages for key in one.keys if not by_key[key].trial]
    assert alone == sorted(alone, reverse=True)
    trials = [by_key[key].trial for key in page(entries, 1000, trials_alone=True).keys]
    assert "" not in trials
    assert len(trials) == sum(one.trial != "" for one in entries)


def test_what_comes_between_two_pages_moves_nothing() -> None:
    entries = [Entry(str(at), str(at), float(at), "", str(at)) for at in range(10)]
    first = page(entries, 4)
    later = [*entries[:7], *entries[8:], Entry("new", "new", 99.0, "", "new")]
    assert page(later, 4, first.cursor).keys == ["5", "4", "3", "2"]


class Stored:
    """The part of a server that lists runs."""

    def __init__(self, folder: Path) -> None:
        self.store = RunStore.open(folder)


def test_the_runs_of_a_class_are_listed_page_by_page_also_from_the_index(tmp_path: Path) -> None:
    first = Stored(tmp_path)
    class_a, class_b = (StartedBy(browser="b", group=group) for group in ("class a", "class b"))
    made = [first.store.create("a run", "script", None, by=by) for by in (class_a, None, class_a, class_b, class_a)]
    for run in made:
        run_alone(run.move(RunState.STOPPED))
    for one in (first, Stored(tmp_path)):
        answer = Response()
        found = list_runs(cast("Services", one), answer, 2, "", "class a")
        assert [run.id for run in found] == [made[4].id, made[2].id]
        assert "group=class+a" in answer.headers["Link"]
        cursor = answer.headers["Link"].partition("cursor=")[2].partition("&")[0].replace("+", " ")
        rest = list_runs(cast("Services", one), Response(), 2, cursor, "class a")
        assert [run.id for run in rest] == [made[0].id]
        one.store.close()
