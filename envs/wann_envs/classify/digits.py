"""The 8 × 8 digits of UCI: 1,797 handwritten digits, shipped with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wann_envs.arrays import ArraysError, load_arrays
from wann_envs.classify.dataset import Dataset, Precision, held_out
from wann_envs.classify.errors import DataError
from wann_envs.digest import digest_of_arrays

_PATH = Path(__file__).with_name("digits.npz")
_DIGEST = "235da60ab7d197ae8f74757a9de225a0"
_LARGEST = 16


def load_digits(precision: Precision = "float64") -> Dataset:
    """Loads the digits, pixels scaled to [0, 1].

    They are the 1,797 images of the file ``optdigits.tes`` in its order. A pixel counts the dark
    ones among 4 × 4 pixels of a larger bitmap. The split is that of ``held_out``: every fifth image
    of each digit, in the order of the file, is for testing (355; 1,442 are for training). The
    13 writers are not kept apart.

    Args:
        precision: of the inputs.

    Raises:
        DataError: the file of the package is damaged.

    Source: Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI Machine
    Learning Repository, doi 10.24432/C50P49, CC BY 4.0. Changed only in format: the file
    ``digits.npz`` holds x (1797, 64) and y (1797,) as uint8, source and licence as text.
    """
    try:
        arrays = load_arrays(_PATH)
    except (OSError, ArraysError) as error:
        raise DataError(f"{_PATH} of the package cannot be read: {error}") from error
    if digest_of_arrays(arrays) != _DIGEST:
        raise DataError(f"{_PATH} of the package is damaged: install the package again")
    pixels, labels = arrays["x"], arrays["y"].astype(np.int64)
    source = f"{arrays['source']}; {arrays['licence']}"
    dtype = np.dtype(precision)
    x = np.divide(pixels, dtype.type(_LARGEST), dtype=dtype)
    is_test = held_out(labels)
    return Dataset(
        name="digits",
        description="handwritten digits, 8 × 8 pixels",
        source=source,
        x_train=x[~is_test],
        y_train=labels[~is_test],
        x_test=x[is_test],
        y_test=labels[is_test],
        n_classes=10,
        image_shape=(8, 8),
    )
