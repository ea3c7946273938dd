"""What the server's handlers work with: made once in the lifespan, reached through the connection's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from shiftscope.notices import NoticeError, notice
from shiftscope.server.audience import Audience
from shiftscope.server.downloads import Downloads
from shiftscope.server.live_edge import LiveEdges
from shiftscope.server.metrics import Meters
from shiftscope.server.quotas import Quotas
from shiftscope.server.runs import Run
from shiftscope.server.settings import Settings
from shiftscope.server.store import RunStore
from shiftscope.server.supervisor import Supervisor


@dataclass(frozen=True)
class Services:
    """The server's long-lived parts."""

    store: RunStore
    supervisor: Supervisor
    settings: Settings
    quotas: Quotas
    edges: LiveEdges
    audience: Audience
    meters: Meters
    downloads: Downloads


class UnknownRun(NoticeError):
    """There is no run of that id."""

    def __init__(self, run_id: str) -> None:
        super().__init__(notice("refused.unknown_run", run=run_id))


def services(connection: HTTPConnection) -> Services:
    """Return the server's parts."""
    found: Services = connection.state.services
    return found


Server = Annotated[Services, Depends(services)]


def find_run(run_id: str, server: Server) -> Run:
    """Return the run that the path names. Raises UnknownRun."""
    run = server.store.get(run_id)
    if run is None:
        raise UnknownRun(run_id)
    return run


NamedRun = Annotated[Run, Depends(find_run)]
