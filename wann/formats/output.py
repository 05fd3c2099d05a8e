"""Checks where something will be written, before there is work to lose, and writes it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from wann.errors import FormatError
from wann.formats.atomic import write_atomically
from wann.printable import printable
from wann_envs.files import check_writable

_STANDARD_OUTPUT = "-"


def check_output(path: Path, overwrite: bool) -> None:
    """Refuses what cannot or must not be written; "-" is the standard output.

    Devices, pipes and folders are never replaced; a file is only if ``overwrite``. Links are
    followed. A file is made in the folder, and removed, to see whether that is allowed.

    Raises:
        FormatError: the file exists, or could not be written; says why.
    """
    if str(path) == _STANDARD_OUTPUT:
        return
    name = printable(path)
    status = _status_of(path)
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise FormatError(f"{name} is a folder; name a file")
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise FormatError(f"{name} is no regular file and is never replaced; - is standard output")
    if status is not None and not overwrite:
        raise FormatError(f"{name} exists; --overwrite replaces it")
    if status is None:
        folder = Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent
        if not folder.is_dir():
            raise FormatError(f"cannot write {name}: there is no folder {printable(folder)}")
    try:
        check_writable(path)
    except OSError as error:
        raise _cannot(path, error) from error


def _status_of(path: Path) -> os.stat_result | None:
    """What lies at a path, links followed; None: nothing."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:  # a name that is too long, a loop of links, a closed folder
        raise _cannot(path, error) from error
    except ValueError as error:  # NUL or a lone surrogate
        raise FormatError(f"cannot write {printable(path)}: no name of a file: {error}") from error


def _cannot(path: Path, error: OSError) -> FormatError:
    return FormatError(f"cannot write {printable(path)}: {printable(error.strerror or error)}")


def check_folder(path: Path) -> None:
    """Refuses a folder that could not be made, or not be written to; nothing is left behind.

    Raises:
        FormatError: says why.
    """
    name = printable(path)
    try:
        if path.is_symlink() and not path.exists():
            raise FormatError(f"cannot create {name}: it is a link that leads nowhere")
        folder = next(place for place in (path, *path.absolute().parents) if place.exists())
        if not folder.is_dir():
            raise FormatError(f"cannot create {name}: {printable(folder)} is a file, not a folder")
        check_writable(folder / "file")
    except OSError as error:
        reason = printable(error.strerror or error)
        raise FormatError(f"cannot write to {name}: {reason}") from error
    except ValueError as error:  # NUL or a lone surrogate
        raise FormatError(f"cannot create {name}: no name of a folder: {error}") from error


def check_apart(output: Path, others: Mapping[str, Path]) -> None:
    """Refuses to write over what is read, or what is written besides, whatever the names are.

    Args:
        output: will be written; "-" is the standard output.
        others: files that are read or written, by what they are: ``"the champion"``.

    Raises:
        FormatError: it is one of them, perhaps by a link.
    """
    if str(output) == _STANDARD_OUTPUT:
        return
    for word, other in others.items():
        if str(other) != _STANDARD_OUTPUT and _is_same(output, other):
            raise FormatError(f"{printable(output)} is {word} itself: name another file")


def _is_same(one: Path, other: Path) -> bool:
    try:
        if os.path.realpath(one) == os.path.realpath(other):
            return True
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def write_output(path: Path, data: bytes) -> None:
    """Writes a file, atomically, or to the standard output if the path is "-".

    Raises:
        FormatError: the file cannot be written.
    """
    if str(path) == _STANDARD_OUTPUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_atomically(path, data)
