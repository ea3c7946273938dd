"""What watching a real training must not change, and what it must have recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

import shiftscope
from shiftscope.recording.reader import Recording
from shiftscope.wire.frames import LayerInfo
from tests.probes import brute
from tests.real.trail import (
    LINEAR,
    NORMALIZATIONS,
    Trail,
    Training,
    appearance,
    bare,
    check_same,
    follow,
    hooked,
    joined,
)

Sites = Mapping[tuple[str, str], tuple[str, int]]
"""By layer and site: the module whose input (0) or output (1) it is."""


def check_unchanged(training: Training, folder: Path, *, optimizer: bool = True, **options: Any) -> tuple[Path, Trail]:
    """Check that a watched training is the bare one; return the recording's path and what the training left behind."""
    expected, plain = bare(training)
    path = folder / "run.shiftscope"
    scopes = []

    def look(model: Any, **given: Any) -> object:
        options_given = given if optimizer else {key: value for key, value in given.items() if key != "optimizer"}
        scopes.append(shiftscope.watch(model, to=path, **options_given, **options))
        return scopes[-1]

    def watched(_: object, trail: Trail) -> nn.Module:
        model = training(look, trail)
        for scope in scopes:
            scope.close()
        return model

    found, model = follow(watched, look)
    check_same(expected, found)
    assert appearance(model) == appearance(plain)
    return path, found


def check_default(training: Training, folder: Path, **options: Any) -> None:
    """Check a training watched with the line alone: its steps are recorded, and nothing else happened."""
    path, trail = check_unchanged(training, folder, **options)
    with shiftscope.open_recording(path) as recording:
        assert recording.steps("layers").tolist() == list(range(trail.steps)), "a short run is recorded at every step"
        check_nothing_failed(recording)


def check_everything(
    training: Training, folder: Path, sites: Sites | None = None, layers: Sequence[str] | None = None, **options: Any
) -> None:
    """Check a training watched with everything at every step: unchanged, and its numbers those of a brute force.

    Checked are the layers' names, these sites, and of layers that are a core and nothing else, or have a
    normalization, the output of the core.
    """
    path, trail = check_unchanged(training, folder, schedule=shiftscope.every(1), probes="full", **options)
    passed, model = hooked(training)
    with shiftscope.open_recording(path) as recording:
        assert recording.steps("layers").tolist() == list(range(trail.steps))
        assert recording.steps("steps").tolist() == list(range(trail.steps))
        check_nothing_failed(recording)
        if layers is not None:
            assert [layer.name for layer in recording.header.networks[0].layers] == list(layers)
        check_gradients(recording, model, trail)
        check_sites(recording, model, passed, sites or {})


def modules_among(layers: Iterable[LayerInfo]) -> list[LayerInfo]:
    """Return the layers that are modules: all but residual sums."""
    return [layer for layer in layers if not layer.label.startswith("Sum ")]


def check_nothing_failed(recording: Recording) -> None:
    """Check that the run ended well and that no probe was switched off."""
    told = [(event.kind, str(event.message or event.value)) for event in recording.journal()]
    assert [one for one in told if one[0] in ("note", "diverged", "failed")] == []
    assert ("state", "finished") in [(event.kind, event.value) for event in recording.journal()]


def cores(model: nn.Module, layers: Sequence[str]) -> dict[str, str]:
    """Return by layer the module that it is named after, or the first linear map of the sequence it is named after."""
    found = {}
    for name in layers:
        inside = [own for own, child in model.get_submodule(name).named_children() if isinstance(child, LINEAR)]
        sequence = isinstance(model.get_submodule(name), nn.Sequential)
        assert not sequence or len(inside) == 1, f"{name} has the linear maps {inside}"
        found[name] = f"{name}.{inside[0]}" if sequence else name
    return found


def check_gradients(recording: Recording, model: nn.Module, trail: Trail) -> None:
    """Check the norm of the gradient by each parameter of what the layers are named after."""
    header = recording.header
    assert header is not None
    (network,) = header.networks
    assert network.layers
    names = {id(p): name for name, p in model.named_parameters()}
    for layer, core in cores(model, [layer.name for layer in modules_among(network.layers)]).items():
        module = model.get_submodule(core)
        norm = isinstance(module, NORMALIZATIONS) or "Norm" in type(module).__name__
        for own, parameter in module.named_parameters():
            site = {"weight": "gamma", "bias": "beta"}.get(own, own) if norm else own
            where = {"network": network.name, "layer": layer, "site": site}
            found = recording.values("layers", "gradient_norm", **where)
            ran = recording.steps_of("layers", "gradient_norm", **where).tolist()
            name = names[id(parameter)]
            assert not any(name in step for at, step in enumerate(trail.gradients) if at not in ran), f"{layer} ran"
            expected = [trail.gradients[step].get(name, 0.0) for step in ran]
            np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-12, err_msg=f"{layer} {site}")


def check_sites(recording: Recording, model: nn.Module, passed: Trail, sites: Sites) -> None:
    """Check mean, variance, minimum and maximum of what passed."""
    header = recording.header
    assert header is not None
    (network,) = header.networks
    chosen = dict(sites)
    layers = modules_among(network.layers)
    core_of = cores(model, [layer.name for layer in layers])
    for layer in layers:
        alone = isinstance(model.get_submodule(layer.name), NORMALIZATIONS)
        if layer.normalization and not alone:
            chosen.setdefault((layer.name, "linear_output"), (core_of[layer.name], 1))
        elif not layer.activation:
            chosen.setdefault((layer.name, "output"), (core_of[layer.name], 1))
    recorded = {(entry.layer, entry.site) for entry in recording.layouts["layers"].entries if entry.quantity == "mean"}
    checked = 0
    for (layer_name, site), module in chosen.items():
        if (layer_name, site) not in recorded and (layer_name, site) not in sites:
            continue  # an activation in front of the normalization: there is no such site
        check_site(recording, passed, (network.name, layer_name, site), module)
        checked += 1
    assert checked, "nothing was checked"


def check_site(recording: Recording, passed: Trail, place: tuple[str, str, str], module: tuple[str, int]) -> None:
    """Check one site against what passed a module."""
    network, layer, site = place
    name, end = module
    found = np.array(
        [
            recording.values("layers", quantity, network=network, layer=layer, site=site)
            for quantity in ("mean", "variance", "minimum", "maximum")
        ]
    ).T
    ran = recording.steps_of("layers", "mean", network=network, layer=layer, site=site).tolist()
    assert ran == [step for step, calls in enumerate(passed.calls) if name in calls], f"{place}: when it ran"
    for step, row in zip(ran, found, strict=True):
        calls = passed.calls[step]
        values = joined([call[end] for call in calls[name]])
        mean, variance, std, low, high = brute.moments(values)
        np.testing.assert_allclose(
            row, [mean, variance, low, high], rtol=2e-5, atol=2e-5 * std, err_msg=f"{place} at step {step}"
        )
