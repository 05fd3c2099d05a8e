"""Where numba keeps compiled kernels.

Numba's own cache does not see a change in a function that lives in another file than its caller.
A folder named by a hash of the sources cannot be stale, and a second start compiles nothing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import tempfile
import time
from pathlib import Path

_PACKAGES = ("wann", "wann_envs")
_MONTH = 30 * 24 * 3600


def _source_folders() -> list[Path]:
    folders = []
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec and spec.submodule_search_locations:
            folders.append(Path(spec.submodule_search_locations[0]))
    return folders


def sources_hash() -> str:
    """A hash of all files that compiled code comes from."""
    digest = hashlib.blake2b(digest_size=8)
    for folder in _source_folders():
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            is_jitted = b"from numba" in content or b"import numba" in content
            if is_jitted or path.parent.name == "kernels":
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()


def _cache_home() -> Path:
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"])
    if os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"])
    return Path.home() / ".cache"


def _remove_old(folder: Path) -> None:
    """Removes the caches of other sources that are older than a month."""
    for other in folder.parent.glob("numba-*"):
        if other != folder and time.time() - other.stat().st_mtime > _MONTH:
            shutil.rmtree(other, ignore_errors=True)


def use_hashed_cache() -> None:
    """Sets ``NUMBA_CACHE_DIR`` unless it is set; call it before numba is imported."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    name = f"numba-{sources_hash()}"
    try:
        folder = _cache_home() / "wann" / name
        if not folder.is_dir():
            folder.mkdir(parents=True)
            _remove_old(folder)
    except (OSError, RuntimeError):  # no home folder, or none that can be written
        # for this process only: a folder of that name that lasts could be another user's
        folder = Path(tempfile.mkdtemp(prefix="wann-")) / name
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
