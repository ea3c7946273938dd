"""Scripts that nobody closes a scope in: however they end, they end as they do unwatched."""

from __future__ import annotations

import subprocess
import sys

import pytest

from shiftscope.recording.reader import open_recording
from tests.waiting import PATIENCE

SCRIPT = """
import os, signal, sys, torch
from torch import nn
if len(sys.argv) > 2:
    import shiftscope
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
if len(sys.argv) > 2:
    shiftscope.watch(net, optimizer=optimizer, to=sys.argv[2])
for step in range(3):
    optimizer.zero_grad()
    net(torch.randn(8, 4)).square().mean().backward()
    optimizer.step()
print(float(net[0].weight.double().sum()), flush=True)
exec(sys.argv[1])
"""
ENDS = {
    "with a thread": ("import threading; threading.Thread(target=print, args=['later']).start()", "finished", ""),
    "with a fork": ("os.fork() and os.wait()", "finished", ""),
    "with an exit code": ("loss = net(torch.randn(8, 4)).sum(); sys.exit(3)", "finished", ""),
    "with an error": ("raise RuntimeError('of the user')", "failed", "RuntimeError: of the user"),
    # A shell has what runs in its background ignore it: the script does not.
    "with Ctrl-C": (
        "signal.signal(signal.SIGINT, signal.default_int_handler); signal.raise_signal(signal.SIGINT)",
        "stopped",
        "interrupted from the keyboard",
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_script_ends_as_it_does_unwatched(end, tmp_path):
    code, state, reason = ENDS[end]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", SCRIPT, code, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    path = tmp_path / "run.shiftscope"
    bare, watched = run(), run(str(path))
    said, _, more = watched.stderr.partition("\n")
    assert said.startswith(f"shiftscope: recording to {path}; ")
    assert (watched.stdout, more) == (bare.stdout, bare.stderr)
    assert watched.returncode == bare.returncode
    with open_recording(path) as recording:
        assert recording.steps("layers").tolist() == [0, 1, 2]
        last = [event for event in recording.journal() if event.kind == "state"][-1]
    assert (last.value, last.message) == (state, reason)
