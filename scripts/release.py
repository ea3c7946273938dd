"""Make a release: check that the repository is ready for it, build it, look into what was built, tag it.

python scripts/release.py 1.2.3             (or `make release VERSION=1.2.3`)
python scripts/release.py 1.2.3 --dry-run   all but the tag

The version itself is set before, in a commit: `__version__` in backend/shiftscope/__init__.py, its date in
CHANGELOG.md, the image in docker-compose.yml.
"""

from __future__ import annotations

import argparse
import email
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.message import Message
from pathlib import Path

ROOT = Path.cwd()
OF_THE_PAGE = {".html", ".js", ".css", ".svg"}
"""Endings of the page's files: all of them travel."""


class NotReady(Exception):
    """What keeps the release from being made, in a sentence."""


def run(*command: str) -> str:
    """Run a command in the repository and return what it prints."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReady(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def found(pattern: str, file: str) -> str:
    """Return the first group of a pattern in a file of the repository; empty when it is not there."""
    match = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    return match[1] if match else ""


def check_repository(version: str) -> None:
    """Hold the repository to be ready: everything committed, the version in each place where it stands.

    Raises:
        NotReady: it is not.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise NotReady(f"{version!r} is no version: three numbers with dots between them")
    if changed := run("git", "status", "--porcelain").strip():
        raise NotReady(f"not everything is committed:\n{changed}")
    if run("git", "tag", "--list", f"v{version}").strip():
        raise NotReady(f"there is a tag v{version} already")
    stated = found(r'^__version__ = "(.*)"$', "backend/shiftscope/__init__.py")
    if stated != version:
        raise NotReady(f"backend/shiftscope/__init__.py says version {stated}")
    if not found(rf"^## \[{re.escape(version)}\] - (\d{{4}}-\d\d-\d\d)$", "CHANGELOG.md"):
        raise NotReady(f"CHANGELOG.md has no heading '## [{version}] - YYYY-MM-DD'")
    image = found(r"^    image: shiftscope:(.*)$", "docker-compose.yml")
    if image != version:
        raise NotReady(f"docker-compose.yml names the image {image}")


def build(folder: Path) -> tuple[Path, Path]:
    """Build the source distribution and the wheel from it; return both."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), ".")
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def check_built(sdist: Path, wheel: Path, version: str) -> None:
    """Hold what was built to be what it should be. Raises NotReady."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        about = f"shiftscope-{version}.dist-info"
        if {name.split("/")[0] for name in names} != {"shiftscope", about}:
            raise NotReady(f"{wheel.name} holds more than the package: {sorted({n.split('/')[0] for n in names})}")
        metadata = email.message_from_bytes(archive.read(f"{about}/METADATA"))
        starts = archive.read(f"{about}/entry_points.txt").decode()
    _check_metadata(metadata, version)
    if "shiftscope = shiftscope.cli:app" not in starts:
        raise NotReady(f"{wheel.name} brings no command")
    page = [name for name in run("git", "ls-files", "frontend").splitlines() if Path(name).suffix in OF_THE_PAGE]
    if missing := [name for name in page if f"shiftscope/{name}" not in names]:
        raise NotReady(f"{wheel.name} lacks the page's {', '.join(missing)}")
    if strange := [name for name in names if re.search(r"node_modules|__pycache__|\.test\.|tests/", name)]:
        raise NotReady(f"{wheel.name} holds {strange[0]}")
    with tarfile.open(sdist) as archive_:
        inside = {name.partition("/")[2] for name in archive_.getnames()}
    if lacking := {"pyproject.toml", "README.md", "LICENSE", "frontend/index.html"} - inside:
        raise NotReady(f"{sdist.name} lacks {', '.join(sorted(lacking))}")


def _check_metadata(metadata: Message, version: str) -> None:
    wanted = {"Name": "shiftscope", "Version": version, "License-Expression": "MIT", "Requires-Python": ">=3.11"}
    for name, value in wanted.items():
        if metadata[name] != value:
            raise NotReady(f"the wheel's metadata says {name}: {metadata[name]}")
    if metadata.get_all("Provides-Extra") != ["cluster", "keras", "lightning", "pandas", "server", "transformers"]:
        raise NotReady(f"the wheel's metadata says Provides-Extra: {metadata.get_all('Provides-Extra')}")


def check_import(wheel: Path, version: str) -> None:
    """Unpack the wheel and ask the package, and it alone, for its version. Raises NotReady."""
    program = (
        f"import sys; sys.path.insert(0, sys.argv[1]); import shiftscope; assert shiftscope.__version__ == {version!r}"
    )
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(wheel).extractall(folder)
        run(sys.executable, "-I", "-c", program, folder)


def release(version: str, *, dry_run: bool, tests: bool) -> None:
    """Do all of it. Raises NotReady at the first thing that is not as it should be."""
    check_repository(version)
    print("the repository is ready")
    if tests:
        subprocess.run(["make", "test"], cwd=ROOT, check=True)
    else:
        print("left out: the tests")
    with tempfile.TemporaryDirectory() as folder:
        sdist, wheel = build(Path(folder))
        check_built(sdist, wheel, version)
        check_import(wheel, version)
        target = ROOT / "dist"
        target.mkdir(exist_ok=True)
        for file in (sdist, wheel):
            shutil.copy(file, target)
            print(f"built and checked dist/{file.name}")
    if dry_run:
        print(f"left out: the tag v{version}")
        return
    run("git", "tag", "--annotate", f"v{version}", "--message", f"Shiftscope {version}")
    print(f"tagged v{version}; it goes out with: git push origin v{version}")


def main() -> int:
    """Read the command line, make the release; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("version")
    parser.add_argument("--dry-run", action="store_true", help="do all but the tag")
    parser.add_argument("--without-tests", action="store_true", help="where they have just passed for this commit")
    given = parser.parse_args()
    try:
        release(given.version, dry_run=given.dry_run, tests=not given.without_tests)
    except NotReady as reason:
        print(f"no release: {reason}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        print("no release: the tests do not pass", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
