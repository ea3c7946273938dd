"""The application: what the lifespan opens, and where the routes stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

import shiftscope
from shiftscope.experiments.catalogue import UnknownExperiment
from shiftscope.recording.documents import RecordingError
from shiftscope.server import api, ingest, stream, trials
from shiftscope.server.access import AccessMiddleware
from shiftscope.server.launchers import LocalLauncher
from shiftscope.server.pages import Pages, frontend_folder, pages_router
from shiftscope.server.runs import IllegalTransition
from shiftscope.server.services import Services, UnknownRun
from shiftscope.server.settings import LOOPBACK, Settings
from shiftscope.server.store import RunStore
from shiftscope.server.supervisor import Supervisor


class State(TypedDict):
    """What the lifespan hands to every connection."""

    services: Services


def create_app(settings: Settings) -> FastAPI:
    """Return the application of a server that listens on settings.host and settings.port."""
    pages = Pages(frontend_folder())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        store = await asyncio.to_thread(RunStore.open, settings.data)
        launcher = LocalLauncher(threads=settings.threads, spare=settings.spare_worker)
        supervisor = Supervisor(launcher, _own_url(settings), settings)
        await launcher.prepare()
        warming = asyncio.create_task(asyncio.to_thread(pages.warm_up))
        try:
            yield State(services=Services(store=store, supervisor=supervisor))
        finally:
            await warming
            await supervisor.close()

    app = FastAPI(
        title="Shiftscope", version=shiftscope.__version__, lifespan=lifespan,
        docs_url=None, redoc_url=None,  # they load their code from a CDN; /openapi.json is what stays
        description="See internal covariate shift. docs/protocol.md describes the websockets.",
    )  # fmt: skip
    app.add_middleware(AccessMiddleware, hosts=settings.hosts)
    for router in (api.router, trials.router, ingest.router, stream.router, pages_router(pages)):
        app.include_router(router)
    _explain_errors(app)
    return app


def _own_url(settings: Settings) -> str:
    # A worker of this machine reaches a server that listens everywhere through the loopback address.
    host = settings.host if settings.host in LOOPBACK else "127.0.0.1"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _explain_errors(app: FastAPI) -> None:
    @app.exception_handler(UnknownRun)
    @app.exception_handler(UnknownExperiment)
    @app.exception_handler(trials.UnknownTrial)
    async def unknown(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=404)

    @app.exception_handler(FileNotFoundError)
    async def removed(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": f"the recording was removed meanwhile: {error}"}, status_code=404)

    @app.exception_handler(IllegalTransition)
    async def conflict(_: Request, error: IllegalTransition) -> JSONResponse:
        return JSONResponse({"detail": str(error), "state": error.state}, status_code=409)

    @app.exception_handler(RecordingError)
    async def unwritable(_: Request, error: RecordingError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=507)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # The input itself stays out of the answer: it may hold NaN, which JSON does not.
        details = [
            {"loc": item["loc"], "msg": item["msg"].removeprefix("Value error, "), "type": item["type"]}
            for item in error.errors()
        ]
        return JSONResponse({"detail": details}, status_code=422)
