"""Whatever is wrong with a checkpoint, the run that should go on from it says so in one sentence."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftscope import config as c
from shiftscope.lab.measurements.epochs import WholeTrainingSet
from shiftscope.lab.measurements.recurrent import WholeGradient
from shiftscope.lab.training.checkpoint import Checkpoint, CheckpointError
from shiftscope.lab.training.loop import Training
from shiftscope.runs.controls import Controls
from shiftscope.runs.outcome import Outcome, run_to_end
from shiftscope.runs.train import Keeping
from shiftscope.sinks.memory import MemorySink
from shiftscope.testing.collecting import Collecting
from tests.producer import frame, header
from tests.runs.keeping import Narrated, States

EVERY, STEPS = 3, 8
CONFIG = c.RunConfig.model_validate({
    "network": c.Mlp(depth=1, width=4), "variants": (c.Variant(name="twin", dropout=0.1),), "batch_size": 100,
    "duration": c.Steps(steps=STEPS), "optimizer": c.Momentum(), "recording": c.Every(every=1),
    "checkpoint_every": EVERY, "probes": "full",
})  # fmt: skip


@cache
def written() -> bytes:
    """Return a run's own state, after six of eight steps."""
    states, sink = States(), Narrated()
    keeping = Keeping(states, sink.checkpoints(EVERY, states))
    run_to_end(CONFIG, sink, datasets=Path("nowhere"), controls=Controls(), keeping=keeping)
    states.at(2 * EVERY)
    return states.own[2 * EVERY][1]


def contents() -> dict[str, Any]:
    return torch.load(io.BytesIO(written()), weights_only=True)


def as_bytes(found: Any) -> bytes:
    file = io.BytesIO()
    torch.save(found, file)
    return file.getvalue()


def go_on(state: Checkpoint) -> Outcome:
    return run_to_end(CONFIG, Collecting(), datasets=Path("nowhere"), controls=Controls(), state=state)


def places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield how each part of a state is come by."""
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


JUNK = [
    None, True, -1, 10**400, float("nan"), "a text", "9" * 400, [], {}, {"a": 1}, [[1, 2], [3]], nested(200),
    torch.empty(0), torch.full((3, 3), float("inf")), torch.zeros(1).expand(1 << 40), torch.zeros(5, dtype=torch.int64),
    torch.zeros(7, dtype=torch.uint8), torch.eye(2).to_sparse(),
]  # fmt: skip
LACKING = object()


@settings(max_examples=30, derandomize=True)
@given(st.data())
def test_a_state_of_which_a_part_is_another_is_gone_on_from_or_refused(data: st.DataObject) -> None:
    found = contents()
    *before, last = data.draw(st.sampled_from(sorted(places(found), key=str)))
    part = found
    for key in before:
        part = part[key]
    junk = data.draw(st.sampled_from([LACKING, *JUNK]))
    if junk is not LACKING:
        part[last] = junk
    elif isinstance(part, dict):
        del part[last]
    try:
        state = Checkpoint.of_bytes(as_bytes(found))
    except CheckpointError:
        return
    ended = go_on(state)
    assert ended.state == "finished" or ended.reason.code in {"end.checkpoint", "end.first_step"}, ended.reason


@settings(max_examples=60, derandomize=True)
@given(st.data())
def test_bytes_that_were_torn_or_changed_are_read_or_refused(data: st.DataObject) -> None:
    torn = bytearray(written())
    for _ in range(data.draw(st.integers(1, 3))):
        torn[data.draw(st.integers(0, len(torn) - 1))] ^= data.draw(st.integers(1, 255))
    if data.draw(st.booleans()):
        del torn[data.draw(st.integers(0, len(torn) - 1)) :]
    with suppress(CheckpointError):
        Checkpoint.of_bytes(bytes(torn))


def packed() -> bytes:
    """Return a state that is a thousand times as long unpacked."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written())) as whole, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in whole.namelist():
            archive.writestr(one, whole.read(one))
        archive.writestr("archive/data/99", bytes(1 << 20))
    return file.getvalue()


def repeated() -> bytes:
    """Return a state of 2^40 values, which are one."""
    laughs: Any = [1]
    for _ in range(40):
        laughs = [laughs, laughs]
    return as_bytes(contents() | {"measuring": {"scope": laughs}})


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (packed, "is packed"),
        (repeated, "holds more than was written"),
        (lambda: as_bytes([1]), "not a checkpoint"),
        (lambda: as_bytes(contents() | {"order": nested(200)}), "nested more than"),
        (lambda: as_bytes(contents() | {"steps_done": 1.5}), "number of steps"),
        (lambda: as_bytes(contents() | {"other": 1}), "unexpected keyword"),
        (lambda: as_bytes(contents() | {"order": torch.zeros(1).expand(1 << 40)}), "so many numbers"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_bytes_is_said(made: Any, why: str) -> None:
    with pytest.raises(CheckpointError, match=why):
        Checkpoint.of_bytes(made())


def test_a_run_whose_state_is_of_another_ends_with_that_sentence() -> None:
    found = copy.deepcopy(contents())
    del found["measuring"]["scope"]
    reason = go_on(Checkpoint.of_bytes(as_bytes(found))).reason
    assert (reason.code, "KeyError: 'scope'" in reason.text) == ("end.checkpoint", True)


@pytest.mark.parametrize("rate", [None, "a text", 10**400, LACKING])
def test_a_learning_rate_that_is_no_number_is_none(rate: object) -> None:
    found = contents()
    (group,) = found["optimizers"]["twin"]["param_groups"]
    group["lr"] = rate
    if rate is LACKING:
        del group["lr"]
    assert go_on(Checkpoint.of_bytes(as_bytes(found))).reason.code == "end.checkpoint"


@pytest.mark.parametrize(
    ("measurement", "carried"),
    [(WholeGradient, {"twin": 1}), (WholeGradient, {}), (WholeGradient, None), (WholeTrainingSet, {"twin": []})],
)
def test_what_a_measurement_did_not_carry_is_no_measurement(measurement: Any, carried: Any) -> None:
    with pytest.raises(ValueError, match=r"validation error|other networks"):
        measurement(CONFIG, SimpleNamespace(networks={"twin": None}), None).carry_on(carried)


@pytest.mark.parametrize(
    "frames", [{1: [b"short"]}, {2: [frame(1)]}, {"x": [frame(1)]}, {1: [frame(1), frame(2)[:-4]]}]
)
def test_frames_that_are_not_as_their_header_says_are_not_carried_on(frames: Any) -> None:
    with pytest.raises(ValueError, match="are not as the header"):
        MemorySink(Collecting()).carry_on({"header": json.dumps(header()), "frames": frames})


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (MemoryError("no room"), "MemoryError: no room"),
        (RuntimeError("DefaultCPUAllocator: can't allocate"), "RuntimeError: DefaultCPUAllocator: can't allocate"),
        (RuntimeError("boom"), "the first step that it made from its checkpoint failed: RuntimeError: boom"),
    ],
    ids=["memory", "torch's memory", "anything else"],
)
def test_what_fails_in_the_first_step_after_a_checkpoint_is_no_fault_of_that(
    monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    def fails(_: Training) -> None:
        raise error

    state = Checkpoint.of_bytes(written())
    monkeypatch.setattr(Training, "compute", fails)
    assert str(go_on(state).reason) == why


@pytest.mark.parametrize("where", [Training, torch.optim.SGD], ids=["the training", "the optimizer"])
def test_memory_that_runs_out_while_a_checkpoint_is_read_is_no_fault_of_that(
    monkeypatch: pytest.MonkeyPatch, where: type
) -> None:
    def full(*_: object) -> None:
        raise MemoryError("no room")

    state = Checkpoint.of_bytes(written())
    monkeypatch.setattr(where, "restore" if where is Training else "load_state_dict", full)
    assert str(go_on(state).reason) == "MemoryError: no room"


def test_a_probe_that_fails_in_the_first_step_after_a_checkpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("boom")

    state = Checkpoint.of_bytes(written())
    monkeypatch.setattr("shiftscope.probes.drift._Drift.before", fails)
    reason = go_on(state).reason
    assert reason.code == "end.first_step"
    assert str(reason).endswith("failed: the probe drift: RuntimeError: boom")
