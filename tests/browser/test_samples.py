"""One sample, followed through both networks."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from shiftscope.recording.reader import open_recording
from shiftscope.wire.frames import find_entry
from tests.browser.looking import settle
from tests.conftest import LiveServer

TRACE = """([view, start]) => document.querySelector(`[data-view="${view}"] .chart > div`).data
    .filter((one) => one.uid.startsWith(start)).map((one) => [one.uid, Array.from(one.x), one.hovertemplate])"""


def test_a_sample_is_seen_at_every_layer_and_under_the_microscope(
    charts: Page, finished: str, server: LiveServer
) -> None:
    strip = charts.locator("#samples .strip button")
    expect(strip).to_have_count(16)
    assert charts.evaluate(TRACE, ["ridges", "pin"]) == []
    strip.nth(4).click()
    expect(strip.nth(4)).to_have_attribute("aria-pressed", "true")
    expect(charts).to_have_url(re.compile("sample=4"))
    settle(charts)
    pins = charts.evaluate(TRACE, ["ridges", "pin"])
    assert len(pins) == 2 * 4
    charts.goto(f"/?run={finished}&sample=4&scale=value&layer=hidden+2&network=with+BN")
    settle(charts)
    with open_recording(server.data / f"{finished}.shiftscope") as recording:
        assert recording.header is not None
        (layout,) = [one for one in recording.header.layouts if one.name == "followed"]
        last = [frame for frame in recording.read() if frame.stream == layout.stream][-1]
        (event,) = [one for one in recording.journal() if one.kind == "samples"]

    def recorded(network: str, layer: str, site: str, unit: int = 0) -> float:
        entry = find_entry(layout, "followed", network=network, layer=layer, site=site)
        return float(last.row[entry.offset : entry.offset + entry.size].reshape(entry.shape)[4, unit])

    assert isinstance(event.value, dict)
    label = event.value["labels"][4]  # type: ignore[call-overload, index]
    found = {uid: x[0] for uid, x, _ in charts.evaluate(TRACE, ["ridges", "pin"])}
    for column, network in enumerate(("without BN", "with BN")):
        for row in range(3):
            expected = recorded(network, f"hidden {row + 1}", "pre_activation")
            assert abs(found[f"pin-{column}-{row}"] - expected) < 1e-5
        assert abs(found[f"pin-{column}-3"] - recorded(network, "output", "output", int(label))) < 1e-5
    charts.locator('[data-view="microscope"]').scroll_into_view_if_needed()
    settle(charts)
    ((_, way, _),) = charts.evaluate(TRACE, ["microscope", "sample"])
    assert abs(way[0] - recorded("with BN", "hidden 2", "linear_output")) < 1e-5
    assert abs(way[-1] - recorded("with BN", "hidden 2", "output")) < 1e-5
    expect(charts.locator("#samples .said")).to_contain_text(re.compile(r"without BN: \d \(\d+ %\) · with BN: \d"))
    drawn = charts.locator('[data-view="microscope"] .way')
    expect(drawn.locator("canvas")).to_be_visible()
    for row in range(3):
        value = float(drawn.locator(".step b").nth(row).inner_text().replace("\u2212", "-"))
        assert abs(value - recorded("with BN", f"hidden {row + 1}", "output")) <= 0.006 * abs(value) + 1e-3
    expect(drawn.locator(".focused")).to_contain_text("hidden 2, unit 0")
    logits = [recorded("with BN", "output", "output", unit) for unit in range(10)]
    expect(drawn).to_contain_text(f"with BN: {logits.index(max(logits))} (")
    expect(drawn.get_by_role("img")).to_have_attribute("aria-label", re.compile("logits by class: 0: .*, 9: "))
    charts.locator("#samples .strip button").nth(4).click()
    expect(charts.locator("#samples .said")).to_contain_text("Choose an image")
    # To press the button it was scrolled to, and a chart that is not seen is not drawn.
    charts.locator('[data-view="microscope"]').scroll_into_view_if_needed()
    expect(drawn).to_be_hidden()
