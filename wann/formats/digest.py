"""Digests of contents: who reads a file knows whether it is as it was written."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from wann_envs.digest import digest_of_arrays

__all__ = ["digest_of_arrays", "digest_of_json"]


def digest_of_json(value: Any) -> str:
    """A digest of plain values, whatever the spaces and the order of keys in their file.

    Returns:
        Hexadecimal digits of BLAKE2b, 16 bytes.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
