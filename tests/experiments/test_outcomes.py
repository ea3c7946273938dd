import math

import pytest

from shiftscope.experiments.outcomes import Outcome, above, all_of, at_least, at_most, below, largest, least

HOLDS, FAILS, UNDECIDED = Outcome.HOLDS, Outcome.FAILS, Outcome.UNDECIDED
COMPARISONS = (below, at_most, above, at_least)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (below(1, 2), HOLDS),
        (below(2, 2), FAILS),
        (at_most(2, 2), HOLDS),
        (above(2, 2), FAILS),
        (at_least(2, 2), HOLDS),
        (at_least([0.9, 0.95], 0.9), HOLDS),
        (at_least([0.9, 0.8], 0.9), FAILS),
        (below([1, 2], [2, 3]), HOLDS),
        (below([1, 3], [2, 3]), FAILS),
        (below(1, [2, 3]), HOLDS),
        (above(math.inf, 1e300), HOLDS),
        (below(math.inf, math.inf), FAILS),
        (above(math.inf, math.inf), FAILS),
        (at_most(math.inf, math.inf), UNDECIDED),
        (at_least([1, -math.inf], [1, -math.inf]), UNDECIDED),
    ],
)
def test_each_number_is_compared_with_its_limit(outcome, expected):
    assert outcome is expected


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("numbers", [(math.nan, 1), (1, math.nan), ([1, math.nan, 5], 0), (3, [4, math.nan]), ([], 1)])
def test_what_is_not_known_decides_nothing(compare, numbers):
    assert compare(*numbers) is UNDECIDED


def test_unequally_many_numbers_are_an_error():
    with pytest.raises(ValueError, match="zip"):
        below([1, 2], [1, 2, 3])


def test_one_that_is_undecided_leaves_the_whole_undecided():
    assert all_of(HOLDS, HOLDS) is HOLDS
    assert all_of(HOLDS, FAILS) is FAILS
    assert all_of(FAILS, UNDECIDED) is UNDECIDED


@pytest.mark.parametrize("values", [(math.nan, 1, 2), (1, math.nan, 2), (1, 2, math.nan)])
def test_an_extreme_of_what_is_not_known_is_not_known(values):
    assert math.isnan(least(values))
    assert math.isnan(largest(values))
    assert (least([3, 1, math.inf]), largest([3, 1, -math.inf])) == (1, 3)
