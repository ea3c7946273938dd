"""Scikit-learn's bundled digits (16 grey levels), each class split 80 to 20, always the same way."""

from __future__ import annotations

from typing import Literal

from typing_extensions import override

from shiftscope.config.datasets._images import Images, Samples

_TEST_SIZE = 360
_SPLIT_SEED = 0


class Digits(Images):
    """Handwritten digits, 8 x 8 pixels, bundled with scikit-learn: 1,437 for training and 360 for testing."""

    title = "digits"
    image = (1, 8, 8)
    white = 16
    class_counts = (142, 146, 142, 146, 145, 145, 145, 143, 139, 144)

    kind: Literal["digits"] = "digits"

    @classmethod
    @override
    def samples(cls) -> Samples:
        import numpy as np  # noqa: PLC0415  a config is read where neither numpy nor scikit-learn is loaded
        from sklearn.datasets import load_digits  # noqa: PLC0415
        from sklearn.model_selection import train_test_split  # noqa: PLC0415

        images, labels = load_digits(return_X_y=True)
        train_x, test_x, train_y, test_y = train_test_split(
            images.astype(np.float32) / np.float32(cls.white),
            labels.astype(np.int64),
            test_size=_TEST_SIZE,
            stratify=labels,
            random_state=_SPLIT_SEED,
        )
        return Samples(train_x, train_y, test_x, test_y)
