"""Every registered probe on every kind of network: right numbers, and training that does not notice."""

from functools import cache

import numpy as np
import pytest

from shiftscope.engine.probe import Probe
from shiftscope.engine.streams import EVALUATION, LOGGED, SCALARS
from shiftscope.probes.registry import PROBES
from shiftscope.testing import check, networks
from shiftscope.testing.networks import KINDS, Kind
from shiftscope.testing.training import RATE, train, watching
from tests.probes import brute
from tests.probes.reference import HISTOGRAMS, OF_PARAMETERS, SITE_QUANTITIES, Reference

STEPS = 3
NAMED = {probe.name: probe for probe in PROBES if probe.name != "attention"}
"""Attention is in none of these networks: test_attention.py has its own."""
UNDEFINED = {"update_ratio", "effective_smoothness", "input_cloud", "input_centroid", "input_spread"} | {
    "input_units", "input_unit_values", "input_unit_mean", "input_unit_std"
}  # fmt: skip
"""What may be infinite or NaN where nothing varies: it is divided by 0 then."""
each_kind = pytest.mark.parametrize("kind", KINDS, ids=" ".join)
each_probe = pytest.mark.parametrize("name", NAMED)


@cache
def everything(kind):
    """Train a network with everything measured at every step; return the recording and its reference."""
    network = networks.make(kind)
    *given, (probe_batch, _) = networks.batches(kind, STEPS + 1)
    scope, sink = watching(network, PROBES, probe_batch)
    with scope:
        steps = train(network, given, scope)
    return sink, Reference(steps, probe_batch)


@each_kind
def test_every_number_is_what_it_is_called(kind):
    sink, reference = everything(kind)
    for layout in sink.header.layouts:
        if layout.name in {EVALUATION, SCALARS, *LOGGED.values()} or not layout.entries:
            continue
        frames = sink.of(layout.name)
        assert [frame.step for frame in frames] == list(range(STEPS))
        for entry in layout.entries:
            for frame in frames:
                found = frame.row[entry.offset : entry.offset + entry.size].reshape(entry.shape).astype(np.float64)
                where = f"{entry.quantity} of {entry.layer} {entry.site} at step {frame.step}"
                if entry.quantity.removeprefix("unit_") in HISTOGRAMS or entry.quantity in OF_PARAMETERS:
                    continue
                check_number(reference, entry, frame.step, found, where)


def is_nothing_yet(entry, step):
    """Before the first step is over there is nothing that a cost could be a part of."""
    return entry.quantity == "percent" and step == 0


def check_number(reference, entry, step, found, where):
    if entry.quantity == "learning_rate":
        assert found == pytest.approx(RATE), where
        return
    expected = reference.expected(step, entry.quantity, entry.layer, entry.site)
    if expected is None:
        if is_nothing_yet(entry, step):
            assert np.isnan(found).all(), where
            return
        assert np.isfinite(found).all(), where
        assert (found >= 0).all(), where
        return
    value, tolerance = expected
    np.testing.assert_allclose(found, value, rtol=2e-3, atol=tolerance + 1e-6, err_msg=where)


@each_kind
def test_every_histogram_counts_its_values(kind):
    sink, reference = everything(kind)
    checked = 0
    for entry in (entry for layout in sink.header.layouts for entry in layout.entries):
        layer, site, prefix = entry.layer, entry.site, entry.quantity.removesuffix("histogram")
        if prefix == entry.quantity or entry.quantity in OF_PARAMETERS:
            continue
        for step in range(STEPS):
            where = {"layer": layer, "site": site}
            fractions, edges, outside = (sink.values(prefix + name, **where)[step] for name in HISTOGRAMS)
            if prefix:
                all_values = reference.unit_values(step, layer, site)
            else:
                all_values = [reference.values(step, layer, site)]
                fractions, edges, outside = [fractions], [edges], [outside]
            for values, some, ends, out in zip(all_values, fractions, edges, outside, strict=True):
                check_histogram(values, some, ends.astype(np.float64), out)
                checked += 1
    assert checked > 10


@each_kind
def test_every_histogram_of_a_parameter_counts_its_values(kind):
    sink, reference = everything(kind)
    entries = [e for one in sink.header.layouts for e in one.entries if e.quantity in OF_PARAMETERS[::2]]
    assert len(entries) > 10
    for entry in entries:
        where = {"layer": entry.layer, "site": entry.site}
        for step in range(STEPS):
            fractions = sink.values(entry.quantity, **where)[step]
            edges = sink.values(f"{entry.quantity}_range", **where)[step].astype(np.float64)
            gradient = entry.quantity.startswith("gradient")
            values = reference.parameter_values(step, entry.layer, entry.site, gradient=gradient)
            scale = np.abs(values).max() + 1e-6
            if np.ptp(values) > 1e-3 * scale:
                np.testing.assert_allclose(edges, [values.min(), values.max()], atol=1e-3 * scale)
                check_counts(values, fractions, edges, (0, 0), 1e-3 * scale)
            assert fractions.sum() == pytest.approx(1, abs=1e-5)


def check_histogram(values, fractions, edges, outside):
    assert fractions.sum() + outside.sum() == pytest.approx(1, abs=1e-5)
    mean, _, sigma, low, high = brute.moments(values)
    width = edges[1] - edges[0]
    hair = 1e-4 * width + 1e-5 * max(abs(low), abs(high))
    if high - low > hair:
        assert edges[0] == pytest.approx(max(low, mean - 4 * sigma), abs=hair)
        assert edges[1] == pytest.approx(min(high, mean + 4 * sigma), abs=hair)
    check_counts(values, fractions, edges, outside, hair)


def check_counts(values, fractions, edges, outside, hair):
    reached = outside[0] + np.cumsum(fractions)
    for edge, fraction in zip(np.linspace(*edges, 65)[1:], reached, strict=True):
        assert brute.fraction_up_to(values, edge - hair) - 1e-5 <= fraction
        assert fraction <= brute.fraction_up_to(values, edge + hair) + 1e-5


@each_probe
@pytest.mark.parametrize(
    "kind", [Kind("mlp", "none", "relu"), Kind("mlp", "before", "relu"), Kind("cnn", "after", "relu")]
)
def test_training_does_not_notice(name, kind):
    """Bit-identical weights, running statistics, random state; with dropout, which draws at each step."""
    check.check_training_unnoticed(NAMED[name], kind)


@each_probe
def test_gradients_are_left_alone(name):
    check.check_gradients_left(NAMED[name])


@each_probe
@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_what_is_not_finite_is_recorded(name, poison):
    """No probe fails, and a healthy layer's numbers stay right."""
    probe: Probe = NAMED[name]
    sink = check.check_not_finite(probe, poison)
    diverged = [event for event in sink.events if event.kind == "diverged"]
    assert diverged or probe.study or name in {"affine", "stages", "update_ratios"}
    for layout in sink.header.layouts:
        for entry in layout.entries:
            if entry.layer == "hidden 1" and entry.quantity in SITE_QUANTITIES:
                row = sink.of(layout.name)[1].row
                assert np.isfinite(row[entry.offset : entry.offset + entry.size]).all(), entry.quantity


@each_probe
@pytest.mark.parametrize("size", [1, 0])
def test_a_batch_of_one_and_an_empty_one(name, size):
    check.check_batch_of(NAMED[name], size)


@each_probe
def test_a_constant_layer(name):
    """All weights zero: nothing varies, and nothing is divided by that."""
    check.check_constants(NAMED[name], UNDEFINED)


@each_probe
def test_each_probe_records_what_it_declares(name):
    """And nothing else: docs/measures.md is made of the declarations."""
    check.check_declared(NAMED[name])
