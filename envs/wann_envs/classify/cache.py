"""Arrays that were computed once are kept in the user's cache folder."""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann_envs.arrays import ArraysError, load_arrays, pack_arrays
from wann_envs.digest import digest_of_arrays
from wann_envs.files import write_file

_DIGEST = "digest"


def cache_folder() -> Path:
    """The folder of the package in the user's cache; it need not exist."""
    home = os.environ.get("XDG_CACHE_HOME")
    if home:
        return Path(home) / "wann"
    import pooch  # slow to import, and rarely needed

    return Path(pooch.os_cache("wann"))


def load_cached(path: Path, names: Collection[str]) -> dict[str, NDArray[Any]] | None:
    """Loads arrays that ``save_cached`` has written.

    Returns:
        None if there are none, they are damaged, or their digest is missing or wrong: they are then
        computed anew. What the arrays should be, their reader checks.
    """
    try:
        arrays = load_arrays(path, (*names, _DIGEST))
    except (OSError, ArraysError):
        return None
    digest = arrays.pop(_DIGEST)
    is_right = digest.shape == () and str(digest) == digest_of_arrays(arrays)
    return arrays if is_right else None


def save_cached(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes arrays and their digest; a crash leaves the old file or the new one.

    A folder that cannot be written is no error: the arrays are then computed each time.
    """
    content = io.BytesIO()
    pack_arrays(content, {**arrays, _DIGEST: np.array(digest_of_arrays(arrays))})
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content.getvalue())
