"""Reads idx, the file format of MNIST, gzipped or not."""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from wann_envs.classify.errors import DataError
from wann_envs.files import in_words
from wann_envs.limits import LARGEST_IDX

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTES = 0x08
# bytes that are read beyond what the header tells
_PIECE = 1 << 16
# what unpacking a damaged file raises
_DAMAGED = (OSError, EOFError, zlib.error, struct.error)


def read_idx(content: bytes, n_dimensions: int, name: str) -> NDArray[np.uint8]:
    """Reads an array of unsigned bytes.

    A gzipped file is unpacked as far as its header tells, and no further.

    Args:
        content: of the file.
        n_dimensions: that the array must have: 3 for images, 1 for labels.
        name: of the file, for errors.

    Returns:
        The array, read-only.

    Raises:
        DataError: the file is truncated, damaged, too large or something else.

    Source: LeCun, Cortes & Burges, "The MNIST database", section on the file format: two zero
    bytes, the type, the number of dimensions, each dimension as a big-endian uint32, the data.
    """
    if not content.startswith(_GZIP_MAGIC):
        return _read(io.BytesIO(content).read, n_dimensions, name)
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        try:
            try:
                return _read(file.read, n_dimensions, name)
            except DataError:
                file.read(_PIECE)  # what is damaged need not be judged by what it holds
                raise
        except _DAMAGED as error:
            raise DataError(f"{name} is a damaged gzip file: {error}") from error


def _read(read: Callable[[int], bytes], n_dimensions: int, name: str) -> NDArray[np.uint8]:
    """Reads the array from a stream, whose end is where its header tells."""
    shape = _read_shape(read, n_dimensions, name)
    size = math.prod(shape)
    if size > LARGEST_IDX:
        tells = f"its header tells of {' × '.join(map(str, shape))}"
        raise DataError(
            f"{name} is too large: {tells}, {in_words(size)}, more than {in_words(LARGEST_IDX)}"
        )
    data, rest = read(size), read(_PIECE)
    if len(data) < size or rest:
        has = f"{len(data) + len(rest)}{' or more' if len(rest) == _PIECE else ''}"
        raise DataError(
            f"{name} has {has} bytes of data, but its header tells of "
            f"{' × '.join(map(str, shape))} = {size}"
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read_shape(read: Callable[[int], bytes], n_dimensions: int, name: str) -> tuple[int, ...]:
    magic = read(4)
    expected = bytes((0, 0, _UNSIGNED_BYTES, n_dimensions))
    if magic != expected:
        raise DataError(
            f"{name} is not an idx file of unsigned bytes in {n_dimensions} dimensions: it begins "
            f"with 0x{magic.hex()}, expected 0x{expected.hex()}"
        )
    n_header = 4 * n_dimensions
    header = read(n_header)
    if len(header) < n_header:
        raise DataError(
            f"{name} is truncated: its header has {4 + len(header)} of {4 + n_header} bytes"
        )
    shape: tuple[int, ...] = struct.unpack(f">{n_dimensions}I", header)
    return shape


def digest_of_idx(arrays: Sequence[NDArray[np.uint8]]) -> str:
    """The sha256 of what idx files hold, packed or not: of the sha256 of each unpacked file."""
    digest = hashlib.sha256()
    for array in arrays:
        one = hashlib.sha256(bytes((0, 0, _UNSIGNED_BYTES, array.ndim)))
        one.update(struct.pack(f">{array.ndim}I", *array.shape))
        one.update(np.ascontiguousarray(array).reshape(-1).data)
        digest.update(one.digest())
    return digest.hexdigest()
