"""What a data set for classification is, and the fixed split of data that come without one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Precision = Literal["float32", "float64"]
Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]

# one sample in five is for testing
_TEST_PERIOD = 5


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with labels, in two parts; the arrays are read-only.

    Attributes:
        name: of the data, or of their file without its ending.
        description: one line.
        source: where the data come from, whom to credit, their licence.
        x_train: (n, d) float32 or float64.
        y_train: (n,) int64 in [0, n_classes).
        x_test: (m, d), in the precision of ``x_train``.
        y_test: (m,) int64; no choice may depend on the test part.
        n_classes: number of classes, at least 2.
        image_shape: (height, width) with height * width = d where a sample is an image, row by row;
            otherwise None.
    """

    name: str
    description: str
    source: str
    x_train: Floats
    y_train: Labels
    x_test: Floats
    y_test: Labels
    n_classes: int
    image_shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        # views: a copy of the pixels would double the memory
        for name in ("x_train", "y_train", "x_test", "y_test"):
            array = getattr(self, name).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # NumPy copies and unpickles read-only arrays as writeable ones
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        vars(self).update(state)

    @property
    def n_inputs(self) -> int:
        """Length d of a sample."""
        return int(self.x_train.shape[1])

    @property
    def input_names(self) -> tuple[str, ...]:
        """A name for each input: ``row,column`` of a pixel, else ``x0``, ``x1``, ..."""
        if self.image_shape is None:
            return tuple(f"x{k}" for k in range(self.n_inputs))
        height, width = self.image_shape
        return tuple(f"{row},{column}" for row in range(height) for column in range(width))


def image_shape_of(input_names: Sequence[str]) -> tuple[int, int] | None:
    """The (height, width) of the images that inputs are the pixels of, as their names tell.

    The other way round of ``Dataset.input_names``, so that who has only the names, as in the file
    of a network, knows that the inputs are an image.

    Args:
        input_names: ``row,column`` for each pixel, row by row; whatever else is no image.

    Returns:
        None where it is no image, or one of a single row or column.
    """
    last = re.fullmatch(r"(\d{1,4}),(\d{1,4})", input_names[-1]) if input_names else None
    if last is None:
        return None
    height, width = (int(number) + 1 for number in last.groups())
    if min(height, width) < 2 or height * width != len(input_names):
        return None
    places = ((row, column) for row in range(height) for column in range(width))
    is_grid = all(
        name == f"{row},{column}" for name, (row, column) in zip(input_names, places, strict=True)
    )
    return (height, width) if is_grid else None


def held_out(y: Labels) -> NDArray[np.bool_]:
    """Which samples a fixed split sets apart for testing: every fifth of each class.

    The samples of a class are counted in the order of the file; the 5th, 10th, 15th, ... are for
    testing. No random number is drawn, so the split is the same everywhere and for ever. A class of
    fewer than five samples has none for testing; no class is without samples for training.

    Args:
        y: (n,) labels.

    Returns:
        (n,) bool.
    """
    is_test = np.zeros(len(y), bool)
    for label in np.unique(y):
        is_test[np.flatnonzero(y == label)[_TEST_PERIOD - 1 :: _TEST_PERIOD]] = True
    return is_test
