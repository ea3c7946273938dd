"""Claim 13: test data that differ from the training data."""

from __future__ import annotations

from shiftscope.config import (
    Brightness,
    Corruption,
    Digits,
    Mlp,
    NoCorruption,
    Rotation,
    RunConfig,
    Sgd,
    Steps,
    UnseenClasses,
)
from shiftscope.experiments import mathml as m
from shiftscope.experiments.changes import changed, to
from shiftscope.experiments.claims.common import BN, FRAMES, IOFFE, PLAIN, QUICK, TWINS, at, part, shorter, stop
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.outcomes import at_least, at_most, below
from shiftscope.experiments.text import Text, join, named, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, percent, table

CLEAN, UNSEEN = "clean", "unseen classes"
CORRUPTIONS: dict[str, Corruption] = {
    CLEAN: NoCorruption(),
    "brighter": Brightness(brightness=0.4, contrast=1.0),
    "low contrast": Brightness(brightness=0.0, contrast=0.3),
    "rotated": Rotation(degrees=30),
    UNSEEN: UnseenClasses(classes=2),
}
SHIFTED = ("brighter", "low contrast", "rotated")
HURT = 0.05
_RUNS = tuple(
    PlannedRun(
        label=label,
        config=RunConfig(
            dataset=Digits(test_corruption=corruption), variants=TWINS, network=Mlp(depth=3, width=64),
            optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=1500), recording=FRAMES,
        ),
    )
    for label, corruption in CORRUPTIONS.items()
)  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare what each network loses, and what the test batch's own statistics give back."""

    def accuracy(label: str, network: str, kind: str = "") -> float:
        return results.mean(label, f"{network}/{kind}test_accuracy")

    lost = {
        (label, network): accuracy(CLEAN, network) - accuracy(label, network)
        for label in SHIFTED
        for network in (PLAIN, BN)
    }

    def points(label: str) -> Text:
        values = "/".join(f"{100 * lost[label, network]:.0f}" for network in (PLAIN, BN))
        return t("{shift} {values}", shift=named(label), values=values)

    parts = [
        part(
            at_least(lost.values(), HURT),
            t("each of the shifts hurts both networks"),
            t("points lost without BN / with BN: {each}", each=join([points(label) for label in SHIFTED], ", ")),
            at("sweep"),
        )
    ]
    for label in SHIFTED:
        own = accuracy(label, BN, "own_")
        values = [percent(value) for value in (accuracy(label, PLAIN), accuracy(label, BN), own)]
        numbers = t(
            "without BN {plain}, with BN {normalized}, with the test batch's own statistics {own}",
            plain=values[0],
            normalized=values[1],
            own=values[2],
        )
        parts += [
            part(
                below(lost[label, BN], lost[label, PLAIN]),
                t("{shift}: BN with its running statistics loses less", shift=named(label)),
                numbers,
                at("sweep"),
            ),
            part(
                at_most(accuracy(CLEAN, BN) - own, lost[label, BN] / 2),
                t("{shift}: the test batch's own statistics give back half of the loss", shift=named(label)),
                percent(own),
                at("sweep"),
            ),
        ]
    rows = [
        (
            named(label),
            results.shown(label, f"{PLAIN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/own_test_accuracy", percent=True),
            results.shown(label, f"{PLAIN}/confidence", percent=True),
            results.shown(label, f"{BN}/confidence", percent=True),
        )
        for label in results.labels
    ]
    columns = (
        t("without BN"),
        t("with BN"),
        t("with BN, own statistics"),
        t("confidence without BN"),
        t("confidence with BN"),
    )
    return conclude(parts, table(t("Test set"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="test-shift",
        claim=13,
        group="batches",
        title="When the test set has shifted",
        question="Brighter, paler, turned, or of classes never seen: does BN help when test data are not like the training data?",
        prediction="Covariate shift hurts every network. BN helps if it may take the test batch's own statistics.",
        watch="Test accuracy with the running statistics and with the test batch's own.",
        tour=(
            stop("loss", run="brighter", text="Brighter test images: how far from the training curve does each network's test curve stay?"),
            stop("running", "The running statistics are those of the training data."),
            stop("ridges", "What the layers are given in training: test samples that have shifted are not among it."),
        ),
        change="Turn the images by 10 degrees, then by 90.",
        next=changed(_RUNS[0].config, to("dataset.test_corruption", {"kind": "rotation", "degrees": 10})),
        rule="Hurt: 5 points of test accuracy below the clean test set. For classes never seen the accuracy is 0 by definition; the table shows how sure each network is of its wrong answers.",
        formulae=(m.math(m.sub("p", m.words("train")), "(", "x", ")", "≠", m.sub("p", m.words("test")), "(", "x", ")", ",", "p", "(", "y", "|", "x", ")"),),
        sources=(
            IOFFE,
            Source(title="Shimodaira 2000, Improving predictive inference under covariate shift", url="https://doi.org/10.1016/S0378-3758(00)00115-4"),
            Source(title="Nado et al. 2020, Evaluating Prediction-Time Batch Normalization", url="https://arxiv.org/abs/2006.10963"),
        ),
        views=("loss", "running", "ridges"), layer="hidden 1",
        runs=_RUNS, quick=shorter(_RUNS, 700), quick_note=QUICK,
    ),
    verdict,
    measurement="shiftscope.lab.measurements.shift:UnderShift",
)  # fmt: skip
