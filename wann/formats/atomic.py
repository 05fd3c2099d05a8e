"""Writes files so that a crash, a kill or a full disk leaves the old file or the new one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wann.errors import FormatError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yields a temporary name beside ``path`` to write to, and renames it at the end.

    The temporary name keeps the suffix. On any error it is removed and ``path`` stays as it was.

    Raises:
        FormatError: the file cannot be written; says why.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise FormatError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_atomically(path: Path, data: str | bytes) -> None:
    """Replaces the file at ``path`` by ``data`` (text as UTF-8), or leaves it as it was.

    Raises:
        FormatError: the file cannot be written; says why.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)
