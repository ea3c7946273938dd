"""Claim 10: a bias before BN is redundant, and gamma and beta can undo BN."""

from __future__ import annotations

from shiftscope.config import Mlp, RunConfig, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import BN, IOFFE, PLAIN, TWINS, look, part
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

LABEL = "5 hidden layers"
TOLERANCE = {"float64": 1e-12, "float32": 1e-4}
"""Largest difference of outputs over the largest output that is rounding: some thousand units in the last place."""
CHANGED = 0.01

_RUNS = (
    PlannedRun(
        label=LABEL,
        config=RunConfig(variants=TWINS, network=Mlp(depth=5, width=64), duration=Steps(steps=300), probes="full"),
    ),
)


def _worst(results: Results, name: str) -> float:
    return max(results.each(LABEL, name))


def verdict(results: Results) -> Verdict:
    """Compare outputs to float error, in both precisions."""
    bias = {dtype: _worst(results, f"{BN}/{dtype}/bias") for dtype in TOLERANCE}
    undone = {dtype: _worst(results, f"{dtype}/undone") for dtype in TOLERANCE}
    control = min(results.each(LABEL, f"{PLAIN}/float64/bias"))
    before = min(results.each(LABEL, "float64/as_it_was"))

    def both(values: dict[str, float]) -> str:
        return ", ".join(f"{dtype} {number(value)}" for dtype, value in values.items())

    parts = [
        part(
            all(bias[dtype] <= TOLERANCE[dtype] for dtype in TOLERANCE),
            t("adding any bias before BN changes no output", "BN 앞에 어떤 편향을 더해도 출력이 변하지 않는다"),
            both(bias),
        ),
        part(
            control > CHANGED,
            t("without BN the same biases change the outputs", "BN이 없으면 같은 편향이 출력을 바꾼다"),
            number(control),
        ),
        part(
            all(undone[dtype] <= TOLERANCE[dtype] for dtype in TOLERANCE) and before > CHANGED,
            t(
                "gamma = sqrt(var + eps) and beta = mean give back the network without BN",
                "감마 = √(분산 + ε), 베타 = 평균이면 BN 없는 신경망으로 되돌아간다",
            ),
            both(undone) + f"; {number(before)} before",
        ),
    ]
    rows = [
        (what, *(results.shown(LABEL, name.format(dtype)) for dtype in TOLERANCE))
        for what, name in (
            (t("bias added, with BN", "편향 추가, BN 있음"), BN + "/{}/bias"),
            (t("bias added, without BN", "편향 추가, BN 없음"), PLAIN + "/{}/bias"),
            (t("BN as trained against no BN", "훈련된 BN 대 BN 없음"), "{}/as_it_was"),
            (t("BN undone against no BN", "되돌린 BN 대 BN 없음"), "{}/undone"),
        )
    ]
    first = t("Largest difference over largest output", "최대 출력 대비 최대 차이")
    return conclude(parts, table(first, [Text.same(dtype) for dtype in TOLERANCE], rows))


CLAIM = Claim(
    Experiment(
        id="redundant-bias",
        claim=10,
        title=t("A bias for nothing", "쓸모없는 편향"),
        question=t("BN takes the mean away. What, then, does a bias before it do? And can gamma and beta undo BN altogether?",
                   "BN은 평균을 뺍니다. 그렇다면 그 앞의 편향은 무슨 일을 하나요? 감마와 베타로 BN을 완전히 되돌릴 수 있을까요?"),
        prediction=t("Any bias before BN leaves the outputs as they are; with gamma = sqrt(var + eps) and beta = mean, BN is the identity.",
                     "BN 앞의 편향은 출력을 바꾸지 않습니다. 감마 = √(분산 + ε), 베타 = 평균이면 BN은 항등 함수가 됩니다."),
        watch=t("The gradient of the bias in the network with BN: it is rounding.", "BN이 있는 신경망에서 편향의 그래디언트를 보세요. 반올림 오차뿐입니다."),
        looks=(
            look("gradients", "The layers' gradients: the biases before BN contribute nothing.", "층별 그래디언트: BN 앞의 편향은 아무것도 보태지 않습니다."),
            look("affine", "Gamma and beta do what weights' scale and biases did.", "가중치의 크기와 편향이 하던 일을 감마와 베타가 합니다."),
            look("microscope", "The mean of x before BN drifts freely: after it nothing of that mean is left.", "BN 앞에서 x의 평균은 자유롭게 떠다닙니다. BN을 지나면 그 평균의 흔적이 남지 않습니다."),
        ),
        change=t("Set eps to 1: does gamma = sqrt(var + eps) still undo BN?", "eps를 1로 바꿔 보세요. 감마 = √(분산 + ε)이 여전히 BN을 되돌리나요?"),
        rule=t("Outputs in train mode on one batch, largest difference over the largest output: at most 1e-12 in float64 and 1e-4 in float32. As a control, the same biases must change the plain network's outputs by more than 1 %.",
               "훈련 모드에서 한 배치의 출력을 비교해, 최대 출력 대비 최대 차이가 float64에서 1e-12, float32에서 1e-4 이하. 대조군으로 같은 편향이 BN 없는 신경망의 출력을 1 % 넘게 바꿔야 합니다."),
        formulae=(
            m.math(m.words("BN"), "(", "W", "x", "+", "b", ")", "=", m.words("BN"), "(", "W", "x", ")"),
            m.math("γ", "=", m.root(m.row(m.sup("σ", "2"), "+", "ε")), ",", "β", "=", "μ", ":", m.words("BN"), "(", "x", ")", "=", "x"),
        ),
        sources=(IOFFE,),
        views=("gradients", "microscope", "affine"), layer="hidden 1",
        seeds=1,
        runs=_RUNS,
    ),
    verdict,
)  # fmt: skip
