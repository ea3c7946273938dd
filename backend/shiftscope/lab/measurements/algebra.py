"""What batch normalization does to a bias and to itself, and over which axis: compared on one batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.training import seeds

_BIAS_SEED = 10
HAND_BATCH = ((1.0, 10.0), (3.0, 30.0))
"""Two samples of two features: each feature's mean is 2 or 20, each sample's 5.5 or 16.5."""


class Redundancy(Measurement):
    """A bias before BN, and gamma and beta that undo BN, in float64 and float32."""

    def figures(self) -> dict[str, float]:
        """Return largest differences of outputs over the largest output, by precision."""
        found: dict[str, float] = {}
        inputs = self.training.probe_batch
        for dtype, name in ((torch.float64, "float64"), (torch.float32, "float32")):
            batch = inputs.to(dtype)
            for network in self.training.networks:
                found[f"{network}/{name}/bias"] = _difference(
                    self.copy(network).to(dtype)(batch), _with_other_biases(self.copy(network).to(dtype))(batch)
                )
            plain, normalized = self.copy("without BN").to(dtype), self.copy("with BN").to(dtype)
            expected = _same_weights(normalized, plain)(batch)
            found[f"{name}/as_it_was"] = _difference(expected, normalized(batch))
            found[f"{name}/undone"] = _difference(expected, _undo(normalized, batch)(batch))
        return found


def _difference(expected: Tensor, outputs: Tensor) -> float:
    return ((outputs - expected).abs().max() / expected.abs().max()).item()


def _hidden(network: nn.Module) -> list[nn.Module]:
    return [block for name, block in network.named_children() if name != "output"]


def _with_other_biases(network: nn.Module) -> nn.Module:
    generator = seeds.generator(_BIAS_SEED)
    with torch.no_grad():
        for block in _hidden(network):
            bias = block.get_parameter("linear.bias")
            bias.add_(torch.randn(bias.shape, generator=generator, dtype=torch.float64).to(bias.dtype))
    return network


def _same_weights(source: nn.Module, target: nn.Module) -> nn.Module:
    """Give the plain network the linear maps of the normalized one."""
    state = source.state_dict()
    target.load_state_dict({name: state[name] for name in target.state_dict()})
    return target


def _undo(network: nn.Module, batch: Tensor) -> nn.Module:
    """Set each gamma to sqrt(var + eps) and each beta to the mean, so that BN gives back what it gets."""
    values = batch
    with torch.no_grad():
        for block in _hidden(network):
            linear, norm, activation = (block.get_submodule(name) for name in ("linear", "norm", "activation"))
            assert isinstance(norm, nn.BatchNorm1d)
            values = linear(values)
            variance, mean = torch.var_mean(values, dim=0, correction=0)
            norm.weight.copy_(torch.sqrt(variance + norm.eps))
            norm.bias.copy_(mean)
            values = activation(values)
    return network


class Axes(Measurement):
    """The mean over the batch and the mean over the features: by hand, and in two trained networks."""

    def figures(self) -> dict[str, float]:
        """Return both normalizations of HAND_BATCH, and how much a sample's output depends on the rest of its batch."""
        found: dict[str, float] = {}
        hand = torch.tensor(HAND_BATCH, dtype=torch.float64)
        by_hand = {"batch": _standardized(hand, 0), "layer": _standardized(hand, 1)}
        layers = {
            "batch": nn.BatchNorm1d(2, eps=1e-12, dtype=torch.float64),
            "layer": nn.LayerNorm(2, eps=1e-12, dtype=torch.float64),
        }
        for kind, layer in layers.items():
            outputs = layer(hand).detach()
            found[f"{kind}/error"] = (outputs - by_hand[kind]).abs().max().item()
            found |= {
                f"{kind}/{sample}{feature}": outputs[sample, feature].item() for sample in (0, 1) for feature in (0, 1)
            }
            found[f"{kind}/feature_mean"] = outputs.mean(dim=0).abs().max().item()
            found[f"{kind}/sample_mean"] = outputs.mean(dim=1).abs().max().item()
        for network in self.training.networks:
            found[f"{network}/depends"] = self._dependence(network)
        return found

    def _dependence(self, network: str) -> float:
        """Return how far a sample's outputs move when the other samples of its batch are replaced, over their size."""
        size = self.config.batch_size
        inputs = self.samples.train_inputs
        first = self.copy(network)(inputs[:size])[0]
        other = self.copy(network)(torch.cat((inputs[:1], inputs[size : 2 * size - 1])))[0]
        return _difference(first, other)


def _standardized(values: Tensor, dim: int) -> Tensor:
    """Compute (x - mean) / sqrt(var) from the definition."""
    mean = values.sum(dim, keepdim=True) / values.shape[dim]
    variance = ((values - mean) ** 2).sum(dim, keepdim=True) / values.shape[dim]
    return (values - mean) / variance.sqrt()
