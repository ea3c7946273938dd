"""A server of one's own, as the benchmarks need it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Server(NamedTuple):
    """A server's process and its address."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])


@contextmanager
def serving(
    data: Path | str, port: int = 0, *, spare_worker: bool = True, flags: Sequence[str] = ()
) -> Iterator[Server]:
    """Run a server whose recordings lie in a folder, on a free port unless one is named.

    It may be stopped, or killed, meanwhile.
    """
    environment = os.environ | {"SHIFTSCOPE_OPEN_BROWSER": "0"}
    if not spare_worker:
        environment["SHIFTSCOPE_SPARE_WORKER"] = "0"
    command = [sys.executable, "-m", "shiftscope.cli", "serve", "--port", str(port), "--data", str(data), *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    try:
        line = process.stdout.readline() if process.stdout else ""
        match = re.search(r"http://[^\s/]+", line)
        if match is None:
            raise RuntimeError(f"the server did not start: {line!r}")
        yield Server(process, match[0])
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(60)
