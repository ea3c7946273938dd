"""Having kernels compiled: at once where that is wanted, or beside the training, which goes on meanwhile.

Compiling takes a minute of a processor on a machine's first time. It holds Python's lock for most of it, and each of a
training's many operations would wait for that; so another process does it, which writes to numba's cache. Loading from
the cache takes about a second, in a thread of this process that yields often.
"""

from __future__ import annotations

import atexit
import inspect
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from shiftscope.kernels.compile import Kernel

logger = logging.getLogger(__name__)

LONGEST_COMPILATION = 900.0
"""Seconds after which another process is no longer waited for."""
LONGEST_END = 1.0
"""Seconds for which a process's exit waits for what is loaded just then."""
_SWITCH_INTERVAL = 0.0002
"""Seconds after which the loading thread yields Python's lock. The usual 5 ms, for each of a training step's operations
that wants it back, would be most of a second a step."""
MODULES = (
    "batch_drift", "fused_pass", "histogram_distances", "interpreter", "merging", "moments", "products",
    "single_units", "sorted_values", "updates",
)  # fmt: skip
"""Those of this package that the engine calls kernels of."""
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from shiftscope.kernels.loading import fill_cache; fill_cache()"


def load_now(modules: Sequence[str] = MODULES) -> None:
    """Compile all kernels, or load them from the cache, and let them be carried out so from now on."""
    _LOADER.import_numba()
    for kernel, signature in wanted(modules):
        with _numbas_lock():
            kernel.dispatcher.compile(types_of(kernel, signature))
    _switch(modules)


def load_in_background() -> None:
    """Do the same beside what this process does, once; kernels run in Python until then."""
    _LOADER.start()


def fill_cache() -> None:
    """Compile the kernels that the cache lacks, of the modules that the command line names; unhurriedly.

    This is what another process runs. One at a time does it.
    """
    with suppress(AttributeError, OSError):
        os.nice(19)
    with _alone():
        load_now(sys.argv[2:])


class Loader:
    """Loads kernels in a thread of this process, and has them compiled by another one where the cache lacks them."""

    def __init__(self, modules: Sequence[str] = MODULES) -> None:
        self._modules = modules
        self._begin = threading.Lock()
        self._busy = threading.Lock()
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._ending = False

    def start(self) -> None:
        """Start, unless that was done."""
        with self._begin:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="shiftscope-kernels", daemon=True)
                # A process that is forked off has no such thread, and must not inherit what it has locked meanwhile:
                # numba, or the import of it.
                if hasattr(os, "register_at_fork"):
                    os.register_at_fork(
                        before=self._busy.acquire,
                        after_in_parent=self._busy.release,
                        after_in_child=self._busy.release,
                    )
                atexit.register(self._end)
                self._thread.start()

    def import_numba(self) -> None:
        """Import numba, in no two threads at once: each would wait for a part of the other's, and get it half made."""
        with self._busy:
            import_module("shiftscope.kernels.jit")

    def _run(self) -> None:
        try:
            if self._load() or (self._have_compiled() and self._load()):
                _switch(self._modules)
        except Exception:  # whatever keeps numba from working here
            logger.debug("kernels stay in Python", exc_info=True)

    def _load(self) -> bool:
        """Load what the cache has; return whether that is all. One by one, so that a fork need not wait long."""
        with _yielding():
            self.import_numba()
            for kernel, signature in wanted(self._modules):
                with self._busy, _numbas_lock():
                    if self._ending or not _load(kernel, signature):
                        return False
        return True

    def _have_compiled(self) -> bool:
        """Wait for another process that fills the cache; return whether it did."""
        package = str(Path(__file__).parents[2])
        folder = import_module("shiftscope.kernels.jit").cache_folder()
        environment = os.environ | ({"NUMBA_CACHE_DIR": folder} if folder else {})
        with self._busy:
            if self._ending:
                return False
            command = [sys.executable, "-P", "-c", _CHILD, package, *self._modules]
            nowhere = subprocess.DEVNULL
            self._child = subprocess.Popen(  # noqa: S603  this program, by its own path
                command, env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere
            )
        try:
            return self._child.wait(LONGEST_COMPILATION) == 0
        except subprocess.TimeoutExpired:
            self._child.kill()
            return False

    def _end(self) -> None:
        """Leave nothing running behind: at exit."""
        self._ending = True
        deadline = time.monotonic() + LONGEST_END
        # A child is started under this lock: afterwards none is. Nobody's exit waits long for it.
        if self._busy.acquire(timeout=LONGEST_END):
            self._busy.release()
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
        if self._thread is not None:
            self._thread.join(timeout=max(0.0, deadline - time.monotonic()))
        _keep_interrupt()


class _Interrupted:
    """Lets a script that a Ctrl-C has ended exit as such a script does.

    Python notes that of the last code that it ran from a text. Loading numba runs such code, beside the script, and
    goes on where it isn't over in time. So this is noted anew when the modules are let go of: no thread runs then.
    """

    # At that time names of modules may be gone already.
    def __del__(
        self,
        run: Callable[[str, dict[str, Any]], None] = exec,
        its_own: suppress = suppress(BaseException),  # noqa: B008  keeps no state
    ) -> None:
        with its_own:
            run("raise KeyboardInterrupt", {})


def _keep_interrupt() -> None:
    if isinstance(getattr(sys, "last_value", None), KeyboardInterrupt):
        _AT_LAST.append(_Interrupted())


_AT_LAST: list[_Interrupted] = []
_LOADER = Loader()


def wanted(modules: Sequence[str] = MODULES) -> Iterator[tuple[Kernel[Any], str]]:
    """Yield the kernels of modules that the engine calls, and the types with which it does."""
    for name in modules:
        for kernel in vars(import_module(f"shiftscope.kernels.{name}")).values():
            if isinstance(kernel, Kernel) and kernel.module == f"shiftscope.kernels.{name}":
                for signature in kernel.signatures:
                    yield kernel, signature


def _switch(modules: Sequence[str]) -> None:
    for kernel, _ in wanted(modules):
        kernel.switch()


def _load(kernel: Kernel[Any], signature: str) -> bool:
    """Load a kernel from the cache, unless it lacks there."""
    dispatcher, wanted = kernel.dispatcher, types_of(kernel, signature)
    if wanted in dispatcher.overloads:
        return True
    found = dispatcher._cache.load_overload(wanted, dispatcher.targetctx)
    if found is not None:
        dispatcher.add_overload(found)
    return found is not None


def types_of(kernel: Kernel[Any], signature: str) -> Any:  # noqa: ANN401  numba's own
    """Return the types of a kernel's arguments; those that it takes as `*more` are one tuple."""
    arguments, _ = import_module("numba.core.sigutils").normalize_signature(signature)
    code = kernel.dispatcher.py_func.__code__
    if not code.co_flags & inspect.CO_VARARGS:
        return arguments
    fixed = code.co_argcount
    return *arguments[:fixed], import_module("numba.core.types").Tuple.from_types(arguments[fixed:])


def _numbas_lock() -> AbstractContextManager[None]:
    """Return numba's lock of all that compiles. What loads from the cache has to take it by itself.

    The script may compile functions of its own meanwhile: then either would end in an error.
    """
    lock: AbstractContextManager[None] = import_module("numba.core.compiler_lock").global_compiler_lock
    return lock


@contextmanager
def _yielding() -> Iterator[None]:
    """Let other threads have Python's lock as soon as they want it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _SWITCH_INTERVAL))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other process of this user compiles."""
    try:
        from fcntl import LOCK_EX, flock  # noqa: PLC0415  not everywhere
    except ImportError:
        yield
        return
    path = Path(tempfile.gettempdir(), f"shiftscope-compiling-{os.getuid()}.lock")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        flock(file, LOCK_EX)
        yield
    finally:
        os.close(file)
