"""MNIST: 70,000 handwritten digits, raw (mnist784) or small and upright (mnist256)."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann_envs.classify.cache import cache_folder, load_cached, save_cached
from wann_envs.classify.dataset import Dataset, Precision
from wann_envs.classify.errors import DataError
from wann_envs.classify.idx import digest_of_idx, read_idx
from wann_envs.classify.mnist256 import (
    RULE_VERSION,
    SIDE,
    SIDE_BEFORE,
    UNITS,
    from_units,
    mnist256_units,
)
from wann_envs.classify.mnist_files import MnistFiles, named_folder, read_mnist_files

_N_CLASSES = 10
_SOURCE = "The MNIST database of handwritten digits (LeCun, Cortes & Burges 1998)"
_PARTS = ("x_train", "y_train", "x_test", "y_test")

_CONTENT = "content"
# of MNIST as it was published, as ``Dataset.sha256``: wherever it lies, packed or not
MNIST_SHA256 = "e9914cff2ade526da2ab1ac60c072f9173cc53e35b9411692de8207cb1b9009d"

DataDir = str | os.PathLike[str] | None


def load_mnist256(data_dir: DataDir = None, precision: Precision = "float64") -> Dataset:
    """Loads MNIST as 256 inputs: 16 × 16 pixels, deskewed; see the module ``mnist256``.

    The result is kept in the user's cache folder by the hash of the files, so that the second time
    takes a fraction of a second.

    Args:
        data_dir: see ``read_mnist_files``. Files in the same format serve as well (Fashion-MNIST).
        precision: of the inputs.

    Raises:
        DataError: the files are missing, damaged, too large or do not fit together.
    """
    files = read_mnist_files(data_dir)
    path = cache_folder() / f"mnist256-v{RULE_VERSION}-{_hash(files)}.npz"
    arrays = load_cached(path, (*_PARTS, _CONTENT))
    if arrays is None or not _are_mnist256(arrays):
        arrays = _read_arrays(files)
        for part in ("x_train", "x_test"):
            arrays[part] = mnist256_units(arrays[part])
        save_cached(path, arrays)
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
        sha256=str(arrays[_CONTENT]),
        folder=_folder(data_dir),
    )


def load_mnist784(data_dir: DataDir = None, precision: Precision = "float64") -> Dataset:
    """Loads MNIST as 784 inputs: the raw pixels over 255.

    Args:
        data_dir: see ``read_mnist_files``. Files in the same format serve as well (Fashion-MNIST).
        precision: of the inputs.

    Raises:
        DataError: the files are missing, damaged, too large or do not fit together.
    """
    files = read_mnist_files(data_dir)
    arrays = _read_arrays(files)
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
        sha256=str(arrays[_CONTENT]),
        folder=_folder(data_dir),
    )


def _folder(data_dir: DataDir) -> str:
    folder, _ = named_folder(data_dir)
    return "" if folder is None else str(folder.resolve())


def _hash(files: MnistFiles) -> str:
    """A name for the contents of the four files, as they lie on the disk."""
    digest = hashlib.sha256()
    for _, content in vars(files).values():
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


def _are_mnist256(arrays: Mapping[str, NDArray[Any]]) -> bool:
    """Whether arrays from a cache are what ``load_mnist256`` puts there."""
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.dtype != np.int32 or y.dtype != np.uint8 or y.ndim != 1:
            return False
        if x.shape != (len(y), SIDE * SIDE) or not len(y):
            return False
        if x.min() < 0 or x.max() > UNITS or y.max() >= _N_CLASSES:
            return False
    content = arrays[_CONTENT]
    return content.shape == () and re.fullmatch("[0-9a-f]{64}", str(content)) is not None


def _read_arrays(files: MnistFiles) -> dict[str, NDArray[Any]]:
    """What the files hold, checked.

    Returns:
        Images (n, 28, 28) and labels (n,) by the names of a Dataset, all uint8; and ``content``,
        the digest of all.
    """
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
    digest = digest_of_idx([arrays[part] for part in _PARTS])
    return arrays | {_CONTENT: np.array(digest)}
