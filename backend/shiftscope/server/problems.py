"""What the API answers when something cannot be done: a sentence in English, its code and its values."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from shiftscope.experiments.catalogue import UnknownExperiment
from shiftscope.notices import ENGLISH, Notice, NoticeError, Values, notice
from shiftscope.recording.documents import RecordingError
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import IllegalTransition
from shiftscope.server.services import UnknownRun
from shiftscope.server.trials import UnknownTrial


class Problem(BaseModel):
    """What was wrong."""

    detail: str
    code: str
    values: Values
    state: RunState | None = None


def body_of(said: Notice, **more: str) -> dict[str, Any]:
    """Return a notice as the body of an answer."""
    return {"detail": said.text, **said.model_dump(mode="json", include={"code", "values"}), **more}


def explain_errors(app: FastAPI) -> None:
    """Let the application answer its own errors in words."""

    @app.exception_handler(UnknownRun)
    @app.exception_handler(UnknownExperiment)
    @app.exception_handler(UnknownTrial)
    async def unknown(_: Request, error: NoticeError) -> JSONResponse:
        return JSONResponse(body_of(error.notice), status_code=404)

    @app.exception_handler(FileNotFoundError)
    async def removed(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse(body_of(notice("refused.recording_removed", error=str(error))), status_code=404)

    @app.exception_handler(IllegalTransition)
    async def conflict(_: Request, error: IllegalTransition) -> JSONResponse:
        return JSONResponse(body_of(error.notice, state=error.state), status_code=409)

    @app.exception_handler(RecordingError)
    async def unwritable(_: Request, error: RecordingError) -> JSONResponse:
        return JSONResponse(body_of(error.notice), status_code=507)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": [_field_problem(item) for item in error.errors()]}, status_code=422)


def _field_problem(item: dict[str, Any]) -> dict[str, Any]:
    """Return what is wrong with a field. The input itself stays out of it: it may hold NaN, which JSON does not."""
    kind, context = item["type"], item.get("ctx", {})
    code = next((code for code in (kind, f"invalid.{kind}") if code in ENGLISH), "")
    values = {name: value for name, value in context.items() if isinstance(value, str | int | float | tuple)}
    return {"loc": item["loc"], "msg": item["msg"], "type": kind, "code": code, "values": values if code else {}}
