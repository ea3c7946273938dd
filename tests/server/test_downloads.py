"""Downloads: copies are few at a time and gone once they were sent; a file that is sent itself is sent as it was."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.types import Message

from shiftscope.server.downloads import Downloads
from shiftscope.server.quotas import QuotaExceeded
from tests.alone import run_alone
from tests.conftest import LiveServer
from tests.producer import Producer


def test_so_many_downloads_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.shiftscope"
    path.write_bytes(b"damaged")

    copies: list[Path] = []

    async def asked() -> None:
        downloads = Downloads(copies=1, seconds=0.05)
        sent = b""

        async def leaves() -> Message:
            return {"type": "http.disconnect"}

        async def stays() -> Message:
            return await asyncio.Future()

        async def send(message: Message) -> None:
            nonlocal sent
            sent += message.get("body", b"")

        for receive in (leaves, stays):
            first = await downloads.of(path)
            with pytest.raises(QuotaExceeded):
                await downloads.of(path)
            await first({"type": "http", "method": "GET", "headers": []}, receive, send)
            copies.append(Path(first.path))
        assert sent == b"damaged"
        with pytest.raises(FileNotFoundError):
            await downloads.of(tmp_path / "none")
        await downloads.of(path)
        downloads.close()

    run_alone(asked())
    assert not any(copy.exists() for copy in copies)


def test_a_file_that_changes_meanwhile_is_sent_no_further(tmp_path: Path) -> None:
    path = tmp_path / "a.shiftscope"
    path.write_bytes(b"x" * 200_000)

    async def asked(change: Callable[[], object]) -> int:
        downloads, sent = Downloads(copies=0), 0

        async def stays() -> Message:
            return await asyncio.Future()

        async def send(message: Message) -> None:
            nonlocal sent
            sent += len(message.get("body", b""))
            if sent:
                change()

        answer = await downloads.of(path, settled=True)
        await answer({"type": "http", "method": "GET", "headers": []}, stays, send)
        downloads.close()
        return sent

    assert run_alone(asked(lambda: None)) == 200_000
    assert run_alone(asked(lambda: path.unlink(missing_ok=True))) == 200_000  # what is open is whole
    path.write_bytes(b"x" * 200_000)
    assert run_alone(asked(lambda: path.write_bytes(b"y"))) == 65_536


def test_a_part_that_a_recording_does_not_have_is_refused_in_a_sentence(server: LiveServer) -> None:
    with Producer(server.url) as producer:
        producer.begin()
        going_on = server.client.get(f"/api/runs/{producer.run}/recording", headers={"Range": f"bytes={10**17}-"})
        producer.end()
    address = f"/api/runs/{producer.run}/recording"
    ended = server.client.get(address, headers={"Range": "bytes=99999999-"})
    for refused in (going_on, ended):
        assert (refused.status_code, refused.json()["code"]) == (416, "refused.range")
        assert refused.headers["content-range"] == f"bytes */{refused.json()['values']['size']}"
    first = server.client.get(address, headers={"Range": "bytes=0-14"})
    assert (first.status_code, first.content) == (206, b"SQLite format 3")


@pytest.mark.parametrize("settled", [True, False])
def test_a_file_whose_name_is_no_text_is_sent_under_one_that_is(tmp_path: Path, settled: bool) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bytes \xff.shiftscope"))
    path.write_bytes(b"damaged")

    async def asked() -> str:
        downloads = Downloads()
        answer = await downloads.of(path, settled=settled)
        downloads.close()
        return answer.headers["content-disposition"]

    assert run_alone(asked()) == "attachment; filename*=utf-8''bytes%20%3F.shiftscope"
