"""The charts that experiments lead to are charts of the page."""

from __future__ import annotations

import re
from pathlib import Path

from shiftscope.experiments.catalogue import CLAIMS

VIEWS = Path(__file__).parents[2] / "frontend" / "views"


def charts() -> set[str]:
    """Return the ids of the charts of a run: what the files that index.js imports declare, but for those of trials."""
    index = (VIEWS / "index.js").read_text(encoding="utf-8")
    listed = re.search(r"export const VIEWS = \[(.*?)\]", index, re.DOTALL)
    assert listed
    found = set()
    for name in re.findall(r"\w+", listed[1]):
        path = re.search(rf'import {{ {name} }} from "\./(.*)"', index)
        assert path
        declared = re.search(r'^  id: "(\w+)"', (VIEWS / path[1]).read_text(encoding="utf-8"), re.MULTILINE)
        assert declared, path[1]
        found.add(declared[1])
    return found


def test_every_chart_that_an_experiment_names_is_there() -> None:
    known = charts()
    assert len(known) > 10
    for claim in CLAIMS:
        experiment = claim.experiment
        named = {*experiment.views, *(stop.view for stop in experiment.tour)}
        assert named <= known, experiment.id
