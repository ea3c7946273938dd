"""What stands where tensors did is read as it is now: sizes, types and places may change between any two steps."""

import numpy as np
import pytest
import torch
from torch import nn

from shiftscope.engine.parameter_snapshot import ParameterSnapshot
from shiftscope.engine.tensor_table import TensorTable
from shiftscope.kernels import interpreter
from shiftscope.kernels.interpreter import Operation
from shiftscope.kernels.tensor_memory import LOWEST_ADDRESS

SIZE = 6
GRADIENT, GAMMA, RUNNING = range(3)


class Watched:
    """A gradient, a parameter and a buffer, as a program reads them into a row that has guards around their places."""

    def __init__(self):
        self.norm = nn.BatchNorm1d(SIZE)
        self.norm.running_mean.copy_(torch.arange(6.0))
        self.norm.weight.grad = torch.full((SIZE,), 2.0)
        held = (self.norm._parameters, "weight"), (self.norm._buffers, "running_mean")  # noqa: SLF001  as probes do
        self.held = held
        self.tensors = TensorTable([self.norm.weight], held)
        self.snapshot = ParameterSnapshot(held[:1])

    def read(self):
        kept = self.tensors.note()
        table = self.tensors.table
        sums, row = np.zeros((1, 2)), np.full(40, -7.0, np.float32)
        row[26:38] = [0.5] * SIZE + [3.0] * SIZE  # a batch's means, then its variances
        tables = {
            interpreter.SLOTS: (table, table.shape[1]),
            interpreter.SUMS: (sums, 1),
            interpreter.CONSTANTS: (np.array([1.0]), 1),
            interpreter.ROW: (row, row.size),
        }
        directory = np.zeros(interpreter.DIRECTORY, np.int64)
        for entry, (values, size) in tables.items():
            directory[entry] = values.ctypes.data, size
        operations = [
            (Operation.SQUARES, GRADIENT, 0, 0, 0),
            (Operation.WRITE_NORM, 0, 1, 1, 0),
            (Operation.COPY, GAMMA, 3, 0, 0),
            (Operation.COPY, RUNNING, 10, 0, 0),
            (Operation.GAP, RUNNING, 18, 26, 0),
        ]
        interpreter.execute(np.array(operations, np.int64), directory)
        del kept
        # Nothing is ever written beside the places.
        assert (row[[0, 2, 9, 16, 17, 24, 25, 38, 39]] == -7).all()
        return {"norm": row[1], "gamma": row[3:9], "running": row[10:16], "gap": row[18:24]}

    def ratio(self, change):
        self.snapshot.before()
        change(self.norm)
        return self.snapshot.after()[0]


def shrink(norm):
    norm.weight.data = norm.weight.data[:3]


def grow(norm):
    norm.weight.data = torch.ones(1000)


def widen(norm):
    norm.double()


def narrow(norm):
    norm.to(torch.bfloat16)


def to_complex(norm):
    norm.weight.data = torch.ones(SIZE, dtype=torch.complex64)


def to_meta(norm):
    norm.to_empty(device="meta")


def delete(norm):
    del norm.weight


def replace_by_none(norm):
    norm.weight = None


def free(norm):
    norm.weight.untyped_storage().resize_(0)


CHANGES = [shrink, grow, to_complex, to_meta, delete, replace_by_none, free]


def expected(gamma):
    gap = (np.arange(6) - 0.5) / 2
    return {"norm": np.sqrt(24), "gamma": gamma, "running": np.arange(6), "gap": gap}


def check(got, wanted):
    for name, values in wanted.items():
        np.testing.assert_allclose(got[name], values, rtol=1e-3, err_msg=name)


def test_as_it_was_laid_out():
    watched = Watched()
    for _ in range(3):
        check(watched.read(), expected(np.ones(6)))
    watched.norm.weight.data = torch.full((6,), 3.0)
    check(watched.read(), expected(np.full(6, 3.0)))


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_a_parameter_of_another_size_or_kind_is_not_a_number(change, settled):
    watched = Watched()
    if settled:
        watched.read()
    change(watched.norm)
    for _ in range(2):
        assert np.isnan(watched.read()["gamma"]).all()


@pytest.mark.parametrize("change", [widen, narrow])
def test_another_type_is_read(change):
    watched = Watched()
    watched.read()
    change(watched.norm)
    for _ in range(2):
        check(watched.read(), expected(np.ones(6)))


def test_a_buffer_that_is_replaced():
    watched = Watched()
    watched.read()
    watched.norm.running_mean = torch.zeros(2)
    got = watched.read()
    assert np.isnan(got["running"]).all()
    assert np.isnan(got["gap"]).all()
    watched.norm.running_mean = torch.arange(6.0, dtype=torch.float64)
    check(watched.read(), expected(np.ones(6)))


@pytest.mark.parametrize(
    ("gradient", "norm"),
    [
        (None, 0.0),
        (torch.full((2, 3), 2.0).t(), np.sqrt(24)),
        (torch.full((6,), 2.0, dtype=torch.bfloat16), np.sqrt(24)),
        (torch.full((6,), 2.0, dtype=torch.float64), np.sqrt(24)),
        (torch.sparse_coo_tensor([[0, 0, 5]], [1.0, 2.0, 4.0], (6,)), 5.0),
        (torch.complex(torch.ones(1), torch.full((1,), 4.0)).conj().imag.expand(6), np.sqrt(96)),
        (torch.full((6,), 2.0, dtype=torch.complex64), np.nan),
        (torch.ones(6, device="meta"), np.nan),
    ],
)
def test_any_gradient(gradient, norm):
    watched = Watched()
    watched.read()
    parameter = watched.norm.weight
    parameter.grad = None
    if gradient is not None:
        # What a gradient may be follows its parameter.
        parameter = nn.Parameter(torch.ones(gradient.shape, dtype=gradient.dtype, device=gradient.device))
        parameter.grad = gradient
        watched.tensors = TensorTable([parameter], watched.held)
    for _ in range(2):
        assert watched.read()["norm"] == pytest.approx(norm, rel=1e-6, nan_ok=True)
    if gradient is not None and gradient.is_sparse:
        assert not gradient.is_coalesced()


@pytest.mark.parametrize("change", [*CHANGES, None])
def test_the_ratio_of_an_update_to_what_is_no_longer_there_is_not_a_number(change):
    watched = Watched()
    ratio = watched.ratio(change or (lambda norm: norm.weight.data.mul_(1.5)))
    assert np.isnan(ratio) if change else ratio == pytest.approx(0.5)
    # Also where it was so before the update.
    assert np.isnan(watched.ratio(lambda _: None)) if change else watched.ratio(lambda _: None) == 0


def test_a_parameter_that_grows_back_has_no_ratio_to_what_was_not_kept():
    watched = Watched()
    shrink(watched.norm)

    def restore(norm):
        norm.weight.data = torch.ones(SIZE)

    assert np.isnan(watched.ratio(restore))
    assert watched.ratio(lambda _: None) == 0


def test_ordinary_tensors_lie_where_views_of_nothing_cannot():
    # Where they do not, each step looks more closely, which is slower but right.
    assert torch.ones(10**6).data_ptr() >= LOWEST_ADDRESS
