from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from shiftscope.config import Mlp, RunConfig, Steps
from shiftscope.recording import open_recording
from tests.conftest import serve


def shiftscope(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shiftscope.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment, timeout=60
    )


def test_a_taken_port_is_one_line_that_names_the_port_and_the_flag(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = shiftscope("serve", "--port", str(port), "--data", str(tmp_path))
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert str(port) in line
    assert "--port" in line


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


def test_train_writes_a_recording_without_a_server(tmp_path: Path) -> None:
    config = RunConfig(network=Mlp(depth=2, width=8), duration=Steps(steps=5))
    (tmp_path / "config.json").write_text(config.model_dump_json())
    target = tmp_path / "run.shiftscope"
    result = shiftscope("train", str(tmp_path / "config.json"), "--to", str(target))
    assert result.returncode == 0, result.stderr
    with open_recording(target) as recording:
        assert recording.info.config == config
        assert recording.steps("steps").tolist() == [0, 1, 2, 3, 4]
        assert recording.steps("evaluation").tolist() == [0, 5]
    again = shiftscope("train", "--to", str(target))
    assert again.returncode == 1
    assert "cannot be made" in again.stderr


@pytest.mark.parametrize(
    ("text", "words"), [('{"seed": -1}', "seed: Input should be greater"), ("{", "config: Invalid JSON")]
)
def test_train_names_what_is_wrong_with_a_config(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "config.json").write_text(text)
    result = shiftscope("train", str(tmp_path / "config.json"), "--to", str(tmp_path / "x"))
    assert result.returncode == 2
    assert words in result.stderr
