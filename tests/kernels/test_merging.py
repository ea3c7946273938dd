"""What is merged of several passes against a pass over all values together, in numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shiftscope.kernels import histogram, merging, moments
from shiftscope.kernels.fused_pass import MOST_PICKED
from tests.kernels.passes import passed, read
from tests.probes import brute

pytestmark = pytest.mark.usefixtures("way")


def merged(parts):
    states, fines = (np.array(tables) for tables in zip(*map(passed, parts), strict=True))
    state, fine = np.zeros(moments.STATE), np.zeros(histogram.STRIDE, np.int32)
    merging.merge_states(states, fines, state, fine)
    return state, fine


def check(parts):
    """Compare the merged parts with their values together."""
    values = np.concatenate([np.asarray(part, np.float64) for part in parts])
    state, fine = merged(parts)
    expected, finite = brute.moments(values), brute.finite(values)
    scale = np.abs(finite).max(initial=0.0)
    got = [state[moments.MEAN], state[moments.VARIANCE], np.sqrt(state[moments.VARIANCE])]
    np.testing.assert_allclose(got[0], expected[0], rtol=1e-6, atol=1e-12 * scale)
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-6, atol=(1e-8 * scale) ** 2)
    np.testing.assert_array_equal([state[moments.MINIMUM], state[moments.MAXIMUM]], expected[3:])
    assert state[moments.COUNT] == values.size
    assert state[moments.FINITE] == finite.size
    assert state[moments.NANS] == np.isnan(values).sum()
    assert state[moments.INFINITIES] == np.isinf(values).sum()
    quantiles, shown = read(state, fine)
    if not finite.size:
        assert fine.sum() == 0
        assert np.isnan(quantiles).all()
        return
    assert shown[: histogram.COARSE].sum() + shown[-2:].sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(quantiles, brute.quantiles(values), atol=0.05 * expected[2] + 4e-6 * scale + 1e-30)
    if all(len(part) <= histogram.WHOLE for part in parts):
        assert histogram.counted(fine) == finite.size


ordinary = st.floats(-1e6, 1e6, width=32, allow_subnormal=False)
part = hnp.arrays(np.float32, st.integers(0, 300), elements=st.one_of(ordinary, st.sampled_from([0.0, np.nan, np.inf])))


@given(st.lists(part, min_size=1, max_size=5))
@settings(deadline=None, max_examples=150)
def test_any_parts(parts):
    values = np.concatenate(parts)
    state, fine = merged(parts)
    expected = brute.moments(values)
    scale = np.abs(brute.finite(values)).max(initial=0.0)
    np.testing.assert_allclose(state[moments.MEAN], expected[0], rtol=1e-6, atol=1e-9 * scale)
    np.testing.assert_allclose(state[moments.VARIANCE], expected[1], rtol=1e-6, atol=(1e-7 * scale) ** 2)
    np.testing.assert_array_equal([state[moments.MINIMUM], state[moments.MAXIMUM]], expected[3:])
    assert histogram.counted(fine) == state[moments.FINITE] == brute.finite(values).size
    assert (fine >= 0).all()
    quantiles, shown = read(state, fine)
    if state[moments.FINITE]:
        assert shown[: histogram.COARSE].sum() + shown[-2:].sum() == pytest.approx(1, abs=1e-5)
        assert (np.diff(quantiles) >= 0).all()
        assert state[moments.MINIMUM] <= quantiles[0]
        assert quantiles[-1] <= np.float32(state[moments.MAXIMUM])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("means", [[0, 1, 2, 3], [0, 0.1], [5], [-3, 100]])
def test_micro_batches_of_normal_values(means, dtype):
    random = np.random.default_rng(0)
    parts = [(mean + (1 + k) * random.standard_normal(4000 + k)).astype(dtype) for k, mean in enumerate(means)]
    check(parts)
    check([np.maximum(part, 0) for part in parts])
    check([part**3 for part in parts])


def test_parts_of_unlike_sizes():
    random = np.random.default_rng(1)
    check([random.standard_normal(20_000) * 0.1, 3 + random.standard_normal(500), np.zeros(0), [7.0]])


def test_a_sampled_part_weighs_as_much_as_it_has_values():
    random = np.random.default_rng(2)
    large = random.standard_normal(4 * histogram.WHOLE).astype(np.float32)
    check([large, (3 + random.standard_normal(histogram.WHOLE)).astype(np.float32)])
    check([large, large + 1])


def test_constants_are_points():
    state, fine = merged([np.zeros(3, np.float32), np.ones(3, np.float32)])
    assert fine[0] == 0
    assert fine[1] == fine[histogram.FINE] == 3
    quantiles, _ = read(state, fine)
    np.testing.assert_allclose(quantiles[[0, 1, -2, -1]], [0, 0, 1, 1], atol=0.01)
    check([np.full(50, 2.5), np.full(10, 2.5)])


def test_parts_that_are_not_finite():
    check([np.array([np.nan, np.inf, 1.0, 2.0]), np.full(3, np.nan), np.array([3.0])])
    check([np.full(3, np.nan), np.full(3, -np.inf)])
    check([np.zeros(0), np.zeros(0)])


def test_the_largest_numbers_make_no_counts_of_their_own():
    _, fine = merged([np.array([1.7e308, -1.7e308]), np.array([1.0, 2.0])])
    assert (fine >= 0).all()
    assert fine[: histogram.LANE].sum() <= 4


def test_more_values_than_counts_can_hold():
    state, fine = passed(np.linspace(0, 1, 1000))
    states, fines = np.array([state] * 3), np.array([fine] * 3)
    states[:, [moments.COUNT, moments.FINITE]] = 2e9
    merging.merge_states(states, fines, state, fine)
    assert state[moments.COUNT] == 6e9
    assert histogram.counted(fine) == 2**30
    np.testing.assert_allclose(read(state, fine)[0][5], 0.5, atol=0.01)


def test_counts_of_the_values():
    states, fines = (np.array([table] * 3) for table in passed(np.arange(4.0)))
    states[:, moments.ZEROS], states[:, moments.BEYOND], states[:, moments.PICKED] = [1, 2, 3], np.nan, 600
    # A part that did not run holds nothing; what it lacks is no zero and no NaN.
    states[2] = np.nan
    states[2, [moments.COUNT, moments.FINITE, moments.NANS, moments.INFINITIES, moments.PICKED]] = 0
    state, fine = states[0], fines[0]
    merging.merge_states(states, fines, state, fine)
    assert state[moments.ZEROS] == 3
    assert np.isnan(state[moments.BEYOND])
    assert state[moments.PICKED] == MOST_PICKED
    assert state[moments.COUNT] == histogram.counted(fine) == 8


def test_parts_without_a_histogram_make_none():
    states, fines = (np.array([table] * 2) for table in passed(np.arange(4.0)))
    states[:, [moments.LOWER, moments.UPPER]] = np.nan
    state, fine = np.zeros(moments.STATE), np.ones(histogram.STRIDE, np.int32)
    merging.merge_states(states, fines, state, fine)
    assert state[moments.MEAN] == 1.5
    assert np.isnan(state[moments.LOWER])
    assert fine.sum() == 0


@pytest.mark.parametrize("counts", [[60, 60], [10, 500, 3], [4], [7, 0, 9], [0, 0]])
def test_channels(counts):
    random = np.random.default_rng(3)
    values = [(random.standard_normal((n, 5)) * 3 + 100 * k).astype(np.float32) for k, n in enumerate(counts)]
    parts = np.zeros((len(counts), 10), np.float32)
    for out, one in zip(parts, values, strict=True):
        moments.channel_moments(one.ctypes.data, one.size, False, 1, out)
    out = np.zeros(10, np.float32)
    merging.merge_channels(parts, np.array(counts, np.float64), out)
    together = np.concatenate(values).astype(np.float64)
    if together.size:
        np.testing.assert_allclose(out[:5], together.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(out[5:], together.var(axis=0), rtol=1e-5)
    else:
        assert np.isnan(out).all()


@pytest.mark.parametrize("counts", [[3, 5], [1024, 1024, 1024], [0, 4, 0], [0], [1000, 100]])
def test_units(counts):
    parts = np.full((len(counts), 2, MOST_PICKED), np.nan)
    everything = []
    for k, n in enumerate(counts):
        parts[k, 0, :n] = 10_000 * k + np.arange(n)
        parts[k, 1, :n] = -parts[k, 0, :n]
        everything += parts[k, 0, :n].tolist()
    out = np.full((2, MOST_PICKED), np.nan)
    taken = merging.merge_units(parts, np.array(counts, np.float64), out)
    assert taken == min(sum(counts), MOST_PICKED)
    expected = np.array(everything)[np.arange(taken) * len(everything) // max(taken, 1)]
    np.testing.assert_array_equal(out[0, :taken], expected)
    np.testing.assert_array_equal(out[1, :taken], -expected)
