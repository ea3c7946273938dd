"""What each route needs, in one place. One that is forgotten here needs control, and a test finds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from starlette.routing import compile_path


class Role(StrEnum):
    """What the link that somebody has lets them do."""

    VIEW = "view"
    CONTROL = "control"


class Needs(StrEnum):
    """What a route asks of who uses it.

    Attributes:
        NOTHING: a stranger may.
        VIEW: look.
        START: start something of one's own: control, or a student.
        OWN: change a run: control, or the student who started it.
        FEED: send measurements: to a new run like START; to one that there is with the secret of that run alone.
        CONTROL: everything.
    """

    NOTHING = "nothing"
    VIEW = "view"
    START = "start"
    OWN = "own"
    FEED = "feed"
    CONTROL = "control"


ROUTES: dict[str, Needs] = {
    "GET /": Needs.VIEW,
    "GET /static/{name:path}": Needs.VIEW,
    "GET /openapi.json": Needs.VIEW,
    "GET /api/health": Needs.NOTHING,
    "GET /api/ready": Needs.NOTHING,
    "GET /metrics": Needs.VIEW,
    "GET /api/me": Needs.VIEW,
    "GET /api/cluster": Needs.VIEW,
    "GET /api/schema": Needs.VIEW,
    "GET /api/experiments": Needs.VIEW,
    "POST /api/experiments/{experiment_id}": Needs.START,
    "GET /api/trials": Needs.VIEW,
    "GET /api/trials/{trial_id}": Needs.VIEW,
    "GET /api/runs": Needs.VIEW,
    "POST /api/runs": Needs.START,
    "GET /api/runs/{run_id}": Needs.VIEW,
    "PATCH /api/runs/{run_id}": Needs.OWN,
    "DELETE /api/runs/{run_id}": Needs.OWN,
    "POST /api/runs/{run_id}/pause": Needs.OWN,
    "POST /api/runs/{run_id}/resume": Needs.OWN,
    "POST /api/runs/{run_id}/step": Needs.OWN,
    "POST /api/runs/{run_id}/stop": Needs.OWN,
    "POST /api/runs/{run_id}/fork": Needs.OWN,
    "PUT /api/runs/{run_id}/checkpoint": Needs.FEED,
    "GET /api/runs/{run_id}/checkpoint": Needs.FEED,
    "GET /api/runs/{run_id}/curve": Needs.VIEW,
    "GET /api/runs/{run_id}/recording": Needs.VIEW,
    "WEBSOCKET /api/runs/{run_id}/stream": Needs.VIEW,
    "WEBSOCKET /api/audience": Needs.VIEW,
    "WEBSOCKET /api/ingest": Needs.FEED,
}
"""By method and path. What may be got may be asked for with HEAD and OPTIONS too."""


@dataclass(frozen=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    needs: Needs

    @classmethod
    def of(cls, name: str, needs: Needs) -> _Route:
        method, path = name.split(" ")
        return cls(method, compile_path(path)[0], needs)


_KNOWN = [_Route.of(name, needs) for name, needs in ROUTES.items()]


def needed(method: str, path: str) -> tuple[Needs, str]:
    """Return what a request needs, and the id of the run that its path names, if it names one.

    `method` is that of HTTP, or WEBSOCKET.
    """
    wanted = "GET" if method in {"HEAD", "OPTIONS"} else method
    for route in _KNOWN:
        if route.method == wanted and (match := route.pattern.match(path)):
            return route.needs, match.groupdict().get("run_id", "")
    return Needs.CONTROL, ""
