"""Choosing probes: tiers, names and probes of one's own."""

import pytest

import shiftscope
from shiftscope.probe import Need, Probe
from shiftscope.probes import registry
from shiftscope.testing import networks
from shiftscope.testing.collecting import Collecting
from tests.probes.own import LARGEST, largest, observing, studying, train


def test_tiers_names_and_probes_go_into_one_list():
    own = observing(largest)
    chosen = registry.select(["essential", "drift", own])
    names = [probe.name for probe in chosen.probes]
    assert names[-2:] == ["drift", "own"]
    assert set(names[:-2]) == {probe.name for probe in registry.PROBES if probe.tier == "essential"}
    assert chosen.single == {"drift", "own"}
    assert registry.select(own).probes == (own,)
    assert registry.select(["moments", registry.select(["moments"]).probes[0]]).probes[0].name == "moments"


def test_what_comes_with_a_tier_needs_no_loss():
    _, sink = train(["standard", observing(largest)], steps=1)
    assert sink.of("own")
    with pytest.raises(ValueError, match="gradient_shift cannot be measured without `loss`"):
        shiftscope.watch(networks.mlp(), to=Collecting(), probes=["standard", "gradient_shift"])
    with pytest.raises(ValueError, match="own cannot be measured without `loss`"):
        shiftscope.watch(
            networks.mlp(), to=Collecting(), probes=[studying(lambda _: None, needs=frozenset({Need.LOSS}))]
        )


@pytest.mark.parametrize(
    ("probes", "message"),
    [
        ("standart", "'standart' is no tier; there are essential, standard, full"),
        (["momments"], r"no probe momments \(did you mean 'moments'\?\); there are moments, .* tiers essential"),
        ([largest], "names of tiers, names of probes and Probe objects, not <function largest"),
        ([observing(largest, "moments")], "a probe 'moments' already"),
        ([observing(largest, "total")], "a probe 'total' already"),
        ([observing(largest), observing(largest)], "a probe 'own' already"),
        ([observing(largest), observing(largest, "other", stream="own")], "both record 'largest' in the stream 'own'"),
    ],
)
def test_what_is_wrong_and_what_there_is(probes, message):
    with pytest.raises(ValueError, match=message):
        shiftscope.watch(networks.mlp(), to=Collecting(), probes=probes)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"observe": largest, "study": lambda _: None}, "study and observe; a probe measures in one way"),
        ({"observe": largest, "quantities": ()}, "declares no quantities"),
        ({"observe": largest, "share": 0}, "a share of 0"),
        ({"observe": largest, "name": ""}, "needs a name"),
    ],
)
def test_a_declaration_that_cannot_be(declared, message):
    with pytest.raises(ValueError, match=message):
        Probe(**({"name": "own", "about": "", "quantities": (LARGEST,)} | declared))
