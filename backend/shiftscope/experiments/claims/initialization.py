"""Claim 5: which beginnings a network survives, with and without BN."""

from __future__ import annotations

from shiftscope.config import Mlp, RunConfig, Sgd, Steps
from shiftscope.config.networks import Activation, Init
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
    PLAIN,
    QUICK,
    RUN,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    look,
    part,
    shorter,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, percent, table

SMALL, CONSTANT, LARGE, XAVIER, HE = "std 0.01", "std 0.1", "std 1", "Xavier, tanh", "He, ReLU"
POOR = (SMALL, CONSTANT, LARGE)
GOOD = (XAVIER, HE)
LEARNT = 0.9
ALIKE = 2.0


def _run(label: str, init: Init, std: float = 0.01, activation: Activation = "relu") -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            variants=TWINS, network=Mlp(depth=6, width=64, activation=activation, init=init, init_std=std),
            optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=1500), recording=FRAMES,
        ),
    )  # fmt: skip


_RUNS = (
    _run(SMALL, "normal", 0.01),
    _run(CONSTANT, "normal", 0.1),
    _run(LARGE, "normal", 1.0),
    _run(XAVIER, "xavier_normal", activation="tanh"),
    _run(HE, "he_normal"),
)


def verdict(results: Results) -> Verdict:
    """Say which poor beginnings are tolerated with BN, and whether good ones keep the layers alike."""
    with_bn = [results.mean(label, f"{BN}/test_accuracy") for label in POOR]
    without = [results.mean(label, f"{PLAIN}/test_accuracy") for label in POOR]
    start = [results.mean(label, f"{PLAIN}/unlike/0") for label in GOOD]
    end = [results.mean(label, f"{PLAIN}/unlike/1000") for label in GOOD]
    parts = [
        part(
            min(with_bn) >= LEARNT,
            t("with BN each of the poor beginnings is tolerated", "BN이 있으면 나쁜 초기화를 모두 견딘다"),
            ", ".join(f"{label}: {percent(value)}" for label, value in zip(POOR, with_bn, strict=True)),
        ),
        part(
            max(without) < LEARNT,
            t("without BN none of them is", "BN이 없으면 어느 것도 견디지 못한다"),
            ", ".join(f"{label}: {percent(value)}" for label, value in zip(POOR, without, strict=True)),
        ),
        part(
            max(start) <= ALIKE,
            t("Xavier and He begin with layers of like spread", "자비에와 He 초기화는 층들의 퍼짐을 비슷하게 시작한다"),
            t("largest over smallest ", "최대/최소 ") + Text.same(" and ".join(map(number, start))),
        ),
        part(
            min(end) > ALIKE,
            t("as training goes on, they lose it", "훈련이 진행되면 그 상태를 잃는다"),
            t("at step 1000 ", "스텝 1000에서 ") + Text.same(" and ".join(map(number, end))),
        ),
    ]
    rows = [
        (
            Text.same(label),
            results.shown(label, f"{PLAIN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/test_accuracy", percent=True),
            *(results.shown(label, f"{network}/unlike/{step}") for network in (PLAIN, BN) for step in (0, 100, 1000)),
        )
        for label in results.labels
    ]
    accuracy = t(": test accuracy", ": 시험 정확도")
    unlike = [t(f": std ratio, step {step}", f": 표준편차 비, 스텝 {step}") for step in (0, 100, 1000)]
    columns = [WITHOUT_BN + accuracy, WITH_BN + accuracy]
    columns += [name + what for name in (WITHOUT_BN, WITH_BN) for what in unlike]
    return conclude(parts, table(RUN, columns, rows))


CLAIM = Claim(
    Experiment(
        id="initialization",
        claim=5,
        title=t("Good and poor beginnings", "좋은 초기화와 나쁜 초기화"),
        question=t(
            "Weights too small, all of one spread, too large: which beginnings does a network survive?",
            "너무 작은 가중치, 모든 층에 같은 표준편차, 너무 큰 가중치: 신경망은 어떤 초기화를 견뎌 내나요?",
        ),
        prediction=t(
            "With BN all of them; without it only Xavier's and He's, which begin with layers of like spread but lose it as training goes on.",
            "BN이 있으면 전부 견디고, 없으면 자비에와 He만 견딥니다. 이 둘은 층들의 퍼짐을 비슷하게 시작하지만 훈련하면서 그 상태를 잃습니다.",
        ),
        watch=t(
            "The standard deviation of each layer's pre-activations at steps 0, 100 and 1000.",
            "스텝 0, 100, 1000에서 각 층의 활성화 전 값의 표준편차를 보세요.",
        ),
        looks=(
            look(
                "moments", "Step 0: do the layers' curves begin together?", "스텝 0: 층들의 곡선이 한데서 시작하나요?"
            ),
            look(
                "ridges",
                "From top to bottom: where does the distribution collapse, where does it burst?",
                "위에서 아래로: 분포는 어디서 무너지고 어디서 터져 나가나요?",
            ),
            look(
                "loss",
                "Which of the beginnings never leaves the start?",
                "어떤 초기화가 출발점을 끝내 벗어나지 못하나요?",
            ),
        ),
        change=t("Set init to zeros.", "초기화를 0으로 바꿔 보세요."),
        rule=t(
            "Tolerated: a test accuracy of 90 %. Like spread: the largest standard deviation of the pre-activations of a hidden layer is at most twice the smallest, in the network without BN.",
            "견딤: 시험 정확도 90 %. 비슷한 퍼짐: BN 없는 신경망에서 은닉층 활성화 전 값의 표준편차 중 가장 큰 것이 가장 작은 것의 두 배 이하.",
        ),
        formulae=(
            m.math(
                m.words("Xavier: "),
                m.words("Var "),
                "w",
                "=",
                m.frac("2", m.row(m.sub("n", "in"), "+", m.sub("n", "out"))),
            ),
            m.math(m.words("He: "), m.words("Var "), "w", "=", m.frac("2", m.sub("n", "in"))),
        ),
        sources=(
            Source(
                title="Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks",
                url="https://proceedings.mlr.press/v9/glorot10a.html",
            ),
            Source(title="He et al. 2015, Delving Deep into Rectifiers", url="https://arxiv.org/abs/1502.01852"),
        ),
        views=("moments", "ridges", "loss"),
        layer="hidden 6",
        runs=_RUNS,
        quick=shorter(_RUNS, 1001),
        quick_note=QUICK,
    ),
    verdict,
)
