"""The page: its files, translations and plotly.js, compressed once, each under a name that changes with its content.

index.html names `static/...`; it is served with `static/DIGEST/...` instead, so that everything below may be cached for
good while a new version is seen at once. ES modules import each other by relative paths and stay under the digest.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import html
import mimetypes
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response

from shiftscope.notices import NoticeError, notice
from shiftscope.server.modules import imported
from shiftscope.server.visitors import Who
from shiftscope.translations import FOLDER, languages, read

PLOTLY = "plotly.min.js"
TRANSLATIONS = "translations/"
_LANGUAGES = "<!-- languages -->"
_MODULES, _FIRST = "<!-- modules -->", "main.js"
_FACTORY = re.compile(rb"(?P<before>\? self : this, )(?P<factory>\(\) => \{.*\})(?P<after>\)\);\s*)\Z", re.DOTALL)
_TAG = re.compile(r"[A-Za-z][\w-]*")
_WORDS = re.compile(r'(?P<before>data-t="(?P<key>[\w.]+)">)(?P<text>[^<]+)<')
_COMPRESSIBLE = {".html", ".js", ".css", ".svg", ".json", ".map"}
# Plotly writes style elements and loads the images that it exports from data: and blob: addresses.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'"
)
_ZIPPED = {"Content-Encoding": "gzip"}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class MissingFile(NoticeError):
    """The page has no file of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(notice("refused.no_file", file=name[:200]))


def frontend_folder() -> Path:
    """Return the folder of the page: inside the installed package, else the repository's own."""
    package = Path(__file__).resolve().parents[1]
    repository = package.parents[1] / "frontend"
    # An editable install must not serve a copy that an earlier build left somewhere.
    return repository if package.parent.name == "backend" and repository.is_dir() else package / "frontend"


class Pages:
    """Serves a frontend folder and, as its translations/, a folder of catalogues."""

    def __init__(self, folder: Path, translations: Path = FOLDER, frame_ancestors: Iterable[str] = ("'self'",)) -> None:
        policy = f"{_POLICY}; frame-ancestors {' '.join(frame_ancestors)}"
        self._headers = {**_HEADERS, "Content-Security-Policy": policy}
        self.folder = folder.resolve()
        self.translations = translations.resolve()
        self._plotly = Path(str(files("plotly"))) / "package_data" / PLOTLY
        self._compress = lru_cache(maxsize=256)(_compressed)
        self._preloads = lru_cache(maxsize=1)(self._preloads_of)
        self._digest = ""

    @property
    def digest(self) -> str:
        """What the files were called under when the page was last asked for."""
        return self._digest or self.look()

    def look(self) -> str:
        """Return a digest that changes whenever a file of the page does, and remember it."""
        stamp = hashlib.sha256()
        for path in [*sorted(self._files()), self._plotly]:
            stat = path.stat()
            stamp.update(f"{path} {stat.st_mtime_ns} {stat.st_size}\n".encode())
        self._digest = stamp.hexdigest()[:12]
        return self._digest

    def _files(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self.folder):
            folders[:] = [name for name in folders if name != "node_modules"]
            yield from (Path(folder) / name for name in names)
        yield from self.translations.glob("*.json")

    def find(self, name: str) -> Path | None:
        """Return the file of a name below static/, or None: nothing outside the folders, no dot files."""
        if name == PLOTLY:
            return self._plotly
        if name.startswith(TRANSLATIONS):
            return _file_below(self.translations, name.removeprefix(TRANSLATIONS), suffix=".json")
        return _file_below(self.folder, name)

    def index(self, wanted: str = "", about: Mapping[str, str] | None = None, *, gzipped: bool = False) -> Response:
        """Answer with the page itself; what it says before its scripts have come is in a language of those `wanted`.

        `about` is what the page knows of its visitor from the start.
        """
        page = (self.folder / "index.html").read_text(encoding="utf-8")
        digest = self.look()
        page = page.replace(_MODULES, self._preloads(digest))
        page = page.replace('"static/', f'"static/{digest}/').replace(_LANGUAGES, self._options())
        page = self._worded(page, next(filter(None, (self._known(tag) for tag in _TAG.findall(wanted))), "en"))
        known = "".join(f'data-{name}="{html.escape(value)}" ' for name, value in (about or {}).items())
        page = page.replace("<html ", f"<html {known}", 1)
        headers = {**self._headers, "Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie, Accept-Encoding"}
        if gzipped:  # over a slow line the names of all modules would hold up the first words for half a second
            return Response(_zipped(page.encode()), media_type="text/html", headers={**headers, **_ZIPPED})
        return Response(page, media_type="text/html", headers=headers)

    def _known(self, tag: str) -> str:
        """Return the language of a tag ("ko-KR"), or "" where there is none."""
        known = languages(self.translations)
        return next((one for one in (tag, tag.partition("-")[0]) if one in known), "")

    def _worded(self, page: str, language: str) -> str:
        if language == "en":
            return page
        texts = read(language, self.translations)["texts"]
        page = page.replace('<html lang="en"', f'<html lang="{html.escape(language)}"', 1)
        return _WORDS.sub(lambda one: f"{one['before']}{html.escape(texts.get(one['key'], one['text']))}<", page)

    def _preloads_of(self, digest: str) -> str:  # noqa: ARG002  `digest` is the cache's key
        """Return links by which a browser asks for all modules at once."""
        return "".join(
            f'<link rel="modulepreload" href="static/{html.escape(name)}">' for name in imported(self.folder, _FIRST)
        )

    def _options(self) -> str:
        """Return the languages as options of the page's select element, from which its script knows them."""
        return "".join(
            f'<option value="{html.escape(tag)}" lang="{html.escape(tag)}">{html.escape(name)}</option>'
            for tag, name in languages(self.translations).items()
        )

    def file(self, path: Path, *, forever: bool, gzipped: bool) -> Response:
        """Answer with a file, compressed where that helps and the browser can read it."""
        headers = {**self._headers, "Cache-Control": "private, max-age=31536000, immutable" if forever else "no-cache"}
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if path.suffix in {".js", ".mjs"}:
            media_type = "text/javascript"
        if gzipped and path.suffix in _COMPRESSIBLE:
            headers |= {**_ZIPPED, "Vary": "Accept-Encoding"}
            body = self._compress(path, path.stat().st_mtime_ns)
        else:
            body = _content(path)
        return Response(body, media_type=media_type, headers=headers)

    def warm_up(self) -> None:
        """Compress plotly.js, 4.8 MB, before anyone asks for it."""
        self._compress(self._plotly, self._plotly.stat().st_mtime_ns)


def _file_below(folder: Path, name: str, suffix: str = "") -> Path | None:
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder) and not any(
            part.startswith(".") for part in path.parts[len(folder.parts) :]
        )
        return path if inside and path.is_file() and path.name.endswith(suffix) else None
    except (ValueError, OSError):  # a NUL, a name longer than any file's
        return None


def _compressed(path: Path, modified: int) -> bytes:  # noqa: ARG001  `modified` is part of the cache's key
    return _zipped(_content(path))


def _zipped(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=6, mtime=0)


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return compiled_on_arrival(content) if path.name == PLOTLY else content


def compiled_on_arrival(script: bytes) -> bytes:
    """Put the function that is all of plotly.js in parentheses.

    V8 takes a function in parentheses for one that is called at once, and compiles it in a thread of its own while the
    script comes in; without them it goes through all of it twice, the second time in the page's thread. A script of
    another form is returned as it is.
    """
    return _FACTORY.sub(rb"\g<before>(\g<factory>)\g<after>", script)


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


def pages_router(pages: Pages) -> APIRouter:
    """Return the routes of the page."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def index(request: Request, who: Who) -> Response:
        wanted = f"{request.query_params.get('lang', '')},{request.headers.get('accept-language', '')}"
        return await asyncio.to_thread(pages.index, wanted, who.in_page, gzipped=_takes_gzip(request))

    @router.api_route("/static/{name:path}", methods=["GET", "HEAD"])
    async def static(name: str, request: Request) -> Response:
        head, _, rest = name.partition("/")
        current = head == pages.digest
        path = await asyncio.to_thread(pages.find, rest if current else name)
        if path is None:
            raise MissingFile(name)
        return await asyncio.to_thread(pages.file, path, forever=current, gzipped=_takes_gzip(request))

    return router
