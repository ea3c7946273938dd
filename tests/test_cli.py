from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from shiftscope.config import Mlp, RunConfig, Steps
from shiftscope.recording.documents import RecordingError
from shiftscope.recording.reader import open_recording
from tests.conftest import serve
from tests.waiting import PATIENCE, eventually


def shiftscope(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shiftscope.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment, timeout=PATIENCE
    )


def test_a_taken_port_is_one_line_that_names_the_port_and_the_flag(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = shiftscope("serve", "--port", str(port), "--data", str(tmp_path))
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert str(port) in line
    assert "--port" in line


def test_a_folder_is_one_servers(tmp_path: Path) -> None:
    with serve(tmp_path / "runs"):
        second = shiftscope("serve", "--port", "0", "--data", str(tmp_path / "runs"))
    assert second.returncode == 1
    (line,) = second.stderr.splitlines()
    assert "another server keeps its recordings" in line
    assert "--data" in line


@pytest.mark.parametrize(
    ("flags", "words"),
    [(("--data", "/etc/passwd"), "recordings cannot be kept in /etc/passwd"), (("--host", "none.invalid"), "--host")],
)
def test_what_cannot_be_served_is_one_line(flags: tuple[str, str], words: str) -> None:
    result = shiftscope("serve", "--port", "0", *flags)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert words in line


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_closes_its_recording(tmp_path: Path, ending: signal.Signals) -> None:
    target = tmp_path / "run.shiftscope"
    (tmp_path / "config.json").write_text('{"duration": {"kind": "steps", "steps": 1000000}, "pace": 50}')
    command = [sys.executable, "-m", "shiftscope.cli", "train", str(tmp_path / "config.json"), "--to", str(target)]
    # A shell lets what it starts in the background ignore Ctrl+C, and that is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    eventually(lambda: target.exists() and _frames(target), "the first frame", every=0.1)
    process.send_signal(ending)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert said.splitlines()[-1].startswith("interrupted;")
    assert [path.name for path in tmp_path.iterdir() if path != tmp_path / "config.json"] == [target.name]
    with open_recording(target) as recording:
        assert list(recording.journal())[-1].value == "stopped"


def _frames(path: Path) -> int:
    try:
        with open_recording(path) as recording:
            return recording.last_seq
    except (RecordingError, sqlite3.Error):  # not yet made
        return 0


def test_settings_come_from_the_environment_and_flags_go_before(tmp_path: Path) -> None:
    with serve(
        tmp_path / "flag", SHIFTSCOPE_DATA=str(tmp_path / "variable"), SHIFTSCOPE_DATASETS=str(tmp_path)
    ) as server:
        assert server.client.get("/api/health").status_code == 200
    assert (tmp_path / "flag").is_dir()
    assert not (tmp_path / "variable").exists()


def test_a_setting_out_of_bounds_names_the_flag_and_the_variable() -> None:
    result = shiftscope("serve", "--port", "70000")
    assert result.returncode == 2
    assert "--port (or SHIFTSCOPE_PORT): Input should be less than or equal to 65535" in result.stderr


CONFIG = RunConfig(network=Mlp(depth=2, width=8), duration=Steps(steps=5), checkpoint_every=2)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording that `shiftscope train` has made."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "config.json").write_text(CONFIG.model_dump_json())
    target = folder / "run.shiftscope"
    result = shiftscope("train", str(folder / "config.json"), "--to", str(target))
    assert result.returncode == 0, result.stderr
    assert "no checkpoint is kept" in result.stdout
    return target


def test_train_writes_a_recording_without_a_server(trained: Path) -> None:
    with open_recording(trained) as recording:
        assert recording.info.config == CONFIG
        assert recording.steps("steps").tolist() == [0, 1, 2, 3, 4]
        assert recording.steps("evaluation").tolist() == [0, 5]
    again = shiftscope("train", "--to", str(trained))
    assert again.returncode == 1
    assert "cannot be made" in again.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"seed": -1}', "seed: Input should be greater"),
        ("{", "config: Invalid JSON"),
        (
            '{"batchsize": 8}',
            "batchsize: Extra inputs are not permitted; did you mean batch_size? Permitted are batch_size, ",
        ),
    ],
)
def test_train_names_what_is_wrong_with_a_config(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "config.json").write_text(text)
    result = shiftscope("train", str(tmp_path / "config.json"), "--to", str(tmp_path / "x"))
    assert result.returncode == 2
    assert words in result.stderr


def test_sync_sends_a_recording_as_a_new_run_and_says_what_it_cannot(tmp_path: Path, trained: Path) -> None:
    nobody = shiftscope("sync", str(trained), SHIFTSCOPE_URL="127.0.0.1:9")
    assert nobody.returncode == 1
    assert "no Shiftscope answers at http://127.0.0.1:9" in nobody.stderr
    with serve(tmp_path / "runs") as server:
        nothing = str(tmp_path / "nothing")
        sent = shiftscope("sync", nothing, str(trained), "--to", server.url)
        assert sent.returncode == 1
        assert "there is no recording at" in sent.stderr
        (run,) = server.client.get("/api/runs").json()
        assert (run["name"], run["state"], run["step"]) == ("run", "finished", 5)
        assert sent.stdout.splitlines() == [f"{trained}: run {run['id']}"]
    with open_recording(trained) as mine, open_recording(tmp_path / "runs" / f"{run['id']}.shiftscope") as theirs:
        assert [frame.data for frame in mine.read()] == [frame.data for frame in theirs.read()]
