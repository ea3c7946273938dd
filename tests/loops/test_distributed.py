"""Two processes train together, with batch norm and with collectives in the passes: nothing hangs or changes."""

from __future__ import annotations

from itertools import product

import pytest
import torch
import torch.multiprocessing as mp

import shiftscope
from tests.loops import ddp
from tests.loops.checks import check_recordings
from tests.loops.harness import Loop, Run
from tests.waiting import PATIENCE

CASES = [
    {"net": net, "who": who, "what": what, "accumulate": accumulate}
    for (net, who, what), accumulate in zip(product(ddp.NETS, ddp.WHO, ddp.WHAT), [False, True] * 6, strict=True)
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder in which both processes left what came of all cases."""
    folder = tmp_path_factory.mktemp("ddp")
    context = mp.spawn(ddp.work, (str(folder), CASES), nprocs=2, join=False)
    try:
        while not context.join(PATIENCE):
            assert any(process.is_alive() for process in context.processes)
    finally:
        for process in context.processes:
            if process.is_alive():
                process.kill()
    return folder


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: " ".join(map(str, CASES[index].values())))
def test_both_processes_train_as_if_nobody_watched(trained, index):
    case = CASES[index]
    for rank in (0, 1):
        ends = torch.load(trained / f"ends-{rank}", weights_only=False)
        (bare, warned_bare), (watched, warned) = ends[2 * index : 2 * index + 2]
        assert watched == bare
        assert warned == warned_bare
        folder = trained / f"{index}-{rank}"
        if rank in ddp.WHO[case["who"]]:
            run = Run(folder)
            run.sites, run.numbers = torch.load(folder / "expected", weights_only=False)
            check_recordings(Loop(lambda _: None, (ddp.STEPS,), "", ("finished",), anatomy=True), run, folder)
            for path in folder.glob("*.shiftscope"):
                with shiftscope.open_recording(path) as recording:
                    assert (recording.header.process.rank, recording.header.process.of) == (rank, 2)
                    assert recording.info.name.endswith(f"rank {rank} of 2")
        else:
            assert not list(folder.glob("*.shiftscope"))


def test_the_norm_before_clipping_is_that_of_the_averaged_gradients(trained):
    (recorded, expected), other = (torch.load(trained / f"norms-{rank}") for rank in (0, 1))
    assert recorded == pytest.approx(expected, rel=1e-5)
    assert other[0] == pytest.approx(recorded, rel=1e-5)
