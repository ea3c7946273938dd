import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from shiftscope.config import RunConfig
from shiftscope.experiments.catalogue import CLAIMS, UnknownExperiment, catalogue, find
from shiftscope.experiments.experiment import Experiment
from tests.translations.messages import prose

HANGUL = re.compile("[가-힣]")


def test_each_claim_has_one_experiment():
    experiments = catalogue()
    assert [experiment.claim for experiment in experiments] == list(range(1, len(experiments) + 1))
    assert len({experiment.id for experiment in experiments}) == len(experiments)


@pytest.mark.parametrize("experiment", catalogue(), ids=lambda one: one.id)
def test_an_experiment_is_told_in_english(experiment):
    assert all(text == text.strip() and not HANGUL.search(text) for text in prose(experiment))
    for name in ("title", "question", "prediction", "watch", "change", "rule"):
        assert getattr(experiment, name)
    assert bool(experiment.quick) == bool(experiment.quick_note)
    for formula in experiment.formulae:
        assert ET.fromstring(formula).tag.endswith("math")


@pytest.mark.parametrize("experiment", catalogue(), ids=lambda one: one.id)
def test_the_runs_of_an_experiment_differ_in_their_label_and_can_be_trained(experiment):
    for runs in (experiment.runs, experiment.quick):
        assert len({run.label for run in runs}) == len(runs)
        for run in runs:
            # model_copy does not validate: what is planned must be what the API would accept
            assert RunConfig.model_validate_json(run.config.model_dump_json()) == run.config
    if experiment.quick:
        assert [run.label for run in experiment.quick] == [run.label for run in experiment.runs]
        quick, whole = (
            sum(run.config.total_steps for run, _ in experiment.plan(quick=quick)) for quick in (True, False)
        )
        assert quick < whole
    again = Experiment.model_validate_json(experiment.model_dump_json(exclude={"config"}))
    assert again == experiment


@pytest.mark.parametrize("experiment", catalogue(), ids=lambda one: one.id)
def test_an_experiment_measures_what_its_charts_draw(experiment):
    drawn = {*experiment.views, *(stop.view for stop in experiment.tour)}
    assert {stop.view for stop in experiment.tour} <= set(experiment.views)
    if drawn & {"microscope", "landscape"}:
        assert {run.config.probes for run in (*experiment.runs, *experiment.quick)} == {"full"}


def test_each_seed_is_a_run_of_its_own():
    plan = find("mnist-table").experiment.plan(seeds=3)
    assert [(run.config.seed, seed) for run, seed in plan] == [(0, 0), (1, 1), (2, 2)]


def test_an_experiment_is_found_by_its_id_and_by_its_number():
    assert find("mnist-table") is find("1") is CLAIMS[0]
    with pytest.raises(UnknownExperiment, match="no experiment 'nothing'; there are mnist-table"):
        find("nothing")


def test_the_catalogue_imports_nothing_that_trains_or_measures():
    code = (
        "import sys; from shiftscope.experiments.catalogue import catalogue; catalogue();"
        "print(sorted({'torch', 'sklearn', 'numba', 'shiftscope.lab'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
