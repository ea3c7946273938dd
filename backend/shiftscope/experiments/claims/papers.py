"""Claims 21 and 22: Ioffe & Szegedy's figure 1, and the measures of Santurkar et al."""

from __future__ import annotations

from shiftscope.config import (
    BatchNormalization,
    Mlp,
    Mnist,
    Network,
    NoisyBatchNormalization,
    NoNormalization,
    RunConfig,
    Sgd,
    Steps,
    Thinning,
)
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import (
    BN,
    FRAMES,
    IOFFE,
    PLAIN,
    QUICK,
    SANTURKAR,
    TWINS,
    WITH_BN,
    WITHOUT_BN,
    look,
    pair,
    part,
    shorter,
    variants,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, table

FIGURE = "3 x 100 sigmoid"

_FIGURE = (
    PlannedRun(
        label=FIGURE,
        config=RunConfig(
            dataset=Mnist(),
            variants=TWINS,
            network=Mlp(depth=3, width=100, activation="sigmoid", init="normal", init_std=0.1),
            optimizer=Sgd(learning_rate=0.1),
            batch_size=60,
            duration=Steps(steps=10_000),
            recording=Thinning(frames=1000),
        ),
    ),
)


def figure_verdict(results: Results) -> Verdict:
    """Compare accuracy, speed and the wandering of the last hidden layer's inputs."""
    accuracy, steps, wander = (
        {network: results.mean(FIGURE, f"{network}/{name}") for network in (PLAIN, BN)}
        for name in ("test_accuracy", "steps", "wander")
    )
    parts = [
        part(
            accuracy[BN] > accuracy[PLAIN],
            t(
                "the network with BN ends with the higher test accuracy",
                "BN이 있는 신경망이 더 높은 시험 정확도로 끝난다",
            ),
            pair(results, FIGURE, "test_accuracy", fraction=True),
        ),
        part(
            steps[BN] < steps[PLAIN],
            t("it reaches 90 % in fewer steps", "더 적은 스텝으로 90 %에 도달한다"),
            pair(results, FIGURE, "steps"),
        ),
        part(
            wander[BN] < wander[PLAIN],
            t("the inputs to its last sigmoids wander less", "마지막 시그모이드의 입력이 덜 떠돈다"),
            t("in widths of the 15–85 % band: ", "15–85 % 띠의 폭 단위: ") + pair(results, FIGURE, "wander"),
        ),
    ]
    rows = [
        (
            name,
            results.shown(FIGURE, f"{network}/test_accuracy", percent=True),
            results.shown(FIGURE, f"{network}/steps"),
            results.shown(FIGURE, f"{network}/wander"),
            results.shown(FIGURE, f"{network}/widening"),
        )
        for network, name in ((PLAIN, WITHOUT_BN), (BN, WITH_BN))
    ]
    columns = (
        t("test accuracy", "시험 정확도"),
        t("steps to 90 %", "90 %까지의 스텝"),
        t("wandering of the median (bands)", "중앙값의 이동 (띠 폭)"),
        t("band at the end over band at the start", "마지막 띠/처음 띠"),
    )
    return conclude(parts, table(t("Network", "신경망"), columns, rows))


NOISY = "noisy BN"
SIGMOIDS, RELUS = "3 x 100 sigmoid", "8 x 64 ReLU"
POINTS = 0.02


def _landscape(label: str, network: Network) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            dataset=Mnist(),
            variants=variants(
                without_BN=NoNormalization(), with_BN=BatchNormalization(), noisy_BN=NoisyBatchNormalization()
            ),
            network=network, optimizer=Sgd(learning_rate=0.1), batch_size=128, duration=Steps(steps=2000), recording=FRAMES,
            probes="full",
        ),
    )  # fmt: skip


_LANDSCAPE = (
    _landscape(SIGMOIDS, Mlp(depth=3, width=100, activation="sigmoid", init="normal", init_std=0.1)),
    _landscape(RELUS, Mlp(depth=8, width=64, init="he_normal")),
)


def santurkar_verdict(results: Results) -> Verdict:
    """Say whether noisy BN trains, whether gradient shift is smaller with BN, and whether the landscape is smoother."""

    def mean(label: str, network: str, name: str) -> float:
        return results.mean(label, f"{network}/{name}")

    def said(label: str, name: str) -> Text:
        return pair(results, label, name)

    noisy = [(mean(label, NOISY, "test_accuracy"), mean(label, BN, "test_accuracy")) for label in (SIGMOIDS, RELUS)]
    parts = [
        part(
            all(noise >= clean - POINTS for noise, clean in noisy),
            t(
                "noise after BN, which brings the shift back, does little harm",
                "이동을 되살리는 BN 뒤의 잡음은 거의 해가 없다",
            ),
            t("noisy and plain BN: ", "잡음 BN과 BN: ")
            + Text.same(", ".join(f"{100 * noise:.1f}/{100 * clean:.1f} %" for noise, clean in noisy)),
        ),
        *(
            part(
                mean(label, BN, "gradient_shift") >= mean(label, PLAIN, "gradient_shift"),
                t(
                    f"the gradient shift is as large with BN as without, or larger ({label})",
                    f"BN이 있을 때의 그래디언트 이동이 없을 때만큼 크거나 더 크다 ({label})",
                ),
                said(label, "gradient_shift"),
            )
            for label in (SIGMOIDS, RELUS)
        ),
    ]
    for name, en, ko in (
        ("variation", "the loss varies less along the gradient", "그래디언트 방향으로 손실이 덜 변한다"),
        ("predictiveness", "the gradient changes less along itself", "그래디언트가 자기 방향으로 덜 변한다"),
        ("smoothness", "the effective smoothness is better", "유효 매끄러움이 더 좋다"),
    ):
        parts += [
            part(
                mean(label, BN, name) < mean(label, PLAIN, name),
                t(f"{en} with BN ({label})", f"BN이 있으면 {ko} ({label})"),
                said(label, name),
            )
            for label in (SIGMOIDS, RELUS)
        ]
    measures = ("gradient_shift", "cosine", "variation", "predictiveness", "smoothness")
    rows = [
        (
            Text.same(f"{label}, {network}"),
            results.shown(label, f"{network}/test_accuracy", percent=True),
            results.shown(label, f"{network}/gradient_shift/early"),
            results.shown(label, f"{network}/gradient_shift/late"),
            *(results.shown(label, f"{network}/{name}") for name in measures[1:]),
        )
        for label in results.labels
        for network in (PLAIN, BN, NOISY)
    ]
    columns = (
        t("test accuracy", "시험 정확도"),
        t("gradient shift, first quarter", "그래디언트 이동, 첫 4분의 1"),
        t("gradient shift, last quarter", "그래디언트 이동, 마지막 4분의 1"),
        t("cosine", "코사인"),
        t("loss variation", "손실 변동"),
        t("gradient change", "그래디언트 변동"),
        t("effective smoothness", "유효 매끄러움"),
    )
    return conclude(parts, table(t("Network", "신경망"), columns, rows))


FIGURE_ONE = Claim(
    Experiment(
        id="ioffe-szegedy-figure-1",
        claim=21,
        title=t("Ioffe & Szegedy's figure 1", "Ioffe와 Szegedy의 그림 1"),
        question=t(
            "Three hidden layers of 100 sigmoids on MNIST, batches of 60: how far does the input to a sigmoid of the last hidden layer wander?",
            "MNIST, 시그모이드 100개씩 은닉층 셋, 배치 크기 60: 마지막 은닉층 시그모이드의 입력은 얼마나 떠도나요?",
        ),
        prediction=t(
            "With BN the test accuracy is higher, comes sooner, and the 15th, 50th and 85th percentiles stay in place.",
            "BN이 있으면 시험 정확도가 더 높고 더 빨리 오르며, 15, 50, 85 백분위수가 제자리에 머뭅니다.",
        ),
        watch=t(
            "The percentiles of the last hidden layer's input to its sigmoid, step by step.",
            "마지막 은닉층 시그모이드 입력의 백분위수를 스텝마다 보세요.",
        ),
        looks=(
            look("density", "The three lines: which network's wander?", "세 선: 어느 신경망의 선이 떠도나요?"),
            look("loss", "Test accuracy: the first thousand steps.", "시험 정확도: 처음 천 스텝을 보세요."),
            look("shift", "Layer by layer: where does the drift begin?", "층별로: 이동은 어디서 시작되나요?"),
        ),
        change=t("Train for 50,000 steps, as the paper does.", "논문처럼 50,000 스텝을 훈련해 보세요."),
        rule=t(
            "Each must be better with BN. Wandering: the range of a unit's median over 50 looks on a fixed probe batch, in widths of its 15–85 % band, mean over the 100 units. The paper trains for 50,000 steps; this run takes 10,000.",
            "모두 BN이 있을 때 더 좋아야 합니다. 떠돎: 고정된 탐침 배치를 50번 보는 동안 유닛 중앙값의 범위를 15–85 % 띠의 폭으로 나눈 것의 유닛 100개 평균. 논문은 50,000 스텝, 이 실행은 10,000 스텝입니다.",
        ),
        formulae=(m.math("z", "=", m.words("sigmoid "), "(", m.words("BN"), "(", "W", "u", ")", ")"),),
        sources=(IOFFE,),
        views=("density", "loss", "shift"),
        layer="hidden 3",
        runs=_FIGURE,
        quick=shorter(_FIGURE, 3000),
        quick_note=QUICK,
    ),
    figure_verdict,
)

LANDSCAPE = Claim(
    Experiment(
        id="santurkar",
        claim=22,
        title=t("Is it really the shift?", "정말 그 이동 때문인가?"),
        question=t(
            "Santurkar et al. measure shift by the gradient, and find that BN does not reduce it; what changes is the landscape. Here too?",
            "Santurkar 등은 이동을 그래디언트로 재고, BN이 그것을 줄이지 않으며 달라지는 것은 손실 지형이라고 했습니다. 여기서도 그런가요?",
        ),
        prediction=t(
            "Noisy BN trains as well; gradient shift is no smaller with BN; loss and gradient vary less along the gradient.",
            "잡음 BN도 잘 학습되고, 그래디언트 이동은 BN이 있어도 더 작지 않으며, 그래디언트 방향으로 손실과 그래디언트가 덜 변합니다.",
        ),
        watch=t(
            "Drift and gradient shift of the three networks, two definitions that disagree, and the landscape of each.",
            "세 신경망의 이동량과 그래디언트 이동을 보세요. 두 정의는 서로 어긋납니다. 손실 지형도 비교해 보세요.",
        ),
        looks=(
            look(
                "gradient_shift",
                "The norm of G − G′: which network is highest, early and late?",
                "G − G′의 노름: 초기와 후기에 어느 신경망이 가장 높은가요?",
            ),
            look(
                "landscape",
                "How far loss and gradient change along the gradient: which network's lines are lowest?",
                "그래디언트를 따라 손실과 그래디언트가 얼마나 변하나요? 어느 신경망의 선이 가장 낮은가요?",
            ),
            look("loss", "Noisy BN trains all the same.", "잡음 BN도 그대로 학습됩니다."),
        ),
        change=t("Make the noise ten times as large.", "잡음을 열 배로 키워 보세요."),
        rule=t(
            "Little harm: within 2 points of test accuracy of BN. Gradient shift: mean of the norm of G − G′ over layers and 20 looks; the first layer's is 0 by definition. Loss, gradient and smoothness along the gradient: steps of 0.5, 1, 2 and 4 learning rates; means over 20 looks.",
            "거의 해가 없음: BN과 시험 정확도 2퍼센트포인트 이내. 그래디언트 이동: 층과 20번의 관찰에 걸친 G − G′ 노름의 평균(첫 층은 정의상 0). 그래디언트 방향의 손실, 그래디언트, 매끄러움: 학습률의 0.5, 1, 2, 4배 보폭, 20번 관찰의 평균.",
        ),
        formulae=(
            m.math(
                m.sub("G", "i"),
                "=",
                "∇",
                "L",
                "(",
                m.sub("W", "1"),
                "…",
                m.sub("W", "k"),
                ")",
                ",",
                m.sub(m.row("G", "′"), "i"),
                "=",
                "∇",
                "L",
                "(",
                m.row(m.sub("W", "1"), "′"),
                "…",
                m.row(m.sub("W", "i−1"), "′"),
                ",",
                m.sub("W", "i"),
                "…",
                m.sub("W", "k"),
                ")",
            ),
            m.math(m.sub("ICS", "i"), "=", "‖", m.sub("G", "i"), "−", m.sub(m.row("G", "′"), "i"), "‖"),
        ),
        sources=(SANTURKAR,),
        views=("gradient_shift", "landscape", "shift", "loss"),
        layer="hidden 3",
        runs=_LANDSCAPE,
        quick=shorter(_LANDSCAPE, 1000),
        quick_note=QUICK,
    ),
    santurkar_verdict,
)
