"""Gradient norms by layer, and the spread of each layer's pre-activations, from what the scope recorded."""

from __future__ import annotations

import numpy as np

from shiftscope.lab.measurements.base import Measuring, Recorded


class Gradients(Measuring):
    """Norm of each layer's weight gradient: at step 0, over the training, and at its largest."""

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return the first layer's norm over the last hidden layer's, by network, and the largest norm of all."""
        found = self.final()
        for network, module in self.training.networks.items():
            hidden = [name for name, _ in module.named_children() if name != "output"]
            norms = np.stack(
                [recorded.values("layers", "gradient_norm", network=network, layer=name) for name in hidden], axis=1
            )
            first, last = norms[:, 0].astype(float), norms[:, -1].astype(float)
            with np.errstate(all="ignore"):
                ratio = first / last
            found[f"{network}/first_gradient_at_start"] = float(first[0])
            found[f"{network}/gradient_ratio_at_start"] = float(ratio[0])
            found[f"{network}/gradient_ratio"] = float(np.nanmedian(ratio)) if np.isfinite(ratio).any() else np.nan
            found[f"{network}/largest_gradient"] = float(norms.max()) if np.isfinite(norms).all() else np.inf
        return found


class Spreads(Measuring):
    """Standard deviation of each hidden layer's pre-activations at some steps."""

    STEPS = (0, 100, 1000)

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return each layer's standard deviation at the recorded steps nearest to 0, 100 and 1000 or the last."""
        found = self.final()
        steps = recorded.steps("layers")
        last = int(steps[-1])
        for network, module in self.training.networks.items():
            hidden = [name for name, _ in module.named_children() if name != "output"]
            for step in self.STEPS:
                row = int(np.abs(steps - min(step, last)).argmin())
                spreads = [
                    float(recorded.values("layers", "std", network=network, layer=name, site="pre_activation")[row])
                    for name in hidden
                ]
                found |= {f"{network}/std/{step}/{name}": value for name, value in zip(hidden, spreads, strict=True)}
                sound = min(spreads) > 0 and bool(np.isfinite(spreads).all())
                found[f"{network}/unlike/{step}"] = max(spreads) / min(spreads) if sound else np.inf
        return found
