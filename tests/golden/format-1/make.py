"""Wrote run.shiftscope and conversation.jsonl, with the code of their time. Today's code only reads them.

From a checkout of commit 656d31c, the last before the package was laid out anew (its modules have other names today):

PYTHONPATH=path/to/that/checkout/backend python tests/golden/format-1/make.py
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import threading
from pathlib import Path
from typing import Any

import torch
from shiftscope.frames import Frame, RunHeader
from shiftscope.probes.schedules import every
from shiftscope.training_run import Controls, train
from websockets.sync.server import ServerConnection, serve

from shiftscope import watch
from shiftscope.config import RunConfig
from shiftscope.recording import SUFFIX, TrialPart
from shiftscope.server.runs import Run, RunState

FOLDER = Path(__file__).parent
CONFIG = {
    "seed": 3,
    "network": {"kind": "mlp", "depth": 2, "width": 5},
    "variants": [
        {"name": "without BN", "normalization": {"kind": "none"}},
        {"name": "with BN", "normalization": {"kind": "batch"}},
    ],
    "optimizer": {"kind": "sgd", "learning_rate": 0.1},
    "batch_size": 32,
    "duration": {"kind": "steps", "steps": 6},
    "recording": {"kind": "every", "every": 1},
    "probes": "full",
}
TRIAL = TrialPart(id="20261126-160000-abcdef", experiment="redundant-bias", label="default", seed=0, runs=1, quick=True)


class Collected:
    """What a run sends: frames and events, in their order."""

    def __init__(self, controls: Controls) -> None:
        self.controls = controls
        self.header: RunHeader | None = None
        self.happened: list[Frame | dict[str, Any]] = []

    def begin(self, header: RunHeader) -> None:
        self.header = header

    def frame(self, data: bytes) -> None:
        self.happened.append(Frame.parse(data))

    def progress(self, step: int) -> None:
        if step == 3:  # so large that the losses are no numbers any more
            self.controls.obey({"command": "set", "learning_rate": 1e30})

    def event(self, kind: str, step: int, message: str, **more: Any) -> None:
        self.happened.append({"kind": kind, "step": step, "message": message, **more})

    def flush(self) -> None:
        pass

    def end(self, state: str, reason: str) -> None:
        self.state, self.reason = state, reason


async def keep(config: RunConfig, sent: Collected) -> Path:
    """Keep a run as the server of that time did."""
    run = Run.create(FOLDER, "a run of format 1", "worker", config, TRIAL)
    await run.move(RunState.PREPARING)
    assert sent.header is not None
    await run.begin(sent.header)
    for one in sent.happened:
        if isinstance(one, Frame):
            await run.append([one])
        else:
            await run.record(one.pop("kind"), one.pop("message"), **one)
        if run.seq == 6:
            await run.move(RunState.PAUSED)
            await run.record("pace", "pace: 40 steps/s", value=40.0)
            await run.move(RunState.RUNNING)
        if run.seq == 12:
            await run.record("learning_rate", "learning rate: 1e+30", value=1e30)
    figures = {"with BN/test_accuracy": 0.875, "without BN/test_accuracy": "nan"}
    await run.record("measured", value={"figures": figures, "data": {}})
    await run.move(RunState(sent.state), sent.reason)
    await run.record("name", value="a run of format 1, renamed")
    return run.path


def make_recording() -> None:
    config = RunConfig.model_validate(CONFIG)
    controls = Controls(None)
    sent = Collected(controls)
    train(config, sent, datasets=Path("none"), controls=controls, tell=lambda *_: None)
    path = asyncio.run(keep(config, sent))
    path.rename(FOLDER / f"run{SUFFIX}")


def make_conversation() -> None:
    """Let a script of that time speak to a server that writes down what it hears."""
    heard: list[dict[str, str]] = []

    def listen(socket: ServerConnection) -> None:
        seq = 0
        for message in socket:
            if isinstance(message, bytes):
                heard.append({"binary": base64.b64encode(message).decode()})
                seq += 1
                socket.send(json.dumps({"type": "acknowledged", "seq": seq}))
                continue
            heard.append({"text": message})
            match json.loads(message)["type"]:
                case "hello":
                    socket.send(json.dumps({"type": "welcome", "run": "golden", "token": "secret", "after": 0}))
                case "end":
                    return

    with serve(listen, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        torch.manual_seed(1)
        model = torch.nn.Sequential(
            torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3), torch.nn.ReLU(), torch.nn.Linear(3, 2)
        )
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        scope = watch({"mine": model}, to=url, name="a script of that time", schedule=every(1), total_steps=4)
        inputs, labels = torch.randn(16, 4), torch.randint(2, (16,))
        for step in range(4):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(inputs), labels)
            loss.backward()
            scope.measure({"mine": loss}, learning_rate=0.1)
            optimizer.step()
            scope.step()
            if step == 1:
                scope.event("note", "half way")
                with torch.no_grad():
                    model[0].weight[0, 0] = float("nan")
        scope.evaluate({"mine": {"test_loss": 0.5, "test_accuracy": 0.75}})
        scope.close()
        server.shutdown()
    (FOLDER / "conversation.jsonl").write_text("".join(json.dumps(one) + "\n" for one in heard))


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    make_recording()
    make_conversation()
