"""A replica: a process that trains its share of each batch, beside the worker that leads the run.

The worker writes an assignment, one line of JSON, to its standard input, and then an order a line. When that closes the
worker is done, or gone, and so is the replica, whatever it waits for; it removes the folder that the worker may not
have removed any more.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path
from queue import SimpleQueue

from pydantic import BaseModel, ConfigDict

from shiftscope.config import RunConfig
from shiftscope.runs.libraries import loading

READY = "ready\n"
"""What it writes to its standard output once it waits for the others."""
_SECOND, _MINUTE = 1.0, 60.0


class Share(BaseModel):
    """Which share of a run a replica trains, and the file at which all meet, in a folder that is theirs alone."""

    model_config = ConfigDict(frozen=True)

    config: RunConfig
    datasets: Path
    rank: int
    place: Path
    threads: int


def main() -> None:
    """Meet the others and do what the worker does, until it is done."""
    worker = os.getppid()
    with loading():
        import torch._dynamo  # noqa: PLC0415  the first optimizer that is made would import it

        from shiftscope.lab.data.datasets import load  # noqa: PLC0415
        from shiftscope.lab.training.replicas import Order, ReplicaTraining, meeting, obey  # noqa: PLC0415

    share = Share.model_validate_json(sys.stdin.readline())
    orders: SimpleQueue[str] = SimpleQueue()
    reading = threading.Thread(
        target=_read, args=[orders, share.place.parent], name="shiftscope-orders", daemon=True
    )  # fmt: skip
    reading.start()
    torch.set_num_threads(share.threads)
    data = load(share.config.dataset, share.datasets, lambda *_: None)
    sys.stdout.write(READY)
    sys.stdout.flush()
    try:
        with meeting(share.place, share.rank, share.config.replicas):
            training = ReplicaTraining(share.config, data, share.rank, share.config.replicas)
            while True:
                obey(training, Order.model_validate_json(orders.get()))
    finally:
        # Where the worker is gone, reading ends this process, as soon as it has removed the folder.
        reading.join(_SECOND if os.getppid() == worker else _MINUTE)


def _read(orders: SimpleQueue[str], folder: Path) -> None:
    for line in sys.stdin:
        orders.put(line)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
