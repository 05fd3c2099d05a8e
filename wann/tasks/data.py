"""Where the data of a classification task lie, and whether they are those that are meant."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wann.errors import TaskError
from wann.notices import notice, take_as_known
from wann.printable import printable, shown
from wann_envs.classify import MNIST_SHA256, DataError, Dataset, load_npz, named_folder
from wann_envs.files import open_regular
from wann_envs.limits import LARGEST_ARCHIVE

OPTION, FOLDER_OPTION = "--data", "--data-dir"
_DIGITS, _PIECE = 12, 1 << 20


@dataclass(frozen=True)
class DataPlace:
    """Where the data lie that a task does not bring along.

    Attributes:
        folder: that holds MNIST's idx files, or others of their format; None: the one that
            WANN_DATA_DIR names, else MNIST is downloaded once.
        file: data of one's own, an npz file; see ``wann_envs.classify.load_npz``.
        sha256: of the data that are meant, in hexadecimal digits: of the file, or of the content
            of the idx files; "": any will do.
        owner: what was made with them, in words, as ``or_of`` tells; "": nothing yet.
        recorded: where they lay then.
        is_recorded: whether ``folder`` or ``file`` is from that record, not from the user: it is
            announced before it is read.
    """

    folder: Path | None = None
    file: Path | None = None
    sha256: str = ""
    owner: str = ""
    recorded: str = ""
    is_recorded: bool = False

    def or_of(self, known: Mapping[str, Any], owner: str = "") -> DataPlace:
        """The same, with what it leaves open from a config or a champion's record of it.

        Args:
            known: with ``file``, ``folder`` and ``sha256``, or with nothing; what is no text counts
                for nothing.
            owner: whose record it is, in words.
        """
        file, folder, sha256 = (_text(known.get(key)) for key in ("file", "folder", "sha256"))
        place = replace(self, owner=owner or self.owner, recorded=file or folder)
        if self.file is None and file:
            place = replace(place, file=Path(file), is_recorded=True)
        if self.folder is None and folder:
            place = replace(place, folder=Path(folder), is_recorded=True)
        return replace(place, sha256=self.sha256 or sha256)

    @property
    def meant(self) -> str:
        """The data that are meant, in words: their digest, and where they lay."""
        name = "MNIST" if self.sha256 == MNIST_SHA256 else shown(self.recorded)
        digest = f"sha256 {_short(self.sha256)}"
        return f"{name} ({digest})" if name else digest


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _short(sha256: str) -> str:
    return printable(sha256[:_DIGITS])


# nothing is named: WANN_DATA_DIR or a download, and what a run remembers
USUAL_PLACE = DataPlace()


def sha256_of(file: Path) -> str:
    """The hash of a regular file's content.

    Raises:
        TaskError: it cannot be read.
    """
    try:
        with open_regular(file, LARGEST_ARCHIVE) as opened:
            digest = hashlib.sha256()
            while piece := opened.read(_PIECE):
                digest.update(piece)
            return digest.hexdigest()
    except OSError as error:
        raise TaskError(
            f"{printable(file)} cannot be read: {printable(error.strerror)}; "
            f"name the data with {OPTION} FILE"
        ) from error


def with_content(place: DataPlace, file: Path) -> DataPlace:
    """The same, with the hash of its file.

    Raises:
        TaskError: the file cannot be read, or it is not the one that is meant.
    """
    _announce(place, file)
    found = sha256_of(file)
    if place.sha256 and found != place.sha256:
        raise TaskError(
            f"{printable(file)} is not the file that the run was made with: "
            f"its sha256 is {_short(found)}, and meant is {place.meant}; "
            f"name that one with {OPTION} FILE"
        )
    return replace(place, sha256=found)


def _says(ask: Callable[[], bool]) -> bool:
    """What a path says of itself; no where it is too long or a loop: its reader tells that."""
    try:
        return ask()
    except (OSError, ValueError):
        return False


def _announce(place: DataPlace, path: Path) -> None:
    """Says what will be read because a file wants it; what cannot be read is told by its error."""
    if not place.is_recorded:
        take_as_known(str(path.absolute()))
    elif path == place.folder or _says(path.is_file):
        words = f"reads {path}, which {place.owner or 'the record'} names"
        notice(words, about=str(path.absolute()))


def load_own(file: Path | None) -> Dataset:
    """Loads data of one's own.

    Raises:
        DataError: there is no file, or an array of it has a wrong shape, type or value.
    """
    if file is None:
        raise DataError(f"name your data with {OPTION} FILE.npz")
    return load_npz(file, "float32")


def load_folder(place: DataPlace, load: Callable[..., Dataset]) -> Dataset:
    """Loads data in MNIST's format, and compares them with those that are meant.

    Args:
        place: where they lie. The folder of a record that has gone counts for nothing where
            WANN_DATA_DIR names one: it may hold the same.
        load: takes the folder and the precision.

    Raises:
        DataError: they are missing or damaged, or not those that are meant.
    """
    folder = place.folder
    if folder is not None and place.is_recorded:
        if _says(folder.is_dir):
            _announce(place, folder)
        elif named_folder()[0] is not None:
            folder = None
        else:
            raise DataError(
                f"there is no folder {folder}, which {place.owner or 'the record'} names; "
                f"name that of its data with {FOLDER_OPTION} DIR"
            )
    data = load(folder, "float32")
    if data.folder:
        take_as_known(data.folder)
    where = printable(data.folder or "the download")
    if place.sha256 and data.sha256 != place.sha256:
        raise DataError(
            f"the data of {where} are not those that the run was made with: "
            f"their sha256 is {_short(data.sha256)}, and meant is {place.meant}; "
            f"name those with {FOLDER_OPTION} DIR"
        )
    if place.owner and not place.sha256 and data.sha256 != MNIST_SHA256:
        notice(
            f"warning: {place.owner} does not say which data it was made with; those of {where} "
            f"are not MNIST (sha256 {_short(data.sha256)})"
        )
    return data
