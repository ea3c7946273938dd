"""Writes the wire's golden samples, which the tests of both languages read. Run it when the wire changes.

python tests/golden/make.py
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def entry(quantity: str, unit: str, offset: int, **more: Any) -> dict[str, Any]:
    place = {"network": "with BN", "layer": "", "site": "", "quantity": quantity, "unit": unit}
    return place | {"shape": [], "offset": offset, "coordinates": None} | more


INSIDE = {"layer": "hidden 1", "site": "pre_activation"}
LAYER = {"name": "hidden 1", "features": 3, "activation": "relu", "normalization": "batch"}
HEADER = {
    "networks": [{"name": "with BN", "layers": [LAYER]}],
    "layouts": [
        {"stream": 0, "name": "steps", "entries": [entry("loss", "nat", 0)]},
        {
            "stream": 1,
            "name": "layers",
            "entries": [
                entry("mean", "1", 0, **INSIDE),
                entry("quantiles", "1", 1, shape=[3], coordinates=[15.0, 50.0, 85.0], **INSIDE),
            ],
        },
    ],
    "total_steps": 7,
}
# Values that float32 holds exactly, and those that are not numbers, as words: JSON has none.
FRAMES = [
    {"stream": 0, "seq": 1, "step": 0, "time": 1700000000.25, "row": [2.5]},
    {"stream": 1, "seq": 2, "step": 0, "time": 1700000000.25, "row": [0.5, -1.25, 0.0, 3.0]},
    {"stream": 0, "seq": 3, "step": 1, "time": 1700000000.75, "row": ["nan"]},
    {"stream": 1, "seq": 4, "step": 2**40, "time": 1700000001.0, "row": ["inf", "-inf", "nan", -0.0]},
]


def main() -> None:
    # struct alone: the samples must not come from the code that they check.
    message = b"".join(
        struct.pack("<IIQd", f["stream"], f["seq"], f["step"], f["time"])
        + struct.pack(f"<{len(f['row'])}f", *map(float, f["row"]))
        for f in FRAMES
    )
    (FOLDER / "frames.bin").write_bytes(message)
    (FOLDER / "frames.json").write_text(json.dumps({"header": HEADER, "frames": FRAMES}, indent=1) + "\n")


if __name__ == "__main__":
    main()
