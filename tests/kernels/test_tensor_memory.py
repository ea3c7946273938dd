"""Every kind of tensor is read as it is, or refused; none is changed and none of its overrides runs."""

import ctypes
import os
import subprocess
import sys
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch._subclasses.functional_tensor import FunctionalTensor, FunctionalTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from shiftscope.kernels.gradient_difference import compare
from shiftscope.kernels.samples import take
from shiftscope.kernels.tensor_memory import Unreadable, inner, located, readable

VALUES = torch.tensor([[0.5, -1.0, 2.0], [0.0, 4.0, -8.0]])


class Overriding(Tensor):
    """A class whose overrides must not run while it is read."""

    ran: ClassVar = []

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        Overriding.ran.append(func)
        return super().__torch_function__(func, types, args, kwargs or {})


class Dispatching(Overriding):
    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise AssertionError(f"the owner's __torch_dispatch__ ran for {func}")


class Noticing(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.noticed = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.noticed.append(func)
        return func(*args, **(kwargs or {}))


def strided():
    return torch.arange(24.0).reshape(4, 6)[::2, 1::2]


def overlapping():
    return torch.arange(6.0).as_strided((4, 3), (1, 1))


def negated():
    return torch.complex(VALUES[:1, 1:2], VALUES[:1, 1:2]).conj().imag


def parameter():
    return nn.Parameter(VALUES.clone())


def of_inference():
    with torch.inference_mode():
        return VALUES * 2


def overriding():
    return VALUES.clone().as_subclass(Overriding)


def dispatching():
    return VALUES.clone().as_subclass(Dispatching)


def sparse():
    return torch.sparse_coo_tensor([[0, 0, 2], [1, 1, 0]], [1.0, 2.0, 3.0], (4, 2))


def nested():
    return torch.nested.nested_tensor([torch.ones(2, 3), torch.full((1, 3), 2.0)])


def jagged():
    return torch.nested.nested_tensor([torch.ones(2, 3), torch.full((1, 3), 2.0)], layout=torch.jagged)


def quantized():
    return torch.quantize_per_tensor(VALUES, 0.5, 20, torch.quint8)


READABLE = {
    "float32": (VALUES.clone, VALUES),
    "float64": (VALUES.double, VALUES),
    "float16": (VALUES.half, VALUES),
    "bfloat16": (VALUES.bfloat16, VALUES),
    "float8_e4m3fn": (lambda: VALUES.to(torch.float8_e4m3fn), VALUES),
    "float8_e5m2": (lambda: VALUES.to(torch.float8_e5m2), VALUES),
    "bool": (lambda: VALUES > 0, (VALUES > 0).float()),
    "uint8": (lambda: torch.tensor([0, 255], dtype=torch.uint8), torch.tensor([0.0, 255.0])),
    "int64": (lambda: torch.tensor([2**40 + 1, -3]), torch.tensor([2**40 + 1, -3], dtype=torch.float64)),
    "a parameter": (parameter, VALUES),
    "with a graph": (lambda: parameter() * 2, VALUES * 2),
    "of inference": (of_inference, VALUES * 2),
    "a scalar": (lambda: torch.tensor(3.0), torch.tensor(3.0)),
    "empty": (lambda: torch.empty(0, 4), torch.empty(0, 4)),
    "strided": (strided, torch.tensor([[1.0, 3, 5], [13, 15, 17]])),
    "transposed": (VALUES.t, VALUES.t()),
    "expanded": (lambda: torch.tensor([3.0]).expand(5), torch.full((5,), 3.0)),
    "overlapping": (overlapping, torch.tensor([[0.0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]])),
    "negated": (negated, -VALUES[:1, 1:2]),
    "negated by conjugation": (lambda: torch.complex(VALUES, VALUES).conj().imag, -VALUES),
    "mkldnn": (VALUES.to_mkldnn, VALUES),
    "quantized": (quantized, VALUES),
    "coo": (sparse, sparse().to_dense()),
    "csr": (lambda: sparse().to_sparse_csr(), sparse().to_dense()),
    "csc": (lambda: sparse().to_sparse_csc(), sparse().to_dense()),
    "nested": (nested, torch.tensor([1.0] * 6 + [2.0] * 3)),
    "jagged": (jagged, torch.tensor([1.0] * 6 + [2.0] * 3)),
    "of a class with overrides": (overriding, VALUES),
    "of a class with overrides of all": (dispatching, VALUES),
}


def fake():
    with FakeTensorMode():
        return torch.ones(3)


def functional():
    with FunctionalTensorMode():
        return FunctionalTensor.to_functional(torch.ones(3))


def freed():
    tensor = torch.ones(8)[2:]
    tensor.untyped_storage().resize_(0)
    return tensor


def without_memory():
    return Tensor._make_wrapper_subclass(Dispatching, (4,), dtype=torch.float32)  # noqa: SLF001  as torch documents it


UNREADABLE = {
    "complex": (lambda: torch.ones(3, dtype=torch.complex64), "complex"),
    "meta": (lambda: torch.ones(3, device="meta"), "no values"),
    "fake": (fake, "not there"),
    "functional": (functional, "FunctionalTensor"),
    "zeros that are nowhere": (lambda: torch._efficientzerotensor(3), "Tensor of float32"),  # noqa: SLF001  as derivatives are
    "without memory": (without_memory, "Dispatching of float32"),
    "freed": (freed, "not there"),
    "a large sparse one": (lambda: torch.sparse_coo_tensor(size=(10**5, 10**5)), "sparse"),
}
if hasattr(torch, "float4_e2m1fn_x2"):  # not in the oldest PyTorch
    UNREADABLE["packed"] = (lambda: torch.zeros(4, dtype=torch.uint8).view(torch.float4_e2m1fn_x2), "float4")


def memory(tensor, address, n, wide):
    """Read what was located, by its address, in this process's memory."""
    kind = ctypes.c_double if wide else ctypes.c_float
    return np.array((kind * n).from_address(address)) if n else np.empty(0)


@pytest.mark.parametrize("kind", READABLE)
def test_values_are_read_as_they_are(kind):
    make, expected = READABLE[kind]
    tensor = make()
    before = type(tensor), tensor.layout, tensor.requires_grad
    Overriding.ran.clear()
    values = readable(tensor)
    kept, address, n, wide = located(tensor)
    assert Overriding.ran == []
    assert before == (type(tensor), tensor.layout, tensor.requires_grad)
    assert type(values) is Tensor
    assert values.dtype in {torch.float32, torch.float64}
    assert not values.requires_grad
    assert values.numel() == expected.numel()
    assert torch.equal(values.double().reshape(-1), expected.double().reshape(-1))
    np.testing.assert_array_equal(memory(kept, address, n, wide), expected.double().reshape(-1).numpy())
    assert inner(values) >= 1


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_refused_with_a_reason(kind):
    make, reason = UNREADABLE[kind]
    tensor = make()
    Overriding.ran.clear()
    for read in (readable, located):
        with pytest.raises(Unreadable, match=reason):
            read(tensor)
    assert Overriding.ran == []


def test_of_memory_that_was_shrunk_nothing_is_read():
    tensor = torch.ones(4000).reshape(2, 2000)
    tensor.untyped_storage().resize_(1000)
    with pytest.raises(Unreadable, match="not there"):
        readable(tensor)


def test_a_sparse_tensor_is_not_coalesced_in_place():
    tensor = sparse()
    assert readable(tensor, zeros=False).tolist() == [3, 3]
    assert readable(tensor.to_sparse_csr(), zeros=False).tolist() == [3, 3]
    readable(tensor)
    assert not tensor.is_coalesced()
    large = torch.sparse_coo_tensor([[7], [9]], [2.0], (10**6, 10**6))
    assert readable(large, zeros=False).tolist() == [2]


def test_values_in_place_are_not_copied():
    for tensor in (
        VALUES,
        VALUES.double(),
        parameter(),
        torch.ones(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
    ):
        kept, address, _, _ = located(tensor)
        assert address == tensor.data_ptr()
        assert kept.data_ptr() == tensor.data_ptr()


def test_inside_transforms_of_functions_nothing_is_read():
    seen = []

    def function(x):
        for tensor in (x, x * 2):
            with pytest.raises(Unreadable):
                readable(tensor)
            with pytest.raises(Unreadable):
                located(tensor)
            seen.append(tensor)
        return (x * x).sum()

    assert torch.func.grad(function)(torch.ones(3)).tolist() == [2, 2, 2]
    assert torch.func.vmap(function)(torch.ones(3, 2)).tolist() == [2, 2, 2]
    torch.func.vmap(torch.func.grad(function))(torch.ones(3, 2))
    torch.func.functionalize(function)(torch.ones(3))
    torch.func.jvp(function, (torch.ones(3),), (torch.ones(3),))
    assert len(seen) == 10


def test_a_trace_does_not_contain_what_reads_it():
    found = []

    def function(x):
        with pytest.raises(Unreadable):
            readable(x)
        found.append(x)
        return x + 1

    traced = torch.jit.trace(function, torch.ones(3), check_trace=False)
    assert found
    assert [node.kind() for node in traced.graph.nodes()] == ["prim::Constant", "prim::Constant", "aten::add"]


def test_modes_do_not_see_what_is_read():
    for make in (VALUES.clone, VALUES.half, strided, negated):
        tensor = make()
        with Noticing() as mode:
            readable(tensor)
            located(tensor)
        assert mode.noticed == []


def test_another_default_device_changes_nothing():
    with torch.device("meta"):
        assert torch.equal(readable(strided_on_host), strided_on_host.contiguous())


strided_on_host = strided()


def test_gradients_that_cannot_be_compared():
    a = torch.tensor([[3.0, 4.0]])
    assert compare(a, a.half()).tolist() == [0, 1]
    for other in (
        torch.ones(1, 3),
        torch.ones(2, 2),
        torch.ones(1, 2, dtype=torch.complex64),
        torch.ones(1, 2, device="meta"),
    ):
        assert np.isnan(compare(a, other)).all()
    assert compare(a, a.to_sparse()).tolist() == [0, 1]


def test_samples_of_any_readable_kind():
    for kind in ("float16", "negated", "of a class with overrides", "of a class with overrides of all", "coo"):
        make, expected = READABLE[kind]
        units = take(make(), 1).units
        np.testing.assert_array_equal(units, np.sort(expected.numpy().T, axis=1))
    with pytest.raises(Unreadable):
        take(torch.ones(2, 2, dtype=torch.complex64), 1)


DISTRIBUTED = """
import torch, torch.distributed as dist
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.placement_types import Partial
from shiftscope.kernels.tensor_memory import Unreadable, located, readable
dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
mesh = dist.device_mesh.init_device_mesh("cpu", (1,))
values = torch.arange(6.0).reshape(3, 2)
for placement in (Shard(0), Replicate()):
    tensor = distribute_tensor(values, mesh, [placement])
    assert torch.equal(readable(tensor), values), placement
    parameter = torch.nn.Parameter(tensor)
    assert located(parameter)[1] == parameter._local_tensor.data_ptr()
partial = DTensor.from_local(values, mesh, [Partial()])
try:
    readable(partial)
except Unreadable as error:
    print(error)
dist.destroy_process_group()
"""


def test_of_a_distributed_tensor_this_process_reads_its_own_part():
    answer = subprocess.run(
        [sys.executable, "-c", DISTRIBUTED], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert "several processes" in answer.stdout


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_of_another_device_a_copy_is_read():
    for make in (VALUES.clone, VALUES.half, strided):
        tensor = make().cuda()
        kept, address, n, wide = located(tensor)
        np.testing.assert_array_equal(memory(kept, address, n, wide), make().double().reshape(-1).numpy())
