"""What happens to a run while it is measured, as people read it: each becomes a note in the recording."""

from __future__ import annotations

from collections.abc import Sequence

from shiftscope.notices import Notice, notice


def probe_layer_failed(probe: str, layer: str, error: BaseException) -> Notice:
    """Report that a probe measures no more at one layer."""
    return notice("event.probe_layer_failed", probe=probe, layer=layer, error=_named(error))


def scope_failed(error: BaseException) -> Notice:
    """Report that nothing more is measured at all."""
    return notice("event.scope_failed", error=_named(error))


def update_skipped(network: str, step: int) -> Notice:
    """Report that gradients were thrown away because they are not finite, as GradScaler does."""
    return notice("event.update_skipped", network=network, step=step)


def layer_added(layer: str) -> Notice:
    """Report that a layer came after the layouts were declared: there is no place for what it does."""
    return notice("event.layer_added", layer=layer)


def too_many_layouts() -> Notice:
    """Report that the layers that run are others at too many steps for each to have a layout."""
    return notice("event.too_many_layouts")


def streams_dropped(streams: Sequence[str]) -> Notice:
    """Report that there is no room for layouts of streams whose layers are others since."""
    return notice("event.streams_dropped", streams=", ".join(streams))


def log_refused(name: str, error: BaseException) -> Notice:
    """Report that what is logged under a name is not recorded."""
    return notice("event.log_refused", name=name, error=str(error) or type(error).__name__)


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")
