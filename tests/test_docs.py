"""What the documents say of the program is so."""

from __future__ import annotations

import re
import runpy

from shiftscope.probes.registry import PROBES
from shiftscope.server.settings import Settings
from tests.conftest import REPOSITORY


def test_each_setting_stands_in_the_readme() -> None:
    rows = re.findall(
        r"^\| `--([\w-]+)` \| `SHIFTSCOPE_(\w+)` \| (.+?) \|", (REPOSITORY / "README.md").read_text(), re.MULTILINE
    )
    assert {flag.replace("-", "_") for flag, _, _ in rows} == set(Settings.model_fields)
    assert all(flag.replace("-", "_") == variable.lower() for flag, variable, _ in rows)
    for flag, _, default in rows:
        field = Settings.model_fields[flag.replace("-", "_")]
        if field.default not in {"", True, False}:
            assert default == str(field.default)


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
