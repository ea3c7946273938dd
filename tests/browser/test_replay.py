"""What a notebook holds of a recording plays by itself: no server, nothing fetched."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, expect
from torch import nn

import shiftscope
from shiftscope.integrations.replay import BINS, Replay, reduced
from shiftscope.recording.reader import open_recording
from tests.browser.looking import page_of_its_own


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of five steps whose second layer comes at the third one."""
    path = tmp_path_factory.mktemp("replay") / "a <run>.shiftscope"
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with shiftscope.watch({"mine & own": net}, to=path, optimizer=optimizer, schedule=1, probes="essential"):
        for step in range(5):
            if step == 2:
                net.append(nn.Linear(4, 3))
            optimizer.zero_grad()
            net(torch.randn(64, 4)).square().sum().backward()
            optimizer.step()
    return path


def test_heights_are_those_of_the_recorded_histograms(recording: Path) -> None:
    with open_recording(recording) as opened:
        found = reduced(opened)
        assert found is not None
        steps = opened.steps("layers").tolist()
        assert found["steps"] == steps
        assert [layer["name"] for layer in found["layers"]] == ["0", "2"]
        heights = np.frombuffer(base64.b64decode(found["heights"]), np.uint8).reshape(len(steps), 2, BINS)
        for row, (layer, site) in enumerate((("0", "pre_activation"), ("2", "output"))):
            there = opened.steps_of("layers", "histogram", layer=layer, site=site).tolist()
            assert [step for step in steps if heights[steps.index(step), row].any()] == there
            fractions = opened.values("layers", "histogram", layer=layer, site=site)[-1]
            edges = opened.values("layers", "histogram_range", layer=layer, site=site)[-1]
            centres = np.linspace(*edges, len(fractions) + 1)[:-1] + (edges[1] - edges[0]) / len(fractions) / 2
            axis = found["layers"][row]
            places = axis["from"] + (np.arange(BINS) + 0.5) * (axis["to"] - axis["from"]) / BINS
            drawn = heights[-1, row] / heights[-1, row].sum()
            inside = (centres >= axis["from"]) & (centres <= axis["to"])
            expected = (centres * fractions)[inside].sum() / fractions[inside].sum()
            assert abs((places * drawn).sum() - expected) < 2 * (axis["to"] - axis["from"]) / BINS


@pytest.mark.parametrize("late", ["histogram", "histogram_range"])
def test_a_frame_that_comes_between_two_reads_is_left_out(
    recording: Path, late: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_recording(recording) as opened:
        values = opened.values

        def shorter(stream: str, quantity: str, **where: str) -> np.ndarray:
            found = values(stream, quantity, **where)
            return found if quantity == late else found[:-1]

        monkeypatch.setattr(opened, "values", shorter)
        found = reduced(opened)
        assert found is not None
        assert found["steps"] == opened.steps("layers").tolist()[:-1]


def test_a_layer_whose_pre_activations_are_not_finite_shows_its_output(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_recording(recording) as opened:
        values = opened.values

        def diverged(stream: str, quantity: str, **where: str) -> np.ndarray:
            found = values(stream, quantity, **where)
            return np.full_like(found, np.nan) if where["site"] == "pre_activation" else found

        monkeypatch.setattr(opened, "values", diverged)
        found = reduced(opened)
        assert found is not None
        assert [layer["name"] for layer in found["layers"]] == ["0", "2"]


def test_what_a_notebook_holds_plays_without_a_server(browser: Browser, recording: Path) -> None:
    """In a page that no server's policy holds for."""
    with page_of_its_own(browser) as page:
        fetched: list[str] = []
        page.on("request", lambda request: fetched.append(request.url))
        page.set_content(f"<body>{Replay(recording)._repr_html_()}</body>")
        inside = page.frame_locator("iframe")
        step, play = inside.locator("#step"), inside.locator("#play")
        expect(step).to_have_text("step 4")
        expect(inside.locator("svg")).to_contain_text("mine & own")
        assert len(inside.locator("path").nth(0).get_attribute("d") or "") > BINS
        inside.locator("#at").fill("0")
        expect(step).to_have_text("step 0")
        expect(inside.locator("path").nth(1)).to_have_attribute("d", "")
        inside.locator("#at").fill("3")
        expect(step).to_have_text("step 3")
        play.click()
        expect(step).to_have_text("step 4")
        assert [url for url in fetched if not url.startswith(("about:", "data:"))] == []


def test_a_scope_that_records_to_a_file_plays_what_is_there(recording: Path, tmp_path: Path) -> None:
    assert "There is nothing to show yet" in Replay(tmp_path / "none.shiftscope")._repr_html_()
    scope = shiftscope.watch(nn.Linear(4, 2), to=tmp_path / "run.shiftscope")
    assert str(tmp_path / "run.shiftscope") in scope._repr_html_()
    scope.close()
    assert "srcdoc=" in Replay(recording)._repr_html_()
