"""A table that grows while a run goes on."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from wann.errors import RunError, WannError
from wann.formats.atomic import write_atomically
from wann.formats.parsing import read_text
from wann.limits import LARGEST_TABLE
from wann.printable import printable


def _to_line(values: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()


class CsvFile:
    """Appends rows to a CSV file.

    Args:
        path: of the file.
        columns: their names.
        kept: lines of an earlier part of the run; all others are dropped.

    Attributes:
        path: of the file.
        was_damaged: whether the file did not begin with the lines that are kept.

    Raises:
        RunError: the file cannot be written.
    """

    def __init__(self, path: Path, columns: Sequence[str], kept: Iterable[str] = ()) -> None:
        self.path = path
        self._kept = list(kept)
        head = _to_line(columns)
        self.was_damaged = bool(self._kept) and not _text_of(path).startswith(
            "".join([head, *self._kept])
        )
        write_atomically(path, "".join([head, *self._kept]))
        try:
            self._file = path.open("a", encoding="utf-8", newline="")
        except OSError as error:
            raise RunError(f"cannot write {printable(path)}: {error.strerror}") from error

    @property
    def rows(self) -> str:
        """The lines that an extended run keeps, each with its end."""
        # they are asked for at each checkpoint, where most have been joined before
        if len(self._kept) > 1:
            self._kept = ["".join(self._kept)]
        return self._kept[0] if self._kept else ""

    def write_rows(self, rows: Iterable[Iterable[object]], is_kept: bool = True) -> None:
        """Writes rows and hands them to the system at once.

        Args:
            rows: their values.
            is_kept: whether a run that goes on from here keeps them.
        """
        lines = "".join(map(_to_line, rows))
        try:
            self._file.write(lines)
            self._file.flush()
        except OSError as error:
            raise self._cannot_write(error) from error
        if is_kept and lines:
            self._kept.append(lines)

    def sync(self) -> None:
        """Brings the rows to the disk.

        Raises:
            RunError: they cannot be written.
        """
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._cannot_write(error) from error

    def _cannot_write(self, error: OSError) -> RunError:
        return RunError(f"cannot write {printable(self.path)}: {error.strerror}")

    def close(self) -> None:
        """Closes the file; rows that could not be written have been reported already."""
        with suppress(OSError):
            self._file.close()


def _text_of(path: Path) -> str:
    """The text of a table; none where it cannot be read."""
    try:
        return read_text(path, LARGEST_TABLE, RunError)
    except WannError:
        return ""


def read_lines(path: Path) -> list[str]:
    """The lines below the names of the columns, with their ends; none if it cannot be read."""
    # no splitlines: it knows more ends of lines than a table has
    return lines_of(_text_of(path))[1:]


def lines_of(text: str) -> list[str]:
    """The lines of a text, with their ends."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
