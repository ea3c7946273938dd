"""What a recording must hold of a loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from shiftscope.recording.reader import Recording, open_recording
from tests.loops.harness import ABSENT, Loop, Place, Run
from tests.probes import brute

MOMENTS = ("mean", "variance", "minimum", "maximum")
STREAMS = {"micro_batches": "steps", "skipped_updates": "steps", "loss": "steps", "learning_rate": "steps"}


def check_recordings(one: Loop, run: Run, folder: Path) -> None:
    """Check the recording of each scope of a loop."""
    for scope, recorded in enumerate(one.recorded):
        with open_recording(folder / f"{scope}.shiftscope") as recording:
            _check_steps(recording, recorded, {step for at, step in run.free if at == scope})
            _check_values(recording, run, scope)
            ends = [event.value for event in recording.journal() if event.kind == "state"]
            assert ends[-1] == one.state[min(scope, len(one.state) - 1)], ends


def _check_steps(recording: Recording, recorded: int, free: set[int]) -> None:
    if recorded == 0:
        assert recording.header is None or not recording.steps("steps").size
        return
    assert recording.header is not None, "nothing was recorded"
    steps = recording.steps("steps").tolist()
    assert [step for step in steps if step not in free] == [step for step in range(recorded) if step not in free]


def _check_values(recording: Recording, run: Run, scope: int) -> None:
    wrong: list[str] = []
    for place, parts in run.sites.items():
        if place[0] == scope:
            wrong += _wrong_moments(recording, place, parts)
    for place, expected in run.numbers.items():
        if place[0] == scope:
            found = _value(recording, place, place[2])
            if found is ABSENT and expected is ABSENT:
                continue
            if not np.isclose(found, expected, rtol=1e-4, atol=1e-7, equal_nan=True):
                wrong.append(f"{_name(place, place[2])}: {found} instead of {expected}")
    assert not wrong, "\n" + "\n".join(wrong)


def _wrong_moments(recording: Recording, place: Place, parts: list[torch.Tensor]) -> list[str]:
    values = np.concatenate([part.to_dense().double().numpy().ravel() for part in parts])
    mean, variance, std, low, high = brute.moments(values)
    wrong = []
    for quantity, expected in zip(MOMENTS, (mean, variance, low, high), strict=True):
        found = _value(recording, place, quantity)
        atol = float(np.nan_to_num(2e-5 * (std + abs(mean)) ** (1 + (quantity == "variance"))))
        if not np.isclose(found, expected, rtol=1e-4, atol=atol, equal_nan=True):
            wrong.append(f"{_name(place, quantity)}: {found} instead of {expected}")
    return wrong


def _value(recording: Recording, place: Place, quantity: str) -> float:
    _, step, _, network, layer, site = place
    header = recording.header
    assert header is not None
    stream = STREAMS.get(quantity, "layers")
    network = network or header.networks[0].name
    where = {} if quantity == "learning_rate" else {"network": network, "layer": layer, "site": site}
    steps = recording.steps_of(stream, quantity, **where).tolist()
    assert recording.steps(stream).tolist().count(step) == 1
    return float(recording.values(stream, quantity, **where)[steps.index(step)]) if step in steps else ABSENT


def _name(place: Place, quantity: str) -> str:
    scope, step, _, network, layer, site = place
    return " ".join(str(one) for one in ("scope", scope, "step", step, network, layer, site, quantity) if one != "")
