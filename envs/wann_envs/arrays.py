"""Reads npz files of which nothing is believed before it is checked."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wann_envs.files import in_words, open_regular
from wann_envs.limits import LARGEST_ARCHIVE, LARGEST_ARRAYS, MOST_MEMBERS

_LONGEST_HEADER = 10_000
_PIECE = 1 << 24


class ArraysError(ValueError):
    """An npz file is damaged, too large, or none; one line without the name of the file."""


def load_arrays(
    path: Path, names: Collection[str] | None = None, most_bytes: int = LARGEST_ARRAYS
) -> dict[str, NDArray[Any]]:
    """Loads the arrays of an npz file, after a look at what they will take.

    Args:
        path: of a regular file.
        names: those that are wanted, and must be there; None: all.
        most_bytes: of these arrays together, unpacked.

    Returns:
        The arrays by their names: numbers, booleans, text or bytes, never objects.

    Raises:
        ArraysError: the file is no sound npz file, or too large.
        OSError: it cannot be read.
    """
    try:
        with open_regular(path, LARGEST_ARCHIVE) as file:
            return _load(file, names, most_bytes)
    except (ArraysError, OSError):
        raise
    except MemoryError as error:
        raise ArraysError("is too large for the memory of this machine") from error
    # a damaged archive fails in more ways than can be listed
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ArraysError(f"is damaged: {reason}") from error


def _load(
    file: IO[bytes], names: Collection[str] | None, most_bytes: int
) -> dict[str, NDArray[Any]]:
    if not zipfile.is_zipfile(file):
        raise ArraysError("is not an npz file (numpy.savez writes one)")
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        members = _members(archive)
        wanted = list(members) if names is None else list(names)
        for name in wanted:
            if name not in members:
                raise ArraysError(f"array {name!r} is missing")
        total = sum(members[name].file_size for name in wanted)
        if total > most_bytes:
            raise ArraysError(f"unpacks to {in_words(total)}, more than {in_words(most_bytes)}")
        return {name: _read_member(archive, members[name], name) for name in wanted}


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """What the archive holds, by the names of arrays."""
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise ArraysError(f"holds {len(infos)} arrays, more than {MOST_MEMBERS}")
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename.removesuffix(".npy")
        if name in members:
            raise ArraysError(f"array {name!r} occurs twice")
        members[name] = info
    return members


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> NDArray[Any]:
    try:
        with archive.open(info) as stream:
            return _read_npy(stream, info.file_size, name)
    except ArraysError:
        raise
    except Exception as error:  # as above, with the name of the array
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ArraysError(f"{name} is damaged: {reason}") from error


def _read_npy(stream: IO[bytes], size: int, name: str) -> NDArray[Any]:
    """Reads an array whose header agrees with the size of its file."""
    head = io.BytesIO(stream.read(_LONGEST_HEADER + 12))
    version = np.lib.format.read_magic(head)
    if version not in ((1, 0), (2, 0)):
        raise ArraysError(f"{name} has npy version {version}: 1 and 2 are read")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else _read_header_2
    shape, is_fortran, dtype = read(head, max_header_size=_LONGEST_HEADER)
    if dtype.hasobject:
        raise ArraysError(f"{name} holds Python objects: expected numbers")
    if dtype.kind not in "biufcUS" or dtype.subdtype is not None:
        raise ArraysError(f"{name} has the type {dtype}: expected numbers")
    n_bytes = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or head.tell() + n_bytes != size:
        raise ArraysError(f"{name} is damaged: its header tells of another size")
    if n_bytes == 0:
        if max(shape, default=0) > _LONGEST_HEADER:
            raise ArraysError(f"{name} has shape {shape}, and nothing in it")
        return np.empty(shape, dtype)
    buffer = bytearray(n_bytes)
    view, filled = memoryview(buffer), 0
    rest = head.read()
    view[: len(rest)] = rest
    filled = len(rest)
    while filled < n_bytes:
        got = stream.read(min(_PIECE, n_bytes - filled))
        if not got:
            raise ArraysError(f"{name} is truncated")
        view[filled : filled + len(got)] = got
        filled += len(got)
    stream.read(1)  # the checksum is compared at the end
    flat = np.frombuffer(buffer, dtype)
    return flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)


def _read_header_2(stream: IO[bytes], max_header_size: int) -> Any:
    return np.lib.format.read_array_header_2_0(stream, max_header_size=max_header_size)
