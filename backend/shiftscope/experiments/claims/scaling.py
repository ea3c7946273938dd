"""Claim 18: scaled inputs make the loss surface round."""

from __future__ import annotations

from shiftscope.config import Digits, Mlp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import BN, PLAIN, QUICK, TWINS, look, part, shorter
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.text import t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

RAW, STANDARDIZED = "raw", "standardized"
ROUND, LONG = 2.0, 10.0
FASTER = 10.0

_RUNS = (
    PlannedRun(label=RAW, config=RunConfig(
        dataset=Digits(scaling="raw"), variants=TWINS, network=Mlp(depth=2, width=32), optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=800))),
    PlannedRun(label=STANDARDIZED, config=RunConfig(
        dataset=Digits(scaling="standardized"), variants=TWINS, network=Mlp(depth=2, width=32), optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=800))),
)  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare the shape of the two surfaces, the descents on them, and a network on raw and standardized pixels."""
    condition = {label: results.mean(label, "surface/condition") for label in (RAW, STANDARDIZED)}
    steps = {label: results.mean(label, "surface/steps") for label in (RAW, STANDARDIZED)}
    network = {label: results.mean(label, f"{PLAIN}/steps") for label in (RAW, STANDARDIZED)}
    parts = [
        part(
            condition[RAW] >= LONG and condition[STANDARDIZED] <= ROUND,
            t(
                "raw, the surface of age and height is a long valley; standardized, it is round",
                "원래 값에서 나이와 키의 손실면은 긴 골짜기이고, 표준화하면 둥글다",
            ),
            t(
                f"condition number {number(condition[RAW])} and {number(condition[STANDARDIZED])}",
                f"조건수 {number(condition[RAW])}와 {number(condition[STANDARDIZED])}",
            ),
        ),
        part(
            steps[RAW] >= FASTER * steps[STANDARDIZED],
            t(
                "gradient descent needs at least ten times fewer steps on it",
                "그 위에서 경사 하강은 열 배 이상 적은 스텝이 든다",
            ),
            t(
                f"{number(steps[RAW])} and {number(steps[STANDARDIZED])}",
                f"{number(steps[RAW])}와 {number(steps[STANDARDIZED])}",
            ),
        ),
        part(
            network[STANDARDIZED] < network[RAW],
            t(
                "a network without BN learns standardized pixels sooner",
                "BN 없는 신경망은 표준화된 픽셀을 더 빨리 학습한다",
            ),
            t(
                f"90 % after {number(network[STANDARDIZED])} against {number(network[RAW])} steps",
                f"90 %까지 {number(network[STANDARDIZED])}스텝 대 {number(network[RAW])}스텝",
            ),
        ),
    ]
    rows = [
        (
            name,
            results.shown(label, "surface/condition"),
            results.shown(label, "surface/steps"),
            results.shown(label, f"{PLAIN}/steps"),
            results.shown(label, f"{BN}/steps"),
        )
        for label, name in ((RAW, t("raw", "원래 값")), (STANDARDIZED, t("standardized", "표준화")))
    ]
    columns = (
        t("condition number", "조건수"),
        t("steps of gradient descent", "경사 하강 스텝"),
        t("network without BN: steps to 90 %", "BN 없는 신경망: 90 %까지의 스텝"),
        t("network with BN: steps to 90 %", "BN 있는 신경망: 90 %까지의 스텝"),
    )
    return conclude(parts, table(t("Inputs", "입력"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="input-scaling",
        claim=18,
        title=t("A valley or a bowl", "골짜기냐 그릇이냐"),
        question=t("Age in years, height in centimetres: what does their scale do to the loss surface, and to the way down?",
                   "햇수로 잰 나이와 센티미터로 잰 키: 그 크기가 손실면과 내려가는 길에 어떤 영향을 주나요?"),
        prediction=t("Raw, the contours are a long valley and gradient descent crawls along it; standardized, they are round and a few steps suffice.",
                     "원래 값에서는 등고선이 긴 골짜기이고 경사 하강은 그 바닥을 기어갑니다. 표준화하면 둥글어져 몇 스텝이면 충분합니다."),
        watch=t("The contours and the path on them, raw and standardized.", "원래 값과 표준화한 값의 등고선과 그 위의 경로를 보세요."),
        looks=(
            look("loss", "The network's loss on raw pixels (0 to 16) and on standardized ones.", "원래 픽셀(0–16)과 표준화한 픽셀에서 신경망의 손실을 보세요."),
            look("moments", "Raw inputs: the first layer's pre-activations are spread far more widely.", "원래 입력: 첫 층의 활성화 전 값이 훨씬 넓게 퍼집니다."),
            look("gradients", "And its gradients are larger, so one learning rate fits no layer.", "그래디언트도 더 커서 하나의 학습률이 모든 층에 맞지 않습니다."),
        ),
        change=t("Scale the pixels to 0 and 1 alone (binary).", "픽셀을 0과 1로만(이진) 바꿔 보세요."),
        rule=t("Long: a condition number of the Hessian of 10 or more; round: 2 or less. Gradient descent takes the best constant step, 2/(λ₁ + λₙ), until 1 % of the excess loss is left. The network's steps count to the first evaluation at 90 %.",
               "길다: 헤세 행렬의 조건수 10 이상, 둥글다: 2 이하. 경사 하강은 가장 좋은 고정 보폭 2/(λ₁ + λₙ)로 초과 손실이 1 % 남을 때까지 합니다. 신경망의 스텝은 90 %에 처음 도달한 평가까지 셉니다."),
        formulae=(
            m.math("L", "(", "w", ")", "=", m.frac("1", "2"), m.words("mean "), m.sup(m.row("(", m.sub("w", "1"), m.words(" age "), "+", m.sub("w", "2"), m.words(" height "), "−", "y", ")"), "2")),
            m.math("κ", "=", m.frac(m.sub("λ", "1"), m.sub("λ", "n"))),
        ),
        sources=(Source(title="LeCun et al. 1998, Efficient BackProp", url="https://doi.org/10.1007/3-540-49430-8_2"),),
        views=("loss", "moments", "gradients"), layer="hidden 1",
        seeds=1,
        runs=_RUNS, quick=shorter(_RUNS, 500), quick_note=QUICK,
    ),
    verdict,
)  # fmt: skip
