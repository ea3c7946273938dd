"""Claim 6: larger learning rates, and how soon a network gets somewhere."""

from __future__ import annotations

import math

from shiftscope.config import Mlp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import (
    BJORCK,
    BN,
    FRAMES,
    IOFFE,
    PLAIN,
    QUICK,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    look,
    part,
    shorter,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

RATES = (0.01, 0.1, 0.5, 2.0, 10.0)

_RUNS = tuple(
    PlannedRun(
        label=f"learning rate {rate:g}",
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=5, width=64, init="he_normal"),
            optimizer=Sgd(learning_rate=rate),
            duration=Steps(steps=1500),
            recording=FRAMES,
        ),
    )
    for rate in RATES
)


def _rate(label: str) -> float:
    return float(label.rsplit(" ", 1)[1])


def verdict(results: Results) -> Verdict:
    """Compare the largest rates that work, and steps and seconds at each network's best rate."""
    works = {
        network: [label for label in results.labels if results.mean(label, f"{network}/steps") < math.inf]
        for network in (PLAIN, BN)
    }
    largest = {network: max(map(_rate, labels), default=0.0) for network, labels in works.items()}
    steps, seconds = (
        {network: min(results.mean(label, f"{network}/{what}") for label in results.labels) for network in (PLAIN, BN)}
        for what in ("steps", "seconds")
    )
    label = results.labels[0]
    cost = results.mean(label, f"{BN}/step_seconds") / results.mean(label, f"{PLAIN}/step_seconds")
    parts = [
        part(
            largest[BN] > largest[PLAIN],
            t("a larger learning rate works with BN", "BN이 있으면 더 큰 학습률이 통한다"),
            t(f"up to {largest[BN]:g} against {largest[PLAIN]:g}", f"{largest[BN]:g}까지 대 {largest[PLAIN]:g}까지"),
        ),
        part(
            steps[BN] < steps[PLAIN],
            t("at its best rate it needs fewer steps", "가장 좋은 학습률에서 더 적은 스텝이 필요하다"),
            t(f"{number(steps[BN])} against {number(steps[PLAIN])}", f"{number(steps[BN])} 대 {number(steps[PLAIN])}"),
        ),
        part(
            seconds[BN] < seconds[PLAIN],
            t("and less time, though each step costs more", "스텝당 비용은 더 들어도 시간은 덜 걸린다"),
            t(
                f"{number(seconds[BN])} s against {number(seconds[PLAIN])} s; a step costs {number(cost)} times as much",
                f"{number(seconds[BN])}초 대 {number(seconds[PLAIN])}초, 스텝당 비용은 {number(cost)}배",
            ),
        ),
    ]
    rows = [
        (
            Text.same(f"{_rate(label):g}"),
            *(
                cell
                for network in (PLAIN, BN)
                for cell in (
                    results.shown(label, f"{network}/test_accuracy", percent=True),
                    results.shown(label, f"{network}/steps"),
                    results.shown(label, f"{network}/seconds"),
                )
            ),
        )
        for label in results.labels
    ]
    names = (
        t(": test accuracy", ": 시험 정확도"),
        t(": steps to 90 %", ": 90 %까지의 스텝"),
        t(": seconds to 90 %", ": 90 %까지의 초"),
    )
    columns = [name + what for name in (WITHOUT_BN, WITH_BN) for what in names]
    return conclude(parts, table(t("Learning rate", "학습률"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="learning-rates",
        claim=6,
        title=t("How fast can it go?", "얼마나 빨리 갈 수 있나?"),
        question=t(
            "From 0.01 to 10: up to which learning rate does each network learn, and which one is there first, in steps and in seconds?",
            "0.01부터 10까지: 각 신경망은 어느 학습률까지 학습되고, 스텝과 초로 쟀을 때 어느 쪽이 먼저 도달하나요?",
        ),
        prediction=t(
            "With BN larger rates work and fewer steps are needed; it wins in seconds too, though each of its steps costs more.",
            "BN이 있으면 더 큰 학습률이 통하고 스텝이 덜 듭니다. 스텝 하나의 비용은 더 크지만 시간으로도 앞섭니다.",
        ),
        watch=t(
            "Test accuracy at each learning rate, and where the plain network's activations grow beyond bounds.",
            "학습률마다 시험 정확도, 그리고 BN 없는 신경망의 활성값이 한없이 커지는 지점을 보세요.",
        ),
        looks=(
            look("loss", "At 0.01, which curve falls first?", "0.01에서 어느 곡선이 먼저 떨어지나요?"),
            look(
                "moments",
                "At 2 and 10: the spread of the plain network's layers.",
                "2와 10에서 BN 없는 신경망 층들의 퍼짐을 보세요.",
            ),
            look(
                "updates",
                "An update against its weight: BN makes the gradient shrink as weights grow.",
                "가중치 대비 갱신의 크기: BN이 있으면 가중치가 커질수록 그래디언트가 작아집니다.",
            ),
        ),
        change=t("Take Adam in place of SGD.", "SGD 대신 Adam을 써 보세요."),
        rule=t(
            "A rate works when the test accuracy reaches 90 %. Steps count to the first evaluation (one an epoch) at 90 %; seconds are steps times the median time of a training step of that network alone.",
            "시험 정확도가 90 %에 도달하면 그 학습률이 통한 것으로 봅니다. 스텝은 90 %에 처음 도달한 평가(에포크마다 한 번)까지 세고, 초는 스텝 수에 그 신경망만의 훈련 스텝 시간 중앙값을 곱한 것입니다.",
        ),
        formulae=(
            m.math(
                m.words("BN"),
                "(",
                "a",
                "W",
                "x",
                ")",
                "=",
                m.words("BN"),
                "(",
                "W",
                "x",
                ")",
                ",",
                m.frac(m.row("∂", m.words("BN"), "(", "a", "W", "x", ")"), m.row("∂", "(", "a", "W", ")")),
                "=",
                m.frac("1", "a"),
                m.frac(m.row("∂", m.words("BN"), "(", "W", "x", ")"), m.row("∂", "W")),
            ),
        ),
        sources=(IOFFE, BJORCK),
        views=("loss", "moments", "updates"),
        layer="hidden 5",
        runs=_RUNS,
        quick=shorter(_RUNS, 800),
        quick_note=QUICK,
    ),
    verdict,
)
