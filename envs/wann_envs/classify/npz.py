"""Data of one's own for classification, from an npz file."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann_envs.arrays import ArraysError, load_arrays
from wann_envs.classify.dataset import (
    Dataset,
    Floats,
    Labels,
    Precision,
    check_sizes,
    held_out,
)
from wann_envs.classify.errors import DataError
from wann_envs.limits import LARGEST_DATA, MOST_SAMPLES

_NAMES = ("x", "y", "x_test", "y_test")


def load_npz(path: str | os.PathLike[str], precision: Precision = "float64") -> Dataset:
    """Loads a data set from a file of arrays, as ``numpy.savez(path, x=x, y=y)`` writes it.

    Args:
        path: of a file that holds x (n, d), real numbers; y (n,), integers 0 to n_classes - 1, each
            of which occurs; and perhaps x_test (m, d) and y_test (m,). Without these, every fifth
            sample of each class is for testing; see ``held_out``. Inputs are taken as they are:
            nothing is scaled. Pickled objects are never loaded, and shapes and types are looked at
            before anything is unpacked.
        precision: of the inputs.

    Raises:
        DataError: the file cannot be read, an array has a wrong shape, type or value, or there is
            more than ``wann_envs.limits`` allows.
    """
    path = Path(path)
    try:
        arrays = _read(path)
        x = _checked_inputs(arrays, "x", precision)
        y = _checked_labels(arrays, "y", len(x))
        n_classes = _count_classes(y)
        check_sizes(x.shape, n_classes, "x")
        if "x_test" in arrays:
            x_test = _checked_inputs(arrays, "x_test", precision)
            if x_test.shape[1] != x.shape[1]:
                raise DataError(f"x_test has shape {x_test.shape}: expected (m, {x.shape[1]}) as x")
            check_sizes(x_test.shape, n_classes, "x_test")
            y_test = _checked_labels(arrays, "y_test", len(x_test))
            if y_test.max() >= n_classes:
                raise DataError(
                    f"y_test has the label {y_test.max()}: y has only the classes "
                    f"0 to {n_classes - 1}"
                )
        else:
            is_test = held_out(y)
            if not is_test.any():
                raise DataError(
                    "no class has two samples, so none can be set apart: add x_test and y_test"
                )
            x, x_test, y, y_test = x[~is_test], x[is_test], y[~is_test], y[is_test]
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    return Dataset(
        name=path.stem,
        description=f"{len(x)} + {len(x_test)} samples of {n_classes} classes",
        source=str(path),
        x_train=x,
        y_train=y,
        x_test=x_test,
        y_test=y_test,
        n_classes=n_classes,
    )


def _read(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of the file; no other than those of ``_NAMES``, and those that must be there."""
    try:
        arrays = load_arrays(path, most_bytes=LARGEST_DATA, check=_check_head)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}") from error
    except ArraysError as error:
        raise DataError(str(error)) from error
    _check_names(list(arrays))
    return arrays


def _check_head(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raises ArraysError for an array that would not do, whatever it holds."""
    try:
        _check_shape_and_type(name, shape, dtype)
    except DataError as error:
        raise ArraysError(str(error)) from error


def _check_shape_and_type(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    if name not in _NAMES:
        raise DataError(f"array {name[:60]!r} is unknown: allowed are {', '.join(_NAMES)}")
    if name.startswith("x"):
        if dtype.kind not in "fiub":
            raise DataError(f"{name} has the type {dtype}: expected real numbers")
        check_sizes(shape, name=name)
    elif dtype.kind not in "iu":
        raise DataError(f"{name} has the type {dtype}: expected integers, a class for each row")
    elif math.prod(shape) > MOST_SAMPLES:
        raise DataError(f"{name} has the shape {shape}: at most {MOST_SAMPLES:,} labels are taken")


def _check_names(names: list[str]) -> None:
    for name in ("x", "y"):
        if name not in names:
            raise DataError(f"array {name!r} is missing: expected x (n, d) and y (n,)")
    for name, other in (("x_test", "y_test"), ("y_test", "x_test")):
        if name in names and other not in names:
            raise DataError(f"array {other!r} is missing, for {name!r} is there: give both or none")


def _checked_inputs(arrays: dict[str, NDArray[Any]], name: str, precision: Precision) -> Floats:
    """Finite inputs (n, d) in a precision; the array is taken out of ``arrays``."""
    x = arrays.pop(name)
    with np.errstate(over="ignore", invalid="ignore"):  # told below, with its place
        converted: Floats = np.ascontiguousarray(x, precision)
    # NaN is passed on by both
    if not (np.isfinite(converted.min()) and np.isfinite(converted.max())):
        row, column = np.argwhere(~np.isfinite(converted))[0].tolist()
        raise DataError(
            f"{name}[{row}, {column}] is {x[row, column]}: expected finite {precision} numbers"
        )
    return converted


def _checked_labels(arrays: dict[str, NDArray[Any]], name: str, n: int) -> Labels:
    """Labels (n,), not negative."""
    y = arrays[name]
    if y.shape != (n,):
        inputs = name.replace("y", "x")
        raise DataError(
            f"{name} has shape {y.shape}: expected ({n},), a class for each row of {inputs}"
        )
    labels = y.astype(np.int64)
    if labels.min() < 0:
        place = int(np.flatnonzero(labels < 0)[0])
        raise DataError(f"{name}[{place}] is {y[place]}: classes are 0, 1, 2, ...")
    return labels


def _count_classes(y: Labels) -> int:
    """The number of classes, of which every one must occur in y."""
    present = np.unique(y)
    n_classes = int(present[-1]) + 1
    if len(present) < n_classes:
        missing = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise DataError(
            f"y has labels up to {n_classes - 1} but none of class {missing}: "
            "classes are 0, 1, 2, ... without gaps"
        )
    if n_classes < 2:
        raise DataError("y has one class only: expected two or more")
    return n_classes
