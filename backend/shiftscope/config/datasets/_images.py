"""What every data set of images declares, and what may be done to one."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field, field_validator

from shiftscope.config._part import Part, refusal
from shiftscope.config.datasets._original import Original


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
    classes: int = Field(2, ge=1, le=8, description="how many of the classes are not trained on")


Corruption = Annotated[NoCorruption | Brightness | Rotation | UnseenClasses, Field(discriminator="kind")]


class Samples(NamedTuple):
    """Arrays of numpy: pixels float32 from 0 to 1, shape (N, features), and labels from 0, int64, shape (N,)."""

    train_inputs: Any
    train_labels: Any
    test_inputs: Any
    test_labels: Any


class Images(Part):
    """Images of some classes, and what is done to them before they are trained on."""

    title: ClassVar[str]
    """As people call it."""
    image: ClassVar[tuple[int, int, int]]
    """Channels, rows and columns of an image; a sample is its channels one after the other, each row by row."""
    class_counts: ClassVar[tuple[int, ...]]
    """Training samples by class."""
    white: ClassVar[float]
    """The value of a white pixel in the files."""
    original: ClassVar[Original | None] = None
    """The files in which it was published, of a format that the lab reads; without any, `samples` makes it."""

    scaling: Literal["unit", "raw", "standardized", "binary"] = Field(
        "unit",
        description="pixels from 0 to 1, as stored (0 to 16 or 255), less their mean over their standard deviation "
        "(both of the whole training set, channel by channel), or 0 and 1 alone",
    )
    label_noise: float = Field(0.0, ge=0, le=1, description="fraction of training labels replaced by a wrong one")
    test_corruption: Corruption = NoCorruption()

    @field_validator("test_corruption", mode="after")
    @classmethod
    def _leaves_classes(cls, corruption: Corruption) -> Corruption:
        known = len(cls.class_counts)
        if isinstance(corruption, UnseenClasses) and corruption.classes >= known:
            raise refusal("config.unseen_classes", classes=corruption.classes, known=known)
        return corruption

    @classmethod
    def samples(cls) -> Samples:
        """Return a data set that lies in no file; a class without an original overrides this.

        It imports what it needs when it is called: a config is read where neither numpy nor torch is loaded.
        """
        raise NotImplementedError(f"{cls.__name__} has neither an original nor samples")

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
