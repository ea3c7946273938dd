"""One thing to change for the next run of each experiment, as the form is filled in with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shiftscope.config import RunConfig

Change = Callable[[dict[str, Any]], None]
"""Changes a dumped config in place."""


def _set(path: str, value: object) -> Change:
    """Put a value at a dotted path."""

    def change(config: dict[str, Any]) -> None:
        *parents, name = path.split(".")
        for parent in parents:
            config = config[parent]
        config[name] = value

    return change


def _multiply(path: str, factor: float) -> Change:
    """Multiply the number at a dotted path."""

    def change(config: dict[str, Any]) -> None:
        *parents, name = path.split(".")
        for parent in parents:
            config = config[parent]
        config[name] = type(config[name])(config[name] * factor)

    return change


def _normalize(kind: str, **values: object) -> Change:
    """Set options of every normalization of a kind."""

    def change(config: dict[str, Any]) -> None:
        for variant in config["variants"]:
            if variant["normalization"]["kind"] == kind:
                variant["normalization"] |= values

    return change


def _louder(factor: float) -> Change:
    """Multiply the noise of noisy batch normalization."""

    def change(config: dict[str, Any]) -> None:
        for variant in config["variants"]:
            normalization = variant["normalization"]
            if normalization["kind"] == "noisy_batch":
                normalization |= {name: normalization[name] * factor for name in ("mean", "scale", "jitter")}

    return change


def _both(*changes: Change) -> Change:
    def change(config: dict[str, Any]) -> None:
        for one in changes:
            one(config)

    return change


def _adam(config: dict[str, Any]) -> None:
    config["optimizer"] = {"kind": "adam", "learning_rate": config["optimizer"]["learning_rate"]}


CHANGES: Mapping[str, Change] = {
    "mnist-table": _set("optimizer.learning_rate", 0.001),
    "mnist-xavier": _set("network.init", "zeros"),
    "vanishing-gradients": _set("network.activation", "relu"),
    "exploding-gradients": _set("clipping", {"kind": "norm", "limit": 10}),
    "initialization": _set("network.init", "zeros"),
    "learning-rates": _adam,
    "batch-sizes": _both(_set("batch_size", 2), _normalize("batch", momentum=0.01)),
    "regularization": _set("dataset.label_noise", 0.4),
    "before-or-after": _multiply("network.depth", 2),
    "redundant-bias": _normalize("batch", eps=1),
    "inference-statistics": _set("batch_size", 4),
    "folding": _normalize("batch", place="after"),
    "test-shift": _set("dataset.test_corruption", {"kind": "rotation", "degrees": 10}),
    "depth": _set("network.depth", 20),
    "sampling-shift": _set("optimizer.learning_rate", 0.000001),
    "whitening": _normalize("whitening", group_size=16),
    "recurrent": _set("optimizer.learning_rate", 1),
    "input-scaling": _set("dataset.scaling", "binary"),
    "optimizers": _multiply("optimizer.learning_rate", 10),
    "two-axes": _set("batch_size", 2),
    "ioffe-szegedy-figure-1": _set("duration", {"kind": "steps", "steps": 50_000}),
    "santurkar": _louder(10),
}


def changed(experiment: str, config: RunConfig) -> RunConfig | None:
    """Return the config with the one thing changed, or None where nothing is suggested."""
    change = CHANGES.get(experiment)
    if change is None:
        return None
    values = config.model_dump(mode="json")
    change(values)
    return RunConfig.model_validate(values)
