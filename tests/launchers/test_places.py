"""Who trains next, without a server."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from shiftscope.launchers.places import Places, Queued, fair
from tests.alone import run_alone

OWNERS = st.sampled_from("abcd")


def runs(owners: str) -> list[Queued]:
    return [Queued(f"{owner}{number}", owner) for number, owner in enumerate(owners)]


def test_everybodys_first_comes_before_anybodys_second() -> None:
    assert fair(runs("aaabbc"), {}) == ["a0", "b3", "c5", "a1", "b4", "a2"]
    assert fair(runs("aab"), {"a": 1}) == ["b2", "a0", "a1"]
    assert fair(runs("xxx"), {"x": 2}) == ["x0", "x1", "x2"]


@given(st.text("abcd", max_size=12), st.dictionaries(OWNERS, st.integers(0, 3)))
def test_nobody_waits_for_more_of_anothers_than_of_their_own(owners: str, training: dict[str, int]) -> None:
    order = fair(runs(owners), training)
    assert sorted(order) == sorted(one.run for one in runs(owners))
    served = dict(training)
    for place, run in enumerate(order):
        owner = run[0]
        for other in {one[0] for one in order[place:]}:
            assert served.get(owner, 0) <= served.get(other, 0)
        served[owner] = served.get(owner, 0) + 1


def test_places_are_given_in_turn_and_numbers_move_up() -> None:
    run_alone(_take_places())


async def _take_places() -> None:
    numbers: dict[str, int | None] = {}
    all_there = asyncio.Event()

    def move(run: str, number: int | None) -> None:
        numbers[run] = number
        if len(numbers) == 3:
            all_there.set()

    places = Places(1, move)
    going = {run: asyncio.Event() for run in ("a1", "a2", "b1", "c1")}
    began: list[str] = []

    async def train(run: str) -> None:
        async with places.place(run, run[0]) as taken:
            if taken:
                began.append(run)
                await going[run].wait()

    tasks = {run: asyncio.create_task(train(run)) for run in going}
    await all_there.wait()
    assert (began, numbers) == (["a1"], {"a2": 3, "b1": 1, "c1": 2})
    places.withdraw("b1")
    await tasks["b1"]
    assert numbers == {"a2": 2, "b1": None, "c1": 1}
    tasks["c1"].cancel()
    await asyncio.gather(tasks["c1"], return_exceptions=True)
    assert numbers["a2"] == 1
    going["a1"].set()
    going["a2"].set()
    await asyncio.gather(tasks["a1"], tasks["a2"])
    assert began == ["a1", "a2"]
    async with places.place("d1", "d") as taken:
        assert taken


def test_who_trains_and_who_waits_may_leave_at_once() -> None:
    async def leave() -> list[str]:
        places, trains = Places(1, lambda *_: None), asyncio.Event()

        async def hold(run: str) -> None:
            async with places.place(run, ""):
                trains.set()
                await asyncio.Event().wait()

        tasks = [asyncio.create_task(hold(run)) for run in ("a", "b")]
        await trains.wait()
        for task in tasks:
            task.cancel()
        return [type(found).__name__ for found in await asyncio.gather(*tasks, return_exceptions=True)]

    assert run_alone(leave()) == ["CancelledError", "CancelledError"]
