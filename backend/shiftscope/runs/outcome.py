"""How a run ended, whatever happened: the one place where errors become the end of a run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shiftscope.config import RunConfig
from shiftscope.experiments.experiment import Claim
from shiftscope.lab.data.types import DatasetError
from shiftscope.lab.training.checkpoint import Checkpoint, CheckpointError, FirstStepError, in_words
from shiftscope.notices import Notice, notice
from shiftscope.recording.documents import RecordingError
from shiftscope.runs.controls import Controls
from shiftscope.runs.replicas import ReplicaError
from shiftscope.runs.train import Keeping, StoppedEarly, train
from shiftscope.sinks.base import Sink, SinkError
from shiftscope.wire.messages import EndState

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How a run ended and why; the reason is empty where there is nothing to say."""

    state: EndState
    reason: Notice


def run_to_end(  # noqa: PLR0913  all but the first two are keywords
    config: RunConfig,
    sink: Sink,
    *,
    datasets: Path,
    controls: Controls,
    waiting: Callable[[Notice, float | None], None] = lambda *_: None,
    claim: Claim | None = None,
    mirrors: Sequence[str] = (),
    state: Checkpoint | None = None,
    keeping: Keeping | None = None,
) -> Outcome:
    """Train a run, and end it in its sink: as it ended, or as failed or stopped by what was raised.

    Args:
        config: what to train.
        sink: where what is measured goes.
        datasets: the folder of data sets.
        controls: what pauses, paces and stops it.
        waiting: is given what the run waits for before it trains, and how far that is.
        claim: what the run is made for, if anything.
        mirrors: base URLs to fetch data sets from, instead of the known ones.
        state: what it goes on from, where it does not begin anew.
        keeping: what keeps its states, where anything does.

    Raises:
        SinkError, RecordingError: the sink takes no more, so that not even the end can be recorded.
        ReplicaError: a replica is lost of a run that keeps states of its own: it has not ended, as others can go on.
    """
    try:
        ended = train(
            config, sink, datasets=datasets, controls=controls, waiting=waiting, claim=claim, mirrors=mirrors,
            state=state, keeping=keeping,
        )  # fmt: skip
        return Outcome(*ended)
    except (SinkError, RecordingError):
        raise
    except StoppedEarly:
        outcome = Outcome("stopped", notice("end.before_training"))
    except KeyboardInterrupt:
        outcome = Outcome("stopped", notice("end.interrupted"))
    except DatasetError as error:
        outcome = Outcome("failed", error.notice)
    except ReplicaError as error:
        logger.exception("a replica is lost")  # and with what this process found of it
        if keeping is not None and keeping.checkpoints is not None:
            raise
        outcome = Outcome("failed", error.notice)
    except CheckpointError as error:
        logger.exception("the run does not go on")
        code = "end.first_step" if isinstance(error, FirstStepError) else "end.checkpoint"
        outcome = Outcome("failed", notice(code, error=str(error)))
    except Exception as error:  # the boundary of a run: whatever went wrong is its reason
        logger.exception("the run failed")
        outcome = Outcome("failed", Notice(text=in_words(error)))
    sink.end(outcome.state, outcome.reason)
    return outcome
