"""Distances read from two fine histograms against those of the values themselves, in numpy."""

import numpy as np
import pytest

from shiftscope.kernels import histogram, moments
from shiftscope.kernels.distances import SMALLEST
from shiftscope.kernels.histogram_distances import histogram_distances
from shiftscope.kernels.merging import merge_states
from tests.kernels.passes import passed

pytestmark = pytest.mark.usefixtures("way")

random = np.random.default_rng(0)
NORMAL = random.standard_normal(20_000)
SHAPES = {
    "normal": NORMAL,
    "shifted": NORMAL[:7001] + 0.3,
    "wide": random.standard_normal(9000) * 3 - 1,
    "relu": np.maximum(random.standard_normal(12_000), 0),
    "two points": np.repeat([0.0, 1.0], [300, 700]),
    "uniform": random.random(5000),
    "constant": np.full(100, 0.25),
    "one value": np.array([-2.0]),
    "far away": 50 + random.standard_normal(3000),
}


def wasserstein(a, b):
    """Integrate the distance of the empirical distribution functions."""
    a, b = np.sort(a), np.sort(b)
    places = np.sort(np.concatenate([a, b]))
    below_a = np.searchsorted(a, places[:-1], side="right") / a.size
    below_b = np.searchsorted(b, places[:-1], side="right") / b.size
    return np.sum(np.abs(below_a - below_b) * np.diff(places))


def found(a, b, first_sigma=1.0):
    return histogram_distances(*passed(a), *passed(b), first_sigma)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("one", SHAPES)
@pytest.mark.parametrize("other", SHAPES)
def test_any_two(one, other, dtype):
    a, b = SHAPES[one].astype(dtype), SHAPES[other].astype(dtype)
    got = found(a, b)
    a, b = a.astype(np.float64), b.astype(np.float64)
    apart = wasserstein(a, b)
    # Values may lie anywhere in their bin, which is 0.016 sigma wide.
    assert got[0] == pytest.approx(apart, abs=0.02 * (a.std() + b.std()) + 1e-6, rel=1e-6)
    sigma_a, sigma_b = max(a.std(), SMALLEST), max(b.std(), SMALLEST)
    shift = abs(b.mean() - a.mean())
    assert got[1] == pytest.approx(got[0] / sigma_a)
    assert got[2] == pytest.approx(shift / sigma_a, rel=1e-5, abs=1e-6)
    assert got[3] == pytest.approx(abs(np.log(sigma_b / sigma_a)), rel=1e-5, abs=1e-6)
    kl = np.log(sigma_b / sigma_a) + (sigma_a**2 + shift**2) / (2 * sigma_b**2) - 0.5
    assert got[4] == pytest.approx(kl, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_nothing_lies_between_equals(name):
    assert found(SHAPES[name], SHAPES[name]) == pytest.approx(np.zeros(5), abs=1e-12)


def test_heavy_tails():
    a, b = random.standard_cauchy(20_000), random.standard_t(3, 20_000)
    assert found(b, b * 1.5)[0] == pytest.approx(wasserstein(b, b * 1.5), rel=0.1)
    assert np.isfinite(found(a, b)).all()


def test_large_values_are_sampled():
    a = random.standard_normal(4 * histogram.WHOLE).astype(np.float32)
    # The standard error of a sample's distance from itself is about sigma / sqrt(SAMPLE).
    assert found(a, a + np.float32(0.5))[0] == pytest.approx(0.5, abs=0.03)
    assert found(a, a[: histogram.WHOLE])[0] < 0.02


def test_a_dead_layer_is_divided_by_a_part_of_its_first_sigma():
    got = found(np.zeros(10), np.ones(10), first_sigma=4.0)
    assert got[0] == pytest.approx(1)
    assert got[1] == got[2] == pytest.approx(1 / (4 * SMALLEST))
    assert got[3] == 0


@pytest.mark.parametrize("empty", [np.zeros(0), np.full(5, np.nan)])
def test_without_finite_values_there_is_no_distance(empty):
    assert np.isnan(found(NORMAL, empty)).all()
    assert np.isnan(found(empty, NORMAL)).all()


def test_without_a_histogram_there_is_no_distance():
    state, fine = passed(NORMAL)
    nothing = np.full(moments.STATE, np.nan)
    assert np.isnan(histogram_distances(state, fine, nothing, np.zeros_like(fine), 1.0)).all()
    assert np.isnan(histogram_distances(state, fine, state, np.zeros_like(fine), 1.0)).all()


def test_what_merged_calls_make_can_be_compared():
    states, fines = (np.array(tables) for tables in zip(*map(passed, (NORMAL, NORMAL + 1)), strict=True))
    state, fine = np.zeros(moments.STATE), np.zeros(histogram.STRIDE, np.int32)
    merge_states(states, fines, state, fine)
    together = np.concatenate([NORMAL, NORMAL + 1])
    got = histogram_distances(*passed(NORMAL), state, fine, 1.0)
    assert got[0] == pytest.approx(wasserstein(NORMAL, together), abs=0.04)
