"""Where the states lie that runs go on from, and the HTTP API by which workers keep and fetch them.

A worker may be on another machine: what it keeps comes here with the secret of its run, within that run's limits, and
whoever goes on with the run fetches it here. Each run has one state of its own, which the next one replaces whole.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect

from shiftscope.notices import NoticeError, Value, notice
from shiftscope.recording.folder import CHECKPOINTS
from shiftscope.server.again import PARTIAL
from shiftscope.server.private_files import create_private
from shiftscope.server.runs import Run
from shiftscope.server.services import NamedRun, Server, Services
from shiftscope.server.visitors import bearer
from shiftscope.wire.state_file import StateFileError, StateHead, read_head

router = APIRouter(prefix="/api", include_in_schema=False)

LEAST_RATE = 64 << 10
"""Bytes a second that come of a state at least, on the average: no partial file is kept for ever."""
Name = Annotated[str, Query(pattern="^[0-9a-f]{16}$")]


class StateRefused(NoticeError):
    """A state that is not kept, or not given."""

    def __init__(self, status: HTTPStatus, code: str, **values: Value) -> None:
        super().__init__(notice(code, **values))
        self.status = status


@router.put("/runs/{run_id}/checkpoint", status_code=HTTPStatus.NO_CONTENT)
async def keep(run: NamedRun, server: Server, request: Request, name: Name | None = None) -> None:
    """Keep the state of a run: for itself, or under the name that it was asked for by.

    Of its own the last one that came whole is kept; the recording must have all frames that come before it.
    """
    token = bearer(request.headers)
    _refuse_strangers(run, token)
    _refuse_unwanted(run, name)
    folder = server.store.folder / CHECKPOINTS
    partial = folder / f"{run.id}-{secrets.token_hex(4)}{PARTIAL}"
    async with run.keeping:
        try:
            await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
            try:
                await _write(partial, request.stream(), run, server)
                server.quotas.release(await asyncio.to_thread(_take_place, run, token, partial, name))
            finally:
                server.quotas.release(await asyncio.to_thread(_remove, partial))
        except ClientDisconnect:  # nobody hears of it
            raise StateRefused(HTTPStatus.BAD_REQUEST, "refused.torn_state", error="connection lost") from None
        except OSError as error:
            said = error.strerror or type(error).__name__
            raise StateRefused(HTTPStatus.INSUFFICIENT_STORAGE, "event.state_not_kept", error=said) from error


@router.get("/runs/{run_id}/checkpoint", response_class=FileResponse)
async def fetch(run: NamedRun, request: Request) -> FileResponse:
    """Return the state that a run goes on from."""
    _refuse_strangers(run, bearer(request.headers))
    if not await asyncio.to_thread(run.checkpoint.is_file):
        raise StateRefused(HTTPStatus.NOT_FOUND, "refused.no_state", run=run.id)
    return FileResponse(run.checkpoint, media_type="application/octet-stream")


def _refuse_strangers(run: Run, token: str) -> None:
    if run.has_replaced(token):
        raise StateRefused(HTTPStatus.GONE, "refused.replaced", run=run.id)
    if not run.admits(token):
        raise StateRefused(HTTPStatus.FORBIDDEN, "refused.not_its_secret", run=run.id)


def _refuse_unwanted(run: Run, name: str | None) -> None:
    if name and name != run.awaited_state:
        raise StateRefused(HTTPStatus.CONFLICT, "refused.state_not_asked_for", run=run.id)
    if not name and not run.goes_on_again:
        raise StateRefused(HTTPStatus.CONFLICT, "refused.keeps_no_state", run=run.id)
    if run.state.ended:
        raise StateRefused(HTTPStatus.CONFLICT, "refused.state_too_new", run=run.id)


async def _write(path: Path, chunks: AsyncIterator[bytes], run: Run, server: Services) -> None:
    """Write what comes into a file that nobody else reads. Raises StateRefused, QuotaExceeded, OSError."""
    most, seconds = server.settings.run_gib, server.settings.request_seconds
    await server.quotas.check_room()
    left = await asyncio.to_thread(server.quotas.left_of_run, run.path)
    with await asyncio.to_thread(create_private, path) as file:
        size, clock = 0, asyncio.get_running_loop().time
        begun = clock()
        while True:
            try:
                async with asyncio.timeout_at(min(clock() + seconds, begun + seconds + size / LEAST_RATE)):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                raise StateRefused(HTTPStatus.REQUEST_TIMEOUT, "refused.late", seconds=seconds) from None
            if chunk is None:
                break
            size += len(chunk)
            if size > left:
                raise StateRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "refused.state_size", most=most)
            if run.state.ended:
                raise StateRefused(HTTPStatus.CONFLICT, "refused.state_too_new", run=run.id)
            await server.quotas.add(len(chunk))
            await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(file.flush)
        await asyncio.to_thread(os.fsync, file.fileno())


def _take_place(run: Run, token: str, partial: Path, name: str | None) -> int:
    """Put a state that has come in its place; return the length of the one that lay there. Raises StateRefused."""
    head = _checked(partial)
    path = partial.with_name(name) if name else run.checkpoint
    with run.states:  # what has ended meanwhile, or waits no more, has its states removed after this, or before
        _refuse_strangers(run, token)  # another worker may have gone on with the run meanwhile
        _refuse_unwanted(run, name)
        if not name and head.seq > run.seq:
            raise StateRefused(HTTPStatus.CONFLICT, "refused.state_too_new", run=run.id)
        before = path.stat().st_size if path.is_file() else 0
        partial.replace(path)
        return before


def _remove(path: Path) -> int:
    """Remove a file, if it is there; return its length."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return 0
    path.unlink(missing_ok=True)
    return size


def _checked(path: Path) -> StateHead:
    try:
        return read_head(path)
    except StateFileError as error:
        raise StateRefused(HTTPStatus.BAD_REQUEST, "refused.torn_state", error=str(error)) from error
