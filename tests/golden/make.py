"""Writes the wire's golden samples, which the tests of both languages read. Run it when the wire changes.

python tests/golden/make.py
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

FOLDER = Path(__file__).parent

HEADER = {
    "networks": [{"name": "with BN", "layers": [{"name": "hidden 1", "features": 3, "activation": "relu", "normalization": "batch"}]}],
    "layouts": [
        {"stream": 0, "name": "steps", "entries": [
            {"network": "with BN", "layer": "", "site": "", "quantity": "loss", "unit": "nat", "shape": [], "offset": 0, "coordinates": None}]},
        {"stream": 1, "name": "layers", "entries": [
            {"network": "with BN", "layer": "hidden 1", "site": "pre_activation", "quantity": "mean", "unit": "1", "shape": [], "offset": 0, "coordinates": None},
            {"network": "with BN", "layer": "hidden 1", "site": "pre_activation", "quantity": "quantiles", "unit": "1", "shape": [3], "offset": 1, "coordinates": [15.0, 50.0, 85.0]}]},
    ],
    "total_steps": 7,
}  # fmt: skip
# Values that float32 holds exactly, and the three that are not numbers; None stands for NaN in the JSON beside the bytes.
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
