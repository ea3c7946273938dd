"""Sends what lies in files: what a server has not got while a training went on, and recordings of any kind."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from shiftscope.notices import NoticeError
from shiftscope.recording.documents import SUFFIX, Destination, RecordingError
from shiftscope.recording.reader import open_recording
from shiftscope.sinks.address import usual_address
from shiftscope.sinks.backlog import Backlog
from shiftscope.sinks.base import SinkError
from shiftscope.sinks.link import Link, Refused
from shiftscope.sinks.spool import Spool, remove, spool_folders
from shiftscope.sinks.uplink import Deadlines, Uplink
from shiftscope.wire.messages import ENDED, Hello

logger = logging.getLogger(__name__)

STILL_SECONDS = 10.0
"""How long a server may keep nothing of what it is sent."""
RETRIES = (0.0, 5.0, 30.0, 120.0)
"""Seconds before each attempt of a server to send itself what lies in its spool."""


def sync(
    path: Path, url: str = "", *, token: str = "", deadlines: Deadlines | None = None, still: float = STILL_SECONDS
) -> str:
    """Send a file to a server, and return the id of the run there.

    A spool file goes to the run that it belongs to, and is removed when all of it is there; any other recording becomes
    a new run, and stays.

    Args:
        path: of the file.
        url: of the server; by default that of the spool, or for a recording that of SHIFTSCOPE_URL or of this machine.
        token: of a shared server's control link, which a new run needs.
        deadlines: for the server.
        still: seconds for which the server may keep nothing, until this is given up.

    Raises:
        FileNotFoundError: there is no such file.
        RecordingError: it is no recording, or the training whose spool it is goes on.
        SinkError: no server answers, or it refuses; the file stays.
    """
    spool = Spool.open(path)
    try:
        run = _send(spool, url, token, deadlines or Deadlines(), still)
    except BaseException:
        spool.close()
        raise
    spool.discard()
    return run


def sync_of_worker(path: Path, url: str = "", deadlines: Deadlines | None = None) -> None:
    """Send a spool file of a worker's; remove it where its run has ended, or goes on with another worker.

    Nobody will ever take it then: what it holds has been measured again, or is not wanted. Raises as `sync` does.
    """
    try:
        sync(path, url, deadlines=deadlines)
    except Refused as error:
        if error.code != ENDED:
            raise
        logger.info("%s is removed: %s", path, error)
        remove(path)


def _send(spool: Spool, url: str, token: str, deadlines: Deadlines, still: float) -> str:
    known = spool.destination
    usual, own = usual_address()
    address, token = url or (known.url if known else usual), token or own
    hello = Hello(run=known.run, token=known.token) if known else Hello(name=spool.name[:200])
    link, welcome = Link.dial(address, hello, deadlines.dial, "" if known else token)
    uplink = Uplink(address, Hello(run=welcome.run, token=welcome.token), Backlog.of(spool), deadlines)
    uplink.welcome(link, welcome)
    try:
        _send_all(uplink, spool.path, still)
    finally:
        uplink.leave()
    return welcome.run


def _send_all(uplink: Uplink, path: Path, still: float) -> None:
    """Send the backlog; return when the server has all of it. Raises SinkError."""
    backlog = uplink.backlog
    kept, since = uplink.kept, time.monotonic()
    while not uplink.ended and (backlog.end is not None or backlog.waiting):
        uplink.turn()
        if uplink.kept != kept:
            kept, since = uplink.kept, time.monotonic()
        if uplink.refusal:
            raise SinkError(f"{path} was refused: {uplink.refusal}")
        if time.monotonic() - since > still:
            raise SinkError(f"{path} could not be sent: {uplink.trouble or 'the server does not answer'}")


def waiting_spools(folders: Sequence[Path] = ()) -> list[tuple[Path, Destination]]:
    """Return the spool files that lie in the folders, and where each belongs."""
    found = []
    for folder in folders or spool_folders():
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                with open_recording(path) as recording:
                    destination = recording.destination
            except (RecordingError, OSError, ValueError):
                continue
            if destination is not None:
                found.append((path, destination))
    return found


def send_spools(url: str, folders: Sequence[Path] = ()) -> list[str]:
    """Send the spool files for a server that nobody holds, and return what became of each that could not be sent."""
    faults = []
    for path, destination in waiting_spools(folders):
        if destination.url.rstrip("/") == url.rstrip("/"):
            try:
                sync(path, url)
            except (NoticeError, OSError) as error:
                faults.append(str(error))
    return faults


def send_spools_of(url: str, data: Path, folder: Path) -> None:
    """Send the spool files in a folder whose runs lie among a server's data to that server, under whatever address.

    A server that has just started has much to do: what it does not get at once is tried again a few times.
    """
    for wait in RETRIES:
        time.sleep(wait)
        faults = []
        for path, destination in waiting_spools([folder]):
            if (source := _source(data / f"{destination.run}{SUFFIX}")) is not None:
                send = sync_of_worker if source == "worker" else sync
                try:
                    send(path, url, deadlines=Deadlines(dial=60))
                except (NoticeError, OSError) as error:
                    faults.append(str(error))
                except Exception:  # one file that is strange keeps no other from being sent
                    logger.exception("%s cannot be sent", path)
        if not faults:
            return
        logger.warning("not sent yet: %s", "; ".join(faults))


def _source(path: Path) -> str | None:
    """Return what trained the run of a recording; "" where that cannot be read, None where there is none."""
    try:
        with open_recording(path) as recording:
            return recording.info.source
    except FileNotFoundError:
        return None
    except (RecordingError, OSError):
        return ""


def send_spools_later(url: str) -> None:
    """Send what earlier trainings could not send to a server, in a thread of its own, if there is any."""
    if any(any(folder.glob(f"*{SUFFIX}")) for folder in spool_folders()):
        threading.Thread(target=send_spools, args=(url,), name="shiftscope-sync", daemon=True).start()
