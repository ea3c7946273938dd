"""What the documents say of the program is so."""

from __future__ import annotations

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


def test_each_quantity_has_a_unit_and_a_formula() -> None:
    for probe in PROBES:
        assert probe.about
        for quantity in probe.quantities:
            assert quantity.unit, quantity.name
            assert quantity.formula, quantity.name
