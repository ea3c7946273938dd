"""What the documents say of the program is so."""

from __future__ import annotations

import json
import re
import runpy

from shiftscope.experiments.catalogue import CLAIMS
from shiftscope.probes.registry import PROBES
from shiftscope.server.settings import Settings, default_in_words
from tests.conftest import REPOSITORY


def test_the_readme_has_the_table_of_the_settings() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `--([\w-]+)`(?:, `--no-[\w-]+`)? \| `SHIFTSCOPE_(\w+)` \| (.+?) \| (.+?) \|$", readme, re.MULTILINE
    )
    assert [variable.lower() for _, variable, _, _ in rows] == list(Settings.model_fields)
    for flag, variable, default, about in rows:
        name = flag.replace("-", "_")
        assert name == variable.lower()
        assert default == default_in_words(name)
        assert about.startswith(str(Settings.model_fields[name].description)), name


def test_the_documents_have_every_claim() -> None:
    readme, table = ((REPOSITORY / name).read_text(encoding="utf-8") for name in ("README.md", "docs/claims.md"))
    assert f"holds {len(CLAIMS)} claims" in readme
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", table.split("\n## ")[0], re.MULTILINE)] == [
        claim.experiment.claim for claim in CLAIMS
    ]


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_page_of_measures_is_that_of_the_registry() -> None:
    """Write it anew with: python docs/measures.py."""
    module = runpy.run_path(str(REPOSITORY / "docs" / "measures.py"))
    assert (REPOSITORY / "docs" / "measures.md").read_text() == module["document"]()


def test_the_pages_of_what_was_measured_are_those_of_its_figures() -> None:
    """Write them anew with: python benchmarks/suite.py --render."""
    report = runpy.run_path(str(REPOSITORY / "benchmarks" / "report.py"))
    figures = json.loads((REPOSITORY / "docs" / "benchmarks.json").read_text())
    assert (REPOSITORY / "docs" / "benchmarks.md").read_text() == report["page"](figures)
    readme = (REPOSITORY / "README.md").read_text()
    assert readme == report["readme"](readme, figures)


def test_each_quantity_has_a_unit_and_a_formula() -> None:
    for probe in PROBES:
        assert probe.about
        for quantity in probe.quantities:
            assert quantity.unit, quantity.name
            assert quantity.formula, quantity.name


def test_the_image_holds_what_everything_is_tested_with() -> None:
    """Write its file anew with: scripts/hash-constraints."""
    tested, image = (
        dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (REPOSITORY / name).read_text(), re.MULTILINE))
        for name in ("constraints.txt", "constraints-image.txt")
    )
    tested = {name.lower().replace("_", "-"): version for name, version in tested.items()}
    assert {"segno", "fastapi", "numba", "websockets"} <= image.keys()
    image.pop("setuptools")  # torch brings it, and it leaves the image with pip
    assert {name: tested.get(name) for name in image} == image
