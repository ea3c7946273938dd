"""Claim 13: test data that differ from the training data."""

from __future__ import annotations

from shiftscope.config import (
    Brightness,
    Corruption,
    Digits,
    Mlp,
    NoCorruption,
    Rotation,
    RunConfig,
    Sgd,
    Steps,
    UnseenClasses,
)
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import BN, FRAMES, IOFFE, PLAIN, QUICK, TWINS, look, part, shorter
from shiftscope.experiments.experiment import Claim, Experiment, PlannedRun, Source
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Results, Verdict, conclude, percent, table

CLEAN, UNSEEN = "clean", "unseen classes"
CORRUPTIONS: dict[str, Corruption] = {
    CLEAN: NoCorruption(),
    "brighter": Brightness(brightness=0.4, contrast=1.0),
    "low contrast": Brightness(brightness=0.0, contrast=0.3),
    "rotated": Rotation(degrees=30),
    UNSEEN: UnseenClasses(classes=2),
}
SHIFTED = ("brighter", "low contrast", "rotated")
HURT = 0.05
_NAMES = {
    CLEAN: t("clean", "원본"), "brighter": t("brighter", "밝게"), "low contrast": t("low contrast", "낮은 대비"),
    "rotated": t("rotated", "회전"), UNSEEN: t("unseen classes", "처음 보는 클래스"),
}  # fmt: skip

_RUNS = tuple(
    PlannedRun(
        label=label,
        config=RunConfig(
            dataset=Digits(test_corruption=corruption), variants=TWINS, network=Mlp(depth=3, width=64),
            optimizer=Sgd(learning_rate=0.1), duration=Steps(steps=1500), recording=FRAMES,
        ),
    )
    for label, corruption in CORRUPTIONS.items()
)  # fmt: skip


def verdict(results: Results) -> Verdict:
    """Compare what each network loses, and what the test batch's own statistics give back."""

    def accuracy(label: str, network: str, kind: str = "") -> float:
        return results.mean(label, f"{network}/{kind}test_accuracy")

    lost = {
        (label, network): accuracy(CLEAN, network) - accuracy(label, network)
        for label in SHIFTED
        for network in (PLAIN, BN)
    }
    parts = [
        part(
            min(lost.values()) >= HURT,
            t("each of the shifts hurts both networks", "모든 변화가 두 신경망을 모두 해친다"),
            t("points lost without BN / with BN: ", "손실(퍼센트포인트), BN 없음/있음: ")
            + Text.join(
                [
                    _NAMES[label] + Text.same(f" {100 * lost[label, PLAIN]:.0f}/{100 * lost[label, BN]:.0f}")
                    for label in SHIFTED
                ],
                ", ",
            ),
        )
    ]
    for label in SHIFTED:
        own = accuracy(label, BN, "own_")
        values = [percent(value) for value in (accuracy(label, PLAIN), accuracy(label, BN), own)]
        numbers = t(
            f"without BN {values[0]}, with BN {values[1]}, with the test batch's own statistics {values[2]}",
            f"BN 없음 {values[0]}, BN 있음 {values[1]}, 시험 배치 자체 통계 {values[2]}",
        )
        parts += [
            part(
                lost[label, BN] < lost[label, PLAIN],
                _NAMES[label] + t(": BN with its running statistics loses less", ": 이동 통계를 쓰는 BN이 덜 잃는다"),
                numbers,
            ),
            part(
                accuracy(CLEAN, BN) - own <= lost[label, BN] / 2,
                _NAMES[label]
                + t(
                    ": the test batch's own statistics give back half of the loss",
                    ": 시험 배치 자체의 통계가 손실의 절반을 되찾는다",
                ),
                percent(own),
            ),
        ]
    rows = [
        (
            _NAMES[label],
            results.shown(label, f"{PLAIN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/test_accuracy", percent=True),
            results.shown(label, f"{BN}/own_test_accuracy", percent=True),
            results.shown(label, f"{PLAIN}/confidence", percent=True),
            results.shown(label, f"{BN}/confidence", percent=True),
        )
        for label in results.labels
    ]
    columns = (
        t("without BN", "BN 없음"),
        t("with BN", "BN 있음"),
        t("with BN, own statistics", "BN 있음, 자체 통계"),
        t("confidence without BN", "확신도, BN 없음"),
        t("confidence with BN", "확신도, BN 있음"),
    )
    return conclude(parts, table(t("Test set", "시험 집합"), columns, rows))


CLAIM = Claim(
    Experiment(
        id="test-shift",
        claim=13,
        title=t("When the test set has shifted", "시험 집합이 달라졌을 때"),
        question=t("Brighter, paler, turned, or of classes never seen: does BN help when test data are not like the training data?",
                   "더 밝거나, 흐리거나, 돌아갔거나, 본 적 없는 클래스: 시험 데이터가 훈련 데이터와 다를 때 BN이 도움이 되나요?"),
        prediction=t("Covariate shift hurts every network. BN helps if it may take the test batch's own statistics.",
                     "공변량 이동은 모든 신경망을 해칩니다. BN은 시험 배치 자체의 통계를 쓸 수 있을 때 도움이 됩니다."),
        watch=t("Test accuracy with the running statistics and with the test batch's own.", "이동 통계를 쓸 때와 시험 배치 자체의 통계를 쓸 때의 시험 정확도를 보세요."),
        looks=(
            look("loss", "The test curve leaves the training curve behind.", "시험 곡선이 훈련 곡선에서 멀어집니다."),
            look("running", "The running statistics are those of the training data.", "이동 통계는 훈련 데이터의 것입니다."),
            look("ridges", "What the layers expect: a shifted input falls outside it.", "층이 기대하는 범위를 변한 입력은 벗어납니다."),
        ),
        change=t("Turn the images by 10 degrees, then by 90.", "이미지를 10도, 다음에는 90도 돌려 보세요."),
        rule=t("Hurt: 5 points of test accuracy below the clean test set. For classes never seen the accuracy is 0 by definition; the table shows how sure each network is of its wrong answers.",
               "해침: 원본 시험 집합보다 시험 정확도가 5퍼센트포인트 낮음. 본 적 없는 클래스의 정확도는 정의상 0이며, 표는 각 신경망이 틀린 답을 얼마나 확신하는지 보여 줍니다."),
        formulae=(m.math(m.sub("p", m.words("train")), "(", "x", ")", "≠", m.sub("p", m.words("test")), "(", "x", ")", ",", "p", "(", "y", "|", "x", ")"),),
        sources=(
            IOFFE,
            Source(title="Shimodaira 2000, Improving predictive inference under covariate shift", url="https://doi.org/10.1016/S0378-3758(00)00115-4"),
            Source(title="Nado et al. 2020, Evaluating Prediction-Time Batch Normalization", url="https://arxiv.org/abs/2006.10963"),
        ),
        views=("loss", "running", "ridges"), layer="hidden 1",
        runs=_RUNS, quick=shorter(_RUNS, 700), quick_note=QUICK,
    ),
    verdict,
)  # fmt: skip
