"""Claims 1 and 2: a small network on MNIST, epoch by epoch, with default and with Xavier weights."""

from __future__ import annotations

from shiftscope.config import Adam, Epochs, Mlp, Mnist, RunConfig, Thinning
from shiftscope.config.networks import Init
from shiftscope.experiments import mathml as m
from shiftscope.experiments.claims.common import BN, IOFFE, PLAIN, TWINS, name_of
from shiftscope.experiments.experiment import Claim, Experiment, Look, PlannedRun
from shiftscope.experiments.text import Text, t
from shiftscope.experiments.verdict import Part, Results, Table, Verdict, conclude, number, table

LABEL = "784-32-32-10"
SETS = ("train", "test")
PUBLISHED: dict[tuple[str, int, str], tuple[float, float]] = {
    (BN, 1, "train"): (0.1297, 0.96),
    (BN, 1, "test"): (0.1407, 0.96),
    (PLAIN, 1, "train"): (0.1878, 0.94),
    (PLAIN, 1, "test"): (0.2053, 0.94),
    (BN, 10, "train"): (0.0474, 0.99),
    (BN, 10, "test"): (0.0912, 0.97),
    (PLAIN, 10, "train"): (0.1293, 0.96),
    (PLAIN, 10, "test"): (0.2100, 0.95),
}
"""Loss and accuracy by network, epoch and set, of one training by the claim's authors."""
MARGIN = 0.15
"""A published loss agrees when it lies within the seeds' range, widened by this fraction at both ends."""


def _run(epochs: int, init: Init) -> tuple[PlannedRun, ...]:
    config = RunConfig(
        dataset=Mnist(), variants=TWINS, network=Mlp(depth=2, width=32, init=init),
        optimizer=Adam(learning_rate=0.01), batch_size=32, duration=Epochs(epochs=epochs), recording=Thinning(frames=500),
    )  # fmt: skip
    return (PlannedRun(label=LABEL, config=config),)


def _last_epoch(results: Results) -> int:
    return max(int(name.split("/")[1]) for name in results.names(LABEL))


def _better(results: Results, epoch: int) -> Part:
    lower = all(
        with_bn < without
        for part in SETS
        for with_bn, without in zip(
            results.each(LABEL, f"{BN}/{epoch}/{part}_loss"),
            results.each(LABEL, f"{PLAIN}/{epoch}/{part}_loss"),
            strict=True,
        )
    )
    train, test = (
        [number(results.mean(LABEL, f"{network}/{epoch}/{part}_loss")) for network in (BN, PLAIN)] for part in SETS
    )
    return Part(
        holds=lower,
        says=t(
            f"after epoch {epoch} the loss is lower with BN, on both sets and for every seed",
            f"에포크 {epoch} 이후 훈련 집합과 시험 집합 모두, 모든 시드에서 BN이 있을 때 손실이 더 낮다",
        ),
        numbers=t(
            f"training {train[0]} against {train[1]}, test {test[0]} against {test[1]}",
            f"훈련 {train[0]} 대 {train[1]}, 시험 {test[0]} 대 {test[1]}",
        ),
    )


def _agrees(results: Results) -> Part:
    rows = [key for key in PUBLISHED if key[1] <= _last_epoch(results)]
    inside = []
    for network, epoch, part in rows:
        losses = results.each(LABEL, f"{network}/{epoch}/{part}_loss")
        loss, _ = PUBLISHED[network, epoch, part]
        inside.append(min(losses) * (1 - MARGIN) <= loss <= max(losses) * (1 + MARGIN))
    outside = [_outside(results, key) for key, within in zip(rows, inside, strict=True) if not within]
    more = t("; outside: ", "; 범위 밖: ") + Text.join(outside) if outside else t("", "")
    return Part(
        holds=all(inside),
        says=t("the published losses lie within what is measured", "발표된 손실값이 측정 범위 안에 있다"),
        numbers=t(f"{sum(inside)} of {len(rows)}", f"{len(rows)}개 중 {sum(inside)}개") + more,
    )


def _outside(results: Results, key: tuple[str, int, str]) -> Text:
    """Say what was published and measured, and how far the loss swings from one epoch to the next."""
    network, epoch, part = key
    loss, _ = PUBLISHED[key]
    names = [f"{network}/{one}/{part}_loss" for one in range(max(1, epoch - 4), epoch + 1)]
    measured = results.each(LABEL, names[-1])
    swing = [value for name in names if results.has(LABEL, name) for value in results.each(LABEL, name)]
    ranges = [f"{number(min(values))}–{number(max(values))}" for values in (measured, swing)]
    return t(
        f"{network}, epoch {epoch}, {part}: {loss:.4f} published, {ranges[0]} measured, {ranges[1]} in the last epochs",
        f"{name_of(network).ko}, 에포크 {epoch}, {'훈련' if part == 'train' else '시험'}: "
        f"발표 {loss:.4f}, 측정 {ranges[0]}, 마지막 에포크들 {ranges[1]}",
    )


def _table(results: Results, *, published: bool) -> Table:
    rows = []
    for epoch in sorted({1, _last_epoch(results)}):
        for network in (BN, PLAIN):
            for part in SETS:
                name = f"{network}/{epoch}/{part}"
                loss, accuracy = PUBLISHED.get((network, epoch, part), (None, None))
                shown = f"{loss:.4f} ({accuracy:.2f})" if loss is not None and published else "–"
                what = t(
                    f"epoch {epoch}, {'training' if part == 'train' else 'test'}",
                    f"에포크 {epoch}, {'훈련' if part == 'train' else '시험'}",
                )
                rows.append(
                    (
                        name_of(network) + Text.same(", ") + what,
                        results.shown(LABEL, f"{name}_loss"),
                        results.shown(LABEL, f"{name}_accuracy", percent=True),
                        Text.same(shown),
                    )
                )
    columns = (t("Loss", "손실"), t("Accuracy", "정확도"), t("Published loss (accuracy)", "발표된 손실 (정확도)"))
    return table(t("Network", "신경망"), columns, rows)


def verdict(results: Results) -> Verdict:
    """Compare losses after the first and the last epoch, and with the published ones."""
    parts = [_better(results, epoch) for epoch in sorted({1, _last_epoch(results)})]
    return conclude([*parts, _agrees(results)], _table(results, published=True))


def verdict_without_table(results: Results) -> Verdict:
    """Compare losses after the first and the last epoch."""
    parts = [_better(results, epoch) for epoch in sorted({1, _last_epoch(results)})]
    return conclude(parts, _table(results, published=False))


_LOOKS = (
    Look(view="loss", text=t(
        "The first epoch: how far below the other does the curve with BN run?",
        "첫 에포크: BN이 있는 곡선은 다른 곡선보다 얼마나 아래에 있나요?")),
    Look(view="ridges", text=t(
        "The input to each ReLU: which network keeps its shape from step to step?",
        "각 ReLU의 입력: 어느 신경망의 분포가 스텝이 지나도 모양을 유지하나요?")),
    Look(view="affine", text=t(
        "Gamma and beta: what does the network make of the freedom that BN leaves it?",
        "감마와 베타: BN이 남겨 둔 자유를 신경망은 어떻게 쓰나요?")),
)  # fmt: skip
_BETTER_RULE = t(
    "After the first and after the last epoch, the loss with BN must be lower than without on the training set and on "
    "the test set, for every seed.",
    "첫 에포크와 마지막 에포크 이후, 모든 시드에서 훈련 집합과 시험 집합 모두 BN이 있을 때의 손실이 더 낮아야 합니다.",
)
_FORMULA = m.math(
    m.hat(m.sub("x", "i")), "=", m.frac(m.row(m.sub("x", "i"), "−", m.sub("μ", "B")),
    m.root(m.row(m.sup(m.sub("σ", "B"), "2"), "+", "ε"))), m.words(", "),
    m.sub("z", "i"), "=", "γ", m.hat(m.sub("x", "i")), "+", "β",
)  # fmt: skip
_QUICK = t("Two epochs and one seed.", "에포크 두 번, 시드 하나.")

CLAIM = Claim(
    Experiment(
        id="mnist-table",
        claim=1,
        title=t("MNIST, epoch by epoch", "에포크별로 보는 MNIST"),
        question=t(
            "A 784-32-32-10 ReLU network learns MNIST with Adam at a learning rate of 0.01. What does batch "
            "normalization change after one epoch, and after ten?",
            "784-32-32-10 ReLU 신경망이 학습률 0.01의 Adam으로 MNIST를 학습합니다. 배치 정규화는 1 에포크 뒤와 10 에포크 뒤에 "
            "무엇을 바꾸나요?",
        ),
        prediction=t(
            "With BN both losses are lower from the first epoch on: 0.13 and 0.14 against 0.19 and 0.21; after ten "
            "0.05 and 0.09 against 0.13 and 0.21.",
            "BN이 있으면 첫 에포크부터 두 손실이 모두 낮습니다: 0.13과 0.14 대 0.19와 0.21, 열 에포크 뒤에는 0.05와 0.09 대 "
            "0.13과 0.21.",
        ),
        watch=t(
            "Loss and accuracy at the end of each epoch, on the training and on the test set.",
            "에포크가 끝날 때마다 훈련 집합과 시험 집합의 손실과 정확도를 보세요.",
        ),
        looks=_LOOKS,
        change=t("Lower the learning rate to 0.001.", "학습률을 0.001로 낮춰 보세요."),
        rule=_BETTER_RULE + t(
            " A published loss agrees when it lies between the least and the largest of the seeds, 15 % beyond at both "
            "ends.",
            " 발표된 손실값은 시드들의 최솟값과 최댓값을 양쪽으로 15 % 넓힌 범위 안에 있으면 일치하는 것으로 봅니다.",
        ),
        formulae=(_FORMULA,), sources=(IOFFE,),
        views=("loss", "ridges", "affine"), layer="hidden 2",
        runs=_run(10, "default"), quick=_run(2, "default"), quick_note=_QUICK,
    ),
    verdict,
)  # fmt: skip

XAVIER = Claim(
    Experiment(
        id="mnist-xavier",
        claim=2,
        title=t("The same with Xavier weights", "자비에 가중치로 같은 실험"),
        question=t(
            "Xavier-normal weights start every layer at a sensible scale. Does BN still help?",
            "자비에 정규 초기화는 모든 층을 알맞은 크기에서 시작하게 합니다. 그래도 BN이 도움이 되나요?",
        ),
        prediction=t(
            "A good start does not replace BN: its losses stay lower, after one epoch and after ten.",
            "좋은 초기화가 BN을 대신하지 못합니다. 1 에포크 뒤에도 10 에포크 뒤에도 BN 쪽의 손실이 더 낮습니다.",
        ),
        watch=t(
            "Standard deviation of each layer at step 0, and the losses of the two networks.",
            "스텝 0에서 각 층의 표준편차와 두 신경망의 손실을 보세요.",
        ),
        looks=(
            Look(view="moments", text=t(
                "Step 0: the layers begin at much the same spread.", "스텝 0: 층들이 비슷한 퍼짐에서 시작합니다.")),
            *_LOOKS[:2],
        ),
        change=t("Set init to zeros: why does nothing learn?", "초기화를 0으로 바꿔 보세요. 왜 학습이 되지 않을까요?"),
        rule=_BETTER_RULE,
        formulae=(m.math("w", "~", "N", "(", "0", ",", m.frac("2", m.row(m.sub("n", "in"), "+", m.sub("n", "out"))),
                         ")"),),
        sources=(IOFFE,),
        views=("loss", "moments", "ridges"), layer="hidden 2",
        seeds=1,
        runs=_run(10, "xavier_normal"), quick=_run(2, "xavier_normal"), quick_note=_QUICK,
    ),
    verdict_without_table,
)  # fmt: skip
