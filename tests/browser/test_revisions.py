"""A layer that appears while its run goes on is drawn from then on, without loading anything anew."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Page, expect

from shiftscope.wire.frames import REVISION, LayoutBuilder, encode
from tests.browser.looking import settle
from tests.conftest import LiveServer
from tests.producer import Producer


def layout(*layers: str, revision: int = 0) -> dict[str, Any]:
    builder = LayoutBuilder(1, "layers")
    for layer in layers:
        builder.add("gradient_norm", unit="1", network="mine", layer=layer)
    return builder.build().model_dump(mode="json") | {"revision": revision}


def network(*layers: str) -> dict[str, Any]:
    return {"name": "mine", "layers": [{"name": name, "features": 1} for name in layers]}


def frames(first: int, revision: int, *values: float) -> bytes:
    row = np.array(values, np.float32)
    return b"".join(encode(1 + REVISION * revision, seq, seq, 1.0, row) for seq in range(first, first + 5))


def test_a_layer_that_appears_is_drawn_from_then_on(page: Page, server: LiveServer) -> None:
    drawn = page.locator('[data-view="gradients"]')
    with Producer(server.url) as producer:
        header = {"networks": [network("stem", "head")], "layouts": [layout("stem", "head")], "total_steps": None}
        producer.say(type="begin", header=header)
        producer.socket.send(frames(1, 0, 1, 2))
        producer.wait_for_acknowledgement(5)
        page.goto(f"/?run={producer.run}")
        settle(page)
        expect(drawn).to_contain_text("stem")
        expect(drawn).not_to_contain_text("branch")
        value = {
            "layouts": [layout("stem", "branch", "head", revision=1)],
            "networks": [network("stem", "branch", "head")],
        }
        producer.say(type="event", kind="layouts", step=5, value=value)
        producer.socket.send(frames(6, 1, 1, 5, 2))
        expect(drawn).to_contain_text("branch")
        producer.end()
    settle(page)
    expect(drawn).to_contain_text("branch")
