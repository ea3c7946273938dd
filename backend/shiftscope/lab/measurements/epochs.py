"""Passes over the whole training and test set in eval mode after each epoch."""

from __future__ import annotations

from shiftscope.lab.measurements.base import Evaluation, Measuring, Recorded


class WholeTrainingSet(Measuring):
    """Evaluates on all training samples, where the run's own evaluations take at most 10,000 of them."""

    def evaluated(self, metrics: Evaluation) -> None:
        """See Measuring."""
        super().evaluated(metrics if self.training.steps_done == 0 else self._on_everything())

    def figures(self, recorded: Recorded) -> dict[str, float]:
        """Return each epoch's losses and accuracies as "network/epoch/train_loss" and so on."""
        del recorded
        return {
            f"{network}/{epoch}/{name}": value
            for epoch, (_, metrics) in enumerate(self.evaluations)
            if epoch
            for network, found in metrics.items()
            for name, value in found.items()
        }

    def _on_everything(self) -> Evaluation:
        return self.training.evaluate(training_samples=len(self.samples.train_labels))
