"""Claims 14 and 15: shift and depth, and the definition by batch-to-batch differences."""

from __future__ import annotations

from shiftscope.config import Mlp, RunConfig, Sgd, Steps
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
    part,
    shorter,
)
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, number, table

DEPTH = 10
DEEP = "10 hidden layers"
CORRELATED = 0.5

_DEEP = (
    PlannedRun(
        label=DEEP,
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=DEPTH, width=64, init="he_normal"),
            optimizer=Sgd(learning_rate=0.05),
            duration=Steps(steps=1500),
            recording=FRAMES,
        ),
    ),
)


def depth_verdict(results: Results) -> Verdict:
    """Correlate each layer's drift with its depth, and compare the networks."""

    def both(name: str) -> dict[str, float]:
        return {network: results.mean(DEEP, f"{network}/{name}") for network in (PLAIN, BN)}

    def said(values: dict[str, float]) -> Text:
        plain, normalized = (number(values[network]) for network in (PLAIN, BN))
        return t(f"without BN {plain}, with BN {normalized}", f"BN 없음 {plain}, BN 있음 {normalized}")

    since, drift, move = both("drift_with_depth"), both("drift"), both("move_with_depth")
    parts = [
        part(
            since[PLAIN] >= CORRELATED,
            t(
                "without BN the drift since step 0 grows with depth",
                "BN이 없으면 스텝 0부터의 이동이 깊이에 따라 커진다",
            ),
            t(f"rank correlation {number(since[PLAIN])}", f"순위 상관 {number(since[PLAIN])}"),
        ),
        part(
            move[PLAIN] >= CORRELATED,
            t("and so does the drift from one look to the next", "한 번 볼 때마다의 이동도 그렇다"),
            t(f"rank correlation {number(move[PLAIN])}", f"순위 상관 {number(move[PLAIN])}"),
        ),
        part(
            drift[BN] < drift[PLAIN] / 2,
            t("with BN the layers drift less than half as far", "BN이 있으면 층들이 절반도 움직이지 않는다"),
            said(drift),
        ),
    ]
    rows = [
        (
            Text.same(f"hidden {index}"),
            *(
                results.shown(DEEP, f"{network}/{kind}/hidden {index}")
                for network in (PLAIN, BN)
                for kind in ("drift", "move")
            ),
        )
        for index in range(1, DEPTH + 1)
    ]
    kinds = (t(": since step 0", ": 스텝 0부터"), t(": from look to look", ": 볼 때마다"))
    columns = [name + kind for name in (WITHOUT_BN, WITH_BN) for kind in kinds]
    return conclude(parts, table(t("Drift, in std", "이동 (표준편차)"), columns, rows))


SIZES = (8, 32, 128)
CHANCE = (0.67, 1.5)
APART = 1.5

_SIZES = tuple(
    PlannedRun(
        label=f"batch {size}",
        config=RunConfig(
            variants=TWINS,
            network=Mlp(depth=5, width=64, init="he_normal"),
            optimizer=Sgd(learning_rate=0.1),
            batch_size=size,
            duration=Steps(steps=1000),
            recording=FRAMES,
        ),
    )
    for size in SIZES
)


def sampling_verdict(results: Results) -> Verdict:
    """Compare batch-to-batch differences with chance, before and after training, with and without BN."""
    after = {n: [results.mean(label, f"{n}/sampling") for label in results.labels] for n in (PLAIN, BN)}
    before = {n: [results.mean(label, f"{n}/sampling_at_start") for label in results.labels] for n in (PLAIN, BN)}
    drift = {n: sum(results.mean(label, f"{n}/drift") for label in results.labels) for n in (PLAIN, BN)}
    every = [*after[PLAIN], *after[BN]]
    grown = [a / b for n in (PLAIN, BN) for a, b in zip(after[n], before[n], strict=True)]
    ratio = sum(after[PLAIN]) / sum(after[BN])
    parts = [
        part(
            not CHANCE[0] <= min(every) <= max(every) <= CHANCE[1],
            t("batch-to-batch differences are more than sampling noise", "배치 사이의 차이는 표본 추출 잡음보다 크다"),
            t(
                f"{number(min(every))} to {number(max(every))} times sigma/sqrt(m)",
                f"σ/√m의 {number(min(every))}–{number(max(every))}배",
            ),
        ),
        part(
            max(grown) >= APART,
            t("learning makes them", "학습이 그 차이를 만든다"),
            t(
                f"at most {number(max(grown))} times what the untrained networks show",
                f"훈련 전 신경망의 최대 {number(max(grown))}배",
            ),
        ),
        part(
            ratio >= APART,
            t("they are larger without BN", "BN이 없을 때 더 크다"),
            t(
                f"{number(ratio)} times; the drift that learning causes: {number(drift[PLAIN] / drift[BN])} times",
                f"{number(ratio)}배; 학습이 일으킨 이동은 {number(drift[PLAIN] / drift[BN])}배",
            ),
        ),
    ]
    rows = [
        (
            Text.same(label),
            *(
                results.shown(label, f"{network}/{kind}")
                for network in (PLAIN, BN)
                for kind in ("sampling_at_start", "sampling", "drift")
            ),
        )
        for label in results.labels
    ]
    kinds = (
        t(": sampling shift, untrained", ": 표본 이동, 훈련 전"),
        t(": trained", ": 훈련 후"),
        t(": drift (std)", ": 이동 (표준편차)"),
    )
    columns = [name + kind for name in (WITHOUT_BN, WITH_BN) for kind in kinds]
    return conclude(
        parts,
        table(t("Batch size (sampling shift in sigma/sqrt(m))", "배치 크기 (표본 이동은 σ/√m 단위)"), columns, rows),
    )


_DRIFT = m.math(m.sub("W", "1"), "(", "a", ",", "b", ")", "=", m.words("mean "), "|", m.words("sort"), "(", "a", ")", "−", m.words("sort"), "(", "b", ")", "|")  # fmt: skip

ACCUMULATES = Claim(
    Experiment(
        id="depth",
        claim=14,
        title=t("Ten layers down", "열 층 아래로"),
        question=t(
            "Each layer's input moves because all layers before it learn. Does the shift add up with depth?",
            "앞의 모든 층이 학습하므로 각 층의 입력이 움직입니다. 그 이동은 깊이에 따라 쌓이나요?",
        ),
        prediction=t(
            "Without BN the deepest layers drift most; with BN all of them drift far less.",
            "BN이 없으면 가장 깊은 층이 가장 많이 움직이고, BN이 있으면 모두 훨씬 덜 움직입니다.",
        ),
        watch=t("The shift map: one row a layer, step by step.", "이동 지도: 층마다 한 줄, 스텝마다 한 칸입니다."),
        looks=(
            look(
                "shift",
                "Which rows light up first, and which stay bright?",
                "어느 줄이 먼저 밝아지고, 어느 줄이 계속 밝은가요?",
            ),
            look(
                "ridges",
                "From the first layer to the tenth, over the outline of step 0.",
                "첫째 층부터 열째 층까지 스텝 0의 윤곽과 비교하세요.",
            ),
            look("moments", "Mean and spread of the deepest layer.", "가장 깊은 층의 평균과 퍼짐을 보세요."),
        ),
        change=t("Take 20 layers, or half the learning rate.", "층을 20개로 늘리거나 학습률을 절반으로 줄여 보세요."),
        rule=t(
            "Drift: Wasserstein-1 distance of each unit's pre-activations on a fixed probe batch over their first standard deviation, mean over units; looks are 1/20 of the training apart. Grows with depth: Spearman's rank correlation with the layer's number is at least 0.5.",
            "이동: 고정된 탐침 배치에서 각 유닛의 활성화 전 값의 바서슈타인-1 거리를 처음 표준편차로 나눈 값의 유닛 평균. 보는 간격은 훈련의 20분의 1입니다. 깊이에 따라 커짐: 층 번호와의 스피어먼 순위 상관이 0.5 이상.",
        ),
        formulae=(_DRIFT,),
        sources=(IOFFE,),
        views=("shift", "ridges", "moments"),
        layer="hidden 10",
        runs=_DEEP,
        quick=shorter(_DEEP, 800),
        quick_note=QUICK,
    ),
    depth_verdict,
)

SAMPLING = Claim(
    Experiment(
        id="sampling-shift",
        claim=15,
        title=t("From batch to batch", "배치에서 배치로"),
        question=t(
            "Some texts call it internal covariate shift that one batch's distribution differs from the next one's. Is it?",
            "어떤 글은 한 배치의 분포가 다음 배치와 다른 것을 내부 공변량 이동이라고 부릅니다. 그럴까요?",
        ),
        prediction=t(
            "If it were, the differences would exceed the noise of sampling, come with learning, and be smaller with BN.",
            "그렇다면 그 차이는 표본 추출 잡음보다 크고, 학습과 함께 생기며, BN이 있으면 더 작아야 합니다.",
        ),
        watch=t(
            "How much two batches differ in each layer, before and after training, beside the drift.",
            "훈련 전과 후에 두 배치가 층마다 얼마나 다른지, 이동량과 나란히 보세요.",
        ),
        looks=(
            look(
                "sampling",
                "Two batches at the same weights: their difference is there at step 0, in every layer.",
                "같은 가중치에서 본 두 배치의 차이는 스텝 0부터 모든 층에 있습니다.",
            ),
            look(
                "shift",
                "The drift on a fixed probe batch: that is what learning does.",
                "고정된 탐침 배치에서의 이동: 이것이 학습의 결과입니다.",
            ),
            look(
                "ridges", "Batch 8 against batch 128: only the jitter differs.", "배치 8과 배치 128: 흔들림만 다릅니다."
            ),
        ),
        change=t(
            "Set the learning rate to 0.000001: the jitter stays.",
            "학습률을 0.000001로 해 보세요. 흔들림은 그대로입니다.",
        ),
        rule=t(
            "Sampling shift: |batch mean − mean| of a unit before normalization, over what m independent draws give on average, sqrt(2/pi) sigma/sqrt(m); mean over units, layers and 200 batches. More than noise: not all between 0.67 and 1.5. Made by learning, or larger without BN: by a factor of 1.5.",
            "표본 이동: 정규화 전 유닛의 |배치 평균 − 평균|을 독립 표본 m개가 평균적으로 주는 값 √(2/π)σ/√m으로 나누어 유닛, 층, 배치 200개에 걸쳐 평균한 것. 잡음보다 큼: 모두 0.67과 1.5 사이에 있지는 않음. 학습이 만들었거나 BN 없이 더 큼: 1.5배 이상.",
        ),
        formulae=(
            m.math(
                m.words("E"),
                "|",
                m.sub("μ", "B"),
                "−",
                "μ",
                "|",
                "=",
                m.root(m.frac("2", "π")),
                m.frac("σ", m.root("m")),
            ),
            _DRIFT,
        ),
        sources=(IOFFE,),
        views=("sampling", "shift", "ridges"),
        layer="hidden 3",
        runs=_SIZES,
        quick=shorter(_SIZES, 500),
        quick_note=QUICK,
    ),
    sampling_verdict,
)
