"""The HTTP API of visitors: what the link that somebody has lets them do."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shiftscope.server.roles import Role
from shiftscope.server.visitors import Who

router = APIRouter(prefix="/api")


class Me(BaseModel):
    """What who asks may do."""

    role: Role = Field(description="view: look; control: everything, as everybody may where the server is not shared")
    may_start: bool = Field(description="whether runs may be started, and those that were be changed")
    owner: str = Field(
        description="what runs that were started from this browser have as `owner`; empty where all are one's"
    )


@router.get("/me")
async def me(who: Who) -> Me:
    """Answer what the page may offer."""
    return Me(role=who.role, may_start=who.may_start, owner=who.owns)
