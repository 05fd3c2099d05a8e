"""MNIST: 70,000 handwritten digits, raw (mnist784) or small and upright (mnist256)."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann_envs.classify.cache import cache_folder, load_arrays, save_arrays
from wann_envs.classify.dataset import Dataset, Precision
from wann_envs.classify.errors import DataError
from wann_envs.classify.idx import read_idx
from wann_envs.classify.mnist256 import (
    RULE_VERSION,
    SIDE,
    SIDE_BEFORE,
    from_units,
    mnist256_units,
)
from wann_envs.classify.mnist_files import MnistFiles, read_mnist_files

_N_CLASSES = 10
_SOURCE = "The MNIST database of handwritten digits (LeCun, Cortes & Burges 1998)"
_PARTS = ("x_train", "y_train", "x_test", "y_test")

DataDir = str | os.PathLike[str] | None


def load_mnist256(data_dir: DataDir = None, precision: Precision = "float64") -> Dataset:
    """Loads MNIST as 256 inputs: 16 × 16 pixels, deskewed; see the module ``mnist256``.

    The result is kept in the user's cache folder by the hash of the files, so that the second time
    takes a fraction of a second.

    Args:
        data_dir: see ``read_mnist_files``. Files in the same format serve as well (Fashion-MNIST).
        precision: of the inputs.

    Raises:
        DataError: the files are missing, damaged or do not fit together.
    """
    files = read_mnist_files(data_dir)
    path = cache_folder() / f"mnist256-v{RULE_VERSION}-{_hash(files)}.npz"
    arrays = load_arrays(path, _PARTS)
    if arrays is None:
        arrays = _read_arrays(files)
        for part in ("x_train", "x_test"):
            arrays[part] = mnist256_units(arrays[part])
        save_arrays(path, arrays)
    return Dataset(
        name="mnist256",
        description="handwritten digits, 16 × 16 pixels, deskewed",
        source=_SOURCE,
        x_train=from_units(arrays["x_train"], precision),
        y_train=arrays["y_train"].astype(np.int64),
        x_test=from_units(arrays["x_test"], precision),
        y_test=arrays["y_test"].astype(np.int64),
        n_classes=_N_CLASSES,
        image_shape=(SIDE, SIDE),
    )


def load_mnist784(data_dir: DataDir = None, precision: Precision = "float64") -> Dataset:
    """Loads MNIST as 784 inputs: the raw pixels over 255.

    Args:
        data_dir: see ``read_mnist_files``. Files in the same format serve as well (Fashion-MNIST).
        precision: of the inputs.

    Raises:
        DataError: the files are missing, damaged or do not fit together.
    """
    arrays = _read_arrays(read_mnist_files(data_dir))
    dtype = np.dtype(precision)
    x_train, x_test = (
        np.divide(arrays[part].reshape(len(arrays[part]), -1), dtype.type(255), dtype=dtype)
        for part in ("x_train", "x_test")
    )
    return Dataset(
        name="mnist784",
        description="handwritten digits, 28 × 28 pixels as they are",
        source=_SOURCE,
        x_train=x_train,
        y_train=arrays["y_train"].astype(np.int64),
        x_test=x_test,
        y_test=arrays["y_test"].astype(np.int64),
        n_classes=_N_CLASSES,
        image_shape=(SIDE_BEFORE, SIDE_BEFORE),
    )


def _hash(files: MnistFiles) -> str:
    """A name for the contents of the four files."""
    digest = hashlib.sha256()
    for _, content in vars(files).values():
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


def _read_arrays(files: MnistFiles) -> dict[str, NDArray[Any]]:
    """Images (n, 28, 28) and labels (n,) by the names of a Dataset, all uint8 and checked."""
    arrays = {}
    for part, images, labels in (
        ("train", files.train_images, files.train_labels),
        ("test", files.test_images, files.test_labels),
    ):
        x = read_idx(images[1], 3, images[0])
        y = read_idx(labels[1], 1, labels[0])
        if x.shape[1:] != (SIDE_BEFORE, SIDE_BEFORE) or not len(x):
            shape = " × ".join(map(str, x.shape))
            raise DataError(f"{images[0]} has images of {shape}, expected n × 28 × 28, n >= 1")
        if len(x) != len(y):
            raise DataError(f"{images[0]} has {len(x)} images, {labels[0]} has {len(y)} labels")
        if y.max() >= _N_CLASSES:
            raise DataError(f"{labels[0]} has the label {y.max()}, expected 0 to {_N_CLASSES - 1}")
        arrays[f"x_{part}"], arrays[f"y_{part}"] = x, y
    return arrays
