"""The list of runs: their losses, their names, and a name that tries to be more than text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import NAME, SHORT
from tests.browser.looking import asked, page_of_its_own, settle
from tests.conftest import LiveServer, serve
from tests.hostile.making import good
from tests.hostile.recordings import HOSTILE
from tests.waiting import eventually

pytestmark = pytest.mark.browser


def test_a_name_is_text_everywhere(charts: Page) -> None:
    expect(charts.locator("#run-name")).to_have_text(NAME)
    charts.click("#show-runs")
    expect(charts.locator("#runs .name").first).to_be_visible()
    assert charts.locator("img").count() == 0


def test_a_run_is_renamed_and_deleted(page: Page, server: LiveServer) -> None:
    run = server.start(config={**SHORT, "duration": {"kind": "steps", "steps": 3}}, name="to be renamed")["id"]
    server.wait(run, "finished")
    page.goto("/")
    answers = iter(["renamed", None])
    page.on("dialog", lambda dialog: dialog.accept(next(answers) or ""))
    page.click("#show-runs")
    item = page.locator("#runs li", has_text="to be renamed")
    item.get_by_role("button", name="Rename: ").click()
    item = page.locator("#runs li").filter(has=page.get_by_role("button", name="renamed", exact=True))
    expect(item).to_be_visible()
    eventually(lambda: server.run(run)["name"] == "renamed")
    item.get_by_role("button", name="Delete").click()
    eventually(lambda: run not in [one["id"] for one in server.client.get("/api/runs").json()])
    expect(item).to_have_count(0)


def test_on_a_cluster_the_list_says_what_is_free_where_a_run_is_and_what_one_waits_for(
    page: Page, server: LiveServer, finished: str
) -> None:
    """What a server with a cluster answers is put in the place of this one's; tests/cluster has a real cluster."""
    nodes = [{"name": name, "has": {"cpus": 2, "gpus": 0, "memory": 0}} for name in ("one", "two")]
    free = {"cpus": 1, "gpus": 0, "memory": 0}
    page.route(
        "**/api/cluster",
        lambda way: way.fulfill(json={"launcher": "ray", "nodes": nodes, "free": free, "trouble": None}),
    )
    placed = server.run(finished) | {"id": "placed", "name": "placed", "title": None, "node": "two"}
    said = {"message": "waits for 4 CPUs; 1 are free", "code": "wait.cpus", "values": {"asked": 4, "free": 1}}
    waiting = placed | {
        "id": "waits",
        "name": "waits",
        "state": "queued",
        "node": "",
        "preparing": said | {"fraction": None},
    }
    absent = {"code": "absence.place", "values": {}, "text": "it goes on when there is another place"}
    lost = placed | {"id": "lost", "name": "lost", "state": "running", "waiting": True, "place": 2, "absence": absent}
    page.route("**/api/runs?*", lambda way: way.fulfill(json=[placed, waiting, lost]))
    page.goto(f"/?run={finished}")
    page.click("#show-runs")
    expect(page.locator("#runs")).to_contain_text("Cluster: 1 of 4 CPUs free · nodes: one, two")
    expect(page.locator("#runs li", has_text="placed").locator(".about")).to_contain_text("on two")
    expect(page.locator("#runs li", has_text="waits").locator(".about")).to_contain_text("waits for 4 CPUs; 1 are free")
    row = page.locator("#runs li", has_text="lost")
    expect(row.locator(".pill")).to_have_text("waiting for a place")
    said = re.compile("number 2 in the queue.*it goes on when there is another place")
    expect(row.locator(".about")).to_contain_text(said)


def test_the_list_shows_each_runs_losses_while_they_fall(page: Page, server: LiveServer, finished: str) -> None:
    name = "to be watched in the list"
    moving = server.start(name=name, config={**SHORT, "pace": 20, "duration": {"kind": "steps", "steps": 5000}})["id"]
    page.goto(f"/?run={finished}")
    page.click("#show-runs")
    expect(page.locator("#runs li").filter(has_text=NAME).locator(".spark path")).to_have_count(2)
    row = page.locator("#runs li", has_text=name)
    curve = row.locator(".spark")
    expect(curve).to_have_attribute("aria-label", re.compile("without BN: loss from .*with BN: loss from"))
    row.get_by_role("button", name="Rename: ").focus()
    before = curve.get_attribute("aria-label") or ""
    expect(curve).not_to_have_attribute("aria-label", before)
    expect(row.get_by_role("button", name=f"Rename: {name}")).to_be_focused()
    assert page.locator("#runs .js-plotly-plot").count() == 0
    server.client.post(f"/api/runs/{moving}/stop")
    expect(row.locator(".pill")).to_have_text("stopped")
    # Found by its words, judged by its last loss, and chosen with another to be compared.
    expect(row.locator(".about")).to_contain_text(re.compile(r"last loss without BN [\d.]+, with BN [\d.]+"))
    page.get_by_label("Find").fill("watched stopped")
    expect(page.locator("#runs li")).to_have_count(1)
    page.get_by_label("Find").fill("no such words")
    expect(page.locator("#runs .none")).to_have_text("No run has all these words.")
    page.get_by_label("Find").fill("")
    page.get_by_label("Order").select_option("lowest last loss first")
    for chosen in (row, page.locator("#runs li").filter(has_text=NAME)):
        expect(page.get_by_role("button", name=re.compile("^Compare 2 runs"))).to_be_hidden()
        chosen.get_by_role("checkbox").check()
    page.get_by_role("button", name="Compare 2 runs").click()
    eventually(lambda: (asked(page, "run"), asked(page, "pair")) == (moving, finished))


def test_hostile_recordings_stand_in_the_list_and_good_ones_are_found_chosen_and_opened(
    browser: Browser, tmp_path: Path
) -> None:
    """Older runs come when they are asked for; those that are damaged say why."""
    data = tmp_path / "runs"
    data.mkdir()
    for name, make in HOSTILE.items():
        make(data / f"{name}.shiftscope")
    for name in ("good one", "good other"):
        good(data / f"{name}.shiftscope", version=1)
    (data / "copied.shiftscope").write_bytes((data / "good one.shiftscope").read_bytes())
    files = sum(path.is_file() for path in data.glob("*.shiftscope"))
    with serve(data) as server, page_of_its_own(browser, base_url=server.url) as page:
        eventually(lambda: len(server.client.get("/api/runs?limit=1000").json()) == files)
        page.goto("/")
        page.click("#show-runs")
        rows, more = page.locator("#runs li"), page.get_by_role("button", name="Show older runs")
        shown = 0
        while shown < files:
            expect(rows).not_to_have_count(shown)
            shown = rows.count()
            if shown < files:
                more.click()
        expect(more).to_be_hidden()
        listed = server.client.get("/api/runs?limit=1000").json()
        said = " ".join(rows.locator(".about").all_text_contents())
        assert [run["file"] for run in listed if run["damage"] and run["damage"]["text"] not in said] == []
        expect(rows.filter(has_text="a copy, in copied.shiftscope")).to_have_count(1)
        page.locator(".run-filter select").select_option("lowest last loss first")
        page.locator(".run-filter input").fill("good finished")
        expect(rows).to_have_count(3)
        for row in (rows.filter(has_text="good one").first, rows.filter(has_text="good other")):
            row.get_by_role("checkbox").check()
        expect(page.get_by_role("button", name="Compare 2 runs")).to_be_visible()
        rows.filter(has_text="good other").locator("button.name").click()
        expect(page.locator("#run-name")).to_contain_text("good other")
        settle(page)


def test_a_search_looks_through_all_runs_and_the_list_stays_as_long_as_it_was(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "runs"
    data.mkdir()
    for number in range(60):
        good(data / f"number {number:02}.shiftscope", version=1)
    with serve(data) as server, page_of_its_own(browser, base_url=server.url) as page:
        eventually(lambda: len(server.client.get("/api/runs?limit=1000").json()) == 60)
        names = {f"run of number {number:02}" for number in range(60)}
        page.goto("/")
        page.click("#show-runs")
        rows, more = page.locator("#runs li"), page.get_by_role("button", name="Show older runs")
        expect(rows).to_have_count(50)
        lacking = min(names - set(rows.locator("button.name").all_text_contents()))
        find = page.locator(".run-filter input")
        find.fill(lacking)
        expect(rows).to_have_count(1)
        expect(rows.locator("button.name")).to_have_text(lacking)
        find.fill("")
        expect(rows).to_have_count(50)
        more.click()
        expect(rows).to_have_count(60)
        page.reload()
        page.click("#show-runs")
        expect(rows).to_have_count(60)
