from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shiftscope import config as c
from shiftscope.lab.data import datasets
from shiftscope.lab.data.preparation import corrupt, noisy_labels, rotate, scale
from shiftscope.lab.data.types import Data
from shiftscope.lab.training.loop import Training


def digits(**options) -> Data:
    return datasets.load(c.Digits(**options), Path("nowhere"), lambda *_: None)


@pytest.fixture(scope="module")
def plain() -> Data:
    return digits()


def test_label_noise_replaces_the_share_that_it_says_by_other_classes(plain):
    noisy = digits(label_noise=0.25)
    changed = noisy.train_labels != plain.train_labels
    assert changed.sum() == round(0.25 * 1437)
    assert torch.equal(noisy.train_labels, digits(label_noise=0.25).train_labels)
    assert torch.equal(noisy.test_labels, plain.test_labels)
    assert (noisy.train_labels[changed].bincount(minlength=10) > 10).all()


@given(st.integers(2, 10), st.floats(0, 1), st.integers(1, 200))
def test_noisy_labels_are_classes(classes, fraction, count):
    labels = torch.arange(count) % classes
    noisy = noisy_labels(labels, classes, fraction)
    assert (noisy != labels).sum() == round(fraction * count)
    assert noisy.min() >= 0
    assert noisy.max() < classes


def test_scalings_use_the_training_set_alone(plain):
    raw = digits(scaling="raw")
    assert sorted(set(raw.train_inputs.flatten().tolist())) == list(range(17))
    standardized = digits(scaling="standardized")
    pixels = plain.train_inputs.double().numpy()
    np.testing.assert_allclose(
        standardized.test_inputs.numpy(), (plain.test_inputs.numpy() - pixels.mean()) / pixels.std(), atol=1e-5
    )
    binary = digits(scaling="binary")
    assert torch.equal(binary.test_inputs, (plain.test_inputs > 0.5).float())


def test_each_channel_is_standardized_by_itself():
    images = torch.rand(40, 3, 4) * torch.tensor([1.0, 10.0, 100.0]).reshape(1, 3, 1)
    labels = torch.zeros(40, dtype=torch.int64)
    data = scale(Data(images.flatten(1), labels, 2 * images.flatten(1), labels, 10), "standardized", 255, channels=3)
    channels = images.double().numpy()
    mean, deviation = (f(channels, axis=(0, 2), keepdims=True) for f in (np.mean, np.std))
    np.testing.assert_allclose(data.train_inputs.reshape(40, 3, 4), (channels - mean) / deviation, atol=1e-5)
    np.testing.assert_allclose(data.test_inputs.reshape(40, 3, 4), (2 * channels - mean) / deviation, atol=1e-5)


def test_brightness_and_contrast_change_the_test_set_alone(plain):
    changed = digits(test_corruption=c.Brightness(brightness=0.2, contrast=0.5))
    expected = np.clip(0.5 * (plain.test_inputs.numpy() - 0.5) + 0.5 + 0.2, 0, 1)
    np.testing.assert_allclose(changed.test_inputs.numpy(), expected, atol=1e-6)
    assert torch.equal(changed.train_inputs, plain.train_inputs)


@pytest.mark.parametrize("image", [(1, 5, 5), (1, 4, 6), (1, 6, 4), (3, 5, 5)])
def test_a_quarter_and_a_half_turn_are_exact(image):
    pixels = torch.rand(3, *image)
    half = rotate(pixels.flatten(1), 180, image).reshape(pixels.shape)
    torch.testing.assert_close(half, torch.rot90(pixels, 2, (2, 3)))
    if image[1] == image[2]:
        quarter = rotate(pixels.flatten(1), 90, image).reshape(pixels.shape)
        torch.testing.assert_close(quarter, torch.rot90(pixels, 1, (2, 3)))  # counter-clockwise
    torch.testing.assert_close(rotate(pixels.flatten(1), 0, image), pixels.flatten(1))


def test_a_turn_keeps_the_aspect_of_what_is_not_square():
    # A disc in a wide image stays the disc that it is.
    rows, columns = torch.meshgrid(torch.arange(20.0) - 9.5, torch.arange(40.0) - 19.5, indexing="ij")
    disc = (rows**2 + columns**2 < 49).float()
    turned = rotate(disc.reshape(1, -1), 40, (1, 20, 40)).reshape(20, 40)
    assert (turned - disc).abs().mean() < 0.02


def test_unseen_classes_are_tested_and_not_trained_on(plain):
    options = c.Digits(test_corruption=c.UnseenClasses(classes=3))
    data = corrupt(plain, options.test_corruption, options.image)
    assert set(data.train_labels.tolist()) == set(range(7))
    assert set(data.test_labels.tolist()) == {7, 8, 9}
    assert len(data.train_inputs) == len(data.train_labels) == options.training_size
    assert data.classes == 10
    Training(c.RunConfig(dataset=options), data).compute()


def test_the_config_knows_how_many_samples_each_class_has(plain):
    assert tuple(plain.train_labels.bincount().tolist()) == c.Digits.class_counts
