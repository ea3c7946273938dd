"""Writes docs/measures.md: every quantity that the probes record, from their registry.

python docs/measures.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from shiftscope.engine import step_quantities
from shiftscope.engine.plan import Quantity
from shiftscope.engine.probe import Need, Probe, Tier
from shiftscope.probes.registry import PROBES

TARGET = Path(__file__).with_suffix(".md")
COSTS = Path(__file__).with_name("costs.json")

HEAD = """# What is measured

Every quantity by the probe that records it, in the order of the tiers: *essential*; *standard*, which holds it; and
*full*, which holds both. `shiftscope.watch(model, probes="standard")` chooses a tier, `probes=["moments", "drift"]`
single probes. This page is written from the registry by `python docs/measures.py`.

Sites of a layer: `linear_output` (of the linear map or convolution), `normalized` (before gamma and beta),
`pre_activation` (the input to the nonlinearity) and `output` (what the layer passes on). A residual sum,
`blocks.0 · sum`, is a layer too ([watching.md](watching.md)). Shape () is a scalar; C is the number of channels.
Step *t* describes the networks after *t* updates.

Of a recurrent network (`nn.LSTM`, `nn.GRU`, `nn.RNN`, packed sequences too) the output is measured, as of any layer:
what it gives out at each step, all positions together. The last states `h_n` and `c_n` are no sites: `h_n` of the
last layer is the output at the last step, and nobody's layer follows `c_n`. Its gates are not measured: the fused
kernel keeps them to itself, and computing them again from inputs and outputs would take the layer's matrix products
once more at each recorded step, and of stacked layers the inputs are not known. Of a cell that is written by hand its
linear maps are layers, with the gates' values as their outputs; what they are added to is no residual sum.

Of attention the output is measured, and the entropy of its weights where they exist: where `nn.MultiheadAttention` is
called with `need_weights=True`, and where a module with `attention` or `attn` in the name of its class returns them
beside its output, as those of transformers do with `attn_implementation="eager"`. They have to be there when the
network is explored: at its first step, or where it has other layers. Fused attention has none, and nothing is changed
to get them. Their place is called `NAME · attention`, NAME being the module's; of the weights themselves nothing else
is recorded. Not seen are those of compiled networks.

Of networks on a GPU the same is recorded, summed in another order: [watching.md](watching.md#networks-on-a-gpu) says
what differs.

The scope measures its own cost while it runs: stream `cost`, milliseconds a step and percent of the step, by probe; the
page shows it as a chart. `python benchmarks/overhead.py` measures it against a bare training loop, and the cost of each
probe below was measured with `--by-probe --json` (docs/costs.json): what it adds to a training step at which it is due,
as a part of a bare step, alone, with what any recorded step costs, on one thread of a 2.6 GHz Xeon whose two cores
had much else to do, which makes small things dearer. W1 is 784-100-100-100-10 with sigmoid and BN, batch 60
({W1:.1f} ms a bare step), W2 784-(256 x 8)-10 with relu and BN, batch 128 ({W2:.1f} ms); the probe batch has 512
samples.
"""


def main() -> None:
    TARGET.write_text(document(), encoding="utf-8")


def document(probes: Sequence[Probe] = PROBES) -> str:
    """Return the page for these probes."""
    costs = json.loads(COSTS.read_text())
    head = HEAD.format(**{workload: found["bare_ms"] for workload, found in costs.items()})
    parts = [
        head,
        "## Each step and each evaluation\n",
        _table([*step_quantities.QUANTITIES, *step_quantities.EVALUATION]),
    ]
    for tier in Tier:
        parts.append(f"## {tier.value.capitalize()}\n")
        parts += [_section(probe, costs) for probe in probes if probe.tier is tier]
    return "\n".join(parts)


def _section(probe: Probe, costs: Mapping[str, Mapping[str, float]]) -> str:
    words = [_sentence(probe.about), f"Stream `{probe.stream}`{_share(probe)}."]
    if probe.needs:
        words.append(f"It needs {_listed([need.value for need in Need if need in probe.needs])}.")
    if probe.instead_of:
        words.append(f"Measured in place of `{probe.instead_of}`, where that is not chosen or lacks what it needs.")
    price = [f"{found[probe.name]:.2f} on {workload}" for workload, found in costs.items() if probe.name in found]
    words.append(f"Cost: {', '.join(price) or 'not measured yet'}.")
    return "\n".join(
        [f"### {probe.name}\n\n{' '.join(words)}\n", *([_table(probe.quantities)] if probe.quantities else [])]
    )


def _share(probe: Probe) -> str:
    return "" if probe.share == 1 else f", by default {100 * probe.share:g} frames for 100 of `layers`"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _table(quantities: Sequence[Quantity]) -> str:
    rows = ["| quantity | site | shape | unit | formula | source |", "|---|---|---|---|---|---|"]
    for one in quantities:
        cells = (f"`{one.name}`", one.sites, one.shape, one.unit, one.formula, one.source)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


if __name__ == "__main__":
    main()
