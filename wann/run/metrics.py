"""One row a generation: ``metrics.csv``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from wann.kernels.forward import NetworkArrays
from wann.run.csv_file import CsvFile, lines_of, read_lines
from wann.search.ranking import Objectives


@dataclass(frozen=True)
class Row:
    """What is known of a generation.

    ``best`` is the individual with the highest mean; ``max`` is the largest of the population.

    Attributes:
        generation: number, from 0.
        evaluations: individuals scored since the start.
        episodes: episodes since the start.
        steps: environment steps since the start; of classifiers predictions.
        mean_best, mean_median, mean_max: mean return over weights and episodes; of classifiers
            minus the cross-entropy of the config's softmax.
        max_best, max_median, max_max: largest, over the weights, of the mean over episodes.
        connections_best, connections_median, connections_max: as in the third objective.
        nodes_best, nodes_median, nodes_max: of the compiled networks, with bias and inputs.
        seconds: since the start, stops left out.
    """

    generation: int
    evaluations: int
    episodes: int
    steps: int
    mean_best: float
    mean_median: float
    mean_max: float
    max_best: float
    max_median: float
    max_max: float
    connections_best: int
    connections_median: float
    connections_max: int
    nodes_best: int
    nodes_median: float
    nodes_max: int
    seconds: float


COLUMNS = tuple(f.name for f in fields(Row))


def summarise(
    generation: int,
    objectives: Objectives,
    networks: NetworkArrays,
    totals: tuple[int, int, int],
    seconds: float,
) -> Row:
    """The row of a generation; ``totals`` are evaluations, episodes and steps so far."""
    objectives = objectives.shown
    best = int(np.argmax(objectives.mean))
    mean, maximum, connections = objectives.mean, objectives.maximum, objectives.connections
    nodes = np.diff(networks.node_start)
    evaluations, episodes, steps = totals
    return Row(
        generation=generation,
        evaluations=evaluations,
        episodes=episodes,
        steps=steps,
        mean_best=float(mean[best]),
        mean_median=float(np.median(mean)),
        mean_max=float(mean.max()),
        max_best=float(maximum[best]),
        max_median=float(np.median(maximum)),
        max_max=float(maximum.max()),
        connections_best=int(connections[best]),
        connections_median=float(np.median(connections)),
        connections_max=int(connections.max()),
        nodes_best=int(nodes[best]),
        nodes_median=float(np.median(nodes)),
        nodes_max=int(nodes.max()),
        seconds=seconds,
    )


_NUMBER = r"-?\d{1,400}(?:\.\d{1,400})?(?:e[+-]?\d{1,3})?"
_ROW = re.compile(rf"(\d{{1,18}})((?:,{_NUMBER}){{{len(COLUMNS) - 1}}})\n", re.ASCII)


class MetricsFile(CsvFile):
    """Appends rows to ``metrics.csv``.

    Args:
        path: of the file.
        n_kept: rows of an earlier part of the run that are kept; later ones are dropped.
        known: these rows, where they are known from elsewhere; None: those of the file.

    Attributes:
        n_lost: rows that were to be kept and are missing or damaged.

    Raises:
        RunError: the file cannot be written.
    """

    def __init__(self, path: Path, n_kept: int = 0, known: str | None = None) -> None:
        if known is not None:
            kept = lines_of(known)
        else:
            kept = _whole_rows(read_lines(path))[:n_kept] if n_kept else []
        self.n_lost = n_kept - len(kept)
        super().__init__(path, COLUMNS, kept)

    def append(self, row: Row) -> None:
        """Writes a row and hands it to the system at once."""
        values = list(astuple(row))
        values[-1] = round(row.seconds, 3)
        self.write_rows([values])


def _whole_rows(lines: Iterable[str]) -> list[str]:
    """The rows up to the first that is damaged."""
    rows = []
    for generation, line in enumerate(lines):
        match = _ROW.fullmatch(line)
        if match is None or match[1] != str(generation):
            break
        rows.append(line)
    return rows


def check_rows(rows: str, n_generations: int, totals: tuple[int, int, int]) -> None:
    """Checks the rows that a checkpoint holds.

    Args:
        rows: with their line ends; of a run whose file was damaged some may be missing.
        n_generations: so far.
        totals: evaluations, episodes and steps so far, which the last row has.

    Raises:
        ValueError: they are not rows of so many generations.
    """
    last, line = -1, ""
    for line in lines_of(rows):
        match = _ROW.fullmatch(line)
        if match is None or not last < int(match[1]) < n_generations:
            raise ValueError(f"metrics_rows: the row after generation {last} is none")
        last = int(match[1])
    if last == n_generations - 1 >= 0 and line.split(",")[1:4] != [*map(str, totals)]:
        raise ValueError("metrics_rows: the last row has other totals than the state")
