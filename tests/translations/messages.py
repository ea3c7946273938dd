"""Every English message of the program, as the catalogues of other languages must have them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from shiftscope.config import Cnn, Mlp, NoNormalization, Rnn, RunConfig, Variant
from shiftscope.experiments import catalogue as home
from shiftscope.experiments.catalogue import catalogue
from shiftscope.experiments.experiment import Experiment, TourStop
from shiftscope.experiments.text import Prose, Text, named
from shiftscope.lab.models.networks import build
from tests.experiments.examples import FIGURES

PLACEHOLDER = re.compile(r"\{(\w+)\}")


def prose(experiment: Experiment) -> list[str]:
    """Return the texts of an experiment."""
    marks = Prose.__metadata__
    names = [name for name, field in Experiment.model_fields.items() if tuple(field.metadata[: len(marks)]) == marks]
    assert len(names) >= 7
    assert set(TourStop.model_fields) == {"view", "text", "run"}
    return [
        text
        for text in (*(getattr(experiment, name) for name in names), *(one.text for one in experiment.tour))
        if text
    ]


def said_in_source() -> Iterator[str]:
    """Yield the message of every t(...) in the experiments' source; it must be a constant, or no catalogue has it."""
    for path in sorted(Path(home.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                message = node.args[0]
                assert isinstance(message, ast.Constant), f"{path.name}, line {node.lineno}: not a constant"
                yield message.value


def words_in_formulae() -> Iterator[str]:
    """Yield the words that stand in formulae."""
    for experiment in catalogue():
        for formula in experiment.formulae:
            yield from (text.strip() for text in re.findall("<mtext>(.*?)</mtext>", formula))


def of_the_form() -> Iterator[str]:
    """Yield what is said of each field of a run's config."""
    schema = RunConfig.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        for field in part.get("properties", {}).values():
            if "description" in field:
                yield field["description"]


def names() -> Iterator[str]:
    """Yield the names of layers, of the planned runs and of their networks, with {0}, {1} for their numbers."""
    for network in (Mlp(depth=1), Cnn(depth=1), Rnn()):
        layers = build(network, Variant(name="plain", normalization=NoNormalization()), 64, 10, (1, 8, 8))
        yield from (named(name).message for name, _ in layers.named_children())
    for experiment in catalogue():
        for run in (*experiment.runs, *experiment.quick):
            yield named(run.label).message
            yield from (named(variant.name).message for variant in run.config.variants)


def figures() -> set[tuple[str, ...]]:
    """Return the names of all figures, as the page takes them apart."""
    made = (figures for example in FIGURES.values() for holds in (True, False) for figures in example(holds).values())
    return {tuple(name.split("/")) for figures in made for name in figures}


def messages() -> set[str]:
    """Return every message that has words."""
    told = (text for experiment in catalogue() for text in prose(experiment))
    of_figures = {named(part).message for name in figures() for part in name[:-1] if not part.startswith("float")}
    found = {*of_figures, *told, *said_in_source(), *names(), *words_in_formulae(), *of_the_form()}
    return {message for message in found if has_words(message)}


def has_words(message: str) -> bool:
    """Tell whether a message is more than placeholders, numbers and signs; percent is written otherwise elsewhere."""
    return bool(re.search("[A-Za-z%]", PLACEHOLDER.sub("", message)))


def messages_of(text: Text) -> Iterator[str]:
    """Yield the message of a text and of all texts in it."""
    yield text.message
    for value in text.values.values():
        if isinstance(value, Text):
            yield from messages_of(value)
