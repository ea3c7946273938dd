"""Kernels are compiled beside what a process does: in processes of their own here, with an empty cache of their own."""

import ctypes
import os
import subprocess
import sys

import pytest

from shiftscope.kernels.compile import KERNELS
from shiftscope.kernels.loading import types_of, wanted
from tests.conftest import REPOSITORY

BEGIN = """
import sys
import numpy as np
from shiftscope.kernels import loading, products
from tests.waiting import eventually

a, found = np.array([3.0, 4.0]), np.zeros(2)

def compare():
    found[:] = -1
    products.compare_values(a.ctypes.data, 2, True, a.ctypes.data, found)
    assert found.tolist() == [0.0, 1.0], found

def compiled():
    compare()
    return products.compare_values.__call__ is products.compare_values.dispatcher

compare()
assert "numba" not in sys.modules
loader = loading.Loader(["products"])
"""


def run(script, cache, before=None):
    command = [sys.executable, "-c", BEGIN + script]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False, preexec_fn=before
    )
    assert done.returncode == 0, done.stderr
    return done


LOAD = """
loader.start()
loader.start()
compare()
eventually(compiled)
print(sum(products.compare_values.dispatcher.stats.cache_misses.values()), sys.getswitchinterval())
"""


def test_another_process_fills_the_cache_and_this_one_loads_it(tmp_path):
    for _ in range(2):
        assert run(LOAD, tmp_path).stdout.split() == ["0", "0.005"]
    assert list(tmp_path.rglob("*.nbc"))


LOCKED = """
from numba.core.base import BaseContext
from numba.core.compiler_lock import global_compiler_lock

alone, refresh = [], BaseContext.refresh

def note(context):
    alone.append(global_compiler_lock.is_locked())
    return refresh(context)

BaseContext.refresh = note
loader.start()
eventually(compiled)
loading.load_now(["products"])
assert alone and all(alone), alone
"""


def test_a_script_may_compile_functions_of_its_own_meanwhile(tmp_path):
    """What numba knows of its functions is read on by whoever compiles: by one at a time."""
    run(LOCKED, tmp_path)


FORK = """
import os
loader.start()
for _ in range(20):
    child = os.fork()
    if child == 0:
        compare()
        import numba
        assert numba.njit(lambda x: x + 1)(1) == 2
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
eventually(compiled)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_process_that_is_forked_off_meanwhile_is_not_locked(tmp_path):
    run(FORK, tmp_path)


NOWHERE = """
import os
del os.environ["NUMBA_CACHE_DIR"]
from numba.core import caching
kind = "UserProvidedCacheLocator"
setattr(caching.CacheImpl, "_locator_classes", [getattr(caching, kind, None) or getattr(caching, "_" + kind)])
loader.start()
eventually(compiled)
from shiftscope.kernels import jit
print(jit.cache_folder())
"""


def test_without_a_place_for_a_cache_it_is_kept_as_long_as_the_process(tmp_path):
    folder = run(NOWHERE, tmp_path).stdout.strip()
    assert folder
    assert not os.path.exists(folder)  # noqa: PTH110
    assert not list(tmp_path.iterdir())


READ = """
loader.start()
eventually(compiled)
from pathlib import Path
from shiftscope.kernels import jit
print(jit.cache_folder(), [path.name for path in Path(jit.cache_folder()).rglob("*.nb?") if not path.is_symlink()])
"""


def obey_permissions():
    """Let this process, and what it becomes, write nowhere that its user may not: not even as root."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE: refused where it is not there


@pytest.mark.skipif(sys.platform != "linux", reason="root writes everywhere")
def test_a_cache_that_is_for_reading_alone_is_read_and_nothing_compiled(tmp_path):
    run(LOAD, tmp_path)
    folders = [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    folder, compiled = run(READ, tmp_path, obey_permissions).stdout.split(maxsplit=1)
    assert compiled.strip() == "[]"
    assert not os.path.exists(folder)  # noqa: PTH110
    for folder in folders:
        folder.chmod(0o755)


WITHOUT = """
import threading
sys.modules["numba"] = None
loader.start()
eventually(lambda: threading.active_count() == 1)
compare()
assert not products.compare_values.__call__ is products.compare_values.in_python
"""


def test_without_numba_everything_runs_in_python(tmp_path):
    assert run(WITHOUT, tmp_path).stderr == ""


END = """
loader.start()
compare()
"""


def test_a_script_that_ends_meanwhile_ends_at_once_and_leaves_nothing(tmp_path):
    assert run(END, tmp_path).stderr == ""


def test_all_that_is_called_is_loaded():
    known = {id(kernel) for kernel, _ in wanted()}
    assert known == {id(kernel) for kernel in KERNELS if kernel.signatures}
    for kernel, signature in wanted():
        assert len(types_of(kernel, signature))
