"""Claims 11 and 12: the statistics that BN uses after training, and folding it away."""

from __future__ import annotations

from shiftscope.config import BatchNormalization, Cnn, Mlp, Network, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, normalize, to
from shiftscope.experiments.claims.common import FRAMES, IOFFE, RUN, TWINS, at, part, stop, titled, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.outcomes import above, all_of, at_least, at_most, below, largest, least
from shiftscope.experiments.text import literal, named, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, percent, table

EARLY, LATE = "200 steps", "1500 steps"
FAST, SLOW, CUMULATIVE, LAST = "momentum 0.1", "momentum 0.01", "cumulative", "momentum 1"
AVERAGES = (FAST, SLOW, CUMULATIVE, LAST)
POINT = 0.01


def _statistics(label: str, steps: int) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            variants=tuple(
                variant.model_copy(update={"name": name})
                for name, variant in zip(
                    AVERAGES,
                    variants(
                        fast=BatchNormalization(momentum=0.1), slow=BatchNormalization(momentum=0.01),
                        cumulative=BatchNormalization(running="cumulative"), last=BatchNormalization(momentum=1.0),
                    ),
                    strict=True,
                )
            ),
            network=Mlp(depth=3, width=64), optimizer=Sgd(learning_rate=0.1), batch_size=16, duration=Steps(steps=steps),
        ),
    )  # fmt: skip


_STATISTICS = (_statistics(EARLY, 200), _statistics(LATE, 1500))
_QUICK_STATISTICS = tuple(
    PlannedRun(label=run.label, config=run.config.model_copy(update={"recording": FRAMES})) for run in _STATISTICS
)
"""As many steps, for the claim is about what happens by when; one seed and fewer frames are what saves time."""


def statistics_verdict(results: Results) -> Verdict:
    """Compare each kind of running statistics with those of the whole training set."""

    def accuracy(label: str, network: str, kind: str = "") -> float:
        return results.mean(label, f"{network}/{kind}test_accuracy")

    whole = accuracy(LATE, FAST, "population_")
    last = [accuracy(LATE, network, "last_batch_") for network in (FAST, SLOW, CUMULATIVE)]
    losses = {kind: results.mean(LATE, f"{FAST}/{kind}test_loss") for kind in ("population_", "last_batch_", "")}
    slow_early = accuracy(EARLY, SLOW, "population_") - accuracy(EARLY, SLOW)
    slow_late = accuracy(LATE, SLOW, "population_") - accuracy(LATE, SLOW)
    parts = [
        part(
            at_most(abs(accuracy(LATE, FAST) - whole), POINT),
            t("the running average does as well as the statistics of the whole training set"),
            t("{first} and {second}", first=percent(accuracy(LATE, FAST)), second=percent(whole)),
            at("running"),
        ),
        part(
            below(sum(last) / len(last), whole - POINT),
            t("those of the last batch do worse"),
            t(
                "{accuracy}; test loss {loss} against {reference}",
                accuracy=percent(sum(last) / len(last)),
                loss=number(losses["last_batch_"]),
                reference=number(losses["population_"]),
            ),
            at("running"),
        ),
        part(
            all_of(above(slow_early, POINT), at_most(slow_late, POINT)),
            t("a momentum of 0.01 is too slow at first, and catches up"),
            t("{early} lost after 200 steps, {late} after 1500", early=percent(slow_early), late=percent(slow_late)),
            at("sweep"),
        ),
    ]
    rows = [
        (
            titled(named(label), named(network)),
            results.shown(label, f"{network}/test_accuracy", percent=True),
            results.shown(label, f"{network}/population_test_accuracy", percent=True),
            results.shown(label, f"{network}/last_batch_test_accuracy", percent=True),
            results.shown(label, f"{network}/gap"),
        )
        for label in results.labels
        for network in AVERAGES
    ]
    columns = (
        t("Running statistics"),
        t("Whole training set"),
        t("One training batch"),
        t("Running mean off by (std)"),
    )
    return conclude(parts, table(RUN, columns, rows))


_FOLDED = (("MLP", Mlp(depth=5, width=64)), ("CNN", Cnn(depth=4, channels=16)))
TOLERANCE = {"float64": 1e-12, "float32": 1e-4}
COST = 0.1


def _fold(label: str, network: Network) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(variants=TWINS, network=network, optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=200)),
    )


def folding_verdict(results: Results) -> Verdict:
    """Compare outputs to float error and time with that of the network without BN."""
    labels = results.labels
    difference = {
        dtype: largest(largest(results.each(label, f"{dtype}/difference")) for label in labels) for dtype in TOLERANCE
    }
    agreement = least(least(results.each(label, f"{dtype}/agreement")) for label in labels for dtype in TOLERANCE)
    bn = [results.mean(label, "time/bn_over_plain") for label in labels]
    folded = [results.mean(label, "time/folded_over_plain") for label in labels]
    parts = [
        part(
            at_most(difference.values(), TOLERANCE.values()),
            t("the folded network gives the same outputs but for rounding"),
            ", ".join(f"{dtype} {number(value)}" for dtype, value in difference.items()),
        ),
        part(
            at_least(agreement, 1.0),
            t("and the same classes for every test sample"),
            percent(agreement),
        ),
        part(
            all_of(at_most(folded, 1 + COST), below(folded, bn)),
            t("folded, it costs what the network without BN costs, and less than before"),
            t(
                "{folded} times its time, {before} before",
                folded=", ".join(map(number, folded)),
                before=", ".join(map(number, bn)),
            ),
        ),
    ]
    rows = [
        (
            named(label),
            *(results.shown(label, f"{dtype}/{what}") for dtype in TOLERANCE for what in ("difference", "agreement")),
            results.shown(label, "time/bn_over_plain"),
            results.shown(label, "time/folded_over_plain"),
        )
        for label in labels
    ]
    columns = [titled(literal(dtype), what) for dtype in TOLERANCE for what in (t("difference"), t("same class"))]
    columns += [t("time with BN / without"), t("time folded / without")]
    return conclude(parts, table(t("Network"), columns, rows))


STATISTICS = Claim(
    Experiment(
        id="inference-statistics",
        claim=11,
        group="batches",
        title="Whose mean, whose variance?",
        question="In use there may be no batch. Which mean and variance shall BN take: a running average, the whole training set's, the last batch's?",
        prediction="A running average does as well as the whole training set; the last batch does worse; a slow average needs time.",
        watch="Running against batch statistics, channel by channel, over the first steps.",
        tour=(
            stop("running", "Momentum 0.1: the running statistics start at 0 and 1 and make for those of the batch."),
            stop("loss", run=EARLY, text="Test accuracy over the first 200 steps: which of the averages lags behind?"),
            stop("running", run=LATE, text="1500 steps: what the averages chase, the batch's own statistics, moves while the network learns. Which of them has come close?"),
        ),
        change="Take batches of 4.",
        next=changed(_STATISTICS[0].config, to("batch_size", 4)),
        rule="As well: within 1 point of test accuracy. Worse: more than 1 point below the statistics of the whole training set.",
        formulae=(m.math(m.sub("μ", "run"), "→", "(", "1", "−", "a", ")", m.sub("μ", "run"), "+", "a", m.sub("μ", "B")),),
        sources=(IOFFE,),
        views=("running", "loss", "moments"), layer="hidden 3",
        runs=_STATISTICS, quick=_QUICK_STATISTICS,
        quick_note="One seed and fewer frames, the same steps: under two minutes on two cores.",
    ),
    statistics_verdict,
    measurement="shiftscope.lab.measurements.inference:InferenceStatistics",
)  # fmt: skip

FOLD = Claim(
    Experiment(
        id="folding",
        claim=12,
        group="inside",
        title="Folding BN away",
        question="After training, BN is a fixed scale and shift. Can the layer before it take them in, without a trace?",
        prediction="Outputs agree to rounding, every class agrees, and inference costs what it costs without BN.",
        watch="Gamma and the running statistics at the end: they are what is folded.",
        tour=(
            stop("affine", "Gamma and beta at the last step: from then on they are constants."),
            stop("running", "In eval mode the running mean and variance are constants too."),
            stop("loss", "The networks before folding. How much folding changes their outputs stands in the verdict's table."),
        ),
        change="Put BN after the activation: then the next layer takes it in.",
        next=changed(_fold(*_FOLDED[0]).config, normalize("batch", place="after")),
        rule="Largest difference over the largest output, on the test set: at most 1e-12 in float64 and 1e-4 in float32. Time: medians of 400 passes in turns; folded at most 1.1 times the network without BN, and less than with BN.",
        formulae=(
            m.math("W", "′", "=", m.frac("γ", m.root(m.row(m.sup("σ", "2"), "+", "ε"))), "W", ",", "b", "′", "=", m.frac(m.row("γ", "(", "b", "−", "μ", ")"), m.root(m.row(m.sup("σ", "2"), "+", "ε"))), "+", "β"),
        ),
        sources=(IOFFE,),
        views=("affine", "running", "loss"), layer="hidden 1",
        seeds=1,
        runs=tuple(_fold(label, network) for label, network in _FOLDED),
    ),
    folding_verdict,
    measurement="shiftscope.lab.measurements.inference:Folding",
)  # fmt: skip
