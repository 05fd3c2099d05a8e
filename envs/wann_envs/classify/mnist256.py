"""mnist256: digits of 28 × 28 pixels made 16 × 16 and upright, as in the 2019 release.

Bilinear weights of the resize are eighths, those of the shear are thirty-seconds, a pixel is an
integer: every value is a whole number of 1 / ``UNITS``. The work is done on such whole numbers, so
the result does not depend on the order of additions, and one division gives either precision.

Source: Gaier & Ha 2019 (their release), which calls OpenCV's resize, moments and warpAffine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann_envs.classify.dataset import Floats, Precision

SIDE, SIDE_BEFORE = 16, 28
# a change of the values asks for a new version: cached values are kept by it
RULE_VERSION = 1
_EIGHTHS, _SHEAR_STEPS = 8, 32
_SHRUNK_UNITS = _EIGHTHS**2 * 255
UNITS = _SHRUNK_UNITS * _SHEAR_STEPS

# images less high than this (second central moment) stay as they are
_LEAST_SPREAD = 0.01 * _SHRUNK_UNITS
# OpenCV rounds a coordinate to 1/1024 pixel, then to 1/32
_FINE_STEPS = 1024
# images at a time: what a block needs stays in the cache
_BLOCK = 2048


def mnist256(images: NDArray[np.uint8], precision: Precision = "float64") -> Floats:
    """Shrinks and deskews images.

    Args:
        images: (n, 28, 28) uint8.
        precision: of the result.

    Returns:
        (n, 256) in [0, 1], row by row.
    """
    return from_units(mnist256_units(images), precision)


def from_units(units: NDArray[np.int32], precision: Precision) -> Floats:
    """Values of ``mnist256_units`` in a precision, correctly rounded."""
    dtype = np.dtype(precision)
    return np.divide(units, dtype.type(UNITS), dtype=dtype, casting="unsafe")


def mnist256_units(images: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The same as ``mnist256`` in whole numbers of 1 / ``UNITS``.

    Args:
        images: (n, 28, 28) uint8.

    Returns:
        (n, 256) in [0, UNITS].
    """
    units = np.empty((len(images), SIDE * SIDE), np.int32)
    for first in range(0, len(images), _BLOCK):
        block = images[first : first + _BLOCK]
        units[first : first + _BLOCK] = _deskew(_shrink(block)).reshape(len(block), -1)
    return units


def _resize_weights() -> NDArray[np.float32]:
    """(28, 16) bilinear weights in eighths; pixel centres lie at half coordinates."""
    weights = np.zeros((SIDE_BEFORE, SIDE), np.float32)
    for column in range(SIDE):
        centre = (column + 0.5) * SIDE_BEFORE / SIDE - 0.5
        low = int(centre)
        weights[low, column] = _EIGHTHS * (low + 1 - centre)
        weights[low + 1, column] = _EIGHTHS * (centre - low)
    return weights


def _shrink(images: NDArray[np.uint8]) -> NDArray[np.int32]:
    """(n, 28, 28) to (n, 16, 16) in whole numbers of 1 / _SHRUNK_UNITS."""
    weights = _resize_weights()
    # below 2**24: float32 is exact
    narrow = images.reshape(-1, SIDE_BEFORE).astype(np.float32) @ weights
    small: NDArray[np.float32] = weights.T @ narrow.reshape(-1, SIDE_BEFORE, SIDE)
    return small.astype(np.int32)


def _slants(images: NDArray[np.int32]) -> NDArray[np.float64]:
    """(n,) columns that each image leans by per row: mu11 / mu02, rounded to float32."""
    along = np.arange(SIDE, dtype=np.float64)
    rows, columns = (images.sum(axis=axis, dtype=np.float64) for axis in (2, 1))
    # an empty image would divide by 0; its other moments are 0
    total = np.maximum(rows.sum(axis=1), 1.0)
    m01, m10 = rows @ along, columns @ along
    mu02 = rows @ along**2 - m01 * m01 / total
    mu11 = (images @ along) @ along - m10 * m01 / total
    is_flat = np.abs(mu02) < _LEAST_SPREAD
    slants = np.where(is_flat, 0.0, mu11 / np.where(is_flat, 1.0, mu02))
    return slants.astype(np.float32).astype(np.float64)


def _deskew(images: NDArray[np.int32]) -> NDArray[np.int32]:
    """Shears (n, 16, 16) images upright about row 8, zero outside; the result is in 1 / UNITS."""
    height = np.arange(SIDE) - SIDE // 2
    fine = np.rint(_slants(images)[:, None] * height * _FINE_STEPS).astype(np.int64)
    ratio = _FINE_STEPS // _SHEAR_STEPS
    steps = (fine + ratio // 2) // ratio
    shift, weight = steps // _SHEAR_STEPS, (steps % _SHEAR_STEPS).astype(np.int32)[..., None]
    # a row that is shifted further than its width sees zeros only
    margin = SIDE + 1
    padded = np.pad(images, ((0, 0), (0, 0), (margin, margin)))
    start = np.clip(shift, -margin, SIDE) + margin
    window = np.take_along_axis(padded, start[..., None] + np.arange(SIDE + 1), axis=2)
    return window[..., :-1] * (_SHEAR_STEPS - weight) + window[..., 1:] * weight
