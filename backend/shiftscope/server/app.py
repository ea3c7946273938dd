"""The application: what the lifespan opens, and where the routes stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI

import shiftscope
from shiftscope.server import api, forks, ingest, stream, trials
from shiftscope.server.absence import give_up_absent
from shiftscope.server.access import AccessMiddleware
from shiftscope.server.launchers import LocalLauncher
from shiftscope.server.pages import Pages, frontend_folder, pages_router
from shiftscope.server.problems import explain_errors
from shiftscope.server.services import Services
from shiftscope.server.settings import LOOPBACK, Settings
from shiftscope.server.store import RunStore
from shiftscope.server.supervisor import Supervisor
from shiftscope.server.webhook import Webhook


class State(TypedDict):
    """What the lifespan hands to every connection."""

    services: Services


def create_app(settings: Settings) -> FastAPI:
    """Return the application of a server that listens on settings.host and settings.port."""
    pages = Pages(frontend_folder())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        webhook = Webhook(settings.webhook)
        store = await asyncio.to_thread(RunStore.open, settings.data, webhook.hear)
        await asyncio.to_thread(forks.remove_left_over, settings.data)
        launcher = LocalLauncher(threads=settings.threads, spare=settings.spare_worker)
        supervisor = Supervisor(launcher, _own_url(settings), settings)
        await launcher.prepare()
        warming = asyncio.create_task(asyncio.to_thread(pages.warm_up))
        posting = asyncio.create_task(webhook.send())
        giving_up = asyncio.create_task(give_up_absent(store, settings.absence))
        try:
            yield State(services=Services(store=store, supervisor=supervisor))
        finally:
            await warming
            giving_up.cancel()
            posting.cancel()
            await supervisor.close()

    app = FastAPI(
        title="Shiftscope", version=shiftscope.__version__, lifespan=lifespan,
        docs_url=None, redoc_url=None,  # they load their code from a CDN; /openapi.json is what stays
        description="See internal covariate shift. docs/protocol.md describes the websockets.",
    )  # fmt: skip
    app.add_middleware(AccessMiddleware, hosts=settings.hosts)
    for router in (api.router, forks.router, trials.router, ingest.router, stream.router, pages_router(pages)):
        app.include_router(router)
    explain_errors(app)
    return app


def _own_url(settings: Settings) -> str:
    # A worker of this machine reaches a server that listens everywhere through the loopback address.
    host = settings.host if settings.host in LOOPBACK else "127.0.0.1"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
