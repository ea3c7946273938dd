"""The page names all modules that it needs, so that a browser asks for them at once."""

from __future__ import annotations

import re
from pathlib import Path

from shiftscope.server.modules import imported
from tests.conftest import LiveServer


def test_what_is_imported_is_found_once_nearest_first(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    texts = {
        "main.js": 'import { a } from "./a.js";\nimport {\n  b,\n} from "./parts/b.js";\nimport "./missing.js";\n',
        "a.js": '/** @typedef {import("./types.js").T} T */\nimport { b } from "./parts/b.js";\n',
        "parts/b.js": 'export { c } from "./c.js";\nimport { a } from "../a.js";\nimport "../../outside.js";\n',
        "parts/c.js": 'const later = () => import("../later.js");\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert imported(tmp_path, "main.js") == ["a.js", "parts/b.js", "parts/c.js"]


def test_the_page_asks_for_all_of_them(server: LiveServer) -> None:
    page = server.client.get("/").text
    names = re.findall(r'rel="modulepreload" href="(static/\w+/[^"]+)"', page)
    assert len(names) == len(set(names)) > 100
    assert all(server.client.get(f"/{name}").status_code == 200 for name in (names[0], names[-1]))


def test_what_stands_before_the_first_words_is_little(server: LiveServer) -> None:
    """A line of 50 kB a second brings it within a second, beside what else is asked for then."""
    with server.client.stream("GET", "/") as answer:
        page = answer.read().decode()
        assert answer.headers["content-encoding"] == "gzip"
        total = answer.num_bytes_downloaded
    head = page.partition("</head>")[0]
    blocking = re.findall(r'(?:<link rel="stylesheet" href|<script src)="(static/[^"]+)"', head)
    assert len(blocking) > 20
    for name in blocking:
        with server.client.stream("GET", f"/{name}") as answer:
            answer.read()
            total += answer.num_bytes_downloaded
    assert total < 50_000
    assert server.client.get("/", headers={"Accept-Encoding": "identity"}).text == page
