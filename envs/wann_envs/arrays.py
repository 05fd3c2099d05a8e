"""Reads npz files of which nothing is believed before it is checked."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wann_envs.files import in_words, open_regular
from wann_envs.limits import LARGEST_ARCHIVE, LARGEST_ARRAYS, MOST_MEMBERS

_LONGEST_HEADER, _LONGEST_NAME, _LONGEST_REASON = 10_000, 200, 200
_PIECE = 1 << 24
# numpy writes these two; others make much of little, or ask for gigabytes to unpack anything
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_IS_ENCRYPTED = 0x1
_LAST_CHARACTER = 0x10FFFF

# of the name, shape and type of an array; raises ArraysError where it will not do
Check = Callable[[str, tuple[int, ...], np.dtype[Any]], None]


class ArraysError(ValueError):
    """An npz file is damaged, too large, or none; one line without the name of the file."""


def load_arrays(
    path: Path,
    names: Collection[str] | None = None,
    most_bytes: int = LARGEST_ARRAYS,
    check: Check | None = None,
) -> dict[str, NDArray[Any]]:
    """Loads the arrays of an npz file, after a look at what they will take.

    Args:
        path: of a regular file.
        names: those that are wanted, and must be there; None: all.
        most_bytes: of these arrays together, unpacked.
        check: is asked about each array before it is unpacked.

    Returns:
        The arrays by their names: numbers, booleans, text or bytes, never objects.

    Raises:
        ArraysError: the file is no sound npz file, or too large.
        OSError: it cannot be read.
    """
    try:
        # numpy and Python warn of headers that are odd; the checks below are what counts
        with open_regular(path, LARGEST_ARCHIVE) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _load(file, names, most_bytes, check)
    except (ArraysError, OSError):
        raise
    except MemoryError as error:
        raise ArraysError("is too large for the memory of this machine") from error
    # a damaged archive fails in more ways than can be listed
    except Exception as error:
        raise ArraysError(f"is damaged: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What an exception says, as part of a line."""
    words = " ".join(str(error).split())
    return words[:_LONGEST_REASON] or type(error).__name__


def _load(
    file: IO[bytes], names: Collection[str] | None, most_bytes: int, check: Check | None
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
        return {name: _read_member(archive, members[name], name, check) for name in wanted}


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """What the archive holds, by the names of arrays."""
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise ArraysError(f"holds {len(infos)} arrays, more than {MOST_MEMBERS}")
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename.removesuffix(".npy")
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise ArraysError(f"holds an array of an odd name, {name[:40]!r}")
        if name in members:
            raise ArraysError(f"array {name!r} occurs twice")
        members[name] = info
    return members


def _read_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, check: Check | None
) -> NDArray[Any]:
    if info.flag_bits & _IS_ENCRYPTED:
        raise ArraysError(f"{name} is damaged: it is encrypted")
    if info.compress_type not in _PACKINGS:
        raise ArraysError(f"{name} is packed in a way that numpy.savez does not write")
    try:
        with archive.open(info) as stream:
            return _read_npy(stream, info.file_size, name, check)
    except (ArraysError, MemoryError):
        raise
    except Exception as error:  # as above, with the name of the array
        raise ArraysError(f"{name} is damaged: {_reason(error)}") from error


def _read_npy(stream: IO[bytes], size: int, name: str, check: Check | None) -> NDArray[Any]:
    """Reads an array whose header agrees with the size of its file."""
    head = io.BytesIO(stream.read(_LONGEST_HEADER + 12))
    shape, is_fortran, dtype = _read_header(head, name)
    n_bytes = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or head.tell() + n_bytes != size:
        raise ArraysError(f"{name} is damaged: its header tells of another size")
    if n_bytes == 0 and max(shape, default=0) > _LONGEST_HEADER:
        raise ArraysError(f"{name} has shape {shape}, and nothing in it")
    if check is not None:
        check(name, shape, dtype)
    if n_bytes == 0:
        return np.empty(shape, dtype)
    buffer = bytearray(n_bytes)
    view, rest = memoryview(buffer), head.read()
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
    _check_values(flat, name)
    return flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)


def _read_header(head: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    if not head.read(6).startswith(b"\x93NUMPY"):
        raise ArraysError(f"{name} is damaged: it is not an array")
    head.seek(0)
    version = np.lib.format.read_magic(head)
    if version not in ((1, 0), (2, 0)):
        raise ArraysError(f"{name} has npy version {version}: 1 and 2 are read")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else _read_header_2
    shape, is_fortran, dtype = read(head, max_header_size=_LONGEST_HEADER)
    if dtype.hasobject:
        raise ArraysError(f"{name} holds Python objects: expected numbers")
    if dtype.kind not in "biufcUS" or dtype.subdtype is not None:
        raise ArraysError(f"{name} has the type {dtype}: expected numbers")
    return tuple(map(int, shape)), is_fortran, dtype


def _check_values(flat: NDArray[Any], name: str) -> None:
    """Raises ArraysError for bytes that are no value of their type."""
    if flat.dtype.kind == "b" and flat.view(np.uint8).max() > 1:
        raise ArraysError(f"{name} is damaged: it holds what is neither true nor false")
    if flat.dtype.kind == "U":
        codes = flat.view(np.dtype(np.uint32).newbyteorder(flat.dtype.byteorder))
        if codes.max() > _LAST_CHARACTER:
            raise ArraysError(f"{name} is damaged: it holds what is no character")


def _read_header_2(stream: IO[bytes], max_header_size: int) -> Any:
    return np.lib.format.read_array_header_2_0(stream, max_header_size=max_header_size)


def pack_arrays(stream: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes arrays as an npz file; they are numbers, text or bytes.

    NumPy before 2.1 takes ``allow_pickle`` for the name of one more array, so it is not given.
    """
    named: Any = dict(arrays)
    np.savez(stream, **named)
