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
MICRO_BATCHES = Quantity(
    "micro_batches", "passes", "backward passes whose gradients the update uses; the step's distributions are those of "
    "all of them together",
)  # fmt: skip
SKIPPED_UPDATES = Quantity(
    "skipped_updates", "updates", "so far, noticed at recorded steps: gradients that were not finite and thrown away "
    "without an update, as GradScaler does",
)  # fmt: skip
UNSEEN_UPDATES = Quantity(
    "unseen_updates", "updates", "so far, of the recorded steps: those before which no pass of the network was seen"
)
FAILED_PASSES = Quantity(
    "failed_passes", "passes", "so far, noticed at recorded steps: forward passes that ended with an error of the "
    "network's own",
)  # fmt: skip
COUNTS = (MICRO_BATCHES, SKIPPED_UPDATES, UNSEEN_UPDATES, FAILED_PASSES)
LEARNING_RATE = Quantity("learning_rate", "1", "of the optimizer's first parameter group, for the update to come")
GROUP_LEARNING_RATE = Quantity(
    "group_learning_rate", "1", "of each parameter group that holds parameters of the network, for the update to come",
    shape="(groups,)",
)  # fmt: skip

QUANTITIES = (LOSS, ACCURACY, NONFINITE_COUNT, *COUNTS, LEARNING_RATE, GROUP_LEARNING_RATE)

LOGGED_LOSS = Quantity("loss", "nat", "as given to log(): of the training batch, where the steps have no loss")
LOGGED_ACCURACY = Quantity("accuracy", "fraction", "as given to log(): where the steps have no accuracy")
LOGGED = (LOGGED_LOSS, LOGGED_ACCURACY)
SCALAR_NUMBER = Quantity("scalar_number", "1", "which name it is: the run's events of the kind scalar declare them")
SCALAR_VALUE = Quantity("scalar_value", "1", "as given to log() under that name")

TEST_LOSS = Quantity("test_loss", "nat", "as given to evaluate(): over the test set, in eval mode")
TEST_ACCURACY = Quantity("test_accuracy", "fraction", "as given to evaluate(): over the test set, in eval mode")
TRAIN_LOSS = Quantity("train_loss", "nat", "as given to evaluate(): over the training set, in eval mode")
TRAIN_ACCURACY = Quantity("train_accuracy", "fraction", "as given to evaluate(): over the training set, in eval mode")

EVALUATION = (TEST_LOSS, TEST_ACCURACY, TRAIN_LOSS, TRAIN_ACCURACY)
