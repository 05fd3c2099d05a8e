"""Writes files so that a crash, a kill or a full disk leaves the old file or the new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wann.errors import FormatError
from wann.printable import printable
from wann_envs.files import replaced


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yields a temporary name beside ``path`` to write to, and renames it at the end.

    The temporary name keeps the suffix. On any error it is removed and ``path`` stays as it was. A
    symbolic link is followed, permissions are kept, and what is no file is never replaced.

    Raises:
        FormatError: the file cannot be written; says why.
    """
    try:
        with replaced(path) as temporary:
            yield temporary
    except OSError as error:
        reason = printable(error.strerror or error)
        raise FormatError(f"cannot write {printable(path)}: {reason}") from error


def write_atomically(path: Path, data: str | bytes) -> None:
    """Replaces the file at ``path`` by ``data`` (text as UTF-8), or leaves it as it was.

    Raises:
        FormatError: the file cannot be written; says why.
    """
    try:
        content = data.encode() if isinstance(data, str) else data
    except UnicodeEncodeError as error:
        raise FormatError(
            f"cannot write {printable(path)}: it would hold {error.object[error.start]!r}, "
            "which is no text"
        ) from error
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
