"""Arrays that were computed once are kept in the user's cache folder."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# what reading a damaged file, or none, raises
_DAMAGED = (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)


def cache_folder() -> Path:
    """The folder of the package in the user's cache; it need not exist."""
    home = os.environ.get("XDG_CACHE_HOME")
    if home:
        return Path(home) / "wann"
    import pooch  # slow to import, and rarely needed

    return Path(pooch.os_cache("wann"))


def load_arrays(path: Path, names: Collection[str]) -> dict[str, NDArray[Any]] | None:
    """Loads arrays that ``save_arrays`` has written; None if there are none or they are damaged."""
    try:
        # NumPy reads as much as the header of an array tells, so it may miss a wrong CRC
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                return None
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except _DAMAGED:
        return None


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes arrays; a crash leaves the old file or the new one.

    A folder that cannot be written is no error: the arrays are then computed each time.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(temporary, allow_pickle=False, **arrays)
        temporary.replace(path)
    except OSError:
        pass
    finally:
        with suppress(OSError):
            temporary.unlink()
