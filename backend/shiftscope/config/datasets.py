"""Which samples a run is trained and tested on."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shiftscope.config._part import Part


class NoCorruption(Part):
    """The test set as it is."""

    kind: Literal["none"] = "none"


class Brightness(Part):
    """Test images of another brightness and contrast: contrast (x - 1/2) + 1/2 + brightness, cut to [0, 1]."""

    kind: Literal["brightness"] = "brightness"
    brightness: float = Field(0.3, ge=-1, le=1, description="added to every pixel; white is 1")
    contrast: float = Field(1.0, ge=0, le=10, description="factor on the distance from middle grey")


class Rotation(Part):
    """Test images turned around their centre, counter-clockwise."""

    kind: Literal["rotation"] = "rotation"
    degrees: float = Field(30.0, ge=-180, le=180)


class UnseenClasses(Part):
    """Test images of the last classes alone, which the training set leaves out."""

    kind: Literal["unseen_classes"] = "unseen_classes"
    classes: int = Field(2, ge=1, le=8, description="how many of the ten classes are not trained on")


Corruption = Annotated[NoCorruption | Brightness | Rotation | UnseenClasses, Field(discriminator="kind")]


class Images(Part):
    """Images of ten classes, and what is done to them before they are trained on."""

    image: ClassVar[tuple[int, int, int]]
    """Channels, rows and columns of an image; a sample is its channels one after the other, each row by row."""
    class_counts: ClassVar[tuple[int, ...]]
    """Training samples by class."""
    white: ClassVar[float]
    """The value of a white pixel in the files."""

    scaling: Literal["unit", "raw", "standardized", "binary"] = Field(
        "unit",
        description="pixels from 0 to 1, as stored (0 to 16 or 255), less their mean over their standard deviation "
        "(both of the whole training set, channel by channel), or 0 and 1 alone",
    )
    label_noise: float = Field(0.0, ge=0, le=1, description="fraction of training labels replaced by a wrong one")
    test_corruption: Corruption = NoCorruption()

    @property
    def features(self) -> int:
        """Number of values of one input."""
        channels, rows, columns = self.image
        return channels * rows * columns

    @property
    def trained_classes(self) -> int:
        """Number of classes, the first ones, that the training set holds."""
        left_out = self.test_corruption.classes if isinstance(self.test_corruption, UnseenClasses) else 0
        return len(self.class_counts) - left_out

    @property
    def training_size(self) -> int:
        """Number of training samples."""
        return sum(self.class_counts[: self.trained_classes])


class Digits(Images):
    """Handwritten digits, 8 x 8 pixels, bundled with scikit-learn: 1,437 for training and 360 for testing."""

    image = (1, 8, 8)
    white = 16
    class_counts = (142, 146, 142, 146, 145, 145, 145, 143, 139, 144)

    kind: Literal["digits"] = "digits"


class Mnist(Images):
    """MNIST, 28 x 28 pixels: 60,000 for training and 10,000 for testing, from its original IDX files."""

    image = (1, 28, 28)
    white = 255
    class_counts = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)

    kind: Literal["mnist"] = "mnist"


class FashionMnist(Images):
    """Fashion-MNIST, clothes in 28 x 28 pixels: 60,000 for training and 10,000 for testing, from its IDX files."""

    image = (1, 28, 28)
    white = 255
    class_counts = (6000,) * 10

    kind: Literal["fashion_mnist"] = "fashion_mnist"


class Cifar10(Images):
    """CIFAR-10, colour photographs of 32 x 32 pixels: 50,000 for training and 10,000 for testing, from its binary."""

    image = (3, 32, 32)
    white = 255
    class_counts = (5000,) * 10

    kind: Literal["cifar10"] = "cifar10"


Dataset = Annotated[Digits | Mnist | FashionMnist | Cifar10, Field(discriminator="kind")]
