"""What every recorded quantity should be, from plain float64 arithmetic on what a training loop kept at each step.

Nothing here comes from the probes. A quantity that they record and `expected` does not know fails the harness: whoever
adds one writes down here, in the plainest way, what it is.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from shiftscope.testing import networks
from shiftscope.testing.training import ACCURACY, RATE
from tests.probes import brute

LEVELS = (0.0, 0.0668, 0.15, 0.1587, 0.3085, 0.5, 0.6915, 0.8413, 0.85, 0.9332, 1.0)
UNITS = (0, 1, 2)
MULTIPLES = (0.5, 1.0, 2.0, 3.0, 4.0)
PARAMETERS = {"linear.weight": "weight", "linear.bias": "bias", "conv.weight": "weight", "conv.bias": "bias",
              "norm.weight": "gamma", "norm.bias": "beta"}  # fmt: skip


class Reference:
    def __init__(self, steps, probe_batch):
        self.steps, self.probe_batch = steps, probe_batch
        self._sites = {}

    def expected(self, step, quantity, layer, site):
        """Return the number (or array) and the absolute error that float32 may make of it."""
        if quantity in ("milliseconds", "percent"):
            return None
        name = quantity
        if quantity.startswith("unit_") and quantity.removeprefix("unit_") in SITE_QUANTITIES:
            values = self.unit_values(step, layer, site)
            found = [SITE_QUANTITIES[quantity.removeprefix("unit_")](v) for v in values]
            spread = np.std(values, axis=1).max()
            return np.array(found), self._tolerance(quantity.removeprefix("unit_"), spread, np.abs(values).max())
        for suffix, then in (("_from_start", 0), ("_from_previous", max(step - 1, 0))):
            if quantity.endswith(suffix):
                name = quantity.removesuffix(suffix)
                inputs = None if name.startswith("batch_") else self.probe_batch
                a, b, first = (self.values(t, layer, site, inputs) for t in (then, step, 0))
                return self._apart(name, a, b, first)
        if name.removeprefix("unit_") in DISTANCES:
            size = min(len(self.batch_before(step)), len(self.steps[step].inputs))
            a = self.values(step, layer, site, self.batch_before(step)[:size])
            b = self.values(step, layer, site, self.steps[step].inputs[:size])
            return distance(name, a, b, a), 1e-4
        if quantity in SITE_QUANTITIES:
            values = self.values(step, layer, site)
            return SITE_QUANTITIES[quantity](values), self._tolerance(quantity, values.std(), np.abs(values).max())
        return getattr(self, quantity)(step, layer, site)

    @staticmethod
    def _apart(name, a, b, first):
        measure = name.removeprefix("batch_")
        # Of training batches a histogram is kept: a value lies anywhere in its bin, which is 0.016 sigma wide.
        bins = 0.02 * (a.std() + b.std()) if measure != name else 0
        scales = {"wasserstein": 1, "wasserstein_over_sigma": sigma(a, first)}
        return distance(measure, a, b, first), 1e-4 + (bins / scales[measure] if measure in scales else 0)

    @staticmethod
    def _tolerance(quantity, sigma, scale):
        if quantity == "quantiles":
            return 0.03 * sigma + 1e-5 * scale
        return 1e-5 * sigma + 1e-5 * scale

    # what passes

    def values(self, step, layer, site, inputs=None):
        key = (step, inputs is None, None if inputs is None else id(inputs), None if inputs is None else len(inputs))
        if key not in self._sites:
            kept = self.steps[step]
            self._sites[key] = inputs, networks.sites(kept.before, kept.inputs if inputs is None else inputs)
        return self._sites[key][1][layer][site]

    def batch_before(self, step):
        return self.probe_batch if step == 0 else self.steps[step - 1].inputs

    def unit_values(self, step, layer, site):
        values = self.values(step, layer, site)
        if values.ndim == 2:
            return np.array([values[:, unit] for unit in UNITS])
        count, channels, *space = values.shape
        flat = values.reshape(count, channels, int(np.prod(space)))
        where = [(i * 2654435761) % flat.shape[2] for i in range(count)]
        return np.array([[flat[i, unit, where[i]] for i in range(count)] for unit in UNITS])

    def nonfinite_count(self, step, layer, site):
        return 0.0, 0.0

    def loss(self, step, layer, site):
        return self.steps[step].loss, 1e-6

    def accuracy(self, step, layer, site):
        return ACCURACY, 0.0

    def micro_batches(self, step, layer, site):
        return 1, 0.0

    def skipped_updates(self, step, layer, site):
        return 0, 0.0

    unseen_updates = failed_passes = skipped_updates

    def zero_fraction(self, step, layer, site):
        values = self.values(step, layer, "activated")
        return np.mean(values == 0), 1.5 / values.size

    def saturated_fraction(self, step, layer, site):
        y = self.values(step, layer, "activated")
        sigmoid = isinstance(self.block(self.steps[step].before, layer).activation, nn.Sigmoid)
        slope = 4 * y * (1 - y) if sigmoid else 1 - y * y
        near = np.abs(slope - 0.1) < 1e-5
        return np.mean(slope < 0.1), near.mean() + 1e-6

    def dead_fraction(self, step, layer, site):
        values = self.values(step, layer, "activated", self.probe_batch)
        axes = (0, *range(2, values.ndim))
        return np.mean((values == 0).all(axis=axes)), 1e-6

    def followed(self, step, layer, site):
        values = self.values(step, layer, site, self.probe_batch)[:16]
        last = layer == list(networks.sites(self.steps[step].before, self.probe_batch))[-1]
        features = values.shape[1]
        units = range(min(10, features)) if last else [min(unit, features - 1) for unit in UNITS]
        rows = values.reshape(len(values), features, -1)
        found = rows[:, list(units), rows.shape[2] // 2]
        return found, 1e-5 * np.abs(values).max()

    def layer_inputs(self, step, layer):
        """What a layer is given of the probe batch, in float64: a row a sample."""
        network = copy.deepcopy(self.steps[step].before).double().train()
        seen = []
        block = self.block(network, layer)
        module = block.linear if hasattr(block, "linear") else block.conv
        module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].numpy().copy()))
        with torch.no_grad():
            network(self.probe_batch[:256].double())
        return seen[-1].reshape(len(seen[-1]), -1)

    def cloud(self, step, layer):
        """Where the inputs lie on the first two right singular vectors of the first step's, and what float32 adds."""
        first, now = (self.layer_inputs(at, layer) for at in (0, step))
        _, sizes, axes = np.linalg.svd(first - first.mean(axis=0), full_matrices=False)
        axes = axes[:2] * [[np.sign(one[np.abs(one).argmax()])] for one in axes[:2]]
        scale = np.sqrt((sizes[:2] ** 2).sum() / (2 * len(first)))
        return (now - first.mean(axis=0)) @ axes.T / scale

    def input_cloud(self, step, layer, site):
        found = self.cloud(step, layer)
        return found[:128], 1e-3 * np.abs(found).max()

    def input_centroid(self, step, layer, site):
        found = self.cloud(step, layer)
        return found.mean(axis=0), 1e-3 * np.abs(found).max()

    def input_spread(self, step, layer, site):
        return np.sqrt(self.cloud(step, layer).var(axis=0).mean()), 1e-3

    def unit_inputs(self, step, layer):
        """Which inputs varied most at the first step, and these now, from their mean then in their spread then."""
        first, now = (self.layer_inputs(at, layer) for at in (0, step))
        spread = first.std(axis=0)
        which = sorted(sorted(range(len(spread)), key=lambda unit: -spread[unit])[:4])
        return which, (now - first.mean(axis=0))[:, which] / np.where(spread > 0, spread, np.nan)[which]

    def input_units(self, step, layer, site):
        return self.unit_inputs(step, layer)[0], 0.0

    def input_unit_values(self, step, layer, site):
        found = self.unit_inputs(step, layer)[1]
        return found[:64], 4e-4 * np.nanmax(np.abs(found), initial=0)  # of which 2.5 by their rounding to 12 bits

    def input_unit_mean(self, step, layer, site):
        found = self.unit_inputs(step, layer)[1]
        return found.mean(axis=0), 1e-4 * np.nanmax(np.abs(found), initial=0)

    def input_unit_std(self, step, layer, site):
        return self.unit_inputs(step, layer)[1].std(axis=0), 1e-4

    def batch_noise_floor(self, step, layer, site):
        return 1 / np.sqrt(len(self.steps[step].inputs)), 1e-6

    # batch norm

    @staticmethod
    def block(network, layer):
        return network.get_submodule(layer)

    def gamma(self, step, layer, site):
        return self.block(self.steps[step].before, layer).norm.weight.detach().numpy(), 0.0

    def beta(self, step, layer, site):
        return self.block(self.steps[step].before, layer).norm.bias.detach().numpy(), 0.0

    def batch_mean(self, step, layer, site):
        return brute.channels(self.values(step, layer, "norm_input"))[0], 1e-6

    def batch_variance(self, step, layer, site):
        variance = brute.channels(self.values(step, layer, "norm_input"))[1]
        return variance, 1e-5 * variance.max()

    def running_mean(self, step, layer, site):
        old = self.block(self.steps[step].before, layer).norm.running_mean.double().numpy()
        return 0.9 * old + 0.1 * self.batch_mean(step, layer, site)[0], 1e-6

    def running_variance(self, step, layer, site):
        values = self.values(step, layer, "norm_input")
        n = values.size // values.shape[1]
        old = self.block(self.steps[step].before, layer).norm.running_var.double().numpy()
        return 0.9 * old + 0.1 * brute.channels(values)[1] * n / (n - 1), 1e-5

    def running_gap(self, step, layer, site):
        mean, variance = brute.channels(self.values(step, layer, "norm_input"))
        return (self.running_mean(step, layer, site)[0] - mean) / np.sqrt(variance + 1e-5), 1e-4

    # gradients

    def gradients(self, step, network=None):
        """Gradients by parameters, and by the values that pass the sites, in float64."""
        network = network or copy.deepcopy(self.steps[step].before)
        kept = self.steps[step]
        network = network.double().train()
        seen, handles = {}, []

        def keep(layer, site):
            def hook(module, inputs, output):
                tensor = inputs[0] if site == "pre_activation" else output
                tensor.retain_grad()
                seen[layer, site] = tensor

            return hook

        for layer, block in network.named_children():
            for child, module in block.named_children():
                if child in ("linear", "conv") and hasattr(block, "norm"):
                    handles.append(module.register_forward_hook(keep(layer, "linear_output")))
                if child == "activation":
                    handles.append(module.register_forward_hook(keep(layer, "pre_activation")))
            if list(block.parameters()):
                handles.append(list(block.children())[-1].register_forward_hook(keep(layer, "output")))
        loss = nn.functional.cross_entropy(network(kept.inputs.double()), kept.targets)
        network.zero_grad()
        loss.backward()
        by_parameter = {name: p.grad.numpy().copy() for name, p in network.named_parameters()}
        by_site = {key: tensor.grad.numpy().copy() for key, tensor in seen.items()}
        return float(loss.detach()), by_parameter, by_site

    def gradient_norm(self, step, layer, site):
        _, gradients, _ = self.gradients(step)
        own = {
            PARAMETERS[name.removeprefix(f"{layer}.")]: g
            for name, g in gradients.items()
            if name.startswith(f"{layer}.")
        }
        whole = np.sqrt(sum(np.sum(g**2) for g in own.values()))
        return (brute.norm(own[site]) if site else whole), 1e-4 * whole + 1e-6

    def total_gradient_norm(self, step, layer, site):
        whole = np.sqrt(sum(np.sum(gradient**2) for gradient in self.gradients(step)[1].values()))
        return whole, 1e-4 * whole + 1e-6

    unclipped_gradient_norm = total_gradient_norm

    def parameter_values(self, step, layer, site, *, gradient):
        found = self.gradients(step)[1] if gradient else dict(self.steps[step].before.named_parameters())
        names = [f"{layer}.{mine}" for mine, theirs in PARAMETERS.items() if theirs == site]
        values = next(found[name] for name in names if name in found)
        return np.asarray(values if gradient else values.detach(), dtype=np.float64).ravel()

    def activation_gradient_norm(self, step, layer, site):
        norm = brute.norm(self.gradients(step)[2][layer, site])
        return norm, 1e-4 * norm + 1e-7

    def update_ratio(self, step, layer, site):
        own = ""
        for name in (mine for mine, theirs in PARAMETERS.items() if theirs == site):
            own_name = f"{layer}.{name}"
            if own_name in dict(self.steps[step].before.named_parameters()):
                own = own_name
        before, after = (
            dict(network.named_parameters())[own].detach().double().numpy()
            for network in (self.steps[step].before, self.steps[step].after)
        )
        size, change = brute.norm(before), brute.norm(after - before)
        ratio = (change / size if size else np.inf) if change else 0.0
        return ratio, 1e-5 * (ratio if np.isfinite(ratio) else 0)

    def shifted(self, step, layer):
        """The gradient by a layer's weights with the earlier layers' parameters already updated."""
        mixed = copy.deepcopy(self.steps[step].before)
        with torch.no_grad():
            for name, block in mixed.named_children():
                if name == layer:
                    break
                for own, parameter in block.named_parameters():
                    parameter.copy_(self.steps[step].after.get_submodule(name).get_parameter(own))
        _, gradients, _ = self.gradients(step, mixed)
        return self.weights(gradients, layer), self.weights(self.gradients(step)[1], layer)

    @staticmethod
    def weights(gradients, layer):
        return next(g for name, g in gradients.items() if name in (f"{layer}.linear.weight", f"{layer}.conv.weight"))

    def l2(self, step, layer, site):
        shifted, plain = self.shifted(step, layer)
        return brute.norm(shifted - plain), 1e-4 * brute.norm(plain)

    def cosine(self, step, layer, site):
        shifted, plain = self.shifted(step, layer)
        size = brute.norm(shifted) * brute.norm(plain)
        return (float((shifted * plain).sum() / size) if size else 1.0), 1e-5

    # the landscape

    def walk(self, step):
        start = self.steps[step].before
        loss, gradient, _ = self.gradients(step)
        found = []
        for multiple in MULTIPLES:
            there = copy.deepcopy(start).double()
            with torch.no_grad():
                for name, parameter in there.named_parameters():
                    parameter.sub_(multiple * RATE * torch.tensor(gradient[name]))
            other_loss, other, _ = self.gradients(step, there)
            change = np.sqrt(sum(np.sum((other[name] - g) ** 2) for name, g in gradient.items()))
            found.append((other_loss, change))
        size = np.sqrt(sum(np.sum(g**2) for g in gradient.values()))
        return loss, np.array(found), size

    def landscape_loss(self, step, layer, site):
        return self.walk(step)[1][:, 0], 1e-5

    def landscape_variation(self, step, layer, site):
        loss, found, _ = self.walk(step)
        losses = [loss, *found[:, 0]]
        return max(losses) - min(losses), 1e-5

    def gradient_predictiveness(self, step, layer, site):
        return self.walk(step)[1][:, 1], 1e-4

    def effective_smoothness(self, step, layer, site):
        _, found, size = self.walk(step)
        ratios = found[:, 1] / (np.array(MULTIPLES) * RATE * size)
        return ratios.max(), 2e-3 * ratios.max()


def distance(name, a, b, first):
    """One measure of how far b is from a, of all values or averaged over units."""
    if name.startswith("unit_"):
        a, b, first = (np.moveaxis(x, 1, 0).reshape(x.shape[1], -1) for x in (a, b, first))
        return np.mean([DISTANCES[name.removeprefix("unit_")](*each) for each in zip(a, b, first, strict=True)])
    return DISTANCES[name](a.ravel(), b.ravel(), first.ravel())


def sigma(values, first):
    return max(np.std(values), 0.01 * np.std(first), 1e-12)


DISTANCES = {
    "wasserstein": lambda a, b, first: np.mean(np.abs(np.sort(a) - np.sort(b))),
    "wasserstein_over_sigma": lambda a, b, first: np.mean(np.abs(np.sort(a) - np.sort(b))) / sigma(a, first),
    "mean_shift": lambda a, b, first: abs(b.mean() - a.mean()) / sigma(a, first),
    "log_sigma_ratio": lambda a, b, first: abs(np.log(sigma(b, first) / sigma(a, first))),
    "gaussian_kl": lambda a, b, first: (
        np.log(sigma(b, first) / sigma(a, first))
        + (sigma(a, first) ** 2 + (a.mean() - b.mean()) ** 2) / (2 * sigma(b, first) ** 2)
        - 0.5
    ),
}
SITE_QUANTITIES = {
    "mean": np.mean,
    "variance": np.var,
    "std": np.std,
    "minimum": np.min,
    "maximum": np.max,
    "quantiles": lambda values: np.quantile(values, LEVELS),
    "nan_count": lambda values: 0.0,
    "infinite_count": lambda values: 0.0,
}
HISTOGRAMS = ("histogram", "histogram_range", "histogram_outside")
OF_PARAMETERS = ("parameter_histogram", "parameter_histogram_range", "gradient_histogram", "gradient_histogram_range")
