"""A Ctrl-C that comes while compiled code runs is a Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

INTERRUPTED = """
import signal
import torch
from shiftscope.kernels import {module}
from shiftscope.kernels.loading import load_now
load_now(["{compiled}"])
{prepare}
signal.signal(signal.SIGALRM, signal.default_int_handler)
for k in range(100):
    try:
        signal.setitimer(signal.ITIMER_REAL, 1e-4 * (1 + k % 10))
        while True:
            {call}
    except KeyboardInterrupt:
        continue
print("each one")
"""
CALLS = {
    "samples": (
        "sorted_values",
        "values = samples.take(torch.ones(8, 16), 1).units",
        "samples.Sample(values).moments",
    ),
    "gradient_difference": (
        "products",
        "a, b = torch.ones(100), torch.ones(100)",
        "gradient_difference.compare(a, b)",
    ),
}


@pytest.mark.parametrize("module", CALLS)
def test_an_interrupt_in_compiled_code_is_an_interrupt(module: str) -> None:
    compiled, prepare, call = CALLS[module]
    program = INTERRUPTED.format(module=module, compiled=compiled, prepare=prepare, call=call)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "each one\n", done.stderr


LOADING = """
import signal
import torch
import shiftscope
from shiftscope.kernels.loading import Loader

def load(self):
    while True:
        exec("0")  # as numba does, without an end

Loader.import_numba = load
shiftscope.watch(torch.nn.Linear(2, 2), to={path!r})
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.raise_signal(signal.SIGINT)
"""


def test_an_interrupted_script_ends_as_such_while_kernels_are_loaded(tmp_path) -> None:
    program = LOADING.format(path=str(tmp_path / "run.shiftscope"))
    ends = [subprocess.run([sys.executable, "-c", program], capture_output=True, check=False) for _ in range(3)]
    assert [end.returncode for end in ends] == [-signal.SIGINT] * 3
    assert all(b"KeyboardInterrupt" in end.stderr and b"Exception ignored" not in end.stderr for end in ends)
