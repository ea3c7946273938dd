import numpy as np

from shiftscope.engine.overhead import OverheadMeter


def test_before_a_step_is_over_there_is_nothing_that_a_cost_could_be_a_part_of() -> None:
    meter = OverheadMeter(["moments"])
    milliseconds, percent = meter.row().reshape(-1, 2).T
    assert np.isnan(percent).all()
    assert (milliseconds >= 0).all()
    meter.steps = 1
    assert np.isfinite(meter.row()).all()


def test_one_cost_frame_holds_nothing_of_the_one_before() -> None:
    meter = OverheadMeter(["moments", "drift"])
    meter.timing = True
    rows = []
    for _ in range(3):
        meter.frames = meter.steps = 1
        meter.site("moments", 2_000_000)
        meter.passing("moments", 1_000_000)
        meter.study("drift", 4_000_000)
        rows.append(meter.row().reshape(-1, 2)[:, 0].tolist())
    assert rows == [[3.0, 4.0, 0.0, 7.0]] * 3


def test_what_is_not_timed_costs_nothing_in_passing() -> None:
    meter = OverheadMeter(["moments"])
    meter.frames = meter.steps = 1
    meter.site("moments", 2_000_000)
    meter.passing("moments", 1_000_000)
    assert meter.row().reshape(-1, 2)[:, 0].tolist() == [0.0, 0.0, 0.0]
