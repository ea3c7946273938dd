"""Claim 7: very small batches."""

from __future__ import annotations

from shiftscope.config import (
    BatchNormalization,
    Epochs,
    GroupNormalization,
    Mlp,
    NoNormalization,
    RunConfig,
    Sgd,
)
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
    PLAIN,
    WITH_BN,
    WITHOUT_BN,
    WU,
    look,
    part,
    variants,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, percent, table

SIZES = (2, 4, 8, 32, 128)
GROUP = "group norm"
DROP = 0.02


def _runs(epochs: int) -> tuple[PlannedRun, ...]:
    return tuple(
        PlannedRun(
            label=f"batch {size}",
            config=RunConfig(
                variants=variants(
                    without_BN=NoNormalization(), with_BN=BatchNormalization(), group_norm=GroupNormalization(groups=8)
                ),
                network=Mlp(depth=3, width=64, init="he_normal"), optimizer=Sgd(learning_rate=0.1 * size / 32), batch_size=size,
                duration=Epochs(epochs=epochs), recording=FRAMES,
            ),
        )
        for size in SIZES
    )  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare each network at a batch of two with the same at a batch of 32."""
    smallest, usual = "batch 2", "batch 32"
    drop = {
        network: results.mean(usual, f"{network}/test_accuracy") - results.mean(smallest, f"{network}/test_accuracy")
        for network in (PLAIN, BN, GROUP)
    }
    four = results.mean(usual, f"{BN}/test_accuracy") - results.mean("batch 4", f"{BN}/test_accuracy")

    def lost(network: str) -> Text:
        values = [percent(results.mean(label, f"{network}/test_accuracy")) for label in (usual, smallest)]
        return t(f"{values[0]} at 32, {values[1]} at 2", f"32일 때 {values[0]}, 2일 때 {values[1]}")

    parts = [
        part(
            drop[BN] >= DROP,
            t("BN breaks at a batch of two", "배치 크기 2에서 BN이 무너진다"),
            lost(BN),
        ),
        part(
            four < drop[BN],
            t("less so at four", "4에서는 덜하다"),
            t(f"{percent(four)} lost", f"{percent(four)} 손실"),
        ),
        part(
            max(drop[PLAIN], drop[GROUP]) < DROP,
            t(
                "what takes no statistics over the batch does not break",
                "배치에 걸친 통계를 쓰지 않는 신경망은 무너지지 않는다",
            ),
            t("without BN ", "BN 없음 ") + lost(PLAIN) + t("; group normalization ", "; 그룹 정규화 ") + lost(GROUP),
        ),
    ]
    rows = [
        (
            Text.same(label.removeprefix("batch ")),
            results.shown(label, f"{PLAIN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/own_test_accuracy", percent=True),
            results.shown(label, f"{GROUP}/test_accuracy", percent=True),
        )
        for label in results.labels
    ]
    columns = (
        WITHOUT_BN,
        WITH_BN,
        t("with BN, statistics of the test set", "BN 있음, 시험 집합의 통계"),
        t("group normalization", "그룹 정규화"),
    )
    return conclude(parts, table(t("Batch size", "배치 크기"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="batch-sizes",
        claim=7,
        title=t("Batches of two", "크기 2의 배치"),
        question=t(
            "With two samples BN makes every value +1 or −1. What is left of it at batches of 2, 4, 8, 32 and 128?",
            "표본이 둘이면 BN은 모든 값을 +1이나 −1로 만듭니다. 배치 크기 2, 4, 8, 32, 128에서 BN은 얼마나 쓸모가 남나요?",
        ),
        prediction=t(
            "BN loses accuracy as batches become very small; the plain network and group normalization do not.",
            "배치가 아주 작아지면 BN은 정확도를 잃고, BN 없는 신경망과 그룹 정규화는 잃지 않습니다.",
        ),
        watch=t(
            "The gap between the running and the batch's statistics, and the accuracy in eval mode.",
            "이동 통계와 배치 통계의 차이, 그리고 평가 모드의 정확도를 보세요.",
        ),
        looks=(
            look(
                "density",
                "Batch 2: the normalized values stand at two heights alone.",
                "배치 2: 정규화된 값이 두 높이에만 있습니다.",
            ),
            look(
                "loss",
                "Training loss against test loss: which network learns but fails in eval mode?",
                "훈련 손실과 시험 손실: 학습은 되지만 평가 모드에서 실패하는 신경망은 어느 것인가요?",
            ),
            look(
                "running",
                "Batch 2: the running statistics against those of the batch, which leap from step to step.",
                "배치 2: 스텝마다 크게 튀는 배치 통계와 이동 통계를 비교하세요.",
            ),
        ),
        change=t(
            "Lower the running statistics' momentum to 0.01 at batch 2.",
            "배치 2에서 이동 통계의 모멘텀을 0.01로 낮춰 보세요.",
        ),
        rule=t(
            "Broken: at a batch of 2 the test accuracy in eval mode is 2 points below that at 32. Each run sees the same number of samples; the learning rate grows with the batch.",
            "무너짐: 배치 2에서 평가 모드의 시험 정확도가 배치 32보다 2퍼센트포인트 낮음. 모든 실행은 같은 수의 표본을 보고, 학습률은 배치 크기에 비례합니다.",
        ),
        formulae=(m.math("m", "=", "2", ":", m.sub(m.hat("x"), "i"), "=", m.words("±"), "1", m.words(" (ε → 0)")),),
        sources=(WU,),
        views=("loss", "density", "running", "sampling"),
        layer="hidden 3",
        runs=_runs(12),
        quick=_runs(6),
        quick_note=t("Half the epochs, one seed.", "에포크 절반, 시드 하나."),
    ),
    verdict,
)
