"""The application: what the lifespan opens, and where the routes stand."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI

import shiftscope
from shiftscope.launchers.base import Launcher
from shiftscope.launchers.local import LocalLauncher
from shiftscope.launchers.ray import RayLauncher
from shiftscope.recording.documents import Event
from shiftscope.server import api, forks, ingest, me, presenter, readiness, states, stream, trials
from shiftscope.server.absence import give_up_absent
from shiftscope.server.access import AccessMiddleware
from shiftscope.server.audience import Audience
from shiftscope.server.downloads import Downloads
from shiftscope.server.limits import LimitsMiddleware
from shiftscope.server.links import LinkFile
from shiftscope.server.live_edge import LiveEdges
from shiftscope.server.metrics import Meters
from shiftscope.server.open_connections import OpenConnections
from shiftscope.server.pages import Pages, frontend_folder, pages_router
from shiftscope.server.problems import ANY_REQUEST, explain_errors
from shiftscope.server.quotas import Quotas
from shiftscope.server.removal import fail_removed
from shiftscope.server.response_headers import ResponseHeadersMiddleware
from shiftscope.server.runs import Hear, Run
from shiftscope.server.services import Services
from shiftscope.server.settings import Settings
from shiftscope.server.store import RunStore
from shiftscope.server.subpath import SubPathMiddleware
from shiftscope.server.supervisor import Supervisor
from shiftscope.server.unopened import UnopenedMiddleware
from shiftscope.server.viewer_thread import ViewerThread
from shiftscope.server.visits import Visits
from shiftscope.server.webhook import Webhook

COLLECTED_AFTER = (10_000, 20, 50)
"""Objects more than there were, and looks at those, after which garbage is looked for (gc.set_threshold)."""


class State(TypedDict):
    """What the lifespan hands to every connection."""

    services: Services
    viewers: ViewerThread
    connections: OpenConnections


def create_app(settings: Settings) -> FastAPI:
    """Return the application of a server that listens on settings.host and settings.port."""
    pages = Pages(frontend_folder(), frame_ancestors=_frame_ancestors(settings))
    links, visits = LinkFile(settings.data) if settings.share else None, Visits(settings.sockets)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        webhook = Webhook(settings.webhook)
        meters = Meters()
        store = await asyncio.to_thread(RunStore.open, settings.data, _all_of(webhook.hear, meters.hear))
        meters.include(store, webhook)
        await asyncio.to_thread(forks.remove_left_over, store)
        launcher = _launcher(settings)
        supervisor = Supervisor(launcher, settings.own_url, settings)
        await launcher.prepare()
        loop = asyncio.get_running_loop()
        store.tell_under_way(lambda run: loop.call_soon_threadsafe(supervisor.go_on, run))
        warming = asyncio.create_task(asyncio.to_thread(pages.warm_up))
        viewers = ViewerThread(settings.unread_seconds)
        connections = OpenConnections(settings.unread_seconds)
        beating_there = viewers.begin(meters.beat("viewers"))
        quotas, downloads = Quotas(settings, supervisor), Downloads()
        services = Services(store, supervisor, settings, quotas, LiveEdges(meters), Audience(), meters, downloads)
        always = [webhook.send(), give_up_absent(store, settings.absence), fail_removed(store, supervisor)]
        always += [meters.beat("server"), connections.watch(), *([visits.follow(links)] if links else [])]
        going_on = [asyncio.create_task(work) for work in always]
        # What was made up to here stays: looking through all of it for garbage would hold up everybody for 50 ms.
        await asyncio.to_thread(gc.collect)
        gc.freeze()
        # And what is read later, half a million objects of a long header, say, is not looked through time and again.
        gc.set_threshold(*COLLECTED_AFTER)
        try:
            yield State(services=services, viewers=viewers, connections=connections)
        finally:
            beating_there.cancel()
            for task in going_on:
                task.cancel()
            await viewers.close()
            await warming
            downloads.close()
            await supervisor.close()
            await asyncio.to_thread(store.close)

    app = FastAPI(
        title="Shiftscope", version=shiftscope.__version__, lifespan=lifespan,
        responses=ANY_REQUEST,
        docs_url=None, redoc_url=None,  # they load their code from a CDN; /openapi.json is what stays
        description="See internal covariate shift. docs/protocol.md describes the websockets.",
    )  # fmt: skip
    # The last that is added is the first to see a request.
    app.add_middleware(LimitsMiddleware, seconds=settings.request_seconds)
    app.add_middleware(AccessMiddleware, settings=settings, links=links, visits=visits)
    app.add_middleware(UnopenedMiddleware)
    app.add_middleware(ResponseHeadersMiddleware)
    app.add_middleware(SubPathMiddleware, path=settings.root_path)
    apis = (api.router, me.router, readiness.router, forks.router, states.router, trials.router)
    for router in (*apis, ingest.router, stream.router, presenter.router, pages_router(pages)):
        app.include_router(router)
    explain_errors(app)
    return app


def _launcher(settings: Settings) -> Launcher:
    if settings.launcher == "ray":
        return RayLauncher(address=settings.ray_address, url=settings.workers_url, threads=settings.threads)
    return LocalLauncher(places=settings.workers, threads=settings.threads, spare=settings.spare_worker)


def _frame_ancestors(settings: Settings) -> tuple[str, ...]:
    # A notebook of this machine shows runs in frames.
    notebooks = () if settings.share else ("http://localhost:*", "http://127.0.0.1:*")
    return ("'self'", *notebooks, *settings.embedders)


def _all_of(*hear: Hear) -> Hear:
    def everybody(run: Run, event: Event) -> None:
        for one in hear:
            one(run, event)

    return everybody
