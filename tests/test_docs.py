"""What the documents say of the program is so."""

from __future__ import annotations

import re

from shiftscope.settings import Settings
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
