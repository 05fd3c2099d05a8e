"""Where the data of a classification task lie."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wann.errors import TaskError
from wann_envs.classify import DataError, Dataset, load_npz

OPTION = "--data"


@dataclass(frozen=True)
class DataPlace:
    """Where the data lie that a task does not bring along.

    Attributes:
        folder: that holds MNIST's idx files; None: the one that WANN_DATA_DIR names, else they are
            downloaded once.
        file: data of one's own, an npz file; see ``wann_envs.classify.load_npz``.
        sha256: of the file that is meant, in hexadecimal digits; "": any will do.
    """

    folder: Path | None = None
    file: Path | None = None
    sha256: str = ""

    def or_of(self, known: Mapping[str, Any]) -> DataPlace:
        """The same, with what it leaves open from a config or a champion's record of it.

        Args:
            known: with ``file`` and ``sha256``, or with nothing; what is no text counts for
                nothing.
        """
        file, sha256 = (known.get(name) for name in ("file", "sha256"))
        place = self
        if self.file is None and isinstance(file, str) and file:
            place = replace(place, file=Path(file))
        if not self.sha256 and isinstance(sha256, str):
            place = replace(place, sha256=sha256)
        return place


# nothing is named: WANN_DATA_DIR or a download, and what a run remembers
USUAL_PLACE = DataPlace()


def sha256_of(file: Path) -> str:
    """The hash of a file's content.

    Raises:
        TaskError: it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise TaskError(
            f"{file} cannot be read: {error.strerror}; name the data with {OPTION} FILE"
        ) from error


def with_content(place: DataPlace, file: Path) -> DataPlace:
    """The same, with the hash of its file.

    Raises:
        TaskError: the file cannot be read, or it is not the one that is meant.
    """
    found = sha256_of(file)
    if place.sha256 and found != place.sha256:
        raise TaskError(
            f"{file} is not the file that the run was made with (its content has another "
            f"sha256): name that one with {OPTION} FILE"
        )
    return replace(place, sha256=found)


def load_own(file: Path | None) -> Dataset:
    """Loads data of one's own.

    Raises:
        DataError: there is no file, or an array of it has a wrong shape, type or value.
    """
    if file is None:
        raise DataError(f"name your data with {OPTION} FILE.npz")
    return load_npz(file, "float32")
