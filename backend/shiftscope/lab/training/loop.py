"""The training loop: the networks of one run in lockstep."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from shiftscope.config import Intervention, RunConfig
from shiftscope.lab.data.types import Data
from shiftscope.lab.models import statistics as running
from shiftscope.lab.models.faded import batch_norms, fade
from shiftscope.lab.models.noisy import NoisyBatchNorm1d, NoisyBatchNorm2d
from shiftscope.lab.models.twins import twins
from shiftscope.lab.training import clipping, optimizers, seeds
from shiftscope.lab.training.checkpoint import Checkpoint, CheckpointError, is_of_memory
from shiftscope.lab.training.freezing import Frozen, affine_of, blocks_below

PROBE_SIZE = 512
"""Most samples in the probe batch."""
_PROBE_VALUES = 50_000_000
"""Most values that a network makes of the probe batch, which may all be kept: 200 MB."""
TRAINING_SAMPLES = 10_000
"""Most training samples that an evaluation looks at, unless told otherwise."""
_EVALUATION_BATCH = 2000
_EVALUATION_VALUES = 20_000_000
"""Most values of one layer that an evaluation makes at once: 80 MB."""


@dataclass(frozen=True)
class StepResult:
    """One mini-batch and what each network made of it, before the update.

    Attributes:
        inputs: float32, shape (batch, F).
        labels: int64, shape (batch,).
        losses: by network, the mean cross-entropy in nats, a detached scalar.
        accuracies: by network, the fraction of the batch classified right, a detached scalar.
    """

    inputs: Tensor
    labels: Tensor
    losses: Mapping[str, Tensor]
    accuracies: Mapping[str, Tensor]


class Training:
    """The networks of one run, trained on the same batches in the same order.

    A step is `compute` and then `update`; what lies between them sees the loss and the gradients of a batch and the
    parameters that they belong to. Each epoch goes through the training set in an order of its own and leaves out the
    last incomplete batch. One config gives bit-identical weights on one machine's CPU, whatever torch's global random
    state, which is neither read nor changed.

    Attributes:
        networks: by name, in the order of the config's variants.
        optimizers: by the same names.
        interventions: what is done to networks, by name, where anything was.
        total_steps: optimizer steps of the whole run.
        steps_done: optimizer steps done so far.
        probe_batch: float32, shape (512, F): fixed training inputs, on which drift is measured; fewer where there are
            not so many, or where the network makes so much of each that memory would run short.
        probe_labels: int64, shape (512,): their classes.
    """

    def __init__(self, config: RunConfig, data: Data) -> None:
        self._data = data
        self._batch_size = config.batch_size
        self._steps_per_epoch = len(data.train_inputs) // config.batch_size
        if self._steps_per_epoch == 0:
            raise ValueError(
                f"batch_size {config.batch_size} is more than the {len(data.train_inputs)} training samples"
            )
        self._clipping = config.clipping
        values = config.network.activations(config.dataset.image)
        self._evaluation_batch = max(1, min(_EVALUATION_BATCH, _EVALUATION_VALUES // values))
        self._order = seeds.generator(config.seed, seeds.Stream.BATCHES)
        self._permutation = torch.empty(0, dtype=torch.int64)
        self._computed = False
        self.networks: Mapping[str, nn.Module] = twins(config, data.train_inputs.shape[1], data.classes)
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            name: optimizers.make(config.optimizer, network.parameters()) for name, network in self.networks.items()
        }
        # Networks that draw random numbers each have a stream of their own, and all the same one.
        start = seeds.generator(config.seed, seeds.Stream.LAYERS).get_state()
        self._random = {name: start for name, network in self.networks.items() if _is_random(network)}
        self._frozen = {name: Frozen() for name in self.networks}
        self.interventions: dict[str, Intervention] = {}
        self._faders = {name: fade(network, config.seed) for name, network in self.networks.items()}
        self.total_steps = config.total_steps
        self.steps_done = 0
        shuffled = torch.randperm(len(data.train_inputs), generator=seeds.generator(config.seed, seeds.Stream.PROBE))
        self._evaluated = shuffled
        chosen = shuffled[: max(2, min(PROBE_SIZE, _PROBE_VALUES // values))]
        self.probe_batch, self.probe_labels = data.train_inputs[chosen], data.train_labels[chosen]

    def compute(self) -> StepResult:
        """Take the next batch through each network, forward and backward; no parameter is updated."""
        if self._computed:
            raise RuntimeError(f"compute() was already called at step {self.steps_done}; update() comes next")
        inputs, labels = self._next_batch()
        losses, accuracies = {}, {}
        for name in self.networks:
            self.optimizers[name].zero_grad(set_to_none=True)
            self._faders[name].step = self.steps_done
            outputs = self._forward(name, inputs)
            loss = functional.cross_entropy(outputs, labels)
            torch.autograd.backward(loss)
            self._frozen[name].restore()
            losses[name] = loss.detach()
            accuracies[name] = (outputs.detach().argmax(dim=1) == labels).float().mean()
        self._computed = True
        return StepResult(inputs, labels, losses, accuracies)

    def update(self) -> None:
        """Do one optimizer step of each network, with the gradients of the last `compute`, clipped now if they are."""
        if not self._computed:
            raise RuntimeError(f"update() at step {self.steps_done} has no gradients; compute() comes first")
        for name, optimizer in self.optimizers.items():
            self._frozen[name].leave_out()
            clipping.clip(self._clipping, self.networks[name].parameters())
            optimizer.step()
        self._computed = False
        self.steps_done += 1

    def at_epoch_end(self) -> bool:
        """Tell whether the last update was the last of an epoch."""
        return self.steps_done > 0 and self.steps_done % self._steps_per_epoch == 0

    def evaluate(
        self, training_samples: int = TRAINING_SAMPLES, statistics: Literal["running", "batch"] = "running"
    ) -> dict[str, dict[str, float]]:
        """Measure each network in eval mode; modes, random state and running statistics stay as they are.

        With `statistics="batch"`, normalizations that have running statistics use those of the samples instead, some
        2,000 at a time.

        Returns:
            By network: `test_loss` and `test_accuracy` over the whole test set, `train_loss` and `train_accuracy` over
            the training set, or over the same random `training_samples` of it each time if it has more. Losses are
            mean cross-entropies in nats, accuracies fractions.
        """
        data, chosen = self._data, self._evaluated[:training_samples]
        test = _Samples(data.test_inputs, data.test_labels, torch.arange(len(data.test_labels)))
        train = _Samples(data.train_inputs, data.train_labels, chosen)
        result = {}
        for name, network in self.networks.items():
            with running.evaluating(network, statistics), torch.inference_mode():
                test_loss, test_accuracy = _score(network, test, self._evaluation_batch)
                train_loss, train_accuracy = _score(network, train, self._evaluation_batch)
            result[name] = {
                "test_loss": test_loss,
                "test_accuracy": test_accuracy,
                "train_loss": train_loss,
                "train_accuracy": train_accuracy,
            }
        return result

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next update, the same for each network."""
        return float(next(iter(self.optimizers.values())).param_groups[0]["lr"])

    def set_learning_rate(self, value: float) -> None:
        """Set the learning rate of each network from the next update on."""
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"a learning rate must be positive and finite; got {value}")
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = value

    def intervene(self, name: str, intervention: Intervention) -> None:
        """Do something to a network from the next step on, in place of what was done to it so far.

        Raises:
            ValueError: there is no such network or layer, nothing lies below the layer, or there is no batch
                normalization to do it to.
        """
        if name not in self.networks:
            raise ValueError(f"there is no network {name!r}; there are {', '.join(self.networks)}")
        network, below, fader = self.networks[name], intervention.freeze_below, self._faders[name]
        # At strength 0 nothing is made with gamma and beta.
        affine = affine_of(network) if intervention.freeze_affine or intervention.bn_strength == 0 else []
        if not batch_norms(network) and intervention.of_batch_norm:
            raise ValueError(f"{name} has no batch normalization")
        self._frozen[name] = Frozen([] if below is None else blocks_below(network, below), affine)
        self.interventions[name] = intervention
        fader.strength, fader.noise = intervention.bn_strength, intervention.noise

    def checkpoint(self) -> Checkpoint:
        """Return a copy of all that is carried from the last step to the next. Raises RuntimeError inside a step."""
        if self._computed:
            raise RuntimeError(f"checkpoint() inside step {self.steps_done}; update() comes first")
        return Checkpoint(
            steps_done=self.steps_done,
            networks={name: copy.deepcopy(network.state_dict()) for name, network in self.networks.items()},
            optimizers={name: copy.deepcopy(one.state_dict()) for name, one in self.optimizers.items()},
            random={name: state.clone() for name, state in self._random.items()},
            order=self._order.get_state(),
            permutation=self._permutation.clone(),
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of a training of the same config: every step is then the one that followed there.

        Raises:
            CheckpointError: it is of other networks; what was restored until that was found may stay.
        """
        if checkpoint.networks.keys() != self.networks.keys() or checkpoint.random.keys() != self._random.keys():
            there, here = ", ".join(checkpoint.networks), ", ".join(self.networks)
            raise CheckpointError(f"the checkpoint is of the networks {there}, this training of {here}")
        try:
            for name, network in self.networks.items():
                network.load_state_dict(checkpoint.networks[name])
                self.optimizers[name].load_state_dict(copy.deepcopy(dict(checkpoint.optimizers[name])))
                _refuse_unfit(self.optimizers[name])
            self._random = {name: _random_state(state) for name, state in checkpoint.random.items()}
            self._order.set_state(checkpoint.order)
            self._permutation = self._order_of_samples(checkpoint)
        except Exception as error:  # what restores from a state that may be anything raises anything
            if is_of_memory(error):
                raise
            raise CheckpointError(f"the checkpoint does not fit this training: {error}") from error
        self._computed = False
        self.steps_done = checkpoint.steps_done

    def _order_of_samples(self, checkpoint: Checkpoint) -> Tensor:
        """Return the order of the epoch under way. Raises ValueError where it is none of these data."""
        order, samples = checkpoint.permutation, len(self._data.train_inputs)
        begun = checkpoint.steps_done % self._steps_per_epoch
        if begun and (order.shape != (samples,) or not (0 <= int(order.min()) <= int(order.max()) < samples)):
            raise ValueError(f"its order of the samples is not one of {samples}")
        return order.clone()

    def _forward(self, name: str, inputs: Tensor) -> Tensor:
        """Return what a network in train mode makes of a batch."""
        with self._own_random_state(name):
            outputs: Tensor = self.networks[name](inputs)
        return outputs

    @contextmanager
    def _own_random_state(self, name: str) -> Iterator[None]:
        """Let a network that draws random numbers draw them from its own stream in place of torch's global one."""
        if name not in self._random:
            yield
            return
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self._random[name])
            yield
            self._random[name] = torch.get_rng_state()

    def _next_batch(self) -> tuple[Tensor, Tensor]:
        position = self.steps_done % self._steps_per_epoch
        if position == 0:
            self._permutation = torch.randperm(len(self._data.train_inputs), generator=self._order)
        chosen = self._permutation[position * self._batch_size : (position + 1) * self._batch_size]
        return self._data.train_inputs[chosen], self._data.train_labels[chosen]


def _refuse_unfit(optimizer: torch.optim.Optimizer) -> None:
    """Raise where what an optimizer carries is not as its parameters are: compiled steps would not look at that."""
    for group in optimizer.param_groups:
        if not isinstance(group["lr"], int | float):
            raise TypeError("a learning rate is no number")
        float(group["lr"])  # one of 400 digits is none that a step could be made with
        for parameter in group["params"]:
            for name, one in optimizer.state.get(parameter, {}).items():
                if isinstance(one, Tensor) and name != "step" and (one.shape, one.dtype) != (
                    parameter.shape, parameter.dtype
                ):  # fmt: skip
                    raise ValueError(f"{name} is not as its parameter")


def _random_state(state: Tensor) -> Tensor:
    """Return a copy of the state of a random stream. Raises RuntimeError where it is none."""
    return torch.Generator().set_state(state).get_state()


@dataclass(frozen=True)
class _Samples:
    """Those of `inputs` and `labels` that `chosen` (their indices) names."""

    inputs: Tensor
    labels: Tensor
    chosen: Tensor


def _score(network: nn.Module, samples: _Samples, batch: int) -> tuple[float, float]:
    """Return the mean cross-entropy and the accuracy over the samples."""
    loss = torch.zeros((), dtype=torch.float64)
    right = torch.zeros((), dtype=torch.int64)
    for chosen in torch.split(samples.chosen, batch):
        outputs, labels = network(samples.inputs[chosen]), samples.labels[chosen]
        loss += functional.cross_entropy(outputs, labels, reduction="sum")
        right += (outputs.argmax(dim=1) == labels).sum()
    count = len(samples.chosen)
    return loss.item() / count, right.item() / count


def _is_random(network: nn.Module) -> bool:
    return any(isinstance(module, (nn.Dropout, NoisyBatchNorm1d, NoisyBatchNorm2d)) for module in network.modules())
