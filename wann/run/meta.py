"""``meta.json``: where, when and how a run was made, and what its time was spent on."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import wann
from wann.errors import WannError
from wann.formats.atomic import write_atomically
from wann.formats.parsing import parse_json, parsing, read_text
from wann.limits import LARGEST_RECORD

_LARGEST = 2**53
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


def _is_text(value: object) -> bool:
    # a lone surrogate cannot be written again, nor printed
    return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)


def _is_number(value: object) -> bool:
    is_real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_real and 0 <= typing.cast(float, value) < _LARGEST


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_table_of(is_value: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda table: (
        isinstance(table, dict)
        and all(_is_text(key) and is_value(value) for key, value in table.items())
    )


# what each part has to be, to be believed
_PARTS: Mapping[str, Callable[[object], bool]] = {
    "task": _is_text,
    "seed": lambda value: isinstance(value, int),
    "commands": _is_texts,
    "started": _is_texts,
    "written": _is_text,
    "is_complete": lambda value: isinstance(value, bool),
    **dict.fromkeys(("generations", "evaluations", "episodes", "steps", "workers"), _is_number),
    "wall_seconds": _is_number,
    "seconds": _is_table_of(_is_number),
    "memory_mb_at_generation": _is_table_of(_is_number),
    "versions": _is_table_of(_is_text),
    "machine": _is_table_of(lambda value: value is None or _is_text(value) or _is_number(value)),
}


def read_meta(path: Path) -> dict[str, Any]:
    """The content of ``meta.json``; empty where there is none that can be read.

    Parts that cannot be what a run has written are left out.
    """
    try:
        text = read_text(path, LARGEST_RECORD)
        with parsing(f"{path} is no record of a run"):
            content = parse_json(text)
            # of another record than a run's, which has parts of its own, too
            return {
                name: value
                for name, value in (content.items() if isinstance(content, dict) else ())
                if name not in _PARTS or _PARTS[name](value)
            }
    except WannError:
        return {}


def write_meta(path: Path, content: Mapping[str, Any]) -> None:
    """Writes ``meta.json``, atomically."""
    write_atomically(path, json.dumps(content, indent=2) + "\n")
