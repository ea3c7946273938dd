"""What a browser shows to whom the server does not know: a page without a script, a style sheet or a picture."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from starlette.responses import HTMLResponse

from shiftscope.notices import Notice
from shiftscope.translations import languages, read

_PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Shiftscope</title>
<h1>Shiftscope</h1>
<p>{sentence}</p>
"""


_TAG = re.compile(r"[A-Za-z]+")


def stranger_page(reason: Notice, wanted: str, headers: Mapping[str, str]) -> HTMLResponse:
    """Return the answer, in a language of those that the browser wants."""
    known = languages()
    language = next((tag for tag in _TAG.findall(wanted.lower()) if tag in known), "en")
    sentence = reason.text if language == "en" else read(language)["notices"].get(reason.code, reason.text)
    page = _PAGE.format(language=language, sentence=html.escape(sentence))
    more = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Vary": "Accept-Language, Cookie"}
    return HTMLResponse(page, 401, headers={**headers, **more})
