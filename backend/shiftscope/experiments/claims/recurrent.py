"""Claim 17: recurrent networks."""

from __future__ import annotations

from shiftscope.config import (
    BatchNormalization,
    ClipByNorm,
    Clipping,
    LayerNormalization,
    Mnist,
    NoClipping,
    NoNormalization,
    Rnn,
    RunConfig,
    Sgd,
    Steps,
    Thinning,
)
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import QUICK, look, part, shorter, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, percent, table

FREE, CLIPPED = "no clipping", "clip by norm"
NONE, LAYER, BATCH = "without BN", "layer norm", "BN per step"
POINT = 0.01


def _run(label: str, clipping: Clipping) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            dataset=Mnist(),
            variants=variants(
                without_BN=NoNormalization(), layer_norm=LayerNormalization(), BN_per_step=BatchNormalization()
            ),
            network=Rnn(width=64), optimizer=Sgd(learning_rate=0.2), clipping=clipping, duration=Steps(steps=800),
            recording=Thinning(frames=100),
        ),
    )  # fmt: skip


_RUNS = (_run(FREE, NoClipping()), _run(CLIPPED, ClipByNorm(limit=1.0)))


def verdict(results: Results) -> Verdict:
    """Compare the three networks, and clipping with none."""

    def accuracy(label: str, network: str) -> float:
        return results.mean(label, f"{network}/test_accuracy")

    best = {network: max(accuracy(label, network) for label in (FREE, CLIPPED)) for network in (NONE, LAYER, BATCH)}
    parts = [
        part(
            best[BATCH] < best[LAYER] - POINT,
            t("BN per step does worse than layer normalization", "스텝별 BN은 층 정규화보다 못하다"),
            f"{percent(best[BATCH])}, {percent(best[LAYER])}",
        ),
        part(
            best[LAYER] > best[NONE] + POINT,
            t("layer normalization does better than none", "층 정규화는 정규화가 없는 것보다 낫다"),
            f"{percent(best[LAYER])}, {percent(best[NONE])}",
        ),
        part(
            accuracy(CLIPPED, NONE) > accuracy(FREE, NONE) + POINT,
            t("clipping helps the plain network", "그래디언트 클리핑이 정규화 없는 신경망에 도움이 된다"),
            t(
                f"{percent(accuracy(FREE, NONE))} to {percent(accuracy(CLIPPED, NONE))}; largest gradient {number(results.mean(FREE, f'{NONE}/largest_gradient'))}",
                f"{percent(accuracy(FREE, NONE))} → {percent(accuracy(CLIPPED, NONE))}, 가장 큰 그래디언트 {number(results.mean(FREE, f'{NONE}/largest_gradient'))}",
            ),
        ),
    ]
    rows = [
        (
            Text.same(f"{network}, {label}"),
            results.shown(label, f"{network}/test_accuracy", percent=True),
            results.shown(label, f"{network}/median_gradient"),
            results.shown(label, f"{network}/largest_gradient"),
        )
        for label in results.labels
        for network in (NONE, LAYER, BATCH)
    ]
    columns = (
        t("test accuracy", "시험 정확도"),
        t("median gradient norm", "그래디언트 노름의 중앙값"),
        t("largest gradient norm", "가장 큰 그래디언트 노름"),
    )
    return conclude(parts, table(t("Network", "신경망"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="recurrent",
        claim=17,
        title=t("Reading an image row by row", "이미지를 한 줄씩 읽기"),
        question=t("A recurrent network uses the same layer 28 times, and each time its input is distributed otherwise. Does BN fit?",
                   "순환 신경망은 같은 층을 28번 쓰고, 그때마다 입력의 분포가 다릅니다. BN이 어울릴까요?"),
        prediction=t("BN fits badly; layer normalization, and clipping the gradient, help.", "BN은 잘 맞지 않고, 층 정규화와 그래디언트 클리핑이 도움이 됩니다."),
        watch=t("The state from row to row, and the largest gradients.", "행에서 행으로 이어지는 상태와 가장 큰 그래디언트를 보세요."),
        looks=(
            look("ridges", "One row of the chart is one row of the image: the state's distribution as it reads on.", "차트의 한 줄이 이미지의 한 행입니다. 읽어 나가며 변하는 상태의 분포를 보세요."),
            look("gradients", "Spikes: what clipping cuts.", "뾰족한 곳이 클리핑이 잘라 내는 부분입니다."),
            look("loss", "Which of the three learns first?", "셋 중 어느 것이 먼저 학습되나요?"),
        ),
        change=t("Raise the learning rate to 1.", "학습률을 1로 올려 보세요."),
        rule=t("Better or worse: by 1 point of test accuracy, each network with the better of clipping and none. BN keeps running statistics of its own for each row.",
               "낫다/못하다: 시험 정확도 1퍼센트포인트 차이. 각 신경망은 클리핑을 한 것과 하지 않은 것 중 나은 쪽을 씁니다. BN은 행마다 따로 이동 통계를 갖습니다."),
        formulae=(m.math(m.sub("h", "t"), "=", m.words("tanh "), m.words("N"), "(", "W", "[", m.sub("x", "t"), ",", m.row(m.sub("h", "t−1")), "]", ")"),),
        sources=(
            Source(title="Ba, Kiros & Hinton 2016, Layer Normalization", url="https://arxiv.org/abs/1607.06450"),
            Source(title="Cooijmans et al. 2016, Recurrent Batch Normalization", url="https://arxiv.org/abs/1603.09025"),
        ),
        views=("ridges", "gradients", "loss"), layer="row 28",
        runs=_RUNS, quick=shorter(_RUNS, 300), quick_note=QUICK,
    ),
    verdict,
)  # fmt: skip
