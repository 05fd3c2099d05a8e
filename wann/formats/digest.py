"""Digests of contents: who reads a file knows whether it is as it was written."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from wann_envs.digest import digest_of_arrays

__all__ = ["digest_of_arrays", "digest_of_json"]

# floats are all the integers below
_EXACT_INTEGERS = 2.0**53
_LEFT_ALONE = {int, str, bool, type(None)}


def digest_of_json(value: Any) -> str:
    """A digest of plain values, whatever the spaces and the order of keys in their file.

    Nor does it matter whether a whole number is written as ``1`` or ``1.0``: programs differ.

    Returns:
        Hexadecimal digits of BLAKE2b, 16 bytes.
    """
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    """The value with whole numbers as integers, but for -0.0."""
    if isinstance(value, dict):
        return {k: v if type(v) in _LEFT_ALONE else _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [v if type(v) in _LEFT_ALONE else _plain(v) for v in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_INTEGERS:
        return value if value == 0.0 and math.copysign(1.0, value) < 0.0 else int(value)
    return value
