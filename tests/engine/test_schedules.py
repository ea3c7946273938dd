from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiftscope.engine.schedules import at, before, every, never, thinning


def steps(schedule, total):
    return [step for step in range(total) if schedule(step)]


def test_combined():
    assert steps(every(4) | at(1, 2), 10) == [0, 1, 2, 4, 8]
    assert steps(every(2) & ~before(5), 10) == [6, 8]
    assert steps(never() | at(3), 10) == [3]
    assert repr(every(4) | at(1, 2)) == "(every(4) | at(1, 2))"


@pytest.mark.parametrize(
    ("total", "frames"), [(20_000, 2000), (50_000, 2000), (3000, 2000), (1_000_000, 500), (100, 2)]
)
def test_thinning_keeps_about_as_many_as_asked(total, frames):
    kept = steps(thinning(total, frames), total)
    assert kept[0] == 0
    assert kept[-1] == total - 1
    assert abs(len(kept) - frames) <= max(3, 0.01 * frames)


def test_thinning_is_every_step_at_first_and_smooth_after():
    kept = steps(thinning(50_000, 2000), 50_000)
    gaps = [after - now for now, after in pairwise(kept[:-1])]
    assert gaps[:25] == [1] * 25
    assert all(later >= sooner - 1 for sooner, later in pairwise(gaps))
    assert max(gaps) > 20


@given(st.integers(1, 3000), st.integers(2, 4000))
def test_a_short_run_keeps_all(total, frames):
    kept = steps(thinning(total, frames), total + 10)
    assert kept[-1] == total - 1
    if total <= frames:
        assert kept == list(range(total))


def test_an_unbounded_run():
    kept = steps(thinning(), 20_000)
    assert kept[:12] == list(range(12))
    assert 400 < len(kept) < 500


@pytest.mark.parametrize("wrong", [lambda: every(0), lambda: thinning(10, 1)])
def test_what_makes_no_sense(wrong):
    with pytest.raises(ValueError, match="at least"):
        wrong()


@given(
    st.sampled_from([
        every(1), every(7), at(0, 5, 900), before(40), never(), thinning(5000, 300), thinning(None, 50),
        every(3) & ~before(20), every(4) | at(3), thinning(3000, 100) & every(2), ~every(2),
        every(2) & ~every(2) & before(99),
    ]),
    st.integers(0, 4000),
)  # fmt: skip
def test_what_follows_is_the_first_that_is_due(schedule, step):
    found = schedule.following(step)
    tried = next((other for other in range(step, step + 6000) if schedule(other)), None)
    if tried is None:
        assert found is None or found > step + 6000
    else:
        assert found == tried
