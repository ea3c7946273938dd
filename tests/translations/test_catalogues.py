"""Each language has every message of the program, and nothing else, with the same placeholders."""

import json

import pytest

from shiftscope.server.pages import Pages, frontend_folder
from shiftscope.translations import languages, read
from tests.translations.messages import PLACEHOLDER, messages

TAGS = [tag for tag in languages() if tag != "en"]


@pytest.mark.parametrize("tag", TAGS)
def test_each_message_is_translated(tag):
    catalogue = read(tag)
    assert set(catalogue) == {"language", "texts", "messages", "notices"}
    asked, translated = messages(), set(catalogue["messages"])
    lacking, unknown = asked - translated, translated - asked
    assert not lacking, "these lack:\n" + "\n".join(sorted(lacking))
    assert not unknown, "nobody says these:\n" + "\n".join(sorted(unknown))


@pytest.mark.parametrize("tag", TAGS)
def test_a_translation_has_the_placeholders_of_its_message(tag):
    for message, translation in read(tag)["messages"].items():
        assert translation.strip() == translation != "", message
        assert set(PLACEHOLDER.findall(translation)) == set(PLACEHOLDER.findall(message)), message


def test_a_new_language_is_one_new_file(tmp_path):
    toy = {"language": "Toy <b>", "texts": {"runs": "snur"}, "messages": {}, "notices": {}}
    (tmp_path / "xx.json").write_text(json.dumps(toy), encoding="utf-8")
    assert languages(tmp_path) == {"en": "English", "xx": "Toy <b>"}
    pages = Pages(frontend_folder(), tmp_path)
    assert '<option value="xx" lang="xx">Toy &lt;b&gt;</option></select>' in bytes(pages.index().body).decode()
    found = pages.find("translations/xx.json")
    assert found
    assert json.loads(found.read_text(encoding="utf-8")) == toy
    for name in ("translations/", "translations/ko.json", "translations/../__init__.py", "translations/__init__.py"):
        assert pages.find(name) is None
    assert Pages(frontend_folder()).find("translations/__init__.py") is None
