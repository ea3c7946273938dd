"""Which statistics batch normalization uses once training is over, and how it can be folded away."""

from __future__ import annotations

import statistics
import time

import torch
from torch import Tensor, nn
from torch.nn import functional

from shiftscope.lab.measurements.base import Measurement
from shiftscope.lab.models.folding import fold
from shiftscope.lab.models.statistics import running_layers, with_statistics_of

_REPEATS = 400


def score(network: nn.Module, inputs: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return mean cross-entropy and accuracy."""
    with torch.inference_mode():
        outputs = network(inputs)
        return (
            functional.cross_entropy(outputs, labels).item(),
            (outputs.argmax(dim=1) == labels).float().mean().item(),
        )


class OwnStatistics(Measurement):
    """Accuracy with the statistics of the test samples themselves, beside the recorded one with running statistics."""

    def figures(self) -> dict[str, float]:
        """Return "network/own_test_accuracy" and so on: with the statistics of the samples themselves."""
        found = self.training.evaluate(statistics="batch")
        return {f"{network}/own_{name}": value for network, own in found.items() for name, value in own.items()}


class InferenceStatistics(Measurement):
    """Test loss with the running statistics, with those of the whole training set, and with the last batch's."""

    def figures(self) -> dict[str, float]:
        """Return losses and accuracies by network and statistics, and how far the running ones are off."""
        found: dict[str, float] = {}
        training_set = self.samples.train_inputs
        last_batch = training_set[: self.config.batch_size]
        for network in self.training.networks:
            running = self.copy(network, "eval")
            population = with_statistics_of(running, training_set)
            for name, module in (("population", population), ("last_batch", with_statistics_of(running, last_batch))):
                loss, accuracy = score(module, self.samples.test_inputs, self.samples.test_labels)
                found[f"{network}/{name}_test_loss"], found[f"{network}/{name}_test_accuracy"] = loss, accuracy
            found[f"{network}/gap"] = _gap(running, population)
        return found


def _gap(network: nn.Module, population: nn.Module) -> float:
    """Return mean |running mean - population mean| / population std over all channels of all layers."""
    gaps = []
    for own, whole in zip(running_layers(network), running_layers(population), strict=True):
        assert isinstance(own, nn.BatchNorm1d)
        assert isinstance(whole, nn.BatchNorm1d)
        assert own.running_mean is not None
        assert whole.running_mean is not None
        assert whole.running_var is not None
        gaps.append((own.running_mean - whole.running_mean).abs() / whole.running_var.clamp(min=1e-12).sqrt())
    return torch.cat(gaps).mean().item() if gaps else 0.0


class Folding(Measurement):
    """The network with BN beside itself with BN folded into its linear maps: outputs and time."""

    def figures(self) -> dict[str, float]:
        """Return the largest difference over the largest output, in both precisions, agreement, and time ratios."""
        found: dict[str, float] = {}
        for dtype, name in ((torch.float64, "float64"), (torch.float32, "float32")):
            network = self._sequential("with BN").to(dtype)
            inputs = self.samples.test_inputs.to(dtype)
            with torch.inference_mode():
                expected, outputs = network(inputs), fold(network)(inputs)
            found[f"{name}/difference"] = ((outputs - expected).abs().max() / expected.abs().max()).item()
            found[f"{name}/agreement"] = (outputs.argmax(1) == expected.argmax(1)).double().mean().item()
        return found | self._times()

    def _times(self) -> dict[str, float]:
        network = self._sequential("with BN")
        candidates = {
            "bn": network,
            "folded": _without_identities(fold(network)),
            "plain": self._sequential("without BN"),
        }
        inputs = self.samples.test_inputs[: self.config.batch_size]
        times: dict[str, list[float]] = {name: [] for name in candidates}
        with torch.inference_mode():
            for _ in range(_REPEATS):
                for name, candidate in candidates.items():
                    started = time.perf_counter()
                    candidate(inputs)
                    times[name].append(time.perf_counter() - started)
        median = {name: statistics.median(values) for name, values in times.items()}
        return {
            "time/bn_over_plain": median["bn"] / median["plain"],
            "time/folded_over_plain": median["folded"] / median["plain"],
        }

    def _sequential(self, name: str) -> nn.Sequential:
        network = self.copy(name, "eval")
        assert isinstance(network, nn.Sequential)
        return network


def _without_identities(network: nn.Sequential) -> nn.Sequential:
    """Leave out what folding put in place of the normalizations: calling an Identity takes time as well."""
    return nn.Sequential(
        *(
            nn.Sequential(*(module for module in block if not isinstance(module, nn.Identity)))
            for block in network
            if isinstance(block, nn.Sequential)
        )
    )
