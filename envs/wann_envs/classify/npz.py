"""Data of one's own for classification, from an npz file."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann_envs.classify.dataset import Dataset, Floats, Labels, Precision, held_out
from wann_envs.classify.errors import DataError

_NAMES = ("x", "y", "x_test", "y_test")


def load_npz(path: str | os.PathLike[str], precision: Precision = "float64") -> Dataset:
    """Loads a data set from a file of arrays, as ``numpy.savez(path, x=x, y=y)`` writes it.

    Args:
        path: of a file that holds x (n, d), real numbers; y (n,), integers 0 to n_classes - 1, each
            of which occurs; and perhaps x_test (m, d) and y_test (m,). Without these, every fifth
            sample of each class is for testing; see ``held_out``. Inputs are taken as they are:
            nothing is scaled. Pickled objects are never loaded.
        precision: of the inputs.

    Raises:
        DataError: the file cannot be read, or an array has a wrong shape, type or value.
    """
    path = Path(path)
    try:
        arrays = _read(path)
        x = _checked_inputs(arrays, "x", precision)
        y = _checked_labels(arrays, "y", len(x))
        n_classes = _count_classes(y)
        if "x_test" in arrays:
            x_test = _checked_inputs(arrays, "x_test", precision)
            if x_test.shape[1] != x.shape[1]:
                raise DataError(f"x_test has shape {x_test.shape}: expected (m, {x.shape[1]}) as x")
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
                    "no class has five samples, so none can be set apart: add x_test and y_test"
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
        with path.open("rb") as opened:
            if not zipfile.is_zipfile(opened):
                raise DataError("is not an npz file (numpy.savez writes one)")
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                names = file.files
                _check_names(names)
                return {name: _member(file, name) for name in names}
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}") from error
    except zipfile.BadZipFile as error:
        raise DataError(f"is damaged: {error}") from error


def _check_names(names: list[str]) -> None:
    unknown = sorted(set(names) - set(_NAMES))
    if unknown:
        raise DataError(f"array {unknown[0]!r} is unknown: allowed are {', '.join(_NAMES)}")
    for name in ("x", "y"):
        if name not in names:
            raise DataError(f"array {name!r} is missing: expected x (n, d) and y (n,)")
    for name, other in (("x_test", "y_test"), ("y_test", "x_test")):
        if name in names and other not in names:
            raise DataError(f"array {other!r} is missing, for {name!r} is there: give both or none")


def _member(file: Any, name: str) -> NDArray[Any]:
    try:
        value = file[name]
    # RuntimeError: encrypted, or packed in a way that Python cannot unpack
    except (ValueError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        if "allow_pickle" in str(error):
            raise DataError(f"{name} holds Python objects: expected numbers") from error
        reason = str(error).partition("\n")[0]
        raise DataError(f"{name} is damaged: {reason}") from error
    if not isinstance(value, np.ndarray):  # what is no array comes as bytes
        raise DataError(f"{name} is damaged: it is not an array")
    return value


def _checked_inputs(arrays: dict[str, NDArray[Any]], name: str, precision: Precision) -> Floats:
    """Finite inputs (n, d) in a precision."""
    x = arrays[name]
    if x.dtype.kind not in "fiub":
        raise DataError(f"{name} has the type {x.dtype}: expected real numbers")
    if x.ndim != 2 or 0 in x.shape:
        raise DataError(f"{name} has shape {x.shape}: expected (n, d), n and d at least 1")
    with np.errstate(over="ignore"):  # told below, with its place
        converted = x.astype(precision)
    is_wrong = ~np.isfinite(converted)
    if is_wrong.any():
        row, column = np.argwhere(is_wrong)[0].tolist()
        raise DataError(
            f"{name}[{row}, {column}] is {x[row, column]}: expected finite {precision} numbers"
        )
    return converted


def _checked_labels(arrays: dict[str, NDArray[Any]], name: str, n: int) -> Labels:
    """Labels (n,), not negative."""
    y = arrays[name]
    if y.dtype.kind not in "iu":
        raise DataError(f"{name} has the type {y.dtype}: expected integers, a class for each row")
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
