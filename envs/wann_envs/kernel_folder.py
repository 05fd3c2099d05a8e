"""Where compiled kernels are kept between starts.

The folder is named by everything that decides what code comes out: the sources of all kernels, the
versions of what compiles them, its settings and the kind of CPU. What lies in it can therefore not
be stale, whatever was imported first and whatever the environment says.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

_OWN_PACKAGE = "wann_envs"
_KERNEL_PACKAGES = ("wann", _OWN_PACKAGE)
_MARKS = (b"import numba", b"from numba", b"wann_envs.jit")
_MONTH = 30 * 24 * 3600
# settings of numba that change the code
_SETTINGS = (
    "BOUNDSCHECK",
    "CPU_NAME",
    "CPU_FEATURES",
    "DEBUGINFO_DEFAULT",
    "DISABLE_INTEL_SVML",
    "ENABLE_AVX",
    "ENABLE_PROFILING",
    "EXTEND_VARIABLE_LIFETIMES",
    "LLVM_REFPRUNE_FLAGS",
    "LLVM_REFPRUNE_PASS",
    "LOOP_VECTORIZE",
    "NRT_STATS",
    "OPT",
    "SLP_VECTORIZE",
)


def _package_folder(name: str) -> Path | None:
    """The folder of a package's sources; None: it has none that can be read, in a zip file say."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    places = (spec and spec.submodule_search_locations) or ()
    return next((Path(place) for place in places if Path(place).is_dir()), None)


def _is_kernel_source(path: Path, content: bytes) -> bool:
    return path.parent.name == "kernels" or any(mark in content for mark in _MARKS)


@lru_cache
def sources_hash(package: str = _KERNEL_PACKAGES[0]) -> str | None:
    """A hash of all files that the compiled code of a package comes from.

    Args:
        package: whose kernels may call those of ``wann`` and of ``wann_envs``; those of
            ``wann_envs`` call nobody else's.

    Returns:
        None if the sources of the package cannot be read, and a change would go unseen.
    """
    digest = hashlib.blake2b(digest_size=16)
    packages = {_OWN_PACKAGE} if package == _OWN_PACKAGE else {package, *_KERNEL_PACKAGES}
    for name in sorted(packages):
        folder = _package_folder(name)
        n_hashed = 0
        for path in sorted(folder.rglob("*.py")) if folder else ():
            content = path.read_bytes()
            if _is_kernel_source(path, content):
                place = path.relative_to(folder or path).as_posix()
                digest.update(f"{name}/{place}\0{len(content)}\0".encode() + content)
                n_hashed += 1
        if name in (package, _OWN_PACKAGE) and not n_hashed:
            return None
    return digest.hexdigest()


@lru_cache
def _machine() -> str:
    """The versions of what compiles, and the CPU."""
    import llvmlite
    import numba
    import numpy as np
    from llvmlite import binding

    versions = (sys.version, numba.__version__, llvmlite.__version__, np.__version__)
    cpu = (sys.platform, binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten())
    return repr((versions, cpu))


def _settings() -> tuple[str, ...]:
    """What numba is told about the code to make."""
    from numba.core import config

    return tuple(f"{name}={getattr(config, name, None)!r}" for name in _SETTINGS)


def cache_home() -> Path | None:
    """The folder of all caches: ``NUMBA_CACHE_DIR`` where it is set, else the user's own."""
    from numba.core import config

    chosen = os.environ.get("NUMBA_CACHE_DIR") or getattr(config, "CACHE_DIR", "")
    for place in (chosen, os.environ.get("XDG_CACHE_HOME"), os.environ.get("LOCALAPPDATA")):
        if place:
            return Path(place).absolute() / "wann"
    try:
        return Path.home() / ".cache" / "wann"
    except RuntimeError:  # nobody's home
        return None


@lru_cache
def _folder_in(home: Path, package: str, settings: tuple[str, ...]) -> Path | None:
    hashed = sources_hash(package)
    if hashed is None:
        return None
    digest = hashlib.blake2b(digest_size=8)
    digest.update(repr((hashed, _machine(), settings)).encode())
    folder = home / f"numba-{digest.hexdigest()}"
    with suppress(OSError):
        os.utime(folder)  # still in use: not to be removed by another version
    return folder


def kernel_folder(package: str = _KERNEL_PACKAGES[0]) -> Path | None:
    """The folder of the compiled kernels of a package; it need not exist.

    Returns:
        None if there is no place for it.
    """
    home = cache_home()
    try:
        return home and _folder_in(home, package, _settings())
    except OSError:  # a source that cannot be read
        return None


def make_folder(folder: Path) -> None:
    """Makes the folder of a cache; removes those of other sources that are older than a month.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for other in folder.parent.glob("numba-" + "?" * 16):
        with suppress(OSError):
            if other != folder and time.time() - other.stat().st_mtime > _MONTH:
                shutil.rmtree(other, ignore_errors=True)
