"""The worker: a process that trains one run and sends what its scope sees to the server.

The server writes an assignment, one line of JSON, to the worker's standard input and holds that open as long as it
lives: when it closes, the server is gone, and so is the worker. A connection that merely breaks comes back by itself.
"""

from __future__ import annotations

import logging
import os
import sys
import threading

from shiftscope.runs.libraries import loading
from shiftscope.wire.assignment import Assignment


def main() -> int:
    """Load what training needs, wait for an assignment, do it; return the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    with loading():
        from shiftscope.probes.registry import warm_up  # noqa: PLC0415
        from shiftscope.runs.work import work  # noqa: PLC0415

        warm_up()
    line = sys.stdin.readline()
    if not line:
        return 0
    threading.Thread(target=_end_with_the_server, name="shiftscope-parent", daemon=True).start()
    return work(Assignment.model_validate_json(line))


def _end_with_the_server() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
