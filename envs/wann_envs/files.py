"""Reads and writes files with care.

Only regular files are read, after a look at their size. Writing leaves the old file or the new one,
whatever happens, and keeps to where and how the old one lies.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

# a FIFO without a writer would block; a terminal must not become the process's own
_READ_FLAGS = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
)
_CREATE_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"))
)
# of a name, so that with what is added it stays below what file systems allow
_LONGEST_STEM = 100
_TRIES = 100
_IS_WINDOWS = os.name == "nt"
# seconds between tries to rename over a file that somebody reads
_PAUSES = (0.01, 0.05, 0.1, 0.2, 0.4, 0.8)


def in_words(n_bytes: float) -> str:
    """A size as people say it: ``3.1 GB``."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if n_bytes < 1000 or unit == "TB":
            break
        n_bytes /= 1000
    return f"{n_bytes:.0f} {unit}" if unit == "bytes" else f"{n_bytes:.3g} {unit}"


@contextmanager
def open_regular(path: Path, most_bytes: int) -> Iterator[BinaryIO]:
    """Opens a regular file for reading, and nothing else.

    Args:
        path: links are followed.
        most_bytes: that it may have.

    Raises:
        OSError: it cannot be opened, is a device, a pipe, a socket or a folder, or is too large;
            ``strerror`` says which.
    """
    try:
        descriptor = os.open(path, _READ_FLAGS)
    except ValueError as error:  # NUL or a lone surrogate in the name
        raise OSError(errno.EINVAL, f"no name of a file: {error}", repr(str(path))) from error
    try:
        _check_regular(os.fstat(descriptor), path, most_bytes)
    except OSError:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        yield file


def _check_regular(status: os.stat_result, path: Path, most_bytes: int) -> None:
    _check_kind(status, path)
    if status.st_size > most_bytes:
        sizes = f"{in_words(status.st_size)}, more than {in_words(most_bytes)}"
        raise OSError(errno.EFBIG, f"it has {sizes}", str(path))


def _check_kind(status: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EISDIR, "it is a folder, not a file", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))


def read_regular(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file; arguments and errors as ``open_regular``."""
    with open_regular(path, most_bytes) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:  # it grew, or is one of those that say they are empty
        raise OSError(errno.EFBIG, f"it has more than {in_words(most_bytes)}", str(path))
    return content


@contextmanager
def replaced(path: Path, *, is_synced: bool = True) -> Iterator[Path]:
    """Yields a name to write to; at the end it becomes ``path``, on an error nothing does.

    A symbolic link is followed, the permissions of an old file are kept, and the temporary file,
    beside the new one and with its suffix, is one that nobody else has made. What was written is on
    the disk before the name changes, and the name before the block ends; not without ``is_synced``.

    Raises:
        OSError: it cannot be written; or there is a device, a pipe or a folder.
    """
    with _names_checked(path):
        target, mode = _place_of(path)
        temporary = _create(target)
    try:
        yield temporary
        if mode is not None:
            with suppress(OSError):
                temporary.chmod(mode)
        if is_synced:
            _sync(temporary)
        replace_file(temporary, target)
        if is_synced:
            sync_folder(target.parent)
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_file(path: Path, content: bytes, *, is_synced: bool = True) -> None:
    """Replaces the file at ``path``, or leaves it as it was; all else as of ``replaced``."""
    with replaced(path, is_synced=is_synced) as temporary:
        temporary.write_bytes(content)


def replace_file(path: Path, target: Path) -> None:
    """Renames a file, over another if there is one; errors as ``Path.replace``.

    Windows refuses while somebody has the other one open: readers are waited for, a moment.
    """
    for pause in _PAUSES if _IS_WINDOWS else ():
        try:
            path.replace(target)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    path.replace(target)


def sync_folder(folder: Path) -> None:
    """Brings the names of a folder to the disk, where the system can."""
    if _IS_WINDOWS:
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_writable(path: Path) -> None:
    """Finds out whether ``replaced`` could write, before there is work that could be lost.

    An empty file is made beside it, and removed.

    Raises:
        OSError: it could not, now; ``strerror`` says why.
    """
    with _names_checked(path):
        target, mode = _place_of(path)
        if mode is not None:
            _check_replaceable(target)
        _create(target).unlink()


def check_replaceable(path: Path) -> None:
    """Raises OSError where something other than a file lies at ``path``, links followed."""
    with _names_checked(path):
        _place_of(path)


@contextmanager
def _names_checked(path: Path) -> Iterator[None]:
    try:
        yield
    except ValueError as error:  # NUL or a lone surrogate in the name
        raise OSError(errno.EINVAL, f"no name of a file: {error}", repr(str(path))) from error


def _place_of(path: Path) -> tuple[Path, int | None]:
    """Where a file is written, links followed, and the permissions of the file that lies there."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, "a loop of symbolic links", str(path))
    return target, _mode_of(target)


def _check_replaceable(target: Path) -> None:
    """Refuses files that no rename replaces: those marked immutable, and others' in /tmp."""
    try:
        os.close(os.open(target, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0)))
    except OSError as error:
        # without permission to write into it, a file can still be replaced
        if error.errno in (errno.EPERM, errno.EROFS):
            raise
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    folder = target.parent.stat()
    if folder.st_mode & stat.S_ISVTX and user not in (0, folder.st_uid, target.stat().st_uid):
        raise OSError(errno.EPERM, "it belongs to somebody else", str(target))


def _mode_of(target: Path) -> int | None:
    """The permissions of the file that is replaced; None: there is none."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    _check_kind(status, target)
    return stat.S_IMODE(status.st_mode)


def _create(target: Path) -> Path:
    """A new file with a name that cannot be guessed."""
    for _ in range(_TRIES):
        name = f".{target.stem[:_LONGEST_STEM]}.{secrets.token_hex(8)}.tmp{target.suffix}"
        temporary = target.with_name(name)
        with suppress(FileExistsError):
            os.close(os.open(temporary, _CREATE_FLAGS, 0o666))
            return temporary
    raise OSError(errno.EEXIST, "no free name for a temporary file", str(target.parent))


def _sync(path: Path) -> None:
    # Windows syncs no descriptor that is only for reading
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
