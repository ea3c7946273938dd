"""Claim 16: full whitening is costly, and is not what BN does."""

from __future__ import annotations

from shiftscope.config import BatchNormalization, Mlp, NoNormalization, RunConfig, Sgd, Steps, Whitening
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import IOFFE, QUICK, look, part, shorter, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

LABEL = "64 units whitened"
NONE, BATCH, ZCA, CHOLESKY = "without BN", "with BN", "ZCA", "Cholesky"
COSTLY = 1.5
CORRELATED, WHITE = 0.1, 0.02

_RUNS = (
    PlannedRun(
        label=LABEL,
        config=RunConfig(
            variants=variants(
                without_BN=NoNormalization(), with_BN=BatchNormalization(),
                ZCA=Whitening(method="zca", group_size=64), Cholesky=Whitening(method="cholesky", group_size=64),
            ),
            network=Mlp(depth=4, width=64), optimizer=Sgd(learning_rate=0.1), batch_size=256, duration=Steps(steps=500),
        ),
    ),
)  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare cost and remaining correlation."""

    def mean(network: str, name: str) -> float:
        return results.mean(LABEL, f"{network}/{name}")

    cost = {network: mean(network, "step_seconds") / mean(BATCH, "step_seconds") for network in (ZCA, CHOLESKY)}
    correlation = {network: mean(network, "correlation") for network in (NONE, BATCH, ZCA, CHOLESKY)}
    parts = [
        part(
            min(cost.values()) >= COSTLY,
            t("whitening's training step costs far more than BN's", "백색화의 훈련 스텝은 BN보다 훨씬 비싸다"),
            ", ".join(f"{network} {number(value)}×" for network, value in cost.items()),
        ),
        part(
            correlation[BATCH] >= CORRELATED,
            t("BN leaves the units correlated", "BN은 유닛들의 상관을 남겨 둔다"),
            t(
                f"mean |correlation| {number(correlation[BATCH])}, without BN {number(correlation[NONE])}",
                f"평균 |상관| {number(correlation[BATCH])}, BN 없음 {number(correlation[NONE])}",
            ),
        ),
        part(
            max(correlation[ZCA], correlation[CHOLESKY]) <= WHITE,
            t("whitening does not", "백색화는 남기지 않는다"),
            ", ".join(f"{network} {number(correlation[network])}" for network in (ZCA, CHOLESKY)),
        ),
    ]
    rows = [
        (
            Text.same(network),
            Text.same(f"{1000 * mean(network, 'step_seconds'):.2f}"),
            results.shown(LABEL, f"{network}/correlation"),
            results.shown(LABEL, f"{network}/test_accuracy", percent=True),
            results.shown(LABEL, f"{network}/steps"),
        )
        for network in (NONE, BATCH, ZCA, CHOLESKY)
    ]
    columns = (
        t("milliseconds a step", "스텝당 밀리초"),
        t("mean |correlation| between units", "유닛 사이의 평균 |상관|"),
        t("test accuracy", "시험 정확도"),
        t("steps to 90 %", "90 %까지의 스텝"),
    )
    return conclude(parts, table(t("Network", "신경망"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="whitening",
        claim=16,
        title=t("The price of whitening", "백색화의 값"),
        question=t("Full whitening would decorrelate the units too. What does it cost, and does BN do it?", "완전한 백색화는 유닛들의 상관까지 없앱니다. 비용은 얼마이고, BN도 그렇게 하나요?"),
        prediction=t("Whitening costs a matrix root a layer and step; BN only scales each unit and leaves them correlated.",
                     "백색화는 층과 스텝마다 행렬의 제곱근이 필요합니다. BN은 유닛마다 크기만 맞추고 상관은 남겨 둡니다."),
        watch=t("Loss over steps, then over time: whitening may win the one and lose the other.", "스텝에 따른 손실과 시간에 따른 손실을 보세요. 백색화는 한쪽에서 이기고 다른 쪽에서 질 수 있습니다."),
        looks=(
            look("loss", "Step by step: which network falls fastest?", "스텝별로: 어느 신경망이 가장 빨리 떨어지나요?"),
            look("ridges", "Each unit by itself looks the same, white or not.", "유닛 하나하나는 백색화를 하든 안 하든 똑같아 보입니다."),
            look("moments", "Mean 0 and spread 1 in three of the four.", "넷 중 셋은 평균 0, 퍼짐 1입니다."),
        ),
        change=t("Whiten groups of 16 units in place of 64.", "64개 대신 16개 유닛씩 묶어 백색화해 보세요."),
        rule=t("Far more: 1.5 times the median time of BN's training step, measured in turns. Correlation: mean absolute value over pairs of units of the last hidden layer in a batch of 256; left means at least 0.1, gone at most 0.02.",
               "훨씬 비쌈: 번갈아 잰 훈련 스텝 시간의 중앙값이 BN의 1.5배 이상. 상관: 배치 256에서 마지막 은닉층 유닛 쌍의 상관 절댓값 평균. 0.1 이상이면 남은 것, 0.02 이하이면 없어진 것."),
        formulae=(m.math(m.hat("x"), "=", m.sup("Σ", "−1/2"), "(", "x", "−", "μ", ")"),),
        sources=(
            IOFFE,
            Source(title="Huang et al. 2018, Decorrelated Batch Normalization", url="https://arxiv.org/abs/1804.08450"),
        ),
        views=("loss", "ridges", "moments"), layer="hidden 4",
        seeds=1,
        runs=_RUNS, quick=shorter(_RUNS, 250), quick_note=QUICK,
    ),
    verdict,
)  # fmt: skip
