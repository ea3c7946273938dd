"""All experiments, explicitly, in the order in which they are shown."""

from __future__ import annotations

from shiftscope.experiments.claims import (
    axes,
    batch_sizes,
    corruptions,
    depth,
    figure_one,
    gradients,
    inference,
    initialization,
    learning_rates,
    mnist_table,
    optimizers,
    place,
    recurrent,
    redundancy,
    regularization,
    replicas,
    sampling,
    santurkar,
    scaling,
    whitening,
)
from shiftscope.experiments.experiment import Claim, Experiment
from shiftscope.notices import NoticeError, notice

CLAIMS: tuple[Claim, ...] = (
    mnist_table.CLAIM,
    mnist_table.XAVIER,
    gradients.VANISH,
    gradients.EXPLODE,
    initialization.CLAIM,
    learning_rates.CLAIM,
    batch_sizes.CLAIM,
    regularization.CLAIM,
    place.CLAIM,
    redundancy.CLAIM,
    inference.STATISTICS,
    inference.FOLD,
    corruptions.CLAIM,
    depth.CLAIM,
    sampling.CLAIM,
    whitening.CLAIM,
    recurrent.CLAIM,
    scaling.CLAIM,
    optimizers.CLAIM,
    axes.CLAIM,
    figure_one.CLAIM,
    santurkar.CLAIM,
    replicas.CLAIM,
)


class UnknownExperiment(NoticeError):
    """There is no experiment of that id."""

    def __init__(self, name: str) -> None:
        known = tuple(claim.experiment.id for claim in CLAIMS)
        super().__init__(notice("refused.unknown_experiment", experiment=name, known=known))


def catalogue() -> tuple[Experiment, ...]:
    """Return all experiments."""
    return tuple(claim.experiment for claim in CLAIMS)


def find(name: str) -> Claim:
    """Return the claim of an experiment, by its id or its number. Raises UnknownExperiment."""
    for claim in CLAIMS:
        if name in {claim.experiment.id, str(claim.experiment.claim)}:
            return claim
    raise UnknownExperiment(name)
