"""What a worker does: the one run that it was assigned."""

from __future__ import annotations

import logging
import os
import sys

import torch
import torch._dynamo  # the first optimizer that is made would import it

from shiftscope.experiments.catalogue import find
from shiftscope.lab.training.checkpoint import Checkpoint, CheckpointError
from shiftscope.runs.checkpoints import Checkpoints, narrator_of
from shiftscope.runs.controls import Controls
from shiftscope.runs.deposit import ServerDeposit
from shiftscope.runs.outcome import run_to_end
from shiftscope.runs.replicas import ReplicaError
from shiftscope.runs.train import Keeping
from shiftscope.sinks.base import SinkError
from shiftscope.sinks.narration import Narration
from shiftscope.sinks.socket import Limits, SocketSink
from shiftscope.sinks.uplink import Deadlines
from shiftscope.wire.assignment import Assignment, last_word
from shiftscope.wire.state_file import StateFileError

logger = logging.getLogger(__name__)


def work(assignment: Assignment) -> int:
    """Train the assigned run; return the exit code."""
    torch.set_num_threads(assignment.threads)
    controls = Controls(assignment.config.pace, assignment.networks, assignment.again)
    claim = find(assignment.experiment) if assignment.experiment else None
    deposit, every = ServerDeposit(assignment), assignment.config.checkpoint_every
    try:
        state = Checkpoint.of_bytes(deposit.fetch()) if assignment.checkpoint else None
        narration = Narration(narrator_of(state) if every else b"", exact=True)
        sink = SocketSink.connect(
            assignment.url, run=assignment.run, token=assignment.token, on_command=controls.obey,
            limits=Limits(folders=(assignment.spool,) if assignment.spool else (), deadlines=Deadlines(dial=60)),
            narration=narration,
        )  # fmt: skip
        run_to_end(
            assignment.config, sink, datasets=assignment.datasets, controls=controls, waiting=sink.preparing,
            mirrors=assignment.mirrors, claim=claim, state=state,
            keeping=Keeping(deposit, Checkpoints(every, sink, deposit) if every else None),
        )  # fmt: skip
    except (SinkError, OSError, StateFileError, CheckpointError) as error:
        logger.error("%s", error)  # noqa: TRY400  the server is gone or has refused: there is nothing to trace here
        return 1
    except ReplicaError as error:  # what it found of that is logged already
        sys.stderr.write(last_word(error.notice))
        sys.stderr.flush()
        os._exit(1)  # at once: a scope that is open when the interpreter ends ends its run, which others go on with
    return 0
