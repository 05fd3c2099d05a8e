"""Digests of arrays: who reads a file knows whether it holds what was written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def digest_of_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """A digest of names, types, shapes and values, whatever the file around them looks like.

    Returns:
        Hexadecimal digits of BLAKE2b, 16 bytes.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(array.reshape(-1).data)  # where it lies: no copy
    return digest.hexdigest()
