"""Claim 19: BN with each optimizer."""

from __future__ import annotations

from shiftscope.config import Adam, Mlp, Momentum, Optimizer, RmsProp, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
    IOFFE,
    PLAIN,
    QUICK,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    look,
    pair,
    part,
    shorter,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, table

LEARNT = 0.9
OPTIMIZERS: dict[str, Optimizer] = {
    "SGD": Sgd(learning_rate=0.1),
    "momentum": Momentum(learning_rate=0.05),
    "RMSprop": RmsProp(learning_rate=0.001),
    "Adam": Adam(learning_rate=0.001),
}

_RUNS = tuple(
    PlannedRun(
        label=label,
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=5, width=64),
            optimizer=optimizer,
            duration=Steps(steps=1500),
            recording=FRAMES,
        ),
    )
    for label, optimizer in OPTIMIZERS.items()
)


def verdict(results: Results) -> Verdict:
    """Say for each optimizer whether the network with BN learns, and no later than the one without."""
    parts = [
        part(
            results.mean(label, f"{BN}/test_accuracy") >= LEARNT
            and results.mean(label, f"{BN}/steps") <= results.mean(label, f"{PLAIN}/steps"),
            t(
                f"{label} works with BN, and no slower than without",
                f"{label}: BN과 함께 잘 동작하고 없을 때보다 느리지 않다",
            ),
            t("steps to 90 %: ", "90 %까지의 스텝: ") + pair(results, label, "steps"),
        )
        for label in results.labels
    ]
    rows = [
        (
            Text.same(label),
            *(
                cell
                for network in (PLAIN, BN)
                for cell in (
                    results.shown(label, f"{network}/steps"),
                    results.shown(label, f"{network}/test_accuracy", percent=True),
                )
            ),
        )
        for label in results.labels
    ]
    kinds = (t(": steps to 90 %", ": 90 %까지의 스텝"), t(": test accuracy", ": 시험 정확도"))
    columns = [name + kind for name in (WITHOUT_BN, WITH_BN) for kind in kinds]
    return conclude(parts, table(t("Optimizer", "옵티마이저"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="optimizers",
        claim=19,
        title=t("Whatever the optimizer", "어떤 옵티마이저든"),
        question=t(
            "Does BN help with SGD, momentum, RMSprop and Adam alike?",
            "BN은 SGD, 모멘텀, RMSprop, Adam에서 똑같이 도움이 되나요?",
        ),
        prediction=t(
            "With each of them the network with BN learns, and no later than the one without.",
            "어느 것을 쓰든 BN이 있는 신경망이 학습되고, 없는 쪽보다 늦지 않습니다.",
        ),
        watch=t("When each curve of test accuracy passes 90 %.", "각 시험 정확도 곡선이 90 %를 지나는 시점을 보세요."),
        looks=(
            look(
                "loss",
                "Adam and RMSprop rescale gradients themselves: is the gap smaller there?",
                "Adam과 RMSprop은 스스로 그래디언트 크기를 맞춥니다. 그때는 차이가 더 작은가요?",
            ),
            look("updates", "The size of the updates relative to the weights.", "가중치 대비 갱신의 크기를 보세요."),
            look("ridges", "The inputs to the nonlinearity at the end.", "마지막 시점의 비선형 함수 입력을 보세요."),
        ),
        change=t("Take ten times the learning rate in each.", "학습률을 모두 열 배로 올려 보세요."),
        rule=t(
            "Works: a test accuracy of 90 % at the end, first reached (one evaluation an epoch) no later than without BN.",
            "동작함: 마지막 시험 정확도 90 %, 그리고 에포크마다 한 번 하는 평가에서 BN 없는 쪽보다 늦지 않게 처음 도달.",
        ),
        formulae=(m.math("w", "→", "w", "−", "η", m.frac(m.row("∂", "L"), m.row("∂", "w"))),),
        sources=(IOFFE,),
        views=("loss", "updates", "ridges"),
        layer="hidden 3",
        runs=_RUNS,
        quick=shorter(_RUNS, 800),
        quick_note=QUICK,
    ),
    verdict,
)
