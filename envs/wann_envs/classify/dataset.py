"""What a data set for classification is, and the fixed split of data that come without one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wann_envs.classify.errors import DataError
from wann_envs.limits import MOST_CLASSES, MOST_COLUMNS, MOST_NUMBERS, MOST_SAMPLES

Precision = Literal["float32", "float64"]
Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]

# one sample in five is for testing
_TEST_PERIOD = 5


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples with labels, in two parts; checked, and the arrays are read-only.

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
        sha256: of the files' content, where files of the same names may hold other data; else "".
        folder: where they lay, if somebody named it; else "".

    Raises:
        DataError: an array has a wrong shape, type or value, or is larger than ``wann_envs.limits``
            allows.
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
    sha256: str = ""
    folder: str = ""

    def __post_init__(self) -> None:
        check_sizes(self.x_train.shape, self.n_classes)
        _check_part(self.x_train, self.y_train, self.x_train.shape[1:], self.n_classes, "train")
        _check_part(self.x_test, self.y_test, self.x_train.shape[1:], self.n_classes, "test")
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


def check_sizes(shape: tuple[int, ...], n_classes: int = 2, name: str = "x_train") -> None:
    """Looks at sizes before anything is made of them.

    Args:
        shape: of the inputs; expected is (samples, columns).
        n_classes: number of classes.
        name: of the inputs, for the error.

    Raises:
        DataError: they are not those of a table, or larger than ``wann_envs.limits`` allows.
    """
    if len(shape) != 2 or 0 in shape:
        raise DataError(f"{name} has shape {shape}: expected (n, d), n and d at least 1")
    n, d = shape
    for value, most, what in (
        (n, MOST_SAMPLES, "samples"),
        (d, MOST_COLUMNS, "columns"),
        (n_classes, MOST_CLASSES, "classes"),
        (n * d, MOST_NUMBERS, "numbers, samples × columns"),
        (n * n_classes, MOST_NUMBERS, "numbers, samples × classes"),
    ):
        if value > most:
            raise DataError(f"{name} has {value:,} {what}: at most {most:,} are taken")


def _check_part(x: Floats, y: Labels, columns: tuple[int, ...], n_classes: int, part: str) -> None:
    """Raises DataError unless inputs and labels are those of a part of a data set."""
    if n_classes < 2:
        raise DataError(f"there are {n_classes} classes: expected two or more")
    if x.dtype not in (np.float32, np.float64) or x.shape != (len(y), *columns):
        raise DataError(
            f"x_{part} has the type {x.dtype} and shape {x.shape}: expected float32 or float64 and "
            f"shape {(len(y), *columns)}"
        )
    if y.dtype != np.int64 or y.ndim != 1:
        raise DataError(f"y_{part} has the type {y.dtype} and shape {y.shape}: expected (n,) int64")
    if not len(y):
        return
    # NaN is passed on by both
    if not (np.isfinite(x.min()) and np.isfinite(x.max())):
        raise DataError(f"x_{part} holds numbers that are not finite")
    low, high = int(y.min()), int(y.max())
    if low < 0 or high >= n_classes:
        wrong = low if low < 0 else high
        raise DataError(f"y_{part} has the label {wrong}: expected 0 to {n_classes - 1}")


def held_out(y: Labels) -> NDArray[np.bool_]:
    """Which samples a fixed split sets apart for testing: every fifth of each class.

    The samples of a class are counted in the order of the file; the 5th, 10th, 15th, ... are for
    testing. Of a class of two to four samples the last is; a class of one has none for testing. No
    random number is drawn, so the split is the same everywhere and for ever. No class is without
    samples for training.

    Args:
        y: (n,) labels.

    Returns:
        (n,) bool.
    """
    order = np.argsort(y, kind="stable")
    _, first, count = np.unique(y[order], return_index=True, return_counts=True)
    place, size = np.arange(len(y)) - np.repeat(first, count), np.repeat(count, count)
    is_test = np.empty(len(y), bool)
    is_test[order] = np.where(
        size >= _TEST_PERIOD,
        place % _TEST_PERIOD == _TEST_PERIOD - 1,
        (size > 1) & (place == size - 1),
    )
    return is_test
