"""Digests of contents: who reads a file knows whether it is as it was written."""

from __future__ import annotations

import hashlib
import json
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
        digest.update(array.tobytes())
    return digest.hexdigest()


def digest_of_json(value: Any) -> str:
    """A digest of plain values, whatever the spaces and the order of keys in their file.

    Returns:
        Hexadecimal digits of BLAKE2b, 16 bytes.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
