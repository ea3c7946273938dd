"""`make release`, in a repository of its own: what it refuses, what it builds, what it tags."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import shiftscope
from tests.conftest import REPOSITORY

VERSION = "97.3.1"
SOMEBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Somebody"), ("EMAIL", "somebody@example.org"))
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | SOMEBODY, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A repository with this working copy's files, in which a version stands that can be released."""
    folder = tmp_path / "repository"
    for name in git(REPOSITORY, "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    replace(folder / "backend/shiftscope/__init__.py", r'__version__ = ".*"', f'__version__ = "{VERSION}"')
    replace(folder / "docker-compose.yml", r"image: shiftscope:.*", f"image: shiftscope:{VERSION}")
    replace(folder / "CHANGELOG.md", r"## \[Unreleased\]", f"## [Unreleased]\n\n## [{VERSION}] - 2030-01-31")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", f"Release {VERSION}")
    return folder


def replace(file: Path, pattern: str, by: str) -> None:
    text, count = re.subn(pattern, by, file.read_text(), count=1)
    assert count == 1
    file.write_text(text)


def release(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/release.py", *arguments, "--without-tests"]
    return subprocess.run(command, cwd=folder, env=os.environ | SOMEBODY, capture_output=True, text=True, check=False)


def commit(folder: Path, file: str, pattern: str, by: str) -> None:
    replace(folder / file, pattern, by)
    git(folder, "commit", "--quiet", "--all", "--message", "Change")


@pytest.mark.parametrize(
    ("spoil", "version", "words"),
    [
        (lambda folder: None, "97.3", "'97.3' is no version"),
        (lambda folder: None, "97.3.2", f"__init__.py says version {VERSION}"),
        (lambda folder: (folder / "new.txt").touch(), VERSION, "not everything is committed"),
        (lambda folder: git(folder, "tag", f"v{VERSION}"), VERSION, "there is a tag"),
        (lambda folder: commit(folder, "CHANGELOG.md", " - 2030-01-31", ""), VERSION, "CHANGELOG.md has no heading"),
        (lambda folder: commit(folder, "docker-compose.yml", VERSION, "1.0.0"), VERSION, "names the image 1.0.0"),
    ],
    ids=["form", "version", "changes", "tag", "changelog", "image"],
)
def test_what_is_not_ready_is_not_released(
    ready: Path, spoil: Callable[[Path], object], version: str, words: str
) -> None:
    spoil(ready)
    before = git(ready, "tag")
    done = release(ready, version)
    assert done.returncode == 1
    assert done.stderr.startswith("no release: ")
    assert words in done.stderr
    assert git(ready, "tag") == before
    assert not (ready / "dist").exists()


def test_a_release_is_built_checked_and_tagged(ready: Path) -> None:
    done = release(ready, VERSION, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert git(ready, "tag") == ""
    built = {f"shiftscope-{VERSION}.tar.gz", f"shiftscope-{VERSION}-py3-none-any.whl"}
    assert {path.name for path in (ready / "dist").iterdir()} == built
    done = release(ready, VERSION)
    assert done.returncode == 0, done.stderr
    assert git(ready, "tag").split() == [f"v{VERSION}"]
    assert git(ready, "cat-file", "-t", f"v{VERSION}").strip() == "tag"


def test_a_release_that_lacks_the_page_is_none(ready: Path) -> None:
    commit(ready, "pyproject.toml", '"\\*.d.ts"', '"*.d.ts", "main.js"')
    done = release(ready, VERSION, "--dry-run")
    assert done.returncode == 1
    assert "lacks the page's frontend/main.js" in done.stderr
    assert not (ready / "dist").exists()


def test_a_release_whose_page_cannot_be_installed_is_none(ready: Path) -> None:
    commit(ready, "pyproject.toml", r"\nserver = \[", "\npage = [")
    done = release(ready, VERSION, "--dry-run")
    assert done.returncode == 1
    assert "Provides-Extra: ['cluster', 'keras', 'lightning', 'page', 'pandas', 'transformers']" in done.stderr


def test_the_version_stands_once() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", shiftscope.__version__)
    assert f"## [{shiftscope.__version__}] - " in (REPOSITORY / "CHANGELOG.md").read_text()
    services = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
    assert services["shiftscope"]["image"] == f"shiftscope:{shiftscope.__version__}"
    others = git(REPOSITORY, "grep", "--name-only", "--fixed-strings", shiftscope.__version__).split()
    stated = {"backend/shiftscope/__init__.py", "CHANGELOG.md", "docker-compose.yml"}
    assert stated <= set(others)
    assert not {"pyproject.toml", "Dockerfile", "README.md"} & set(others)


def test_commits_are_checked_by_the_scripts_of_make_test() -> None:
    config = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())
    hooks = {hook["entry"] for repository in config["repos"] for hook in repository["hooks"]}
    assert hooks == {"scripts/check-style", "scripts/check-types", "scripts/check-page"}
    everything = (REPOSITORY / "scripts" / "test").read_text()
    for script in hooks | {"scripts/check-tests"}:
        assert os.access(REPOSITORY / script, os.X_OK), script
        name = script.removeprefix("scripts/check-")
        assert re.search(rf"scripts/check-{name}|for check in [\w ]*\b{name}\b", everything), script


def test_the_image_is_given_all_that_the_server_needs():
    """Write it anew with: scripts/hash-constraints."""
    pinned = re.findall(r"^([\w.-]+)==([\w.]+)", (REPOSITORY / "constraints-image.txt").read_text(), re.MULTILINE)
    versions = dict(re.findall(r"^([\w.-]+)==([\w.]+)$", (REPOSITORY / "constraints.txt").read_text(), re.MULTILINE))
    versions = {name.lower().replace("_", "-"): held for name, held in versions.items()}
    closure = runpy.run_path(str(REPOSITORY / "scripts" / "closure.py"))
    extra = closure["PROJECT"]["optional-dependencies"]["server"]
    needed = set(closure["closure"]([*closure["PROJECT"]["dependencies"], *extra])) - {"torch"}
    assert needed & versions.keys() <= {name for name, _ in pinned}
    assert [(name, held) for name, held in pinned if versions.get(name, held) != held] == []
