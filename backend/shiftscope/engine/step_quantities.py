"""What is known of a step from outside: loss, accuracy, learning rate, and whether numbers are finite."""

from __future__ import annotations

from shiftscope.engine.plan import Quantity

LOSS = Quantity("loss", "nat", "the loss that was given to measure(): of the training batch, in train mode")
ACCURACY = Quantity(
    "accuracy", "fraction", "the accuracy that was given to measure(): of the training batch, in train mode"
)
NONFINITE_COUNT = Quantity(
    "nonfinite_count", "values", "number of NaN and infinite values among the loss and the recorded activations and "
    "parameter gradients",
)  # fmt: skip
LEARNING_RATE = Quantity("learning_rate", "1", "of the optimizer's first parameter group, for the update to come")

QUANTITIES = (LOSS, ACCURACY, NONFINITE_COUNT, LEARNING_RATE)

TEST_LOSS = Quantity("test_loss", "nat", "as given to evaluate(): over the test set, in eval mode")
TEST_ACCURACY = Quantity("test_accuracy", "fraction", "as given to evaluate(): over the test set, in eval mode")
TRAIN_LOSS = Quantity("train_loss", "nat", "as given to evaluate(): over the training set, in eval mode")
TRAIN_ACCURACY = Quantity("train_accuracy", "fraction", "as given to evaluate(): over the training set, in eval mode")

EVALUATION = (TEST_LOSS, TEST_ACCURACY, TRAIN_LOSS, TRAIN_ACCURACY)
