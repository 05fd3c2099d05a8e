"""``meta.json``: where, when and how a run was made, and what its time was spent on."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import wann
from wann.formats.atomic import write_atomically

_PACKAGES = ("numpy", "numba", "llvmlite", "gymnasium")


def versions() -> dict[str, str]:
    """Versions of wann, Python and what the results rest on."""
    found = {"wann": wann.__version__, "python": platform.python_version()}
    for name in _PACKAGES:
        found[name] = importlib.metadata.version(name)
    return found


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """The machine in words."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


def memory_in_use() -> float:
    """Resident memory of this process in MB; the peak, or NaN, where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def now() -> str:
    """The time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_meta(path: Path) -> dict[str, Any]:
    """The content of ``meta.json``; empty where there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def write_meta(path: Path, content: Mapping[str, Any]) -> None:
    """Writes ``meta.json``, atomically."""
    write_atomically(path, json.dumps(content, indent=2) + "\n")
