import subprocess
import sys

from shiftscope.lab.experiments.catalogue import catalogue


def test_experiments_have_names_of_their_own_and_configs_that_survive_json():
    experiments = catalogue()
    assert len({experiment.id for experiment in experiments}) == len(experiments) >= 6
    for experiment in experiments:
        assert type(experiment).model_validate_json(experiment.model_dump_json()) == experiment


def test_the_first_experiment_is_the_default_run():
    first = catalogue()[0]
    assert first.config == type(first.config)()


def test_the_catalogue_imports_no_torch():
    code = (
        "import sys; from shiftscope.lab.experiments.catalogue import catalogue; catalogue();"
        "print(sorted({'torch', 'sklearn', 'numpy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
