"""Claim 8: BN regularizes a little, less with larger batches, and makes dropout less needed."""

from __future__ import annotations

from shiftscope.config import Adam, BatchNormalization, Digits, Epochs, Mlp, RunConfig, Variant
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import FRAMES, IOFFE, look, part
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, percent, table

NEITHER, NORMED, DROPPED, BOTH = "neither", "BN", "dropout", "both"
SMALL, LARGE, TRUE = "batch 16", "batch 256", "batch 16, true labels"
SLOPE, SLOPE_MARGIN = -0.5, 0.1
POINT = 0.01

_VARIANTS = (
    Variant(name=NEITHER),
    Variant(name=NORMED, normalization=BatchNormalization()),
    Variant(name=DROPPED, dropout=0.3),
    Variant(name=BOTH, normalization=BatchNormalization(), dropout=0.3),
)


def _runs(epochs: int) -> tuple[PlannedRun, ...]:
    sets = ((SMALL, 16, 0.2), (LARGE, 256, 0.2), (TRUE, 16, 0.0))
    return tuple(
        PlannedRun(
            label=label,
            config=RunConfig(
                dataset=Digits(label_noise=noise), variants=_VARIANTS, network=Mlp(depth=3, width=128),
                optimizer=Adam(learning_rate=0.001), batch_size=size, duration=Epochs(epochs=epochs), recording=FRAMES,
            ),
        )
        for label, size, noise in sets
    )  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare BN's noise with 1 / sqrt(m), and test accuracies with BN, dropout, both and neither."""
    slope = results.mean(SMALL, "noise/slope")

    def accuracy(label: str, network: str) -> float:
        return results.mean(label, f"{network}/test_accuracy")

    help_of_bn = {label: accuracy(label, NORMED) - accuracy(label, NEITHER) for label in (SMALL, LARGE, TRUE)}
    help_of_dropout = accuracy(SMALL, DROPPED) - accuracy(SMALL, NEITHER)
    help_beside_bn = accuracy(SMALL, BOTH) - accuracy(SMALL, NORMED)
    parts = [
        part(
            abs(slope - SLOPE) <= SLOPE_MARGIN,
            t(
                "the noise in BN's output falls as one over the root of the batch size",
                "BN 출력의 잡음은 배치 크기의 제곱근에 반비례한다",
            ),
            t(f"exponent {number(slope)}", f"지수 {number(slope)}"),
        ),
        part(
            help_of_bn[SMALL] > POINT,
            t(
                "BN generalizes better than neither when a fifth of the labels is wrong",
                "레이블의 5분의 1이 틀렸을 때 BN이 아무것도 없는 쪽보다 일반화를 잘한다",
            ),
            f"{percent(accuracy(SMALL, NORMED))}, {percent(accuracy(SMALL, NEITHER))}",
        ),
        part(
            help_of_bn[TRUE] > 0,
            t("and when all are right", "레이블이 모두 맞을 때도 그렇다"),
            f"{percent(accuracy(TRUE, NORMED))}, {percent(accuracy(TRUE, NEITHER))}",
        ),
        part(
            help_of_bn[LARGE] < help_of_bn[SMALL],
            t("it helps less with larger batches", "배치가 크면 도움이 줄어든다"),
            f"{100 * help_of_bn[SMALL]:+.1f}, {100 * help_of_bn[LARGE]:+.1f}",
        ),
        part(
            help_beside_bn < help_of_dropout,
            t("dropout adds less where BN is", "BN이 있으면 드롭아웃의 효과가 줄어든다"),
            f"{100 * help_beside_bn:+.1f}, {100 * help_of_dropout:+.1f}",
        ),
    ]
    rows = [
        (
            Text.same(f"{network}, {label}"),
            results.shown(label, f"{network}/train_accuracy", percent=True),
            results.shown(label, f"{network}/test_accuracy", percent=True),
        )
        for label in results.labels
        for network in (NEITHER, NORMED, DROPPED, BOTH)
    ]
    rows += [
        (
            t(f"noise of BN's output, batch {size}", f"BN 출력의 잡음, 배치 {size}"),
            results.shown(SMALL, f"noise/{size}"),
            Text.same("–"),
        )
        for size in (8, 32, 128, 512)
    ]
    columns = (
        t("training accuracy (noisy labels), or noise", "훈련 정확도(잡음 레이블) 또는 잡음"),
        t("test accuracy", "시험 정확도"),
    )
    return conclude(parts, table(t("Network", "신경망"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="regularization",
        claim=8,
        title=t("Noise that regularizes", "규제하는 잡음"),
        question=t("A sample's normalized value depends on the chance of its batch. Does that noise keep a network from learning wrong labels by heart?",
                   "표본의 정규화된 값은 배치의 우연에 좌우됩니다. 이 잡음이 틀린 레이블을 외우지 못하게 막아 줄까요?"),
        prediction=t("BN helps a little on the test set, less with larger batches, and dropout is needed less where BN is.",
                     "BN은 시험 집합에서 조금 도움이 되고, 배치가 클수록 덜하며, BN이 있으면 드롭아웃이 덜 필요합니다."),
        watch=t("Training against test accuracy: the gap is what was learnt by heart.", "훈련 정확도와 시험 정확도의 차이가 외운 양입니다."),
        looks=(
            look("loss", "Where does the test loss turn and rise while the training loss falls?", "훈련 손실이 줄어드는 동안 시험 손실은 어디서 다시 오르나요?"),
            look("sampling", "Batch 16: how much two batches differ at the same weights; that is the noise.", "배치 16: 같은 가중치에서 두 배치가 얼마나 다른지 보세요. 이것이 잡음입니다."),
            look("ridges", "Batch 256: the same distributions, much calmer.", "배치 256: 같은 분포가 훨씬 잔잔합니다."),
        ),
        change=t("Raise the label noise to 0.4.", "레이블 잡음을 0.4로 올려 보세요."),
        rule=t("The log-log slope of the noise over batch sizes of 8, 32, 128 and 512 must be −0.5 ± 0.1. At batch 16 BN must bring more than 1 point of test accuracy with a fifth of the labels wrong and some with all of them right, fewer points at 256, and dropout fewer points beside BN than alone.",
               "배치 크기 8, 32, 128, 512에 대한 잡음의 로그-로그 경사가 −0.5 ± 0.1이어야 합니다. 배치 16에서 BN은 레이블의 5분의 1이 틀렸을 때 시험 정확도를 1퍼센트포인트 넘게, 모두 맞을 때도 조금은 올려야 하고, 256에서는 덜 올려야 하며, 드롭아웃은 BN과 함께일 때 혼자일 때보다 덜 올려야 합니다."),
        formulae=(m.math(m.words("std "), "(", m.sub("μ", "B"), ")", "=", m.frac("σ", m.root("m"))),),
        sources=(IOFFE, Source(title="Srivastava et al. 2014, Dropout", url="https://jmlr.org/papers/v15/srivastava14a.html")),
        views=("loss", "sampling", "ridges"), layer="hidden 1",
        runs=_runs(40), quick=_runs(20), quick_note=t("Half the epochs, one seed.", "에포크 절반, 시드 하나."),
    ),
    verdict,
)  # fmt: skip
