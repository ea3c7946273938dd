"""How a producer's connection ends: by itself, or with a reason; and what that means for its run."""

from __future__ import annotations

import asyncio
import contextlib

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError
from starlette.websockets import WebSocketState

from shiftscope.notices import Notice, as_notice, notice
from shiftscope.recording.documents import RecordingError
from shiftscope.server.admitting import HasEnded, ProtocolError
from shiftscope.server.problems import without_folder
from shiftscope.server.quotas import QuotaExceeded
from shiftscope.server.run_state import RunState
from shiftscope.server.runs import Run
from shiftscope.server.services import services
from shiftscope.server.socket_producer import DISPLACE_SECONDS, fitting
from shiftscope.server.visits import ended_with_link
from shiftscope.wire.messages import ENDED, TRY_AGAIN

SHUT_DOWN = 1012
"""Close code of a server that goes away."""
BROKEN = 1006
"""Close code of a connection that ended without one."""
LEFT = frozenset({1000, 1001})
"""Close codes of a producer that left of its own accord; by any other the connection broke (uvicorn says 1005 then)."""


async def _close_code(websocket: WebSocket, gone: WebSocketDisconnect) -> int:
    """Return why a connection is over: where sending found that out, what was received last says it."""
    if gone.code == BROKEN and websocket.client_state is WebSocketState.CONNECTED:
        with contextlib.suppress(RuntimeError, TimeoutError):
            async with asyncio.timeout(DISPLACE_SECONDS):
                while (message := await websocket.receive())["type"] != "websocket.disconnect":
                    pass
                return int(message.get("code", BROKEN))
    return gone.code


async def note_leaving(websocket: WebSocket, run: Run, gone: WebSocketDisconnect) -> None:
    """Take note that a producer left: of its own accord, with its link, or since the connection broke."""
    code = await _close_code(websocket, gone)
    if ended_with_link(websocket.scope):
        await interrupt(run, notice("end.link_changed"))
    elif code in LEFT:
        await interrupt(run, notice("end.script_left"))
    else:
        await run.lose(notice("absence.server_shut_down" if code == SHUT_DOWN else "absence.lost"))


async def interrupt(run: Run, reason: Notice) -> None:
    """End the run of a script; how a launched worker ended its supervisor says."""
    if not run.conducted and not run.state.ended:
        await run.move(RunState.INTERRUPTED, reason)


async def end_full(websocket: WebSocket, run: Run, error: QuotaExceeded) -> None:
    """End a run that may record no more: a script goes on in a file, a worker has none."""
    if run.conducted and not run.state.ended:
        await run.move(RunState.FAILED, error.notice)
    await refuse(websocket, HasEnded(error.notice) if run.conducted else ProtocolError(error.notice))
    await interrupt(run, notice("end.producer_refused", error=error.notice))


async def refuse(websocket: WebSocket, error: Exception) -> None:
    """Close a producer's socket with a reason, and a code that says whether it may come again."""
    code = 1008
    if isinstance(error, HasEnded):
        code = ENDED
    elif isinstance(error, RecordingError | OSError | QuotaExceeded):  # a full disk, say
        code = TRY_AGAIN
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        said = without_folder(words(error), services(websocket).settings.data)
        await websocket.close(code, fitting(said.text))


def words(error: Exception) -> Notice:
    """Return an error as a notice."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return Notice(text=f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    return as_notice(error)
