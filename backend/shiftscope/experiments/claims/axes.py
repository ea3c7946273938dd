"""Claim 20: a mean over the hidden units is not batch normalization."""

from __future__ import annotations

from shiftscope.config import BatchNormalization, LayerNormalization, Mlp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import IOFFE, look, part, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

LABEL = "batch and layer"
BATCH, LAYER = "batch norm", "layer norm"
ROUNDING = 1e-9
DEPENDS = 0.01

_RUNS = (
    PlannedRun(
        label=LABEL,
        config=RunConfig(
            variants=variants(batch_norm=BatchNormalization(), layer_norm=LayerNormalization()),
            network=Mlp(depth=3, width=64), optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=500), probes="full",
        ),
    ),
)  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare the two normalizations of one batch, and what a sample's output depends on."""

    def shown(kind: str) -> str:
        values = [[results.mean(LABEL, f"{kind}/{i}{j}") for j in (0, 1)] for i in (0, 1)]
        return "[" + ", ".join("[" + ", ".join(f"{value:+.0f}" for value in row) + "]" for row in values) + "]"

    error = max(results.mean(LABEL, f"{kind}/error") for kind in ("batch", "layer"))
    differ = max(
        abs(results.mean(LABEL, f"batch/{i}{j}") - results.mean(LABEL, f"layer/{i}{j}")) for i in (0, 1) for j in (0, 1)
    )
    depends = {network: results.mean(LABEL, f"{network}/depends") for network in (BATCH, LAYER)}
    parts = [
        part(
            error <= ROUNDING < differ,
            t(
                "on the batch [[1, 10], [3, 30]] the two axes give different results, as by hand",
                "배치 [[1, 10], [3, 30]]에서 두 축은 손으로 계산한 대로 서로 다른 결과를 준다",
            ),
            t(f"batch {shown('batch')}, layer {shown('layer')}", f"배치 {shown('batch')}, 층 {shown('layer')}"),
        ),
        part(
            results.mean(LABEL, "batch/feature_mean") <= ROUNDING < results.mean(LABEL, "batch/sample_mean"),
            t(
                "BN makes each feature's mean over the batch 0, not each sample's over the units",
                "BN은 특징마다 배치에 걸친 평균을 0으로 만들며, 표본마다 유닛에 걸친 평균은 그렇지 않다",
            ),
            f"{number(results.mean(LABEL, 'batch/feature_mean'))}, {number(results.mean(LABEL, 'batch/sample_mean'))}",
        ),
        part(
            depends[BATCH] > DEPENDS and depends[LAYER] <= 1e-5,
            t(
                "with BN a sample's output depends on the rest of its batch, with layer normalization it does not",
                "BN에서는 한 표본의 출력이 배치의 나머지에 의존하고, 층 정규화에서는 의존하지 않는다",
            ),
            t(
                f"moved by {number(depends[BATCH])} and {number(depends[LAYER])} of its size",
                f"크기의 {number(depends[BATCH])}배와 {number(depends[LAYER])}배만큼 변함",
            ),
        ),
    ]
    rows = [
        (name, Text.same(shown(kind)), results.shown(LABEL, f"{kind}/feature_mean"), results.shown(LABEL, f"{kind}/sample_mean"),
         results.shown(LABEL, f"{network}/depends"), results.shown(LABEL, f"{network}/test_accuracy", percent=True))
        for kind, network, name in (("batch", BATCH, t("batch normalization", "배치 정규화")), ("layer", LAYER, t("layer normalization", "층 정규화")))
    ]  # fmt: skip
    columns = (
        Text.same("[[1, 10], [3, 30]] →"),
        t("largest feature mean", "가장 큰 특징 평균"),
        t("largest sample mean", "가장 큰 표본 평균"),
        t("output depends on the batch", "출력의 배치 의존도"),
        t("test accuracy", "시험 정확도"),
    )
    return conclude(parts, table(t("Normalization", "정규화"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="two-axes",
        claim=20,
        title=t("Two axes, two normalizations", "두 축, 두 정규화"),
        question=t("Some texts take BN's mean over the hidden units of a sample. Is that batch normalization?",
                   "어떤 글은 BN의 평균을 한 표본의 은닉 유닛들에 걸쳐 구합니다. 그것이 배치 정규화일까요?"),
        prediction=t("No: the mean over the units of one sample is layer normalization. BN's runs over the batch, one for each unit.",
                     "아닙니다. 한 표본의 유닛들에 걸친 평균은 층 정규화입니다. BN의 평균은 유닛마다 배치에 걸쳐 구합니다."),
        watch=t("The same layer in both networks: per unit or per sample, what has mean 0?", "두 신경망의 같은 층에서 평균이 0인 것은 유닛별인가요, 표본별인가요?"),
        looks=(
            look("ridges", "Both networks' inputs to the nonlinearity look alike from afar.", "멀리서 보면 두 신경망의 비선형 함수 입력은 비슷합니다."),
            look("microscope", "Batch normalization stage by stage: one mean and one variance per unit, over the batch.", "배치 정규화를 단계별로 봅니다. 평균과 분산은 유닛마다 하나씩, 배치에 걸쳐 구합니다."),
            look("loss", "Both learn; only one of them needs its batch.", "둘 다 학습되지만 배치가 필요한 것은 하나뿐입니다."),
        ),
        change=t("Take batches of 2: which of the two suffers?", "배치 크기를 2로 바꿔 보세요. 둘 중 어느 쪽이 나빠지나요?"),
        rule=t("By hand: [[1, 10], [3, 30]] becomes [[−1, −1], [1, 1]] over the batch and [[−1, 1], [−1, 1]] over the units, to 1e-9. A sample's output depends on its batch when replacing the other samples moves it by more than 1 %.",
               "손으로 계산하면 [[1, 10], [3, 30]]은 배치에 걸쳐 [[−1, −1], [1, 1]], 유닛에 걸쳐 [[−1, 1], [−1, 1]]이 됩니다(오차 1e-9). 다른 표본을 바꿨을 때 출력이 1 % 넘게 움직이면 배치에 의존하는 것으로 봅니다."),
        formulae=(
            m.math(m.sub("μ", "k"), "=", m.frac("1", "m"), m.sub("∑", "i"), m.sub("x", "ik"), m.words(" (batch)")),
            m.math(m.sub("μ", "i"), "=", m.frac("1", "H"), m.sub("∑", "k"), m.sub("x", "ik"), m.words(" (layer)")),
        ),
        sources=(IOFFE, Source(title="Ba, Kiros & Hinton 2016, Layer Normalization", url="https://arxiv.org/abs/1607.06450")),
        views=("microscope", "ridges", "loss"), layer="hidden 1",
        seeds=1,
        runs=_RUNS,
    ),
    verdict,
)  # fmt: skip
