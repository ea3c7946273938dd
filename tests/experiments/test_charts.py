"""The charts that experiments lead to are charts of the page."""

from __future__ import annotations

import re
from pathlib import Path

from shiftscope.experiments.catalogue import CLAIMS
from tests.experiments.examples import seeds_of

VIEWS = Path(__file__).parents[2] / "frontend" / "views"


def charts() -> set[str]:
    """Return the ids of the charts of a run: what the files that index.js imports declare, but for those of trials."""
    index = (VIEWS / "index.js").read_text(encoding="utf-8")
    levels = re.findall(r"views: \[(.*?)\]", index, re.DOTALL)
    assert len(levels) == 3
    found = set()
    for name in re.findall(r"\w+", " ".join(levels)):
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
        labels = {run.label for run in (*experiment.runs, *experiment.quick)}
        assert {stop.run for stop in experiment.tour} <= {"", *labels}, experiment.id


def test_what_a_verdict_rests_on_is_seen_where_it_says() -> None:
    """Each part leads to a chart that its experiment shows, of a run that it plans, at a step that this has."""
    shown = 0
    for claim in CLAIMS:
        experiment = claim.experiment
        steps = {run.label: run.config.total_steps for run in experiment.runs}
        for part in claim.judge(seeds_of(experiment.id, True, 1)).parts:
            if (evidence := part.evidence) is None:
                continue
            shown += 1
            assert evidence.view in {*experiment.views, "sweep", "surface"}, (experiment.id, evidence)
            assert evidence.view != "sweep" or len(experiment.runs) > 1, experiment.id
            assert evidence.run in {"", *steps}, (experiment.id, evidence)
            assert evidence.step is None or evidence.step < max(steps.values()), (experiment.id, evidence)
    assert shown > 50
