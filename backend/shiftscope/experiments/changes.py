"""One thing to change for an experiment's next run: pure functions from a config to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shiftscope.config import RunConfig

Change = Callable[[dict[str, Any]], None]
"""Changes a dumped config in place."""


def changed(config: RunConfig, *changes: Change) -> RunConfig:
    """Return the config with the changes made. Raises pydantic's ValidationError where they make no sound one."""
    values = config.model_dump(mode="json")
    for change in changes:
        change(values)
    return RunConfig.model_validate(values)


def to(path: str, value: object) -> Change:
    """Put a value at a dotted path."""

    def change(config: dict[str, Any]) -> None:
        *parents, name = path.split(".")
        for parent in parents:
            config = config[parent]
        config[name] = value

    return change


def times(path: str, factor: float) -> Change:
    """Multiply the number at a dotted path."""

    def change(config: dict[str, Any]) -> None:
        *parents, name = path.split(".")
        for parent in parents:
            config = config[parent]
        config[name] = type(config[name])(config[name] * factor)

    return change


def normalize(kind: str, **values: object) -> Change:
    """Set options of every normalization of a kind."""

    def change(config: dict[str, Any]) -> None:
        for variant in config["variants"]:
            if variant["normalization"]["kind"] == kind:
                variant["normalization"] |= values

    return change
