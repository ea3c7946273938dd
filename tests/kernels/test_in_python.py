"""What Python and compiled code find are the same numbers: for each kernel that the engine calls."""

import numpy as np
import pytest

from shiftscope.kernels import batch_drift, fused_pass, histogram, interpreter, merging, moments, products, updates
from shiftscope.kernels.compile import KERNELS
from shiftscope.kernels.fused_pass import MOST_PICKED, SLOT_COLUMNS, Statistic
from shiftscope.kernels.histogram_distances import histogram_distances
from shiftscope.kernels.interpreter import Operation
from shiftscope.kernels.readout import LEVELS
from shiftscope.kernels.single_units import write_units
from shiftscope.kernels.sorted_values import compare_rows, moments_of_rows, write_moments_of_rows

random = np.random.default_rng(5)
NORMAL = random.standard_normal((200, 16)).astype(np.float32)
POISONED = NORMAL.copy()
POISONED[::7, 3] = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30, np.nan, 3.0, np.nan, np.inf] * 2 + [1.0] * 9
VALUES = {
    "normal": NORMAL,
    "relu": np.maximum(NORMAL, 0),
    "wide": NORMAL.astype(np.float64) * 1e40,
    "of channels": random.standard_normal((4, 16, 5)) + np.arange(16)[:, None],
    "constant": np.full((30, 16), 2.5, np.float32),
    "zero": np.zeros((30, 16)),
    "poisoned": POISONED,
    "poisoned and wide": POISONED.astype(np.float64),
    "nothing finite": np.full((2, 16), np.nan, np.float32),
    "one row": NORMAL[:1],
    "nothing": np.zeros((0, 16), np.float32),
    "tiny": NORMAL * np.float32(1e-38),
    "large": random.standard_normal((12_000, 16)).astype(np.float32),
    "large and wide": random.standard_normal((12_000, 16)) + 5,
    "the largest": np.array([[1.7e308, -1.7e308] * 8]),
}
UNITS = np.array([0, 15, 99])
CHANNELS = 16


def both(kernel, *make):
    """Run a kernel in both ways, on arguments made anew; return what each returned and its arguments."""
    found = []
    for carry_out in (kernel.interpret, kernel.switch):
        carry_out()
        arguments = [one() if callable(one) else one for one in make]
        found.append([kernel(*arguments), *(one for one in arguments if isinstance(one, np.ndarray))])
    return found


def same(in_python, compiled, scale=1.0):
    for one, other in zip(in_python, compiled, strict=True):
        if one is not None:
            np.testing.assert_allclose(
                np.asarray(one, np.float64), np.asarray(other, np.float64), rtol=1e-9, atol=1e-9 * scale
            )


class Site:
    """The tables of one slot of which everything is requested."""

    def __init__(self):
        self.slots = np.array([[sum(Statistic), CHANNELS, 0, 0]], np.int64)
        self.limits = np.array([[-0.5, 1.5]])
        self.state, self.fine = np.zeros((1, moments.STATE)), np.zeros((1, histogram.STRIDE), np.int32)
        self.vectors = np.zeros(2 * CHANNELS, np.float32)
        self.picks = np.zeros((1, len(UNITS), MOST_PICKED))
        tables = (self.slots, self.limits, self.state, self.fine, self.vectors, UNITS, self.picks)
        self.directory = np.array([*(table.ctypes.data for table in tables), len(UNITS)], np.int64)
        assert self.slots.shape[1] == SLOT_COLUMNS


def measure(kernel, values):
    sites = []
    for carry_out in (kernel.interpret, kernel.switch):
        carry_out()
        site = Site()
        inner = int(np.prod(values.shape[2:]))
        kernel(site.directory, 0, values.ctypes.data, values.size, values.dtype == np.float64, inner)
        sites.append(site)
    return sites


@pytest.mark.parametrize("name", VALUES)
def test_pass_over(name):
    values = VALUES[name]
    scale = np.abs(values[np.isfinite(values)].astype(np.float64)).max(initial=0.0)
    one, other = measure(fused_pass.pass_over, values)
    scale = scale if scale < 1e30 else 1.0
    np.testing.assert_allclose(one.state, other.state, rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_array_equal(one.fine, other.fine)
    np.testing.assert_array_equal(one.picks, other.picks)
    np.testing.assert_allclose(one.vectors, other.vectors, rtol=2e-6, atol=1e-7 * scale)


def test_pass_over_both():
    sites = []
    for carry_out in (fused_pass.pass_over_both.interpret, fused_pass.pass_over_both.switch):
        carry_out()
        site = Site()
        site.slots[0, 0] = Statistic.MOMENTS | Statistic.BINS | Statistic.ZEROS
        values = VALUES["relu"]
        fused_pass.pass_over_both(
            site.directory, 0, NORMAL.ctypes.data, NORMAL.size, 0, values.ctypes.data, values.size
        )  # fmt: skip
        sites.append(site)
    same([sites[0].state, sites[0].fine], [sites[1].state, sites[1].fine])


@pytest.mark.parametrize("name", VALUES)
def test_execute(name):
    values = VALUES[name]
    site = measure(fused_pass.pass_over, values)[1]
    slots = np.array(
        [[values.ctypes.data, values.ctypes.data, 0], [values.size, CHANNELS * (values.size > 0), -1],
         [values.dtype == np.float64, values.dtype == np.float64, 0], [0, CHANNELS, 0]], np.int64,
    )  # fmt: skip
    operations = np.array(
        [
            [Operation.SQUARES, 0, 0, 0, 0], [Operation.SQUARES, 2, 0, 0, 0], [Operation.WRITE_MOMENTS, 0, 0, 0, 0],
            [Operation.WRITE_NOT_FINITE, 0, 5, 0, 0], [Operation.WRITE_HISTOGRAM, 0, 7, 0, 0],
            [Operation.WRITE_QUANTILES, 0, 80, 0, 0], [Operation.WRITE_FRACTION, 0, 95, moments.ZEROS, 0],
            [Operation.WRITE_GRADIENT, 0, 96, 0, 0], [Operation.WRITE_NORM, 0, 97, 1, 0],
            [Operation.WRITE_NORM, 2, 98, 1, 0], [Operation.WRITE_TOTAL_NOT_FINITE, 0, 99, 0, 0],
            [Operation.WRITE_VECTOR, 0, 100, 2 * CHANNELS, 0], [Operation.COPY, 1, 140, 0, 0],
            [Operation.GAP, 1, 160, 100, 0],
        ], np.int64,
    )  # fmt: skip
    rows = []
    for carry_out in (interpreter.execute.interpret, interpreter.execute.switch):
        carry_out()
        row, sums, state = np.zeros(180, np.float32), np.zeros((3, 2)), site.state.copy()
        tables = {
            interpreter.SLOTS: (slots, 3), interpreter.SUMS: (sums, 3), interpreter.STATES: (state, 1),
            interpreter.FINES: (site.fine, 1), interpreter.VECTORS: (site.vectors, site.vectors.size),
            interpreter.GRADIENTS: (np.array([[4.0, 0.0]]), 1), interpreter.CONSTANTS: (np.array([1e-5]), 1),
            interpreter.LEVELS: (np.array(LEVELS), len(LEVELS)), interpreter.ROW: (row, row.size),
        }  # fmt: skip
        directory = np.zeros(interpreter.DIRECTORY, np.int64)
        for entry, (table, size) in tables.items():
            directory[entry] = table.ctypes.data, size
        interpreter.execute(operations, directory)
        rows.append([row, sums[:, 1], state])
    for one, other in zip(*rows, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("name", VALUES)
def test_squares(name):
    values = VALUES[name]
    arguments = values.ctypes.data, values.size, values.dtype == np.float64
    for one, other in zip(*both(moments.squares, *arguments), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_write_units():
    picked = random.standard_normal((3, MOST_PICKED))
    row = lambda: np.zeros(3 * (5 + len(LEVELS) + histogram.COARSE + 4), np.float32)  # noqa: E731
    for count in (0, 1, 500, MOST_PICKED):
        same(*both(write_units, picked, count, np.array(LEVELS), row, 0, 3 * (5 + len(LEVELS))))


@pytest.mark.parametrize("kept", [np.float32, np.float64])
@pytest.mark.parametrize("wide", [np.float32, np.float64])
def test_updates(kept, wide):
    old = random.standard_normal(40).astype(wide)
    new = (old * 1.25).astype(wide)
    starts, places = np.array([0, 30, 40, 45], np.int64), lambda: np.zeros(45, kept)
    slots = np.array(
        [[old.ctypes.data, old[30:].ctypes.data, 0], [30, 10, -1], [wide == np.float64] * 2 + [0], [0] * 3]
    )
    found = both(updates.keep_values, slots, starts, places)
    same(*found)
    slots[0, :2] = new.ctypes.data, new[30:].ctypes.data
    ratios = both(updates.change_ratios, slots, starts, found[0][-1], lambda: np.zeros(3))
    same(*ratios)
    np.testing.assert_allclose(ratios[0][-1], [0.25, 0.25, np.nan], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_samples(dtype):
    a = np.sort(random.standard_normal((6, 50)).astype(dtype), axis=1)
    b = np.sort((random.standard_normal((6, 50)) * 2 + 1).astype(dtype), axis=1)
    b[3] = 0
    for values in (a, b):
        same(*both(write_moments_of_rows, values, lambda: np.zeros((2, 6))))
    found = both(compare_rows, a, moments_of_rows(a), b, moments_of_rows(b), np.ones(6), lambda: np.zeros(5))
    same(*found)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients(dtype):
    a, b = random.standard_normal((2, 700)).astype(dtype)
    address = b.ctypes.data
    wide = dtype == np.float64
    same(*both(products.compare_values, a.ctypes.data, a.size, wide, address, lambda: np.zeros(2)))
    same(*both(products.compare_values, a.ctypes.data, 0, wide, address, lambda: np.zeros(2)))


@pytest.fixture(name="passes")
def _passes():
    sites = [measure(fused_pass.pass_over, VALUES[name])[1] for name in VALUES if name != "the largest"]
    return np.concatenate([site.state for site in sites]), np.concatenate([site.fine for site in sites])


def test_merging(passes):
    states, fines = passes
    found = []
    for part in (slice(0, 3), slice(8, 10), slice(10, 11), slice(0, 2)):
        state, fine = (lambda: np.zeros(moments.STATE)), (lambda: np.zeros(histogram.STRIDE, np.int32))
        one, other = both(merging.merge_states, states[part], fines[part], state, fine)
        same(one[:-1], other[:-1])
        # A sum that is halfway between two counts may be rounded either way.
        np.testing.assert_allclose(one[-1], other[-1], atol=1)
        found.append(one)
    parts = random.standard_normal((3, 8)).astype(np.float32) ** 2
    for counts in ([3.0, 0, 5], [0.0, 0, 0]):
        out = lambda: np.zeros(8, np.float32)  # noqa: E731
        same(*both(merging.merge_channels, parts, np.array(counts), out))
        same(*both(merging.merge_channels, parts, np.repeat(counts, 2)[::2], out))
    units = random.standard_normal((3, 2, MOST_PICKED))
    for counts in ([3.0, 0, 5], [1000.0, 900, 1024], [0.0, 0, 0]):
        same(*both(merging.merge_units, units, np.array(counts), lambda: np.zeros((2, MOST_PICKED))))


def test_distances_of_histograms(passes):
    states, fines = passes
    for a in range(len(states)):
        for b in range(0, len(states), 3):
            same(*both(histogram_distances, states[a], fines[a], states[b], fines[b], 1.0))


def test_drift_of_batches(passes):
    states, fines = passes
    compared = np.array([[0, 0, 10], [1, 5, 15]], np.int64)
    kept = [np.array([states[2:5], states[1:4]]), np.array([fines[2:5], fines[1:4]])]
    for begins in (True, False):
        tables = kept[0].copy, kept[1].copy, (lambda: np.zeros(20, np.float32))
        same(*both(batch_drift.write_batch_drift, compared, states, fines, *tables, begins))


def test_every_kernel_that_the_engine_calls_is_compared_here():
    called = {kernel.name.removesuffix(".of_memory") for kernel in KERNELS if kernel.signatures}
    assert called == {
        "pass_over", "pass_over_both", "execute", "squares", "write_units", "keep_values", "change_ratios",
        "write_moments_of_rows", "compare_rows", "compare_values", "merge_states", "merge_channels", "merge_units",
        "histogram_distances", "write_batch_drift",
    }  # fmt: skip
