"""Reads idx, the file format of MNIST, gzipped or not."""

from __future__ import annotations

import gzip
import math
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from wann_envs.classify.errors import DataError

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTES = 0x08


def read_idx(content: bytes, n_dimensions: int, name: str) -> NDArray[np.uint8]:
    """Reads an array of unsigned bytes.

    Args:
        content: of the file.
        n_dimensions: that the array must have: 3 for images, 1 for labels.
        name: of the file, for errors.

    Returns:
        The array, read-only.

    Raises:
        DataError: the file is truncated, damaged or something else.

    Source: LeCun, Cortes & Burges, "The MNIST database", section on the file format: two zero
    bytes, the type, the number of dimensions, each dimension as a big-endian uint32, the data.
    """
    if content.startswith(_GZIP_MAGIC):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{name} is a damaged gzip file: {error}") from error
    expected = bytes((0, 0, _UNSIGNED_BYTES, n_dimensions))
    if content[:4] != expected:
        raise DataError(
            f"{name} is not an idx file of unsigned bytes in {n_dimensions} dimensions: it begins "
            f"with 0x{content[:4].hex()}, expected 0x{expected.hex()}"
        )
    n_header = 4 + 4 * n_dimensions
    if len(content) < n_header:
        raise DataError(f"{name} is truncated: its header has {len(content)} of {n_header} bytes")
    shape = struct.unpack(f">{n_dimensions}I", content[4:n_header])
    if len(content) - n_header != math.prod(shape):
        raise DataError(
            f"{name} has {len(content) - n_header} bytes of data, but its header tells of "
            f"{' × '.join(map(str, shape))} = {math.prod(shape)}"
        )
    return np.frombuffer(content, np.uint8, offset=n_header).reshape(shape)
