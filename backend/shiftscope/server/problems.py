"""What the API answers when something cannot be done: a sentence in English, its code and its values."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from typing_extensions import override

from shiftscope.experiments.catalogue import UnknownExperiment
from shiftscope.notices import ENGLISH, Notice, NoticeError, Value, Values, notice
from shiftscope.recording.documents import RecordingError
from shiftscope.server.downloads import LinkedElsewhere, RangeBeyond
from shiftscope.server.pages import MissingFile
from shiftscope.server.quotas import QuotaExceeded
from shiftscope.server.response_headers import SAFE
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import IllegalTransition
from shiftscope.server.services import UnknownRun, services
from shiftscope.server.states import StateRefused
from shiftscope.server.supervisor import CannotTrain
from shiftscope.server.trials import UnknownTrial

logger = logging.getLogger(__name__)


class Problem(BaseModel):
    """What was wrong."""

    detail: str
    code: str
    values: Values
    state: RunState | None = None


class Refused(JSONResponse):
    """An answer that says what was wrong; of what was asked for it may repeat letters that are none (half a pair)."""

    @override
    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def body_of(said: Notice, **more: str) -> dict[str, Any]:
    """Return a notice as the body of an answer."""
    return {"detail": said.text, **said.model_dump(mode="json", include={"code", "values"}), **more}


def plain_answer(status: HTTPStatus, reason: Notice) -> bytes:
    """Return an answer as it goes over a connection, to what never becomes a request of the application."""
    body = json.dumps(body_of(reason)).encode()
    headers = {**SAFE, "Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n".encode() + body


def without_folder(said: Notice, folder: Path) -> Notice:
    """Return a notice without the place of a folder: what is in it is named, and not where the server keeps it."""
    places = [f"{place}{os.sep}" for place in {str(folder), str(folder.absolute()), str(folder.resolve())}]

    def bare(value: Value) -> Value:
        match value:
            case str():
                for place in sorted(places, key=len, reverse=True):
                    value = value.replace(place, "")
                return value
            case Notice():
                return without_folder(value, folder)
        return value

    values = {name: bare(value) for name, value in said.values.items()}
    return said.model_copy(update={"text": bare(said.text), "values": values})


ANY_REQUEST: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": HTTPStatus(status).phrase}
    for status in (400, 401, 403, 408, 413, 414, 431)
}
"""What any request may be answered: docs/operations.md."""
_OF_HTTP = {400: "refused.not_json", 404: "refused.no_such_address", 405: "refused.method"}


def explain_errors(app: FastAPI) -> None:
    """Let the application answer its own errors in words."""

    @app.exception_handler(UnknownRun)
    @app.exception_handler(UnknownExperiment)
    @app.exception_handler(UnknownTrial)
    @app.exception_handler(MissingFile)
    async def unknown(_: Request, error: NoticeError) -> Refused:
        return Refused(body_of(error.notice), status_code=404)

    @app.exception_handler(OSError)
    async def of_disk(request: Request, error: Exception) -> Refused:
        status, said = _of_disk(request, error)
        return Refused(body_of(said), status_code=status)

    @app.exception_handler(IllegalTransition)
    async def conflict(_: Request, error: IllegalTransition) -> Refused:
        return Refused(body_of(error.notice, state=error.state), status_code=409)

    @app.exception_handler(CannotTrain)
    async def untrainable(_: Request, error: CannotTrain) -> Refused:
        return Refused(body_of(error.notice), status_code=409)

    @app.exception_handler(RecordingError)
    async def unwritable(request: Request, error: RecordingError) -> Refused:
        return Refused(body_of(without_folder(error.notice, _data(request))), status_code=507)

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> Refused:
        code = _OF_HTTP.get(error.status_code)
        asked = f"{request.method} {request.url.path}"[:200]
        said = notice(code, asked=asked) if code else Notice(text=str(error.detail))
        return Refused(body_of(said), status_code=error.status_code, headers=error.headers)

    @app.exception_handler(LinkedElsewhere)
    async def elsewhere(_: Request, error: LinkedElsewhere) -> Refused:
        return Refused(body_of(error.notice), status_code=403)

    @app.exception_handler(QuotaExceeded)
    @app.exception_handler(StateRefused)
    @app.exception_handler(RangeBeyond)
    async def too_much(_: Request, error: QuotaExceeded | StateRefused | RangeBeyond) -> Refused:
        headers = error.headers if isinstance(error, RangeBeyond) else None
        return Refused(body_of(error.notice), status_code=error.status, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Refused:
        return Refused(fields_problem(error.errors()), status_code=422)


def _of_disk(request: Request, error: Exception) -> tuple[HTTPStatus, Notice]:
    if isinstance(error, FileNotFoundError):
        said = notice("refused.recording_removed", error=str(error))
        return HTTPStatus.NOT_FOUND, without_folder(said, _data(request))
    logger.warning("the disk does not let a request: %s", error)
    words = getattr(error, "strerror", None) or type(error).__name__  # and not which file it was
    return HTTPStatus.INSUFFICIENT_STORAGE, notice("refused.disk", error=words)


def _data(request: Request) -> Path:
    return services(request).settings.data


def fields_problem(errors: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return what is wrong with the parts of a request as the body of an answer."""
    return {"detail": [_field_problem(item) for item in errors]}


def _field_problem(item: dict[str, Any]) -> dict[str, Any]:
    """Return what is wrong with a field. The input itself stays out of it: it may hold NaN, which JSON does not."""
    kind, context = item["type"], item.get("ctx", {})
    code = next((code for code in (kind, f"invalid.{kind}") if code in ENGLISH), "")
    values = {name: value for name, value in context.items() if isinstance(value, str | int | float | tuple)}
    return {"loc": item["loc"], "msg": item["msg"], "type": kind, "code": code, "values": values if code else {}}
