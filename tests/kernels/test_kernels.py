import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shiftscope.kernels import counts, histogram, moments, readout
from tests.probes import brute

pytestmark = pytest.mark.usefixtures("way")


def measured(values):
    """Run the passes over one array; return state, fine histogram, and the row of all that is read from them."""
    values = np.ascontiguousarray(values)
    wide = values.dtype == np.float64
    state, fine = np.zeros(moments.STATE), np.zeros(histogram.STRIDE, np.int32)
    moments.moments(values.ctypes.data, values.size, wide, state)
    histogram.bins(values.ctypes.data, values.size, wide, state, fine)
    row = np.zeros(5 + 2 + 68 + len(readout.LEVELS), np.float32)
    readout.write_moments(state, row, 0)
    readout.write_not_finite(state, row, 5)
    readout.write_histogram(state, fine, row, 7)
    readout.write_quantiles(state, fine, np.array(readout.LEVELS), row, 75)
    return {
        "moments": row[:5], "counts": row[5:7], "histogram": row[7:71], "range": row[71:73], "outside": row[73:75],
        "quantiles": row[75:], "state": state,
    }  # fmt: skip


def check(values):
    got = measured(values)
    expected = brute.moments(values)
    finite = brute.finite(values)
    sigma = expected[2] if finite.size else 1.0
    scale = np.abs(finite).max(initial=0.0)
    with np.errstate(over="ignore"):
        as32 = expected.astype(np.float32)
    np.testing.assert_allclose(got["moments"], as32, rtol=1e-5, atol=1e-6 * sigma + 1e-7 * scale)
    flat = np.asarray(values).ravel()
    assert got["counts"].tolist() == [np.isnan(flat).sum(), np.isinf(flat).sum()]
    tolerance = 0.03 * sigma + 4e-6 * scale + 1e-37
    np.testing.assert_allclose(got["quantiles"], brute.quantiles(values), atol=tolerance, rtol=1e-6)
    if finite.size:
        assert got["histogram"].sum() + got["outside"].sum() == pytest.approx(1, abs=1e-5)
        lower, upper = got["range"].astype(np.float64)
        edges = np.linspace(lower, upper, 65)
        hair = 1e-4 * (upper - lower) + 1e-6 * scale
        reached = got["outside"][0] + np.cumsum(got["histogram"])
        for edge, fraction in zip(edges[1:], reached, strict=True):
            assert brute.fraction_up_to(values, edge - hair) - 1e-5 <= fraction
            assert fraction <= brute.fraction_up_to(values, edge + hair) + 1e-5
    else:
        assert np.isnan(got["range"]).all()
        assert got["histogram"].sum() == 0


ordinary = st.floats(-1e6, 1e6, width=32, allow_subnormal=False)
anything = st.one_of(ordinary, st.floats(width=32), st.just(0.0))


@given(hnp.arrays(np.float32, st.integers(0, 300), elements=anything))
@settings(deadline=None, max_examples=200)
def test_any_float32(values):
    check(values)


# A row is of float32: what is smaller than those can be is left out.
wide = st.floats(-1e30, 1e30).map(lambda value: value if abs(value) > 1e-30 else 0.0)


@given(hnp.arrays(np.float64, st.integers(0, 200), elements=st.one_of(wide, st.just(float("nan")))))
@settings(deadline=None, max_examples=100)
def test_any_float64(values):
    check(values)


@given(st.integers(0, 2**32 - 1), st.integers(1, 20_000), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
@settings(deadline=None, max_examples=30)
def test_distributions_of_networks(seed, n, mean, sigma):
    rng = np.random.default_rng(seed)
    x = (mean + sigma * rng.standard_normal(n)).astype(np.float32)
    check(x)
    check(np.maximum(x, 0))
    check((1 / (1 + np.exp(-np.clip(x, -50, 50)))).astype(np.float32))
    check((x**3).astype(np.float32))


@pytest.mark.parametrize("value", [0.0, 1.0, -3.25, 1e6, 1e-30, 1e30, -0.0])
def test_a_constant_layer(value):
    x = np.full(6000, value, np.float32)
    check(x)
    got = measured(x)
    assert got["moments"][1] == 0
    assert (got["quantiles"] == np.float32(value)).all()
    assert got["range"][0] < value < got["range"][1]
    assert got["histogram"].max() == 1


def test_small_deviation_on_a_large_mean():
    rng = np.random.default_rng(0)
    x = 1e6 + 1e-3 * rng.standard_normal(20_000)
    got = measured(x)
    assert got["state"][moments.VARIANCE] == pytest.approx(np.var(x), rel=1e-3)
    narrow = (1e6 + rng.standard_normal(20_000)).astype(np.float32)
    assert measured(narrow)["moments"][1] == pytest.approx(np.var(narrow.astype(np.float64)), rel=1e-5)


def test_one_wild_value_leaves_the_variance_right():
    rng = np.random.default_rng(1)
    for place in (0, 500):
        x = rng.standard_normal(1000).astype(np.float32)
        x[place] = 1e6
        check(x)


def test_a_gap_between_two_values():
    x = np.repeat(np.float32([0, 1]), 500)
    check(x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("period", [1, 2, 32, 61, 1024])
def test_large_maps_are_sampled_without_aliasing(period, dtype):
    random = np.random.default_rng(period)
    n = 8 * histogram.SAMPLE
    pattern = random.normal(size=period) * 3
    values = (np.resize(pattern, n) + random.normal(size=n)).astype(dtype)
    got, expected = measured(values), brute.moments(values)
    np.testing.assert_allclose(got["moments"], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(got["quantiles"], brute.quantiles(values), atol=0.03 * expected[2])
    edges = np.linspace(*got["range"].astype(np.float64), 65)
    true = np.histogram(values, edges)[0] / n
    np.testing.assert_allclose(got["histogram"], true, atol=5 * np.sqrt(true.max() / histogram.SAMPLE))


def test_a_sample_that_meets_nothing_finite():
    values = np.full(40 * histogram.SAMPLE, np.nan, np.float32)
    values[:1] = 3.0
    got = measured(values)
    assert got["counts"].tolist() == [values.size - 1, 0]
    assert got["moments"][0] == 3.0
    assert np.isnan(got["quantiles"]).all() or (got["quantiles"] == 3.0).all()


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_counted_and_left_out(poison):
    rng = np.random.default_rng(2)
    x = rng.standard_normal(5000).astype(np.float32)
    x[::7] = poison
    check(x)
    check(np.full(10, poison, np.float32))
    check(x.astype(np.float64))


@given(hnp.arrays(np.float32, st.integers(0, 3000), elements=st.floats(width=32)))
@settings(deadline=None, max_examples=100)
def test_squares(values):
    total, bad = moments.squares(values.ctypes.data, values.size, False)
    assert bad == np.sum(~np.isfinite(values))
    if bad == 0:
        assert np.sqrt(total) == pytest.approx(brute.norm(values), rel=1e-12)


def test_vanishing_gradients_have_a_norm():
    tiny = np.full(1000, 1e-30, np.float32)
    total, _ = moments.squares(tiny.ctypes.data, tiny.size, False)
    assert np.sqrt(total) == pytest.approx(np.sqrt(1000) * 1e-30, rel=1e-5)


@pytest.mark.parametrize("shape", [(60, 7), (2, 3), (1, 5), (4, 6, 5), (8, 3, 5, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_channels(shape, dtype):
    rng = np.random.default_rng(3)
    x = (rng.standard_normal(shape) * 3 + 100).astype(dtype)
    channels = shape[1]
    out = np.zeros(2 * channels, np.float32)
    moments.channel_moments(x.ctypes.data, x.size, dtype == np.float64, int(np.prod(shape[2:])), out)
    mean, variance = brute.channels(x)
    np.testing.assert_allclose(out[:channels], mean, rtol=1e-6)
    np.testing.assert_allclose(out[channels:], variance, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("values", [[1.7e308, -1.7e308, 0.0, 3.0, 1e308], [1e200, -1e200], [1e160, 2.0, -1e160]])
def test_the_largest_numbers_of_float64_stay_in_their_place(values):
    x = np.array(values)
    state, fine = np.zeros(moments.STATE), np.zeros(histogram.STRIDE, np.int32)
    moments.moments(x.ctypes.data, x.size, True, state)
    histogram.bins(x.ctypes.data, x.size, True, state, fine)
    assert fine[: histogram.LANE].sum() == x.size
    assert state[moments.MINIMUM] == x.min()
    assert state[moments.MAXIMUM] == x.max()


@pytest.mark.parametrize("size", [0, 3, 31, 33])
def test_channels_that_do_not_divide_the_values_are_nan(size):
    x, out = np.ones(40, np.float32), np.zeros(32, np.float32)
    moments.channel_moments(x.ctypes.data, size, False, 1, out)
    assert np.isnan(out).all()


def test_units_that_are_not_there_are_nan():
    x, out = np.arange(12, dtype=np.float32), np.zeros((3, 1024))
    assert counts.pick(x.ctypes.data, x.size, False, 4, 1, np.array([1, 4, -1]), out) == 3
    assert out[0, :3].tolist() == [1, 5, 9]
    assert np.isnan(out[1:, :3]).all()
    assert counts.pick(x.ctypes.data, x.size, False, 0, 1, np.array([1]), out) == 0
