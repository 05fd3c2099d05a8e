"""Champion files: one network, its task, its scores and where it came from, as readable JSON."""

from __future__ import annotations

import warnings
from pathlib import Path

from wann.errors import EditedFileWarning, FormatError
from wann.formats.atomic import write_atomically
from wann.formats.champion_reader import champion_from_json as champion_from_json
from wann.formats.champion_reader import read_champion_text
from wann.formats.champion_record import Champion as Champion
from wann.formats.champion_record import dangling_nodes as dangling_nodes
from wann.formats.champion_text import FORMAT as FORMAT
from wann.formats.champion_text import VERSION as VERSION
from wann.formats.champion_text import champion_to_json as champion_to_json
from wann.formats.champion_text import check_names as check_names
from wann.formats.parsing import parsing, read_text
from wann.limits import LARGEST_CHAMPION
from wann.printable import printable


def save_champion(champion: Champion, path: Path | str) -> None:
    """Writes a champion file, atomically.

    Raises:
        FormatError: the file cannot be written, or cannot hold a name, a score or what the
            provenance holds; names the field.
    """
    with parsing(f"cannot write {printable(path)}"):
        text = champion_to_json(champion)
    write_atomically(Path(path), text)


def champion_files(path: Path | str) -> list[Path]:
    """The champion files of a run directory, the best first; of a file, itself.

    Raises:
        FormatError: the directory holds no champion.
    """
    path = Path(path)
    with parsing(f"cannot read champion {printable(path)}"):
        if not path.is_dir():
            return [path]
        names = ("champion.json", "champion_tuned.json", "champion_small.json")
        found = [path / name for name in names if (path / name).exists()]
    if path / names[0] not in found:
        raise FormatError(f"{printable(path)} holds no champion.json: is it a run directory?")
    return found


def load_champion(path: Path | str) -> Champion:
    """Reads a champion file, or the champion of a run directory.

    A file that was edited after it was written is read, with an ``EditedFileWarning``.

    Raises:
        FormatError: there is no such file, it is too large, or it is no champion file.
    """
    path = champion_files(path)[0]
    text = read_text(path, LARGEST_CHAMPION, what="champion file")
    champion, is_as_written = read_champion_text(text, path)
    if not is_as_written:
        warnings.warn(
            f"{printable(path)} is not as it was written: its digest does not match its content "
            "(which is fine where you edited it)",
            EditedFileWarning,
            stacklevel=2,
        )
    return champion
