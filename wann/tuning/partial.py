"""The file of an unfinished tuning: its journal, beside the champion that it will write."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.errors import FormatError, WannError
from wann.formats.atomic import write_atomically
from wann.formats.champion import Champion, champion_to_json, load_champion
from wann.formats.digest import digest_of_arrays, digest_of_json
from wann.formats.parsing import parsing
from wann.genome.network import Network
from wann.limits import LARGEST_JOURNAL, LARGEST_PARTIAL
from wann.printable import printable
from wann.tasks.base import Task
from wann.tasks.classify import ClassifyTask
from wann.tuning.journal import Entry, Journal, Kind
from wann.tuning.tuners import TuneSettings
from wann_envs.arrays import load_arrays, pack_arrays

VERSION = 1
# seconds between two writes; more where a write takes long
_BETWEEN, _TIMES = 5.0, 20.0
_STATE = "state_"


def partial_path(output: Path) -> Path:
    """Where the unfinished tuning for an output lies."""
    return output.with_name(f"{output.name}.partial.npz")


def check_partial(output: Path, *, resume: bool, overwrite: bool) -> bool:
    """Whether a tuning goes on; before there is work that could be lost.

    Args:
        output: that will be written.
        resume: whether an unfinished tuning is to go on.
        overwrite: whether it may be discarded otherwise.

    Raises:
        FormatError: there is an unfinished tuning, and nobody has said what is to become of it.
    """
    path = partial_path(output)
    if resume:
        return path.exists()
    if path.exists() and not overwrite:
        raise FormatError(
            f"{printable(path)} is an unfinished tuning: --resume goes on with it, "
            "--overwrite discards it"
        )
    return False


def fingerprint(
    task: Task,
    champion: Champion,
    settings: TuneSettings,
    lineages: Sequence[Sequence[Network]] = (),
) -> str:
    """What the course of a tuning depends on.

    Args:
        task: of the champion; the content of its data counts.
        champion: that is tuned.
        settings: how; the number of episodes of the report counts for nothing.
        lineages: other structures.
    """
    arrays: dict[str, NDArray[Any]] = {}
    if isinstance(task, ClassifyTask):
        arrays = {"x": task.samples.x, "y": task.samples.y}
    for k, lineage in enumerate(lineages):
        for n, network in enumerate(lineage):
            for name in ("activation", "edge_start", "edge_source"):
                arrays[f"{k}.{n}.{name}"] = getattr(network, name)
    known = asdict(settings) | {"episodes": None}
    return digest_of_json([VERSION, champion_to_json(champion), known, digest_of_arrays(arrays)])


def open_partial(
    output: Path,
    tuning: str,
    *,
    goes_on: bool,
    overwrite: bool,
    say: Callable[[str], None],
) -> tuple[Journal, PartialFile]:
    """Begins or goes on with the file of an unfinished tuning.

    Args:
        output: that the tuning will write.
        tuning: its fingerprint.
        goes_on: whether there is such a file that counts.
        overwrite: whether an output of another tuning may be replaced.
        say: is told what a person may want to know.

    Raises:
        FormatError: the file is damaged or of another tuning, cannot be written, or the output is
            of another tuning.
    """
    path = partial_path(output)
    journal = load_partial(path, tuning) if goes_on else Journal()
    if output.exists() and not overwrite and _tuning_of(output) != tuning:
        raise FormatError(f"{printable(output)} exists; --overwrite replaces it")
    file = PartialFile(path, tuning, say)
    if goes_on:
        say(f"going on with the tuning of {printable(path)}, after {journal.seconds:.0f} s")
    journal.tuning = tuning
    file.begin(journal)
    journal.save = file.take
    return journal, file


def _tuning_of(output: Path) -> str:
    """The tuning that has written a champion; "": none that is known."""
    try:
        about = load_champion(output).provenance.get("tuning")
    except WannError:
        return ""
    known = about.get("id") if isinstance(about, Mapping) else None
    return known if isinstance(known, str) else ""


@dataclass
class PartialFile:
    """Writes the journal of a tuning now and then.

    Attributes:
        path: of the file.
        fingerprint: of the tuning.
        say: is told if it cannot be written: the tuning goes on.
    """

    path: Path
    fingerprint: str
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self._started, self._next, self._has_failed = time.perf_counter(), 0.0, False
        self._before = 0.0

    def begin(self, journal: Journal) -> None:
        """Writes the journal for the first time; from then on its seconds are counted.

        Raises:
            FormatError: it cannot be written.
        """
        self._started, self._before = time.perf_counter(), journal.seconds
        self._write(journal)

    def take(self, journal: Journal) -> None:
        """Writes the journal unless it was written lately."""
        if time.perf_counter() >= self._next:
            self.save(journal)

    def remove(self) -> None:
        """Removes the file: the tuning is finished."""
        self.path.unlink(missing_ok=True)

    def save(self, journal: Journal) -> None:
        """Writes the journal; what goes wrong is told once and harms nothing else."""
        try:
            self._write(journal)
        except FormatError as error:
            if not self._has_failed:
                self.say(f"warning: {error}; an interruption would lose this tuning")
            self._has_failed = True
            self._next = time.perf_counter() + _BETWEEN

    def _write(self, journal: Journal) -> None:
        begin = time.perf_counter()
        spent = self._before + begin - self._started
        buffer = io.BytesIO()
        pack_arrays(buffer, _arrays(journal, self.fingerprint, spent))
        write_atomically(self.path, buffer.getvalue())
        end = time.perf_counter()
        self._next = end + max(_BETWEEN, _TIMES * (end - begin))


def _arrays(journal: Journal, fingerprint: str, seconds: float) -> dict[str, NDArray[Any]]:
    entries = journal.entries
    arrays: dict[str, NDArray[Any]] = {
        "version": np.array(VERSION),
        "fingerprint": np.array(fingerprint),
        "seconds": np.array(seconds),
        "kind": np.array([entry.kind for entry in entries], np.int8),
        "length": np.array([len(entry.values) for entry in entries], np.int64),
        "values": np.concatenate([np.empty(0), *(entry.values for entry in entries)]),
    }
    arrays |= {f"{_STATE}{name}": value for name, value in (journal.state or {}).items()}
    return arrays | {"digest": np.array(digest_of_arrays(arrays))}


def load_partial(path: Path, expected: str) -> Journal:
    """Reads an unfinished tuning.

    Args:
        path: of the file.
        expected: the fingerprint of the tuning that is to go on.

    Raises:
        FormatError: it cannot be read, is damaged, or of another tuning.
    """
    shown = printable(path)
    with parsing(f"{shown} is no unfinished tuning"):
        arrays = load_arrays(path, most_bytes=LARGEST_PARTIAL)
        version = int(arrays["version"])
    if version != VERSION:
        raise FormatError(f"{shown} has version {version}; this package reads {VERSION}")
    with parsing(f"{shown} is damaged (--overwrite starts anew)"):
        digest = str(arrays.pop("digest"))
        if digest != digest_of_arrays(arrays):
            raise ValueError("its content has another digest")
        kinds, lengths, values = (arrays[name] for name in ("kind", "length", "values"))
        seconds = _check(kinds, lengths, values, arrays["seconds"])
        if str(arrays["fingerprint"]) != expected:
            raise FormatError(
                f"{shown} is of another tuning: of another champion, or with other settings "
                "(--overwrite discards it)"
            )
        parts = np.split(values, np.cumsum(lengths)[:-1]) if len(lengths) else []
        entries = [Entry(Kind(int(k)), part) for k, part in zip(kinds, parts, strict=True)]
    state = {
        name.removeprefix(_STATE): value
        for name, value in arrays.items()
        if name.startswith(_STATE)
    }
    return Journal(entries, state or None, seconds)


def _check(
    kinds: NDArray[Any], lengths: NDArray[Any], values: NDArray[Any], seconds: NDArray[Any]
) -> float:
    """Raises ValueError for arrays that do not belong together; the seconds otherwise."""
    for name, array, dtype in (
        ("kind", kinds, np.int8),
        ("length", lengths, np.int64),
        ("values", values, np.float64),
    ):
        if array.ndim != 1 or array.dtype != dtype:
            raise ValueError(f"{name} has shape {array.shape} and type {array.dtype}")
    if len(kinds) != len(lengths) or (lengths < 0).any() or lengths.sum() != len(values):
        raise ValueError("its entries have other lengths")
    if len(values) > 2 * LARGEST_JOURNAL or np.isnan(values).any():
        raise ValueError("values that cannot be")
    made = float(seconds)
    if not 0.0 <= made < 1e12:
        raise ValueError(f"seconds = {made}")
    return made
