"""The Pareto front by generation: ``fronts.csv``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from wann.run.csv_file import CsvFile, lines_of, read_lines
from wann.search.ranking import Objectives, rank_by

COLUMNS = ("generation", "mean", "max", "connections")
_NUMBER = r"-?\d{1,400}(?:\.\d{1,400})?(?:e[+-]?\d{1,3})?"
_ROW = re.compile(rf"(\d{{1,18}}),{_NUMBER},{_NUMBER},\d{{1,18}}\n", re.ASCII)
# of the number of generations so far: 4 leave 8 fronts in each doubling
_SIGNIFICANT_BITS = 4


def recorded_generations(n: int) -> Iterator[int]:
    """Those of the first ``n`` generations whose fronts are kept.

    All of the first 16, then 8 in each doubling: 116 of 100,000. They do not depend on how long
    the run is going to be, so that a run that is extended has those of a longer one.
    """
    count = 1
    while count <= n:
        yield count - 1
        count += 1 << max(0, count.bit_length() - _SIGNIFICANT_BITS)


def is_recorded(generation: int) -> bool:
    """Whether the front of a generation is kept."""
    count = generation + 1
    return count % (1 << max(0, count.bit_length() - _SIGNIFICANT_BITS)) == 0


def front_of(objectives: Objectives) -> list[tuple[float, float, int]]:
    """The non-dominated points of a generation by all three objectives, each once.

    Returns:
        (mean, max, connections), in the order of connections, mean and max; no max is below its
        mean.
    """
    objectives = objectives.shown
    columns = [objectives.mean, objectives.maximum, objectives.simplicity]
    is_first = rank_by(np.column_stack(columns)).front == 0
    points = zip(
        objectives.connections[is_first].tolist(),
        objectives.mean[is_first].tolist(),
        objectives.maximum[is_first].tolist(),
        strict=True,
    )
    return [(mean, maximum, connections) for connections, mean, maximum in sorted(set(points))]


class FrontsFile(CsvFile):
    """Appends fronts to ``fronts.csv``: those of ``recorded_generations``, and the last one.

    Args:
        path: of the file.
        n_kept: generations of an earlier part of the run whose fronts are kept; a last one that
            is not among ``recorded_generations`` is dropped.
        known: their rows, where they are known from elsewhere; None: those of the file.

    Attributes:
        n_lost: fronts that were to be kept and are missing or damaged.

    Raises:
        RunError: the file cannot be written.
    """

    def __init__(self, path: Path, n_kept: int = 0, known: str | None = None) -> None:
        if known is not None:
            fronts = _whole_fronts(lines_of(known))
        else:
            fronts = _whole_fronts(read_lines(path)) if n_kept else {}
        wanted = list(recorded_generations(n_kept))
        kept = [fronts[generation] for generation in wanted if generation in fronts]
        self.n_lost = len(wanted) - len(kept)
        super().__init__(path, COLUMNS, (row for front in kept for row in front))

    def append(self, generation: int, objectives: Objectives) -> None:
        """Writes the front of a generation if it is one of those that are kept."""
        if is_recorded(generation):
            self._write(generation, objectives, is_kept=True)

    def append_last(self, generation: int, objectives: Objectives) -> None:
        """Writes the front of the last generation so far unless it is there already."""
        if not is_recorded(generation):
            self._write(generation, objectives, is_kept=False)

    def _write(self, generation: int, objectives: Objectives, is_kept: bool) -> None:
        self.write_rows([(generation, *point) for point in front_of(objectives)], is_kept)


def check_fronts(rows: str, n_generations: int) -> None:
    """Raises ValueError unless these are rows of fronts of so many generations, in their order."""
    last = 0
    for line in lines_of(rows):
        match = _ROW.fullmatch(line)
        is_right = match is not None and last <= int(match[1]) < n_generations
        if match is None or not is_right or not is_recorded(int(match[1])):
            raise ValueError(f"fronts_rows: a row after generation {last} is none")
        last = int(match[1])


def _whole_fronts(lines: Iterable[str]) -> dict[int, list[str]]:
    """The rows of each front; none of the front that has a damaged row, nor of later ones."""
    fronts: dict[int, list[str]] = {}
    for line in lines:
        match = _ROW.fullmatch(line)
        if match is None:
            number = re.match(r"([0-9]{1,18}),", line)
            # without a number it may have been a row of the front before it
            if fronts and (number is None or int(number[1]) in fronts):
                fronts.popitem()
            break
        fronts.setdefault(int(match[1]), []).append(line)
    return fronts
