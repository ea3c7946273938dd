"""Claims 11 and 12: the statistics that BN uses after training, and folding it away."""

from __future__ import annotations

from shiftscope.config import BatchNormalization, Cnn, Mlp, Network, RunConfig, Sgd, Steps
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import FRAMES, IOFFE, RUN, TWINS, look, part, variants
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, percent, table

EARLY, LATE = "200 steps", "1500 steps"
FAST, SLOW, CUMULATIVE, LAST = "momentum 0.1", "momentum 0.01", "cumulative", "momentum 1"
AVERAGES = (FAST, SLOW, CUMULATIVE, LAST)
POINT = 0.01


def _statistics(label: str, steps: int) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(
            variants=tuple(
                variant.model_copy(update={"name": name})
                for name, variant in zip(
                    AVERAGES,
                    variants(
                        fast=BatchNormalization(momentum=0.1), slow=BatchNormalization(momentum=0.01),
                        cumulative=BatchNormalization(running="cumulative"), last=BatchNormalization(momentum=1.0),
                    ),
                    strict=True,
                )
            ),
            network=Mlp(depth=3, width=64), optimizer=Sgd(learning_rate=0.1), batch_size=16, duration=Steps(steps=steps),
        ),
    )  # fmt: skip


_STATISTICS = (_statistics(EARLY, 200), _statistics(LATE, 1500))
_QUICK_STATISTICS = tuple(
    PlannedRun(label=run.label, config=run.config.model_copy(update={"recording": FRAMES})) for run in _STATISTICS
)
"""As many steps, for the claim is about what happens by when; one seed and fewer frames are what saves time."""


def statistics_verdict(results: Results) -> Verdict:
    """Compare each kind of running statistics with those of the whole training set."""

    def accuracy(label: str, network: str, kind: str = "") -> float:
        return results.mean(label, f"{network}/{kind}test_accuracy")

    whole = accuracy(LATE, FAST, "population_")
    last = [accuracy(LATE, network, "last_batch_") for network in (FAST, SLOW, CUMULATIVE)]
    losses = {kind: results.mean(LATE, f"{FAST}/{kind}test_loss") for kind in ("population_", "last_batch_", "")}
    slow_early = accuracy(EARLY, SLOW, "population_") - accuracy(EARLY, SLOW)
    slow_late = accuracy(LATE, SLOW, "population_") - accuracy(LATE, SLOW)
    parts = [
        part(
            abs(accuracy(LATE, FAST) - whole) <= POINT,
            t(
                "the running average does as well as the statistics of the whole training set",
                "이동 평균은 전체 훈련 집합의 통계만큼 잘 동작한다",
            ),
            t(
                f"{percent(accuracy(LATE, FAST))} and {percent(whole)}",
                f"{percent(accuracy(LATE, FAST))}와 {percent(whole)}",
            ),
        ),
        part(
            sum(last) / len(last) < whole - POINT,
            t("those of the last batch do worse", "마지막 배치의 통계는 더 나쁘다"),
            t(
                f"{percent(sum(last) / len(last))}; test loss {number(losses['last_batch_'])} against {number(losses['population_'])}",
                f"{percent(sum(last) / len(last))}, 시험 손실 {number(losses['last_batch_'])} 대 {number(losses['population_'])}",
            ),
        ),
        part(
            slow_early > POINT >= slow_late,
            t(
                "a momentum of 0.01 is too slow at first, and catches up",
                "모멘텀 0.01은 처음에는 너무 느리지만 나중에 따라잡는다",
            ),
            t(
                f"{percent(slow_early)} lost after 200 steps, {percent(slow_late)} after 1500",
                f"200스텝 뒤 {percent(slow_early)}, 1500스텝 뒤 {percent(slow_late)} 손실",
            ),
        ),
    ]
    rows = [
        (
            Text.same(f"{network}, {label}"),
            results.shown(label, f"{network}/test_accuracy", percent=True),
            results.shown(label, f"{network}/population_test_accuracy", percent=True),
            results.shown(label, f"{network}/last_batch_test_accuracy", percent=True),
            results.shown(label, f"{network}/gap"),
        )
        for label in results.labels
        for network in AVERAGES
    ]
    columns = (
        t("Running statistics", "이동 통계"),
        t("Whole training set", "전체 훈련 집합"),
        t("One training batch", "훈련 배치 하나"),
        t("Running mean off by (std)", "이동 평균의 오차 (표준편차)"),
    )
    return conclude(parts, table(RUN, columns, rows))


_FOLDED = (("MLP", Mlp(depth=5, width=64)), ("CNN", Cnn(depth=4, channels=16)))
TOLERANCE = {"float64": 1e-12, "float32": 1e-4}
COST = 0.1


def _fold(label: str, network: Network) -> PlannedRun:
    return PlannedRun(
        label=label,
        config=RunConfig(variants=TWINS, network=network, optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=200)),
    )


def folding_verdict(results: Results) -> Verdict:
    """Compare outputs to float error and time with that of the network without BN."""
    labels = results.labels
    difference = {
        dtype: max(max(results.each(label, f"{dtype}/difference")) for label in labels) for dtype in TOLERANCE
    }
    agreement = min(min(results.each(label, f"{dtype}/agreement")) for label in labels for dtype in TOLERANCE)
    bn = [results.mean(label, "time/bn_over_plain") for label in labels]
    folded = [results.mean(label, "time/folded_over_plain") for label in labels]
    parts = [
        part(
            all(difference[dtype] <= TOLERANCE[dtype] for dtype in TOLERANCE),
            t(
                "the folded network gives the same outputs but for rounding",
                "합쳐 넣은 신경망은 반올림 오차를 빼면 같은 출력을 낸다",
            ),
            ", ".join(f"{dtype} {number(value)}" for dtype, value in difference.items()),
        ),
        part(
            agreement == 1.0,
            t("and the same classes for every test sample", "모든 시험 표본에서 같은 클래스를 고른다"),
            percent(agreement),
        ),
        part(
            max(folded) <= 1 + COST and all(after < before for before, after in zip(bn, folded, strict=True)),
            t(
                "folded, it costs what the network without BN costs, and less than before",
                "합친 뒤의 비용은 BN 없는 신경망과 같고 전보다 적다",
            ),
            t(
                f"{', '.join(map(number, folded))} times its time, {', '.join(map(number, bn))} before",
                f"시간이 {', '.join(map(number, folded))}배, 합치기 전 {', '.join(map(number, bn))}배",
            ),
        ),
    ]
    rows = [
        (
            Text.same(label),
            *(results.shown(label, f"{dtype}/{what}") for dtype in TOLERANCE for what in ("difference", "agreement")),
            results.shown(label, "time/bn_over_plain"),
            results.shown(label, "time/folded_over_plain"),
        )
        for label in labels
    ]
    columns = [
        Text.same(f"{dtype}: ") + what
        for dtype in TOLERANCE
        for what in (t("difference", "차이"), t("same class", "같은 클래스"))
    ]
    columns += [t("time with BN / without", "시간, BN 있음/없음"), t("time folded / without", "시간, 합침/없음")]
    return conclude(parts, table(t("Network", "신경망"), columns, rows))


STATISTICS = Claim(
    Experiment(
        id="inference-statistics",
        claim=11,
        title=t("Whose mean, whose variance?", "누구의 평균, 누구의 분산인가?"),
        question=t("In use there may be no batch. Which mean and variance shall BN take: a running average, the whole training set's, the last batch's?",
                   "실제로 쓸 때는 배치가 없을 수 있습니다. BN은 어떤 평균과 분산을 써야 하나요: 이동 평균, 전체 훈련 집합, 마지막 배치?"),
        prediction=t("A running average does as well as the whole training set; the last batch does worse; a slow average needs time.",
                     "이동 평균은 전체 훈련 집합만큼 좋고, 마지막 배치는 더 나쁘며, 느린 평균에는 시간이 필요합니다."),
        watch=t("Running against batch statistics, channel by channel, over the first steps.", "처음 몇 스텝 동안 채널마다 이동 통계와 배치 통계를 비교해 보세요."),
        looks=(
            look("running", "Momentum 0.1: the running statistics start at 0 and 1 and make for those of the batch.", "모멘텀 0.1: 이동 통계는 0과 1에서 출발해 배치의 통계로 다가갑니다."),
            look("loss", "Test accuracy: momentum 0.01 lags behind at first.", "시험 정확도: 모멘텀 0.01은 처음에 뒤처집니다."),
            look("moments", "What the averages chase: the batch's mean moves while the network learns.", "평균이 뒤쫓는 것: 배치 평균은 학습하는 동안 움직입니다."),
        ),
        change=t("Take batches of 4.", "배치 크기를 4로 바꿔 보세요."),
        rule=t("As well: within 1 point of test accuracy. Worse: more than 1 point below the statistics of the whole training set.",
               "비슷함: 시험 정확도 차이 1퍼센트포인트 이내. 더 나쁨: 전체 훈련 집합의 통계보다 1퍼센트포인트 넘게 낮음."),
        formulae=(m.math(m.sub("μ", "run"), "→", "(", "1", "−", "a", ")", m.sub("μ", "run"), "+", "a", m.sub("μ", "B")),),
        sources=(IOFFE,),
        views=("running", "loss", "moments"), layer="hidden 3",
        runs=_STATISTICS, quick=_QUICK_STATISTICS,
        quick_note=t("One seed and fewer frames, the same steps: under two minutes on two cores.", "스텝 수는 같고 시드는 하나, 프레임은 더 적습니다. 코어 두 개에서 2분 안에 끝납니다."),
    ),
    statistics_verdict,
)  # fmt: skip

FOLD = Claim(
    Experiment(
        id="folding",
        claim=12,
        title=t("Folding BN away", "BN을 합쳐 없애기"),
        question=t("After training, BN is a fixed scale and shift. Can the layer before it take them in, without a trace?",
                   "훈련이 끝나면 BN은 고정된 배율과 이동일 뿐입니다. 앞의 층이 이를 흔적 없이 흡수할 수 있을까요?"),
        prediction=t("Outputs agree to rounding, every class agrees, and inference costs what it costs without BN.",
                     "출력은 반올림 오차까지 같고, 모든 클래스가 일치하며, 추론 비용은 BN이 없을 때와 같습니다."),
        watch=t("Gamma and the running statistics at the end: they are what is folded.", "마지막 시점의 감마와 이동 통계를 보세요. 이것이 합쳐지는 값입니다."),
        looks=(
            look("affine", "Gamma and beta have settled: from now on they are constants.", "감마와 베타가 자리를 잡았습니다. 이제부터는 상수입니다."),
            look("running", "In eval mode the running mean and variance are constants too.", "평가 모드에서는 이동 평균과 분산도 상수입니다."),
            look("loss", "Folding changes nothing that could be seen here.", "합쳐도 여기서 보이는 것은 아무것도 바뀌지 않습니다."),
        ),
        change=t("Put BN after the activation: then the next layer takes it in.", "BN을 활성화 함수 뒤에 두어 보세요. 그러면 다음 층이 흡수합니다."),
        rule=t("Largest difference over the largest output, on the test set: at most 1e-12 in float64 and 1e-4 in float32. Time: medians of 400 passes in turns; folded at most 1.1 times the network without BN, and less than with BN.",
               "시험 집합에서 최대 출력 대비 최대 차이가 float64에서 1e-12, float32에서 1e-4 이하. 시간은 번갈아 잰 400번의 중앙값으로, 합친 뒤에는 BN 없는 신경망의 1.1배 이하이고 합치기 전보다 적어야 합니다."),
        formulae=(
            m.math("W", "′", "=", m.frac("γ", m.root(m.row(m.sup("σ", "2"), "+", "ε"))), "W", ",", "b", "′", "=", m.frac(m.row("γ", "(", "b", "−", "μ", ")"), m.root(m.row(m.sup("σ", "2"), "+", "ε"))), "+", "β"),
        ),
        sources=(IOFFE,),
        views=("affine", "running", "loss"), layer="hidden 1",
        seeds=1,
        runs=tuple(_fold(label, network) for label, network in _FOLDED),
    ),
    folding_verdict,
)  # fmt: skip
