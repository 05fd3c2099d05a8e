"""A table that grows while a run goes on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from wann.errors import RunError
from wann.formats.atomic import write_atomically


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

    Raises:
        RunError: the file cannot be written.
    """

    def __init__(self, path: Path, columns: Sequence[str], kept: Iterable[str] = ()) -> None:
        self.path = path
        write_atomically(path, "".join([_to_line(columns), *kept]))
        try:
            self._file = path.open("a", encoding="utf-8", newline="")
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror}") from error

    def write_rows(self, rows: Iterable[Iterable[object]]) -> None:
        """Writes rows and hands them to the system at once."""
        try:
            self._file.write("".join(map(_to_line, rows)))
            self._file.flush()
        except OSError as error:
            raise RunError(f"cannot write {self.path}: {error.strerror}") from error

    def close(self) -> None:
        """Closes the file; rows that could not be written have been reported already."""
        with suppress(OSError):
            self._file.close()


def read_lines(path: Path) -> list[str]:
    """The lines below the names of the columns, with their ends; none if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    except (OSError, ValueError):
        return []
