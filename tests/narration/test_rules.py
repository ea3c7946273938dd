"""Each rule of the narrator: a run that makes it speak, one that does not, and one that goes to and fro."""

from __future__ import annotations

import math

import pytest

from shiftscope.config import Intervention
from shiftscope.narration.observed import Observed
from shiftscope.narration.rule import Latch
from shiftscope.narration.rules.changes import LearningRateChanges
from shiftscope.narration.sentence import sentence
from shiftscope.notices import notice
from shiftscope.wire.messages import EventMessage
from tests.narration.stories import Numbers, Story, codes

DRIFT = "wasserstein_over_sigma_from_start"
LEARNED = {"loss": 0.5}


def test_a_run_of_which_there_is_nothing_to_say() -> None:
    assert codes(Story("a", "b").step(times=150)) == []


def test_a_threshold_has_two_sides() -> None:
    latch = Latch(10.0, 5.0, needed=2)
    assert [latch.turns_on(value) for value in (11, 9, 11, 11, 7, 12, 12, 4, 11, 11)] == [
        False, False, False, True, False, False, False, False, False, True,
    ]  # fmt: skip
    assert not Latch(1.0, 0.5).turns_on(math.nan)
    below = Latch(0.1, 0.5)
    assert [below.turns_on(value) for value in (0.05, 0.3, 0.05, 0.6, 0.05)] == [True, False, False, False, True]


def test_a_layer_whose_name_is_a_number_is_called_a_layer() -> None:
    found = (notice("narration.part.moved", layer="3", drift=2), notice("narration.part.moved", layer="fc", drift=2))
    parts = (notice("narration.part.network", name="0", found=found),)
    assert sentence("narration.end", 9, "shift", found=parts).message == (
        "At the end: 0 (of the hidden layers layer 3 moved most, by 2 σ, of the hidden layers fc moved most, by 2 σ)."
    )
    said = sentence("narration.origin", 9, "moments", layer="0.1", name="net", layer_name="0.1")
    assert (said.message, said.layer) == ("net: the first layer with values that are no numbers is layer 0.1.", "0.1")


class TestLearning:
    def test_one_does_not_learn_while_the_other_does(self) -> None:
        story = Story("plain", "bn")
        story.step({"plain": {"gradient_norm": (0.01, 1, 1, 1)}})
        numbers = {"plain": {"loss": 0.999, "gradient_norm": (0.01, 1, 1, 1)}, "bn": LEARNED}
        said = [one for one in story.step(numbers, times=60) if "still" in one.code]
        assert codes(said) == ["still_smaller"]
        assert (said[0].step, said[0].network, said[0].layer, said[0].value) == (
            50, "plain", "hidden 1", {"view": "gradients"},
        )  # fmt: skip
        assert (said[0].values["times"], said[0].values["gradient"], said[0].values["its"]) == (100, 0.01, 1)

    def test_the_gradient_is_named_where_it_explains_something_alone(self) -> None:
        story = Story("plain", "bn")
        story.step()
        assert "still" in codes(story.step({"bn": LEARNED}, times=60))

    def test_alone_it_has_more_time(self) -> None:
        story = Story()
        assert codes(story.step(times=200)) == []
        assert codes(story.step(times=300)) == ["still"]

    def test_who_learns_at_once_is_not_spoken_of(self) -> None:
        story = Story()
        story.step()
        assert codes(story.step({"plain": {"loss": 0.7}}, times=300)) == []

    def test_a_run_that_goes_on_from_somewhere_is_not_judged(self) -> None:
        story = Story()
        story.at = 1000
        assert codes(story.step(times=500)) == []

    def test_it_wakes_once(self) -> None:
        story = Story()
        story.step(times=300)
        moving = {"loss": 0.8, DRIFT: (0.2, 6.0, 0.3, 30.0)}
        said = story.step({"plain": moving}, times=10)
        assert codes(said) == ["wakes_moving"]
        assert (said[0].layer, said[0].values["before"], said[0].values["drift"]) == ("hidden 2", 0.1, 6)
        story.step(times=100)
        assert codes(story.step({"plain": moving}, times=10)) == []

    def test_it_wakes_where_no_drift_is_recorded(self) -> None:
        story = Story(without=[DRIFT])
        story.step(times=300)
        assert codes(story.step({"plain": {"loss": 0.8}}, times=10)) == ["wakes"]


class TestSilence:
    def test_a_layer_whose_units_are_silent(self) -> None:
        story = Story()
        story.step(times=3)
        said = story.step({"plain": {"dead_fraction": (0.5, 1.0, 1.0, 0.0)}}, times=5)
        assert codes(said) == ["silent"]
        assert (said[0].layer, said[0].values["percent"], said[0].value) == ("hidden 2", 100, {"view": "units"})

    def test_it_has_stopped_learning_where_no_gradient_arrives(self) -> None:
        story = Story()
        story.step(times=3)
        silent = {"dead_fraction": (0.0, 1.0, 0.0, 0.0), "gradient_norm": (0.0, 0.0, 0.1, 1.0)}
        assert codes(story.step({"plain": silent}, times=5)) == ["silent_stopped"]
        assert codes(story.step({"plain": silent}, times=300)) == []  # nor that it has not begun to learn

    def test_not_the_output_layer_and_not_most_units(self) -> None:
        assert codes(Story().step({"plain": {"dead_fraction": (0.98, 0.98, 0.98, 1.0)}}, times=20)) == []

    def test_it_is_said_again_only_of_who_came_back(self) -> None:
        story = Story()
        silent, nearly, back = ({"plain": {"dead_fraction": (part, 0, 0, 0)}} for part in (1.0, 0.95, 0.5))
        assert codes(story.step(silent, times=2)) == ["silent"]
        story.step(nearly)
        assert codes(story.step(silent, times=5)) == []
        story.step(back)
        assert codes(story.step(silent, times=2)) == ["silent"]

    def test_not_for_a_moment(self) -> None:
        story = Story()
        silent, back = ({"plain": {"dead_fraction": (part, 0, 0, 0)}} for part in (1.0, 0.5))
        for _ in range(5):
            assert codes([*story.step(silent), *story.step(back)]) == []

    def test_that_it_stops_later_is_said_then_and_that_it_goes_on_again_is_known(self) -> None:
        story = Story()
        silent = {"dead_fraction": (0.0, 1.0, 0.0, 0.0)}
        cut_off = silent | {"gradient_norm": (0.0, 0.0, 0.1, 1.0)}
        assert codes(story.step({"plain": silent}, times=5)) == ["silent"]
        assert codes([*story.step({"plain": cut_off}), *story.step({"plain": silent})]) == []
        assert codes(story.step({"plain": cut_off}, times=9)) == ["silent_stopped"]
        assert "100 % of the units of hidden 2 give 0 for every sample, no gradient" in story.narrator.end()[0].message
        story.step({"plain": silent}, times=3)
        assert "no gradient" not in story.narrator.end()[0].message
        story.step(times=3)
        assert "give 0" not in story.narrator.end()[0].message

    def test_values_of_the_batch_where_units_are_not_recorded(self) -> None:
        story = Story(without=["dead_fraction"])
        assert codes(story.step({"plain": {"zero_fraction": (0, 0, 1.0, 0)}}, times=3)) == ["silent_values"]
        assert codes(story.step({"plain": {"saturated_fraction": (0, 0.999, 0, 0)}}, times=3)) == ["saturated"]


class TestGradientsAlongDepth:
    @pytest.mark.parametrize(
        ("norms", "code"), [((1e-3, 0.1, 1.0, 1.0), "vanishing"), ((500.0, 1.0, 1.0, 1.0), "exploding")]
    )
    def test_far_apart_for_some_steps(self, norms: tuple[float, ...], code: str) -> None:
        story = Story()
        assert codes(story.step({"plain": {"gradient_norm": norms}}, times=4)) == []
        said = story.step({"plain": {"gradient_norm": norms}}, times=10)
        assert codes(said) == [code]
        assert (said[0].values["first"], said[0].values["last"]) == ("hidden 1", "hidden 3")

    def test_it_is_said_again_only_after_they_came_together(self) -> None:
        story = Story()
        apart, near, together = ({"plain": {"gradient_norm": (norm, 1, 1, 1)}} for norm in (1e-3, 0.02, 1.0))
        story.step(apart, times=9)
        assert codes(story.step(near) + story.step(apart, times=9)) == []
        assert codes(story.step(together) + story.step(apart, times=9)) == ["vanishing"]

    def test_the_output_layer_is_not_compared(self) -> None:
        assert codes(Story().step({"plain": {"gradient_norm": (1, 1, 1, 500)}}, times=20)) == []

    def test_a_huge_one_anywhere(self) -> None:
        story = Story()
        said = story.step({"plain": {"gradient_norm": (1, 1, 1, 5000)}})
        assert codes(said) == ["huge_gradient"]
        assert said[0].layer == "output"
        assert codes(story.step({"plain": {"gradient_norm": (1, 1, 1, 500)}})) == []
        assert codes(story.step({"plain": {"gradient_norm": (1, 1, 1, 5000)}})) == []


class TestDivergence:
    def test_once_and_then_nothing_more(self) -> None:
        story = Story()
        story.step(times=4)
        nothing = {"loss": math.nan, "gradient_norm": (math.nan,) * 4, "dead_fraction": (1.0,) * 4}
        said = story.step({"plain": nothing}, times=300)
        assert sorted(codes(said)) == ["diverged", "origin_gradient"]
        diverged = next(one for one in said if one.code == "narration.diverged")
        assert (diverged.step, diverged.values["before"], diverged.values["loss"]) == (4, 3, 1)

    def test_a_loss_that_was_never_given_is_none_that_diverged(self) -> None:
        assert codes(Story().step({"plain": {"loss": math.nan}}, times=20)) == []


class TestOrigin:
    @pytest.mark.parametrize("quantity", ["nan_count", "infinite_count"])
    def test_the_layer_nearest_to_the_input_on_the_way_forward(self, quantity: str) -> None:
        story = Story()
        assert story.step({"plain": {quantity: (0, 0, 0, 0)}}, times=5) == []
        said = story.step({"plain": {quantity: (0, 3, 8, 8), "gradient_norm": (math.nan,) * 4}}, times=5)
        assert codes(said) == ["origin"]
        assert (said[0].step, said[0].layer) == (5, "hidden 2")

    def test_else_the_one_nearest_to_the_output_on_the_way_back(self) -> None:
        story = Story()
        story.step()
        said = story.step({"plain": {"gradient_norm": (math.nan, math.inf, 1, 1)}}, times=5)
        assert codes(said) == ["origin_gradient"]
        assert said[0].layer == "hidden 2"

    def test_a_layer_without_a_gradient_is_none_at_which_it_ends(self) -> None:
        assert Story().step({"plain": {"gradient_norm": (1, 1, 1, math.nan)}}, times=5) == []


class TestDriftCompared:
    @pytest.mark.parametrize(("far", "near"), [("a", "b"), ("b", "a")])
    def test_whoever_moved_farther(self, far: str, near: str) -> None:
        story = Story("a", "b")
        numbers = {far: {"loss": 0.8, DRIFT: (1, 9, 2, 3)}, near: {"loss": 0.8, DRIFT: (1, 1, 1.5, 70)}}
        story.step()
        said = [one for one in story.step(numbers, times=20) if "moved" in one.code]
        assert codes(said) == ["moved_farther"]
        values = said[0].values
        assert (values["name"], values["layer_name"], values["drift"]) == (far, "hidden 2", 9)
        assert (values["other"], values["other_drift"], values["times"]) == (near, 1.5, 6)
        assert (values["output"], values["other_output"]) == (3, 70)  # named apart: it decides nothing

    def test_that_the_other_has_not_begun_is_said(self) -> None:
        story = Story("plain", "bn")
        story.step()
        numbers = {"bn": {"loss": 0.5, DRIFT: (1.2, 1, 1, 1)}, "plain": {DRIFT: (0.1, 0.1, 0.1, 0.1)}}
        assert "moved_farther_while_still" in codes(story.step(numbers, times=20))

    def test_not_for_a_moment_nor_for_little(self) -> None:
        story = Story("a", "b")
        assert codes(story.step({"a": {DRIFT: (9, 1, 1, 1)}}, times=4)) == []
        assert codes(story.step({"a": {DRIFT: (0.9, 0, 0, 0)}, "b": {DRIFT: (0.01,) * 4}}, times=40)) == []

    def test_to_and_fro(self) -> None:
        story = Story("a", "b")
        far, near, even = ({"a": {DRIFT: (drift,) * 4}, "b": {DRIFT: (1.0,) * 4}} for drift in (4.0, 2.5, 1.0))
        assert codes(story.step(far, times=9)) == ["moved_farther_while_still"]
        assert codes(story.step(near, times=9) + story.step(far, times=9)) == []
        assert len(codes(story.step(even, times=9) + story.step(far, times=9))) == 1


VARIED: Numbers = {"std": (1.0,) * 4, "mean": (0.0,) * 4}


class TestConstantAtTheStart:
    @pytest.mark.parametrize(("std", "mean"), [(0.0, 0.0), (3e-8, 0.3)])
    def test_such_a_layer_is_left_out(self, std: float, mean: float) -> None:
        story = Story("a", "b")
        start: Numbers = {"std": (1, std, 1, std), "mean": (1, mean, 1, mean)}
        story.step({"a": start, "b": VARIED})
        story.step({"a": {**VARIED, DRIFT: (0.2, 4e5, 0.5, 3e5)}, "b": VARIED}, times=20)
        said = story.narrator.end()[0]
        assert "a (loss 1, of the hidden layers hidden 3 moved most, by 0.5 σ since the start (" in said.message

    def test_one_that_hardly_varied_is_measured_in_its_sigma(self) -> None:
        story = Story()
        story.step({"plain": {"std": (1, 2e-5, 1, 1), "mean": (0.0, 0.3, 0.0, 0.0)}})
        story.step({"plain": {DRIFT: (0.2, 4e5, 0.5, 3)}})
        assert "hidden 2 moved most, by 400,000 σ" in story.narrator.end()[0].message

    def test_nor_is_a_sigma_of_nothing_one_where_no_moments_are_recorded(self) -> None:
        story = Story("a", "b", without=["std", "mean"])
        story.step({"a": {DRIFT: (1.0, 9.69e11, 4.0, 1.32e10)}}, times=20)
        said = story.narrator.end()[0]
        assert "a (loss 1, of the hidden layers hidden 3 moved most, by 4 σ since the start (" in said.message

    def test_whose_output_layer_was_constant_moves_farther_by_its_hidden_ones_alone(self) -> None:
        story = Story("a", "b")
        story.step({"a": {"std": (1, 1, 1, 0), "mean": (0.0,) * 4}, "b": VARIED})
        said = story.step({"a": {DRIFT: (1, 4, 1, 5e9)}}, times=20)
        assert codes(said) == ["moved_farther_hidden_while_still"]
        assert said[0].message.endswith("hidden 2 by 4 σ since the start (Wasserstein), against 0.1 σ of hidden 3.")


class TestEqualLoss:
    def test_it_compares_where_the_loss_is_the_same(self) -> None:
        story = Story("plain", "bn")
        story.step()
        story.step({"bn": {"loss": 0.45, DRIFT: (0.2, 0.1, 0.1, 3)}}, times=40)
        said = story.step(
            {"plain": {"loss": 0.45, DRIFT: (0.2, 7, 0.1, 9)}, "bn": {"loss": 0.45, DRIFT: (2, 2, 2, 2)}}, times=10
        )
        found = next(one for one in said if "equal" in one.code)
        assert found.code == "narration.equal_loss_moved"
        values = found.values
        assert (values["name"], values["early"], values["drift"], values["other"]) == ("bn", 4, 0.2, "plain")
        assert (values["late"], values["other_layer"], values["other_drift"]) == (found.step, "hidden 2", 7)
        assert [one for one in codes(story.step(times=50)) if "equal" in one] == []

    def test_nothing_where_one_never_gets_there(self) -> None:
        story = Story("plain", "bn")
        story.step()
        assert [one for one in codes(story.step({"bn": {"loss": 0.2}}, times=40)) if "equal" in one] == []


class TestProgress:
    def test_the_highest_milestone_and_each_once(self) -> None:
        story = Story()
        assert codes(story.step({"plain": {"test_accuracy": 0.3}})) == []
        said = story.step({"plain": {"test_accuracy": 0.91}})
        assert codes(said) == ["accuracy"]
        assert said[0].values["percent"] == 91
        fro = [story.step({"plain": {"test_accuracy": found}}) for found in (0.89, 0.92, 0.6, 0.94)]
        assert codes([one for said in fro for one in said]) == []
        assert codes(story.step({"plain": {"test_accuracy": 0.96}})) == ["accuracy"]

    def test_overtaking_needs_somebody_who_led(self) -> None:
        story = Story("a", "b")
        ahead = {"a": {"loss": 0.6}, "b": {"loss": 0.9}}
        behind = {"a": {"loss": 0.6}, "b": {"loss": 0.3}}
        story.step()
        assert "overtakes" not in codes(story.step(ahead, times=40))
        said = [one for one in story.step(behind, times=40) if "overtakes" in one.code]
        assert [one.network for one in said] == ["b"]

    def test_close_together_nobody_overtakes(self) -> None:
        story = Story("a", "b")
        for _ in range(5):
            said = story.step({"a": {"loss": 0.9}}, times=20) + story.step({"b": {"loss": 0.9}}, times=20)
            assert "overtakes" not in codes(said)


class TestLearningRate:
    def test_what_followed_a_change(self) -> None:
        story = Story("a", "b")
        story.step(times=20)
        said = story.step({"a": {"loss": 2.0}}, times=60, rate=5.0)
        found = [one for one in said if one.code == "narration.learning_rate"]
        assert [(one.step, one.values["since"]) for one in found] == [(70, 20)]
        assert found[0].message == (
            "The learning rate went from 0.1 to 5 at step 20. Since then: the loss of a rose from 1 to 2, "
            "the loss of b stayed about the same (1, 1)."
        )

    def test_a_schedule_is_no_change(self) -> None:
        story = Story()
        said = [story.step(rate=0.1 * 0.97**at) for at in range(120)]
        assert codes([one for each in said for one in each]) == []

    @pytest.mark.parametrize("steady", [0, 20])
    def test_nor_is_a_warm_up_from_the_first_step_or_a_later_one(self, steady: int) -> None:
        story = Story()
        story.step(times=steady, rate=5e-5)
        said = [story.step(rate=5e-5 * (1 + min(at, 9))) for at in range(120)]
        assert codes([one for each in said for one in each]) == []

    @pytest.mark.parametrize(("rates", "said"), [((0.2, 0.4, 1.0), [(0.1, 1)]), ((0.2, 0.4, 0.1), [])])
    def test_a_hand_that_seeks_makes_one_change_or_none(
        self, rates: tuple[float, ...], said: list[tuple[float, float]]
    ) -> None:
        story = Story()
        story.step(times=20)
        for rate in rates:
            story.step(rate=rate)
        found = story.step(times=90, rate=rates[-1])
        assert [(one.values["before"], one.values["after"]) for one in found] == said

    def test_one_that_is_changed_back_before_long_is_none(self) -> None:
        story = Story()
        story.step(times=20)
        story.step(times=20, rate=1.0)
        assert codes(story.step(times=90)) == []

    def test_what_followed_where_losses_are_few(self) -> None:
        said = seldom_logged(1.0, 0.4, 0.4)
        assert said.message.endswith("Since then: the loss of plain fell from 1 to 0.4.")
        assert seldom_logged().message.endswith("Since then: no loss is recorded.")

    def test_a_network_that_it_made_diverge(self) -> None:
        story = Story()
        story.step(times=20)
        story.step(times=3, rate=5.0)
        said = story.step({"plain": {"loss": math.nan}}, times=60, rate=5.0)
        assert "Since then: plain (diverged)." in said[-1].message


def seldom_logged(*losses: float) -> EventMessage:
    """Return what is said of a change where so few losses are logged, the first of them before it."""
    now, rule = Observed(Story().header), LearningRateChanges()
    said: list[EventMessage] = []
    for now.step in range(100):
        if now.step % 30 == 0:
            now.networks[0].losses.extend(losses[now.step // 30 :][:1])
        now.learning_rate = 0.1 if now.step < 20 else 1.0
        said += rule.observe(now)
    return said[0]


def centres(last: float) -> dict[str, object]:
    """A network of whose layers the input of hidden 3 alone has moved, and its drift with it."""
    return {"input_centroid": ((0, 0), (0, 0), (0, last), (0, 0)), DRIFT: (0.1, 0.1, 0.1 + last / 2, 50.0)}


def of_done(said: list[EventMessage]) -> list[EventMessage]:
    """Return what is said of what somebody did."""
    return [one for one in said if one.code == "narration.intervened"]


class TestInterventions:
    def test_frozen_layers_and_the_input_above_them(self) -> None:
        story = Story()
        for at in range(150):
            story.step({"plain": centres(at / 10)})
        story.intervene({"plain": Intervention(freeze_below="hidden 3")})
        said = of_done(story.step({"plain": centres(14.9)}, times=120))
        assert (said[0].layer, said[0].value, said[0].step) == ("hidden 3", {"view": "target"}, 249)
        assert said[0].message == (
            "plain, hidden 1 to hidden 2 frozen since step 149: the input of hidden 3 stands still: its centre moved "
            "by 0 σ in 100 steps, in the 100 steps before by 10 σ (hidden 3 itself goes on learning), the loss of "
            "plain stayed about the same (1, 1)."
        )

    def test_a_long_run_records_it_seldom_and_the_frames_about_it_are_compared(self) -> None:
        story = Story()
        found = []
        for at in range(2500):
            numbers = {"loss": 1.0} if at % 500 else {"loss": 1.0, **centres(min(at, 1500) / 100)}
            if at % 500:
                numbers |= {DRIFT: None, "dead_fraction": None}
            if at == 1200:
                story.intervene({"plain": Intervention(freeze_below="hidden 3")})
            found += of_done(story.step({"plain": numbers}))
        (said,) = found
        assert said.step == 2000
        assert "stands still: its centre moved by 0 σ in 500 steps, in the 500 steps before by 5 σ" in said.message

    def test_released_it_moves_again(self) -> None:
        story = Story()
        story.step({"plain": centres(3.0)}, times=10)
        story.intervene({"plain": Intervention(freeze_below="hidden 3")})
        story.step({"plain": centres(3.0)}, times=120)
        story.intervene({"plain": Intervention()})
        found = of_done([one for at in range(150) for one in story.step({"plain": centres(3 + at / 50)})])
        assert len(found) == 1
        assert "all layers learning again since step 129: the centre of the input of hidden 3" in found[0].message

    @pytest.mark.parametrize(
        ("done", "what"),
        [
            (Intervention(bn_strength=0.25), "BN strength 0.25"),
            (Intervention(noise=0.5), "noise of standard deviation 0.5 after BN"),
            (Intervention(freeze_affine=True), "gamma and beta frozen"),
            (Intervention(freeze_below="hidden 2"), "hidden 1 frozen"),
        ],
    )
    def test_of_anything_else_the_layer_that_changed_most(self, done: Intervention, what: str) -> None:
        story = Story()
        story.step({"plain": {DRIFT: (0.1, 0.2, 0.3, 9.0)}}, times=120)
        story.intervene({"plain": done})
        said = of_done(story.step({"plain": {DRIFT: (0.1, 4.2, 0.3, 99.0), "loss": 2.0}}, times=110))
        assert len(said) == 1
        assert said[0].message == (
            f"plain, {what} since step 119: hidden 2 went from 0.2 σ to 4.2 σ away from its start (Wasserstein) in "
            "100 steps, in the 100 steps before from 0.2 σ to 0.2 σ, the loss of plain rose from 1 to 2."
        )

    def test_nothing_before_there_is_something_to_compare_with(self) -> None:
        story = Story()
        story.step(times=15)
        story.intervene({"plain": Intervention(noise=0.5)})
        assert of_done(story.step(times=140)) == []

    def test_what_stays_as_it_was_is_no_change(self) -> None:
        story = Story()
        story.step(times=120)
        story.intervene({"plain": Intervention()})
        assert of_done(story.step(times=175)) == []

    def test_of_changes_one_after_the_other_the_last_is_measured(self) -> None:
        story = Story()
        story.step(times=120)
        for std in (0.1, 0.2, 0.3):
            story.intervene({"plain": Intervention(noise=std)})
            story.step(times=5)
        assert [one.values["since"] for one in of_done(story.step(times=120))] == [129]

    def test_not_of_a_network_that_has_diverged(self) -> None:
        story = Story()
        story.step(times=120)
        story.intervene({"plain": Intervention(noise=9.0)})
        assert of_done(story.step({"plain": {"loss": math.nan}}, times=130)) == []


def test_an_accuracy_from_before_the_end_is_given_with_its_step() -> None:
    story = Story()
    story.step({"plain": {"test_accuracy": 0.25}}, times=6)
    assert "25 % on the test set," in story.narrator.end()[0].message
    story.step(times=30)
    assert "25 % on the test set at step 5," in story.narrator.end()[0].message


def test_the_end_names_hidden_layers_and_the_output_apart() -> None:
    story = Story("a", "b")
    story.step({"a": {DRIFT: (1, 5, 2, 90), "test_accuracy": 0.25}}, times=6)
    story.step({"a": {DRIFT: (1, 5, 2, 90), "test_accuracy": 0.25}, "b": {"loss": math.inf}})
    said = story.narrator.end()
    assert [one.message for one in said] == [
        "At the end: a (loss 1, 25 % on the test set, of the hidden layers hidden 2 moved most, by 5 σ since "
        "the start (Wasserstein), the output layer by 90 σ), b (diverged)."
    ]


def test_the_measure_of_what_moved_is_said_once_and_nothing_of_what_never_moved() -> None:
    story, still = Story("a", "b", "c"), {name: {DRIFT: (0.0,) * 4} for name in "abc"}
    story.step(still, times=6)
    assert story.narrator.end()[0].message == "At the end: a (loss 1), b (loss 1), c (loss 1)."
    assert story.narrator.end()[0].value == {"view": "loss"}
    story.step(still | {"b": {DRIFT: (1, 5, 2, 90)}, "c": {DRIFT: (1, 2, 1, 9)}})
    assert story.narrator.end()[0].message == (
        "At the end: a (loss 1), b (loss 1, of the hidden layers hidden 2 moved most, by 5 σ since the start "
        "(Wasserstein), the output layer by 90 σ), c (loss 1, of the hidden layers hidden 2 moved most, by 2 σ, "
        "the output layer by 9 σ)."
    )
    assert story.narrator.end()[0].value == {"view": "shift"}


def test_what_never_moved_is_compared_with_nothing() -> None:
    still: Numbers = {DRIFT: (0.0,) * 4}
    story = Story("a", "b")
    story.step({"a": still, "b": still}, times=120)
    story.intervene({"a": Intervention(noise=0.5)})
    said = story.step({"a": {**still, "loss": 0.4}, "b": still}, times=120)
    said += story.step({"a": {**still, "loss": 0.4}, "b": {**still, "loss": 0.4}}, times=10)
    assert [one.message for one in said if "σ" in one.message] == []
    assert {"wakes", "equal_loss", "intervened"} <= set(codes(said))


def test_the_end_quotes_no_loss_of_a_network_that_diverged_where_no_loss_was_recorded() -> None:
    story = Story("a", "b")
    story.step({"a": {"loss": 0.00619}}, times=6)
    story.narrator.lost("a")
    assert story.narrator.end()[0].message.startswith("At the end: a (diverged), b (loss 1,")
