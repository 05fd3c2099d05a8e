"""``reproduction.json``: what was measured of a seed, and whether it is as it was written."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from wann.errors import FormatError, RunError
from wann.formats.atomic import write_atomically
from wann.formats.digest import digest_of_json
from wann.formats.parsing import parse_json, parsing, read_text
from wann.limits import LARGEST_CHAMPION, LARGEST_RECORD
from wann.printable import printable
from wann_envs.files import read_regular

RESULT = "reproduction.json"
CHAMPIONS = ("champion", "champion_tuned", "champion_small")
# scores that a table shows, by the kind of the task's measure
SCORES: Mapping[str, Sequence[str]] = {
    "return": ("random_weights", "random_shared_weight", "tuned_shared_weight"),
    "accuracy": ("random_shared_weight", "tuned_shared_weight", "ensemble"),
}
_NO_DIGEST = (
    f"`{RESULT}` carries no digest: nobody can tell whether its figures are as they were measured"
)


@dataclass(frozen=True)
class Record:
    """The content of the file.

    Attributes:
        content: scores, merits and seconds, ``files`` with the sha256 of each champion file, and
            ``changed``, the names of those that were changed before they were measured again.
        digest: of the content; "": the file has none, as those of older versions.
    """

    content: Mapping[str, Any]
    digest: str

    @property
    def notes(self) -> tuple[str, ...]:
        """What a table has to say about the figures."""
        changed = self.content.get("changed", [])
        return (
            *(() if self.digest else (_NO_DIGEST,)),
            *(f"`{name}` is not the file that its run has written" for name in changed),
        )


def write_record(path: Path, content: Mapping[str, Any]) -> Record:
    """Writes the file, with a digest of its content."""
    record = Record(content, digest_of_json(content))
    text = json.dumps({**content, "digest": record.digest}, indent=2)
    write_atomically(path, text + "\n")
    return record


def read_record(path: Path, kind: Literal["return", "accuracy"]) -> Record | None:
    """Reads the file.

    Args:
        path: of the file.
        kind: of the task's measure.

    Returns:
        None where there is none.

    Raises:
        FormatError: it is damaged, or was edited: its digest is that of another content.
    """
    if not path.exists():
        return None
    text = read_text(path, LARGEST_RECORD)
    with parsing(f"{printable(path)} is damaged"):
        content = parse_json(text)
        digest = content.pop("digest", "")
        if digest and digest != digest_of_json(content):
            raise FormatError(
                f"{printable(path)} has been edited since it was written: "
                "its digest is that of other figures"
            )
        _check(content, kind)
    return Record(content, digest)


def _check(content: Mapping[str, Any], kind: str) -> None:
    """Raises what looking for a figure raises, if it is missing or none."""
    for name in CHAMPIONS:
        scores = content["scores"][name]
        _check_number(scores["network"]["connections"])
        for score in SCORES[kind]:
            _check_score(scores[score])
    _check_number(content["tuned_weights"]["connections"])
    _check_score(content["tuned_weights"])
    for name in (*CHAMPIONS, "champion_tuned_weights"):
        _check_number(content["merits"][name])
    for part in ("evaluate", "tune"):
        _check_number(content["seconds"][part])
    for key, value in (("files", {}), ("changed", [])):
        if not isinstance(content.get(key, value), type(value)):
            raise ValueError(f"{key} is not what it should be")
    if not all(isinstance(name, str) for name in content.get("changed", [])):
        raise ValueError("changed holds what is no name")


def _check_score(score: Mapping[str, Any]) -> None:
    _check_number(score["mean"])
    _check_number(score.get("std", 0.0))
    if not isinstance(score.get("samples", 0), int):
        raise ValueError("samples is no whole number")


def _check_number(value: object) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(float(value)):  # type: ignore[arg-type]
        raise ValueError("a figure is no number")


def changed_files(record: Record, paths: Sequence[Path]) -> list[str]:
    """Names of the files that are missing or other than when they were measured.

    Raises:
        RunError: one cannot be read.
    """
    found, known = hashes_of(paths), record.content.get("files", {})
    return [
        path.name
        for path in paths
        if path.name not in found or found[path.name] != known.get(path.name, found[path.name])
    ]


def hashes_of(paths: Sequence[Path]) -> dict[str, str]:
    """The sha256 of champion files by their names; a file that is missing is left out.

    Raises:
        RunError: one cannot be read.
    """
    hashes = {}
    for path in paths:
        try:
            content = read_regular(path, LARGEST_CHAMPION)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RunError(
                f"cannot read {printable(path)}: {printable(error.strerror or error)}"
            ) from error
        hashes[path.name] = hashlib.sha256(content).hexdigest()
    return hashes
