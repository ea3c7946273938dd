"""The samples that can be followed through the networks, as pictures."""

from __future__ import annotations

import base64

from pydantic import JsonValue

from shiftscope.config import RunConfig
from shiftscope.lab.training.loop import Training
from shiftscope.probes.followed import SAMPLES


def followed_samples(config: RunConfig, training: Training) -> JsonValue:
    """Return the images whose way through the networks is recorded (stream `followed`), in its order.

    Returns:
        `shape`: channels, rows, columns; `labels`: of each image its class; `pixels`: base64 of a byte each, from 0 to
        255, image by image, in each channel by channel and row by row. What lies outside 0 to 1 is cut off.
    """
    inputs = training.probe_batch[:SAMPLES]
    pixels = (inputs.clamp(0, 1) * 255).round().byte().contiguous()
    return {
        "shape": list(config.dataset.image),
        "labels": training.probe_labels[:SAMPLES].tolist(),
        "pixels": base64.b64encode(pixels.numpy().tobytes()).decode(),
    }
