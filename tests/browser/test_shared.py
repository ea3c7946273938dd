"""A shared server in a browser: what each link offers, and who may show the page in a frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from shiftscope.config import RunConfig
from shiftscope.recording.documents import Event, RunInfo, StartedBy
from shiftscope.recording.writer import RecordingWriter
from shiftscope.server.links import LinkFile, Links
from shiftscope.wire.frames import Frame, LayoutBuilder, RunHeader, encode
from tests.browser.looking import page_of_its_own, settle
from tests.conftest import LiveServer, serve
from tests.narration.stories import recorded, waking
from tests.producer import Producer, frame
from tests.waiting import eventually

pytestmark = pytest.mark.browser


@dataclass
class Shared:
    server: LiveServer
    links: Links
    run: str

    @contextmanager
    def visit(self, browser: Browser, token: str) -> Iterator[Page]:
        """Open a link in a browser of its own."""
        with page_of_its_own(browser, base_url=self.server.url, locale="en-US") as page:
            page.goto(f"/?token={token}")
            yield page


class Framing(BaseHTTPRequestHandler):
    """A page of somebody's own that shows an address in a frame."""

    framed = ""

    def do_GET(self) -> None:
        page = f'<!doctype html><title>mine</title><iframe src="{self.framed}" width="900" height="600"></iframe>'
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def another_site() -> Iterator[tuple[str, type[Framing]]]:
    """Serve a page of another origin; yields its address and what is framed there."""
    handler = type("Here", (Framing,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}", handler
        http.shutdown()


@pytest.fixture(scope="module")
def mine() -> Iterator[tuple[str, type[Framing]]]:
    with another_site() as site:
        yield site


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, mine: tuple[str, type[Framing]]) -> Iterator[Shared]:
    data = tmp_path_factory.mktemp("shared") / "runs"
    data.mkdir()
    recorded(data / "told.shiftscope", waking())
    with serve(data, "--share", "--embed-origins", mine[0]) as server:
        links = LinkFile(data).current()
        server.client.headers["authorization"] = f"Bearer {links.control}"
        yield Shared(server, links, server.client.get("/api/runs").json()[0]["id"])


def test_each_link_offers_what_it_lets_one_do(browser: Browser, shared: Shared) -> None:
    bearer = {"authorization": f"Bearer {shared.links.control}"}
    with Producer(shared.server.url, headers=bearer) as producer:
        producer.begin(100)
        producer.socket.send(frame(1, 100))
        producer.wait_for_acknowledgement(1)
        for token, changes in ((shared.links.view, False), (shared.links.control, True)):
            with shared.visit(browser, token) as page:
                assert token not in page.url
                expect(page.locator("#new-run")).to_be_visible(visible=changes)
                expect(page.locator("#start")).to_be_visible(visible=changes)
                expect(page.get_by_text("Your link lets you look")).to_be_visible(visible=not changes)
                page.goto(f"/?run={producer.run}")
                expect(page.locator("#progress-step")).to_be_visible()
                expect(page.locator("#transport")).to_be_visible(visible=changes)
                expect(page.locator("#pace")).to_be_hidden()  # a script keeps its own
                page.locator("#show-runs").click()
                row = page.locator("#runs li").first
                expect(row.get_by_role("button", name="Recording")).to_be_visible()
                expect(row.get_by_role("button", name="Delete")).to_be_visible(visible=changes)
                expect(row.get_by_role("button", name="Rename")).to_be_visible(visible=changes)
                assert page.evaluate("document.cookie") == ""


def test_a_page_of_ones_own_shows_a_run_and_a_strangers_does_not(
    browser: Browser, shared: Shared, mine: tuple[str, type[Framing]]
) -> None:
    address = f"{shared.server.url}/?run={shared.run}&embed"
    with another_site() as (theirs, framed), shared.visit(browser, shared.links.view) as page:
        mine[1].framed = framed.framed = address
        page.goto(mine[0])
        inside = page.frame_locator("iframe")
        expect(inside.locator("#chart-grid .card").first).to_be_visible()
        expect(inside.locator("#bar")).to_be_hidden()
        settle(page.frames[1])
        page.goto(theirs)
        eventually(lambda: [one.url for one in page.frames][1:] == ["chrome-error://chromewebdata/"])


def of_a_class(path: Path, browser: str, rate: float, accuracy: float, created: float) -> None:
    """Record a run of somebody in a class."""
    config = RunConfig.model_validate({"optimizer": {"kind": "adam", "learning_rate": rate}})
    by = StartedBy(browser=browser, group="Monday")
    info = RunInfo(id=path.stem, name=path.stem, source="worker", created=created, config=config, started_by=by)
    steps, evaluation = LayoutBuilder(0, "steps"), LayoutBuilder(1, "evaluation")
    steps.add("loss", unit="nat", network="with BN")
    evaluation.add("test_accuracy", unit="1", network="with BN")
    layouts = [steps.build().model_dump(), evaluation.build().model_dump()]
    network = {"name": "with BN", "layers": []}
    writer = RecordingWriter.create(path, info)
    writer.begin(RunHeader.model_validate({"networks": [network], "layouts": layouts, "total_steps": 2}))
    rows = [(0, 2.0), (1, accuracy / 2), (0, 0.25), (1, accuracy)]
    frames = [encode(of, at + 1, at // 2, 1.0, np.float32([value])) for at, (of, value) in enumerate(rows)]
    writer.append([Frame.parse(data) for data in frames])
    writer.log(Event(time=2.0, step=1, kind="state", value="finished"))
    writer.close()


def test_a_class_is_a_table_and_a_page_says_when_its_link_was_changed(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "runs"
    data.mkdir()
    of_a_class(data / "first.shiftscope", "a" * 16, 0.001, 0.5, created=1.0)
    of_a_class(data / "second.shiftscope", "b" * 16, 0.02, 0.875, created=100.0)
    for at in range(60):  # so that the first is on no page of the list that is loaded
        writer = RecordingWriter.create(
            data / f"nobodys-{at}.shiftscope",
            RunInfo(id=f"nobodys-{at}", name=f"nobody's {at}", source="script", created=2.0 + at),
        )
        writer.log(Event(time=2.0, step=0, kind="state", value="finished"))
        writer.close()
    with serve(data, "--share", "--students", "Monday") as server:
        links = LinkFile(data).current()
        with Shared(server, links, "").visit(browser, links.view) as page:
            page.click("#show-runs")
            results = page.get_by_role("region", name="Results of Monday")
            expect(page.locator("#runs li")).to_have_count(50)
            expect(results).to_be_hidden()
            page.locator(".group-choice select").select_option("Monday")
            rows = results.locator("tbody tr")
            expect(rows.nth(0)).to_contain_text(
                re.compile("browser 1.*first.*learning rate 0.001.*finished", re.DOTALL)
            )
            expect(rows.nth(1)).to_contain_text(re.compile("with BN 0.250.*with BN 87.5 %", re.DOTALL))
            LinkFile(data).rotate()
            expect(page.locator("#notices")).to_contain_text("The link was changed: ask for the new one.")
            rows.nth(1).get_by_role("button", name="second").click()
            expect(page.locator("#runs")).to_be_hidden()
