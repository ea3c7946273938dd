import numpy as np

from shiftscope.engine.overhead import OverheadMeter


def test_before_a_step_is_over_there_is_nothing_that_a_cost_could_be_a_part_of() -> None:
    meter = OverheadMeter(["moments"])
    milliseconds, percent = meter.row().reshape(-1, 2).T
    assert np.isnan(percent).all()
    assert (milliseconds >= 0).all()
    meter.steps = 1
    assert np.isfinite(meter.row()).all()
