"""Whether a server can do its work, for what starts and watches it: GET /api/ready, and GET /metrics."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from shiftscope.notices import Notice, notice
from shiftscope.server.problems import Problem, body_of
from shiftscope.server.services import Server, Services

router = APIRouter()

NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"model": Problem, "description": "The server cannot do its work at the moment."}
}


class Ready(BaseModel):
    """Runs can be recorded and watched."""

    status: str = "ready"


@router.get("/api/ready", responses=NOT_READY, response_model=Ready)
async def ready(server: Server) -> Ready | JSONResponse:
    """Answer whether runs can be recorded and watched now; /api/health answers that the server is there."""
    reason = await asyncio.to_thread(_lacking, server)
    return Ready() if reason is None else JSONResponse(body_of(reason), status_code=503)


@router.get("/metrics", include_in_schema=False)
async def metrics(server: Server) -> Response:
    """Return what the server counts and measures of itself, in the form that Prometheus reads."""
    body = await asyncio.to_thread(generate_latest, server.meters.registry)
    return Response(body, headers={"content-type": CONTENT_TYPE_LATEST})


def _lacking(server: Services) -> Notice | None:
    if not os.access(server.store.folder, os.W_OK | os.X_OK):
        return notice("refused.no_folder")
    return notice("refused.no_turn") if server.meters.silent else None
