"""What passes at sites, compared with what passed there first and last."""

import numpy as np
import pytest

from shiftscope.kernels import batch_drift, histogram, moments
from shiftscope.kernels.histogram_distances import histogram_distances
from tests.kernels.passes import passed

pytestmark = pytest.mark.usefixtures("way")

DISTANCES = batch_drift.DISTANCES
random = np.random.default_rng(0)
VALUES = random.standard_normal(2000)


class Sites:
    """Three sites, of which the last and the first are compared, in this order."""

    def __init__(self):
        self.compared = np.array([[2, 1, 21], [0, 11, 31]], np.int64)
        self.kept = (
            np.zeros((2, batch_drift.KEPT, moments.STATE)),
            np.zeros((2, batch_drift.KEPT, histogram.STRIDE), np.int32),
        )
        self.row = np.full(40, -1, np.float32)

    def compare(self, first, last, *, begins=True):
        states, fines = (np.array(table) for table in zip(*map(passed, (first, VALUES, last)), strict=True))
        batch_drift.write_batch_drift(self.compared, states, fines, *self.kept, self.row, begins)
        return {
            site: [self.row[at : at + DISTANCES] for at in (start, previous)] for site, start, previous in self.compared
        }


def apart(a, b, first_sigma):
    return pytest.approx(histogram_distances(*passed(a), *passed(b), first_sigma), rel=1e-6, abs=1e-7)


def test_from_the_first_and_from_the_last():
    sites = Sites()
    batches = [(VALUES, VALUES * 2), (VALUES + 1, VALUES * 3), (VALUES + 1, VALUES * 3 - 1)]
    for step, now in enumerate(batches):
        found = sites.compare(*now)
        for site, values in zip((0, 2), now, strict=True):
            first, last = batches[0][site > 0], batches[max(step - 1, 0)][site > 0]
            assert found[site][0] == apart(first, values, first.std())
            assert found[site][1] == apart(last, values, first.std())
    # Nothing else was written.
    assert sites.row[[0, 6, 10, 16, 20, 26, 30, 36]].tolist() == [-1] * 8


@pytest.mark.parametrize("nothing", [np.zeros(0), np.full(4, np.nan)])
def test_a_site_that_nothing_passes_has_no_distance_and_is_compared_with_what_did(nothing):
    sites = Sites()
    assert np.isnan(sites.compare(nothing, VALUES)[0]).all()
    assert sites.compare(VALUES, VALUES)[0][0].tolist() == [0] * DISTANCES
    assert np.isnan(sites.compare(nothing, VALUES)[0]).all()
    for found in sites.compare(VALUES + 1, VALUES)[0]:
        assert found == apart(VALUES, VALUES + 1, VALUES.std())
    assert sites.compare(VALUES + 1, VALUES)[0][1].tolist() == [0] * DISTANCES


def test_a_step_that_is_measured_again_counts_once():
    sites = Sites()
    sites.compare(VALUES * 9, VALUES)
    sites.compare(VALUES, VALUES, begins=False)
    first = sites.compare(VALUES + 1, VALUES)[0]
    assert first[0] == apart(VALUES, VALUES + 1, VALUES.std())
    again = sites.compare(VALUES + 2, VALUES, begins=False)[0]
    for found in again:
        assert found == apart(VALUES, VALUES + 2, VALUES.std())
    assert sites.compare(VALUES + 2, VALUES)[0][1].tolist() == [0] * DISTANCES
