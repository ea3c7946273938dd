"""Claim 9: BN before or after the activation function."""

from __future__ import annotations

from typing import get_args

from shiftscope.config import BatchNormalization, Mlp, NoNormalization, RunConfig, Sgd, Steps
from shiftscope.config.networks import Activation
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import FRAMES, IOFFE, QUICK, look, part, shorter, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

PLAIN, BEFORE, AFTER = "without BN", "BN before", "BN after"
MARGIN = 1.05

_RUNS = tuple(
    PlannedRun(
        label=activation,
        config=RunConfig(
            variants=variants(
                without_BN=NoNormalization(), BN_before=BatchNormalization(place="before"),
                BN_after=BatchNormalization(place="after"),
            ),
            network=Mlp(depth=5, width=64, activation=activation, init="xavier_normal"),
            optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=1500), recording=FRAMES,
        ),
    )
    for activation in get_args(Activation)
)  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare test losses, activation by activation."""
    parts = []
    for label in results.labels:
        before, after = (results.mean(label, f"{network}/test_loss") for network in (BEFORE, AFTER))
        parts.append(
            part(
                before <= after * MARGIN,
                t(
                    f"with {label} BN before does as well as BN after",
                    f"{label}에서는 BN이 앞에 있어도 뒤에 있을 때만큼 좋다",
                ),
                t(
                    f"test loss {number(before)} before, {number(after)} after",
                    f"시험 손실 앞 {number(before)}, 뒤 {number(after)}",
                ),
            )
        )
    rows = [
        (
            Text.same(f"{label}, {network}"),
            results.shown(label, f"{network}/test_loss"),
            results.shown(label, f"{network}/test_accuracy", percent=True),
            results.shown(label, f"{network}/steps"),
        )
        for label in results.labels
        for network in (PLAIN, BEFORE, AFTER)
    ]
    columns = (
        t("Test loss", "시험 손실"),
        t("Test accuracy", "시험 정확도"),
        t("Steps to 90 %", "90 %까지의 스텝"),
    )
    return conclude(parts, table(t("Activation, network", "활성화 함수, 신경망"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="before-or-after",
        claim=9,
        title=t("Before or after the activation", "활성화 함수의 앞이냐 뒤냐"),
        question=t("Does it matter whether BN stands before or after relu, sigmoid or tanh?",
                   "BN이 ReLU, 시그모이드, tanh의 앞에 있는지 뒤에 있는지가 중요한가요?"),
        prediction=t("Ioffe & Szegedy put it before: there the distribution is closer to a Gaussian. Before should be no worse than after.",
                     "Ioffe와 Szegedy는 앞에 두었습니다. 그곳의 분포가 가우시안에 더 가깝기 때문입니다. 앞이 뒤보다 나쁘지 않아야 합니다."),
        watch=t("The input to the nonlinearity of a hidden layer in the three networks.", "세 신경망에서 한 은닉층의 비선형 함수 입력을 보세요."),
        looks=(
            look("ridges", "BN after: the input to the nonlinearity is free to drift.", "BN이 뒤에 있으면 비선형 함수의 입력이 자유롭게 움직입니다."),
            look("density", "BN before: it stays centred, step by step.", "BN이 앞에 있으면 스텝마다 중심을 유지합니다."),
            look("loss", "Which of the two is lower, and does it depend on the activation?", "둘 중 어느 쪽이 낮고, 활성화 함수에 따라 달라지나요?"),
        ),
        change=t("Take twice as many layers.", "층을 두 배로 늘려 보세요."),
        rule=t("For each activation function, the test loss with BN before must be at most 1.05 times that with BN after.",
               "각 활성화 함수에서 BN이 앞에 있을 때의 시험 손실이 뒤에 있을 때의 1.05배 이하여야 합니다."),
        formulae=(m.math("f", "(", m.words("BN"), "(", "W", "x", ")", ")", m.words("  /  "), m.words("BN"), "(", "f", "(", "W", "x", "+", "b", ")", ")"),),
        sources=(IOFFE,),
        views=("ridges", "density", "loss"), layer="hidden 3",
        runs=_RUNS, quick=shorter(_RUNS, 800), quick_note=QUICK,
    ),
    verdict,
)  # fmt: skip
