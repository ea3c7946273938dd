"""The cache of compiled kernels: stamped by the kernels' own folder, and by nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

COMPILE = """
from shiftscope.kernels.counts import count_zeros
import shiftscope.engine.program
count_zeros.switch()
count_zeros(0, 0, False)
print(sum(count_zeros.dispatcher.stats.cache_hits.values()))
"""


def hits(backend: Path, cache: Path) -> int:
    """Compile a kernel in a process of its own; return how often it was found in the cache."""
    environment = os.environ | {"PYTHONPATH": str(backend), "NUMBA_CACHE_DIR": str(cache)}
    found = subprocess.run(
        [sys.executable, "-c", COMPILE], env=environment, cwd=backend, capture_output=True, text=True, check=True
    )
    return int(found.stdout)


def test_what_is_compiled_is_current_as_long_as_the_kernels_are(tmp_path: Path) -> None:
    backend, cache = tmp_path / "backend", tmp_path / "cache"
    shutil.copytree(REPOSITORY / "backend" / "shiftscope", backend / "shiftscope")
    found = {"nothing": hits(backend, cache), "nothing, again": hits(backend, cache)}
    for changed in ("engine/program.py", "kernels/moments.py", "kernels/counts.py"):
        source = backend / "shiftscope" / changed
        source.write_text(source.read_text() + "\n# changed\n")
        found[changed] = hits(backend, cache)
    assert found == {
        "nothing": 0, "nothing, again": 1, "engine/program.py": 1, "kernels/moments.py": 0, "kernels/counts.py": 0
    }  # fmt: skip
