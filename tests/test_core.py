"""The core stands alone: what it loads, and what is said where the extra `server` is not installed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from shiftscope import server_extra
from tests.conftest import REPOSITORY, LiveServer

LOADED = "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
WATCH = """
import torch
model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scope = shiftscope.watch(model, optimizer=optimizer, to={to!r})
for _ in range(3):
    optimizer.zero_grad()
    model(torch.randn(5, 4)).sum().backward()
    optimizer.step()
scope.close()
"""
EXTRA = set(server_extra.MODULES)
"""What the extra brings and nothing of the core does."""


def loaded_by(program: str) -> set[str]:
    """Run a program of its own; return what it loads that is neither Python's nor ours."""
    command = [sys.executable, "-c", f"import sys\nbefore = set(sys.modules)\nimport shiftscope\n{program}\n{LOADED}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()) - {"shiftscope"}


def test_importing_the_package_loads_nothing_else() -> None:
    assert loaded_by("") == set()


def test_watching_into_a_file_loads_nothing_of_the_extra(tmp_path: Path) -> None:
    target = tmp_path / "run.shiftscope"
    loaded = loaded_by(f"{WATCH.format(to=str(target))}\nshiftscope.open_recording({str(target)!r}).close()")
    assert loaded & EXTRA == set()
    assert {"torch", "numba", "pydantic"} <= loaded


def test_watching_into_a_server_loads_nothing_of_the_extra(server: LiveServer) -> None:
    loaded = loaded_by(WATCH.format(to=server.url))
    assert loaded & EXTRA == set()
    assert "websockets" in loaded


def test_opening_a_recording_loads_no_torch() -> None:
    recording = next((REPOSITORY / "tests" / "golden").glob("format-*/*.shiftscope"))
    loaded = loaded_by(f"shiftscope.open_recording({str(recording)!r}).close()")
    assert loaded & (EXTRA | {"torch", "numba"}) == set()


def test_the_command_lines_help_loads_neither_a_server_nor_torch() -> None:
    loaded = loaded_by("from shiftscope.cli import app; app(['--help'], standalone_mode=False)")
    assert loaded & (EXTRA - {"pydantic_settings"} | {"torch", "numba"}) == set()


PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
CORE = [Requirement(entry) for entry in PROJECT["dependencies"]]
SERVER = [Requirement(entry) for entry in PROJECT["optional-dependencies"]["server"]]


def test_the_extra_is_what_is_asked_for() -> None:
    """Each module that the commands look for comes with a package of the extra, and each package is looked for."""
    brought = packages_distributions()
    found = {canonicalize_name(brought[module][0]) for module in server_extra.MODULES}
    assert found == {canonicalize_name(wanted.name) for wanted in SERVER}


def pins(file: str) -> dict[str, Version]:
    """Return the version of each package that a file of constraints holds."""
    lines = (REPOSITORY / file).read_text().splitlines()[1:]
    return {canonicalize_name(name): Version(version) for name, version in (line.split("==") for line in lines)}


def test_what_is_tested_with_is_allowed() -> None:
    tried = pins("constraints.txt")
    assert [str(wanted) for wanted in [*CORE, *SERVER] if tried[wanted.name] not in wanted.specifier] == []


def test_nothing_of_the_core_is_pinned() -> None:
    """It is installed beside other people's code, with the versions that are there."""
    assert [
        str(wanted) for wanted in CORE if any(bound.operator in {"==", "~=", "==="} for bound in wanted.specifier)
    ] == []


def test_the_lowest_versions_are_those_that_are_tried() -> None:
    """By hand: scripts/check-lowest."""
    bounds = [(wanted.name, bound) for wanted in CORE for bound in wanted.specifier if bound.operator == ">="]
    assert pins("constraints-lowest.txt") == {name: Version(bound.version) for name, bound in bounds}


@pytest.mark.parametrize("module", server_extra.MODULES)
def test_the_extra_is_not_installed_when_any_of_it_lacks(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server_extra.is_installed()
    monkeypatch.setitem(sys.modules, module, None)
    assert not server_extra.is_installed()


@pytest.mark.parametrize("arguments", [["serve", "--port", "0"], ["train", "--to", "x"], ["verify", "--help"]])
def test_without_the_extra_a_command_that_needs_it_is_one_sentence(arguments: list[str]) -> None:
    done = without_the_extra(*arguments)
    assert done.returncode == 1
    sentence = f"shiftscope {arguments[0]} needs more than what is installed here: {server_extra.INSTALL}"
    assert done.stderr.splitlines() == [sentence]


def test_without_the_extra_there_is_help() -> None:
    done = without_the_extra("--help")
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in server_extra.COMMANDS)


def without_the_extra(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; sys.modules['fastapi'] = None; from shiftscope.cli import app; app()"
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
