"""Claims 3 and 4: gradients that vanish in deep sigmoid networks, and gradients that explode."""

from __future__ import annotations

from shiftscope.config import ClipByNorm, ClipByValue, Clipping, Mlp, NoClipping, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
    IOFFE,
    PLAIN,
    QUICK,
    RUN,
    TEST_ACCURACY,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    look,
    pair,
    part,
    shorter,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, percent, table

VANISHING = "8 sigmoid layers"
VANISHED = 0.01
LEARNT = 0.8

_SIGMOIDS = (
    PlannedRun(
        label=VANISHING,
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=8, width=64, activation="sigmoid", init="xavier_normal"),
            optimizer=Sgd(learning_rate=0.5),
            duration=Steps(steps=3000),
        ),
    ),
)


def vanishing_verdict(results: Results) -> Verdict:
    """Compare the first layer's gradient with the last one's, and what the networks learn."""
    start = {network: results.mean(VANISHING, f"{network}/gradient_ratio_at_start") for network in (PLAIN, BN)}
    during = {network: results.mean(VANISHING, f"{network}/gradient_ratio") for network in (PLAIN, BN)}
    accuracy = {network: results.mean(VANISHING, f"{network}/test_accuracy") for network in (PLAIN, BN)}
    parts = [
        part(
            start[PLAIN] < VANISHED,
            t(
                "without BN gradients vanish on their way to the first layer",
                "BN이 없으면 그래디언트가 첫 층으로 오는 길에 소실된다",
            ),
            t(
                f"at step 0 the first layer's is {number(start[PLAIN])} of the last one's",
                f"스텝 0에서 첫 층의 그래디언트는 마지막 은닉층의 {number(start[PLAIN])}배",
            ),
        ),
        part(
            start[BN] >= VANISHED and during[BN] >= VANISHED,
            t("with BN they do not", "BN이 있으면 소실되지 않는다"),
            t(
                f"{number(start[BN])} at step 0, {number(during[BN])} in the median",
                f"스텝 0에서 {number(start[BN])}배, 중앙값 {number(during[BN])}배",
            ),
        ),
        part(
            accuracy[BN] >= LEARNT > accuracy[PLAIN],
            t("only the network with BN learns", "BN이 있는 신경망만 학습된다"),
            pair(results, VANISHING, "test_accuracy", fraction=True),
        ),
    ]
    rows = [
        (
            name,
            results.shown(VANISHING, f"{network}/gradient_ratio_at_start"),
            results.shown(VANISHING, f"{network}/gradient_ratio"),
            results.shown(VANISHING, f"{network}/test_accuracy", percent=True),
        )
        for network, name in ((PLAIN, WITHOUT_BN), (BN, WITH_BN))
    ]
    columns = (
        t("First over last gradient, step 0", "첫 층/마지막 층 그래디언트, 스텝 0"),
        t("Median over training", "훈련 전체의 중앙값"),
        TEST_ACCURACY,
    )
    return conclude(parts, table(t("Network", "신경망"), columns, rows))


_CLIP = Source(
    title="Pascanu et al. 2013, On the difficulty of training recurrent neural networks",
    url="https://arxiv.org/abs/1211.5063",
)
NOTHING, SLOW, BY_VALUE, BY_NORM = "as it is", "small learning rate", "clip by value", "clip by norm"
_NAMES = {
    NOTHING: t("nothing done", "아무 조치 없음"),
    SLOW: t("learning rate 0.0001", "학습률 0.0001"),
    BY_VALUE: t("clip by value", "값 기준 클리핑"),
    BY_NORM: t("clip by norm", "노름 기준 클리핑"),
}
EXPLODED = 100.0


def _large_weights(label: str, learning_rate: float, clipping: Clipping) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            variants=TWINS, network=Mlp(depth=8, width=64, init="normal", init_std=0.5), clipping=clipping,
            optimizer=Sgd(learning_rate=learning_rate), duration=Steps(steps=1000), recording=FRAMES,
        ),
    )  # fmt: skip


_EXPLODING = (
    _large_weights(NOTHING, 0.1, NoClipping()),
    _large_weights(SLOW, 0.0001, NoClipping()),
    _large_weights(BY_VALUE, 0.1, ClipByValue(limit=0.01)),
    _large_weights(BY_NORM, 0.1, ClipByNorm(limit=1.0)),
)


def exploding_verdict(results: Results) -> Verdict:
    """Say whether gradients explode without BN, and which remedies let the plain network learn."""
    gradient = {network: results.mean(NOTHING, f"{network}/first_gradient_at_start") for network in (PLAIN, BN)}
    failed = results.mean(NOTHING, f"{PLAIN}/test_accuracy")
    parts = [
        part(
            gradient[PLAIN] > EXPLODED and failed < LEARNT,
            t(
                "with large weights the plain network's gradients explode and it fails",
                "가중치가 크면 BN 없는 신경망의 그래디언트가 폭발하고 학습에 실패한다",
            ),
            t(
                f"norm in the first layer {number(gradient[PLAIN])}, accuracy {percent(failed)}",
                f"첫 층의 노름 {number(gradient[PLAIN])}, 정확도 {percent(failed)}",
            ),
        ),
        part(
            gradient[BN] < gradient[PLAIN] / 10 and results.mean(NOTHING, f"{BN}/test_accuracy") >= LEARNT,
            t("with BN they do not, and it learns", "BN이 있으면 폭발하지 않고 학습된다"),
            t(
                f"norm {number(gradient[BN])}, accuracy {percent(results.mean(NOTHING, f'{BN}/test_accuracy'))}",
                f"노름 {number(gradient[BN])}, 정확도 {percent(results.mean(NOTHING, f'{BN}/test_accuracy'))}",
            ),
        ),
    ]
    for label in (SLOW, BY_VALUE, BY_NORM):
        accuracy = results.mean(label, f"{PLAIN}/test_accuracy")
        parts.append(
            part(
                accuracy >= LEARNT and accuracy > failed,
                t(f"{_NAMES[label].en} helps the plain network", f"{_NAMES[label].ko}: BN 없는 신경망에 도움이 된다"),
                percent(accuracy),
            )
        )
    rows = [
        (
            _NAMES[label],
            results.shown(label, f"{PLAIN}/largest_gradient"),
            results.shown(label, f"{PLAIN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/largest_gradient"),
            results.shown(label, f"{BN}/test_accuracy", percent=True),
        )
        for label in results.labels
    ]
    largest = t("largest gradient", "가장 큰 그래디언트")
    accuracy_name = t("test accuracy", "시험 정확도")
    columns = [name + Text.same(": ") + what for name in (WITHOUT_BN, WITH_BN) for what in (largest, accuracy_name)]
    return conclude(parts, table(RUN, columns, rows))


VANISH = Claim(
    Experiment(
        id="vanishing-gradients",
        claim=3,
        title=t("Eight layers of sigmoids", "여덟 층의 시그모이드"),
        question=t(
            "Each sigmoid multiplies a gradient by a quarter at most. Does batch normalization make so deep a network trainable?",
            "시그모이드 하나는 그래디언트를 최대 4분의 1로 줄입니다. 배치 정규화를 쓰면 이렇게 깊은 신경망도 학습될까요?",
        ),
        prediction=t(
            "Without BN the first layers get almost no gradient and nothing is learnt; with BN the network learns.",
            "BN이 없으면 앞쪽 층에 그래디언트가 거의 도달하지 않아 학습되지 않고, BN이 있으면 학습됩니다.",
        ),
        watch=t(
            "The norm of the gradient in the first layers against the last, and the accuracy of the plain network.",
            "앞쪽 층과 뒤쪽 층의 그래디언트 노름, 그리고 BN 없는 신경망의 정확도를 보세요.",
        ),
        looks=(
            look(
                "gradients",
                "Step 0: the curves without BN lie decades apart.",
                "스텝 0: BN 없는 쪽의 곡선들은 자릿수 단위로 벌어져 있습니다.",
            ),
            look(
                "ridges",
                "The input to the sigmoids: where it is narrow, every sample looks alike to the next layer.",
                "시그모이드의 입력: 분포가 좁은 곳에서는 다음 층이 모든 표본을 똑같이 봅니다.",
            ),
            look(
                "loss",
                "Only one of the curves leaves the level of guessing.",
                "찍기 수준을 벗어나는 곡선은 하나뿐입니다.",
            ),
        ),
        change=t("Take relu in place of sigmoid.", "시그모이드 대신 ReLU를 써 보세요."),
        rule=t(
            "Vanished: the first layer's weight gradient has less than 1/100 of the norm of the last hidden layer's. Learnt: a test accuracy of 80 %.",
            "소실: 첫 층의 가중치 그래디언트 노름이 마지막 은닉층의 100분의 1 미만. 학습됨: 시험 정확도 80 %.",
        ),
        formulae=(
            m.math(m.frac(m.row("d", "σ"), m.row("d", "x")), "=", "σ", "(", "1", "−", "σ", ")", "≤", m.frac("1", "4")),
        ),
        sources=(IOFFE,),
        views=("gradients", "loss", "ridges"),
        layer="hidden 1",
        runs=_SIGMOIDS,
        quick=shorter(_SIGMOIDS, 1500),
        quick_note=QUICK,
    ),
    vanishing_verdict,
)

EXPLODE = Claim(
    Experiment(
        id="exploding-gradients",
        claim=4,
        title=t("Gradients that explode", "폭발하는 그래디언트"),
        question=t(
            "Weights of standard deviation 0.5 make each of eight layers double its input. What tames the gradients?",
            "표준편차 0.5인 가중치는 여덟 층 각각에서 입력을 두 배 이상으로 키웁니다. 무엇이 그래디언트를 다스릴까요?",
        ),
        prediction=t(
            "The plain network diverges; a small learning rate, clipping by value and clipping by norm each help; with BN nothing needs to be done.",
            "BN 없는 신경망은 발산합니다. 작은 학습률, 값 기준 클리핑, 노름 기준 클리핑이 각각 도움이 되고, BN이 있으면 아무 조치도 필요 없습니다.",
        ),
        watch=t(
            "The norm of the gradients at step 0, and which runs end above 80 %.",
            "스텝 0의 그래디언트 노름, 그리고 80 %를 넘기는 실행을 보세요.",
        ),
        looks=(
            look(
                "gradients",
                "Step 0: the plain network's norms against those with BN.",
                "스텝 0: BN 없는 신경망의 노름을 BN이 있는 쪽과 비교하세요.",
            ),
            look("moments", "Without BN the spread grows from layer to layer.", "BN이 없으면 퍼짐이 층마다 커집니다."),
            look(
                "loss",
                "Where the plain curve ends, its loss is no longer a number.",
                "BN 없는 곡선이 끊기는 곳에서 손실은 더 이상 수가 아닙니다.",
            ),
        ),
        change=t("Clip at a norm of 10, then of 0.1.", "노름 한계를 10, 다음에는 0.1로 바꿔 보세요."),
        rule=t(
            "Exploded: a gradient norm above 100 in the first layer at step 0. A remedy helps when the plain network then reaches a test accuracy of 80 % that it does not reach without it.",
            "폭발: 스텝 0에서 첫 층의 그래디언트 노름이 100보다 큼. BN 없는 신경망이 조치 없이는 도달하지 못한 시험 정확도 80 %에 도달하면 그 조치가 도움이 된 것으로 봅니다.",
        ),
        formulae=(m.math("g", "→", "g", m.words(" min"), "(", "1", ",", m.frac("c", m.row("‖", "g", "‖")), ")"),),
        sources=(_CLIP,),
        views=("gradients", "loss", "moments"),
        layer="hidden 1",
        runs=_EXPLODING,
        quick=shorter(_EXPLODING, 600),
        quick_note=QUICK,
    ),
    exploding_verdict,
)
