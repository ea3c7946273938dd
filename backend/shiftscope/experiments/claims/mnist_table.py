"""Claims 1 and 2: a small network on MNIST, epoch by epoch, with default and with Xavier weights."""

from __future__ import annotations

import re

from shiftscope.config import Adam, Epochs, Mlp, Mnist, RunConfig, Thinning
from shiftscope.config.networks import Init
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import BN, IOFFE, PLAIN, TWINS, at
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, TourStop
from shiftscope.experiments.outcomes import Outcome, all_of, at_least, at_most, below, largest, least
from shiftscope.experiments.reductions import Recorded, networks
from shiftscope.experiments.text import Text, join, literal, named, t
from shiftscope.experiments.verdict import Figures, Part, Results, Table, Verdict, conclude, number, table

LABEL = "784-32-32-10"
SETS = ("whole_train", "test")
"""The run itself evaluates on at most 10,000 training samples: what is published is of the whole set."""
PUBLISHED: dict[tuple[str, int, str], tuple[float, float]] = {
    (BN, 1, "whole_train"): (0.1297, 0.96),
    (BN, 1, "test"): (0.1407, 0.96),
    (PLAIN, 1, "whole_train"): (0.1878, 0.94),
    (PLAIN, 1, "test"): (0.2053, 0.94),
    (BN, 10, "whole_train"): (0.0474, 0.99),
    (BN, 10, "test"): (0.0912, 0.97),
    (PLAIN, 10, "whole_train"): (0.1293, 0.96),
    (PLAIN, 10, "test"): (0.2100, 0.95),
}
"""Loss and accuracy by network, epoch and set, of one training by the claim's authors."""
MARGIN = 0.15
"""A published loss agrees when it lies within the seeds' range, widened by this fraction at both ends."""


def _run(epochs: int, init: Init) -> tuple[PlannedRun, ...]:
    config = RunConfig(
        dataset=Mnist(), variants=TWINS, network=Mlp(depth=2, width=32, init=init),
        optimizer=Adam(learning_rate=0.01), batch_size=32, duration=Epochs(epochs=epochs), recording=Thinning(frames=500),
    )  # fmt: skip
    return (PlannedRun(label=LABEL, config=config),)


def epochs(recorded: Recorded, measured: Figures) -> Figures:  # noqa: ARG001
    """Return what each epoch's evaluation found on the test set, as "network/epoch/test_loss" and so on."""
    return {
        f"{network}/{epoch}/{name}": float(value)
        for network in networks(recorded)
        for name in ("test_loss", "test_accuracy")
        for epoch, value in enumerate(recorded.values("evaluation", name, network=network))
        if epoch > 0
    }


def _last_epoch(results: Results) -> int:
    return max(
        (int(name.split("/")[1]) for name in results.names(LABEL) if re.fullmatch(r".*/\d+/test_loss", name)), default=1
    )


def _better(results: Results, epoch: int) -> Part:
    with_bn, without = (
        [loss for part in SETS for loss in results.each(LABEL, f"{network}/{epoch}/{part}_loss")]
        for network in (BN, PLAIN)
    )
    train, test = (
        [number(results.mean(LABEL, f"{network}/{epoch}/{part}_loss")) for network in (BN, PLAIN)] for part in SETS
    )
    return Part(
        outcome=below(with_bn, without),
        says=t("after epoch {epoch} the loss is lower with BN, on both sets and for every seed", epoch=epoch),
        numbers=t(
            "training {train_normalized} against {train_plain}, test {test_normalized} against {test_plain}",
            train_normalized=train[0],
            train_plain=train[1],
            test_normalized=test[0],
            test_plain=test[1],
        ),
        evidence=at("loss"),
    )


def _agrees(results: Results) -> Part:
    rows = [key for key in PUBLISHED if key[1] <= _last_epoch(results)]
    inside = []
    for network, epoch, part in rows:
        losses = results.each(LABEL, f"{network}/{epoch}/{part}_loss")
        loss, _ = PUBLISHED[network, epoch, part]
        low, high = least(losses) * (1 - MARGIN), largest(losses) * (1 + MARGIN)
        inside.append(all_of(at_least(loss, low), at_most(loss, high)))
    outside = [_outside(results, key) for key, within in zip(rows, inside, strict=True) if within is not Outcome.HOLDS]
    agreeing = t("{count} of {of}", count=inside.count(Outcome.HOLDS), of=len(rows))
    return Part(
        outcome=all_of(*inside),
        says=t("the published losses lie within what is measured"),
        numbers=t("{agreeing}; outside: {outside}", agreeing=agreeing, outside=join(outside)) if outside else agreeing,
        evidence=at("loss"),
    )


def _outside(results: Results, key: tuple[str, int, str]) -> Text:
    """Say what was published and measured, and how far the loss swings from one epoch to the next."""
    network, epoch, part = key
    loss, _ = PUBLISHED[key]
    names = [f"{network}/{one}/{part}_loss" for one in range(max(1, epoch - 4), epoch + 1)]
    measured = results.each(LABEL, names[-1])
    swing = [value for name in names for value in results.each(LABEL, name)]
    ranges = [f"{number(least(values))}–{number(largest(values))}" for values in (measured, swing)]
    return t(
        "{network}, {what}: {published} published, {measured} measured, {swing} in the last epochs",
        network=named(network),
        what=_after(epoch, part),
        published=f"{loss:.4f}",
        measured=ranges[0],
        swing=ranges[1],
    )


def _after(epoch: int, part: str) -> Text:
    return t("epoch {epoch}, training", epoch=epoch) if part == "whole_train" else t("epoch {epoch}, test", epoch=epoch)


def _table(results: Results, *, published: bool) -> Table:
    rows = []
    for epoch in sorted({1, _last_epoch(results)}):
        for network in (BN, PLAIN):
            for part in SETS:
                name = f"{network}/{epoch}/{part}"
                loss, accuracy = PUBLISHED.get((network, epoch, part), (None, None))
                shown = f"{loss:.4f} ({accuracy:.2f})" if loss is not None and published else "–"
                rows.append(
                    (
                        t("{network}, {what}", network=named(network), what=_after(epoch, part)),
                        results.shown(LABEL, f"{name}_loss"),
                        results.shown(LABEL, f"{name}_accuracy", percent=True),
                        literal(shown),
                    )
                )
    columns = (t("Loss"), t("Accuracy"), t("Published loss (accuracy)"))
    return table(t("Network"), columns, rows)


def verdict(results: Results) -> Verdict:
    """Compare losses after the first and the last epoch, and with the published ones."""
    parts = [_better(results, epoch) for epoch in sorted({1, _last_epoch(results)})]
    return conclude([*parts, _agrees(results)], _table(results, published=True))


def verdict_without_table(results: Results) -> Verdict:
    """Compare losses after the first and the last epoch."""
    parts = [_better(results, epoch) for epoch in sorted({1, _last_epoch(results)})]
    return conclude(parts, _table(results, published=False))


_TOUR = (
    TourStop(view="loss", text="The first epoch: how far below the other does the curve with BN run?"),
    TourStop(view="ridges", text="The input to each ReLU: which network keeps its shape from step to step?"),
    TourStop(view="affine", text="Gamma and beta: what does the network make of the freedom that BN leaves it?"),
)  # fmt: skip
_BETTER_RULE = (
    "After the first and after the last epoch, the loss with BN must be lower than without on the training set and on "
    "the test set, for every seed."
)
_FORMULA = m.math(
    m.hat(m.sub("x", "i")), "=", m.frac(m.row(m.sub("x", "i"), "−", m.sub("μ", "B")),
    m.root(m.row(m.sup(m.sub("σ", "B"), "2"), "+", "ε"))), m.words(", "),
    m.sub("z", "i"), "=", "γ", m.hat(m.sub("x", "i")), "+", "β",
)  # fmt: skip
_QUICK = "Two epochs and one seed."

CLAIM = Claim(
    Experiment(
        id="mnist-table",
        claim=1,
        group="training",
        title="MNIST, epoch by epoch",
        question=("A 784-32-32-10 ReLU network learns MNIST with Adam at a learning rate of 0.01. What does batch "
            "normalization change after one epoch, and after ten?"),
        prediction=("With BN both losses are lower from the first epoch on: 0.13 and 0.14 against 0.19 and 0.21; after ten "
            "0.05 and 0.09 against 0.13 and 0.21."),
        watch="Loss and accuracy at the end of each epoch, on the training and on the test set.",
        tour=_TOUR,
        change="Lower the learning rate to 0.001.",
        next=changed(_run(10, "default")[0].config, to("optimizer.learning_rate", 0.001)),
        rule=_BETTER_RULE + (" A published loss agrees when it lies between the least and the largest of the seeds, 15 % beyond at both "
            "ends."),
        formulae=(_FORMULA,), sources=(IOFFE,),
        views=("loss", "ridges", "affine"), layer="hidden 2",
        runs=_run(10, "default"), quick=_run(2, "default"), quick_note=_QUICK,
    ),
    verdict,
    epochs,
    measurement="shiftscope.lab.measurements.epochs:WholeTrainingSet",
)  # fmt: skip

XAVIER = Claim(
    Experiment(
        id="mnist-xavier",
        claim=2,
        group="training",
        title="The same with Xavier weights",
        question="Xavier-normal weights start every layer at a sensible scale. Does BN still help?",
        prediction="A good start does not replace BN: its losses stay lower, after one epoch and after ten.",
        watch="Standard deviation of each layer at step 0, and the losses of the two networks.",
        tour=(
            TourStop(view="moments", text="Step 0: how alike are the spreads with which the layers begin?"),
            *_TOUR[:2],
        ),
        change="Set init to zeros: why does nothing learn?",
        next=changed(_run(10, "xavier_normal")[0].config, to("network.init", "zeros")),
        rule=_BETTER_RULE,
        formulae=(m.math("w", "~", "N", "(", "0", ",", m.frac("2", m.row(m.sub("n", "in"), "+", m.sub("n", "out"))),
                         ")"),),
        sources=(IOFFE,),
        views=("loss", "moments", "ridges"), layer="hidden 2",
        seeds=1,
        runs=_run(10, "xavier_normal"), quick=_run(2, "xavier_normal"), quick_note=_QUICK,
    ),
    verdict_without_table,
    epochs,
    measurement="shiftscope.lab.measurements.epochs:WholeTrainingSet",
)  # fmt: skip
