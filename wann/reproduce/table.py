"""The table of a reproduction, beside the paper's figures, as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wann.reproduce.paper import PaperRow, benchmark_of
from wann.reproduce.record import RESULT
from wann.reproduce.seed import SeedResult

_DIGITS = 12


@dataclass(frozen=True)
class Column:
    """A column of figures.

    Attributes:
        title: its heading.
        champion: stem of the champion file that it is about.
        score: name of the score, or "connections".
        is_less_better: as of connections.
    """

    title: str
    champion: str
    score: str
    is_less_better: bool = False

    def of(self, result: SeedResult) -> tuple[float, float | None]:
        """Mean and deviation; a count or a single accuracy has no deviation."""
        if self.champion == "champion_tuned_weights":
            score, size = result.tuned_weights, result.tuned_weights["connections"]
        else:
            scores = result.scores[self.champion]
            score, size = scores.get(self.score, {}), scores["network"]["connections"]
        return (size, None) if self.is_count else (score["mean"], score.get("std"))

    @property
    def is_count(self) -> bool:
        """Whether its figures are whole numbers."""
        return self.score == "connections"


@dataclass(frozen=True)
class Layout:
    """The tables of a kind of task.

    Attributes:
        columns: of the main table, beside the connections.
        small_columns: of the table of small champions.
        decimals: of a score.
        text: below the tables; takes ``trials`` and ``n``.
    """

    columns: tuple[Column, ...]
    small_columns: tuple[Column, ...]
    decimals: int
    text: str

    def cell(self, column: Column, value: float, deviation: float | None = None) -> str:
        """A figure, with its deviation if it has one."""
        decimals = 0 if column.is_count else self.decimals
        spread = "" if deviation is None else f" ± {deviation:.{decimals}f}"
        return f"{value:.{decimals}f}{spread}"


_SMALL_COLUMNS = (
    Column("connections", "champion_small", "connections", is_less_better=True),
    Column("random shared weight", "champion_small", "random_shared_weight"),
    Column("best shared weight", "champion_small", "tuned_shared_weight"),
)
_SIZES = tuple(
    Column("connections", name, "connections", is_less_better=True)
    for name in ("champion", "champion_tuned", "champion_tuned_weights")
)
_SMALL_TEXT = (
    "The small ones are `champion_small.json`: the fewest connections with 90 % of the best random "
    "shared weight."
)
# by the kind of the task's measure
_LAYOUTS = {
    "return": Layout(
        (
            Column("random weights", "champion", "random_weights"),
            Column("random shared weight", "champion", "random_shared_weight"),
            Column("best shared weight", "champion_tuned", "tuned_shared_weight"),
            Column("tuned weights", "champion_tuned_weights", "tuned_weights"),
        ),
        _SMALL_COLUMNS,
        0,
        "Mean return ± standard deviation over {n} fresh {trials}; median, best and worst over "
        "seeds, each column by itself. Random weights and random shared weight: `champion.json` of "
        "each run. Best shared weight: `champion_tuned.json`. Tuned weights (CMA-ES): "
        "`champion_tuned_weights.json`, that structure of the run's front, hall of fame or heats "
        "which turned out best on other episodes. Connections: of these three. " + _SMALL_TEXT,
    ),
    "accuracy": Layout(
        (
            Column("random shared weight", "champion", "random_shared_weight"),
            Column("best shared weight", "champion_tuned", "tuned_shared_weight"),
            Column("ensemble", "champion", "ensemble"),
            Column("tuned weights", "champion_tuned_weights", "tuned_weights"),
        ),
        (*_SMALL_COLUMNS, Column("ensemble", "champion_small", "ensemble")),
        1,
        "Test accuracy in per cent, {n:,} {trials}; weights chosen on training data. Median, best "
        "and worst over seeds, each column by itself. Random shared weight (± standard deviation "
        "over 100 weights) and ensemble (the mean probabilities with 40 weights): `champion.json` "
        "of each run. Best shared weight: `champion_tuned.json`. Tuned weights (Adam): "
        "`champion_tuned_weights.json`, of these two, both tuned, the one that is right more often "
        "on training samples that were held back. Connections: of these three. " + _SMALL_TEXT,
    ),
}


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _over_seeds(
    layout: Layout, results: Sequence[SeedResult], columns: Sequence[Column]
) -> list[list[str]]:
    """Rows of median, best and worst, each column by itself."""
    rows = []
    for name, choose in (
        ("median", np.median),
        ("best", np.max),
        ("worst", np.min),
    ):
        cells = []
        for column in columns:
            values = [column.of(result)[0] for result in results]
            function: Callable[..., float] = choose
            if column.is_less_better and name != "median":
                function = np.min if name == "best" else np.max
            cells.append(layout.cell(column, float(function(values))))
        rows.append([f"**{name}**", *(f"**{cell}**" for cell in cells)])
    return rows


def _paper_row(layout: Layout, paper: PaperRow) -> list[str]:
    known = [(column, paper.scores.get(column.score)) for column in layout.columns]
    cells = [layout.cell(column, *score) if score else "" for column, score in known]
    return ["Gaier & Ha 2019", *cells, str(paper.connections)]


def _main_table(layout: Layout, paper: PaperRow | None, results: Sequence[SeedResult]) -> str:
    columns = layout.columns
    head = ["", *(column.title for column in columns), "connections"]
    rows = [_paper_row(layout, paper)] if paper else []
    rows += [[*row, ""] for row in _over_seeds(layout, results, columns)]
    for result in results:
        cells = [layout.cell(column, *column.of(result)) for column in columns]
        sizes = [layout.cell(column, *column.of(result)) for column in _SIZES]
        rows.append([f"seed {result.seed}", *cells, ", ".join(sizes)])
    return _markdown(head, rows)


def _small_table(layout: Layout, results: Sequence[SeedResult]) -> str:
    columns = layout.small_columns
    head = ["the smallest with 90 %", *(column.title for column in columns)]
    rows = [
        [
            f"seed {result.seed}",
            *(layout.cell(column, *column.of(result)) for column in columns),
        ]
        for result in results
    ]
    return _markdown(head, [*_over_seeds(layout, results, columns), *rows])


def minutes(seconds: float) -> str:
    """As minutes:seconds."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def _about_figures(results: Sequence[SeedResult]) -> list[str]:
    """What is to be said of the figures' origin, and their digests."""
    digests = ", ".join(
        f"seed {result.seed} {result.digest[:_DIGITS]}" for result in results if result.digest
    )
    return [
        *(f"**Seed {result.seed}: {note}.**" for result in results for note in result.notes),
        f"Digests of the figures, as in `{RESULT}` of each run: {digests}." if digests else "",
    ]


def table_of(
    task: str,
    results: Sequence[SeedResult],
    episodes: int,
    command: str,
    kind: Literal["return", "accuracy"] = "return",
) -> str:
    """The results in Markdown: a table beside the paper, one of small champions, and how.

    Args:
        task: name of the task.
        results: of at least one seed.
        episodes: of each score; of classifications all test samples count.
        command: that made them.
        kind: of the task's measure.
    """
    layout, benchmark = _LAYOUTS[kind], benchmark_of(task)
    total = sum(sum(result.seconds.values()) for result in results)
    parts = {
        part: float(np.median([result.seconds[part] for result in results]))
        for part in ("evolve", "evaluate", "tune")
    }
    first = results[0]
    about = first.machine
    versions = ", ".join(f"{name} {version}" for name, version in first.versions.items())
    machine = ", ".join(
        [
            str(about.get("processor", "an unknown processor")),
            f"{about.get('cores', '?')} cores",
            str(about.get("system", "an unknown system")),
        ]
    )
    score = results[0].scores["champion"]["tuned_shared_weight"]
    n = score.get("samples", episodes)
    trials = benchmark.trials or ("test samples" if "samples" in score else "episodes")
    text = layout.text.format(n=n, trials=trials)
    texts = (text, benchmark.note, *_about_figures(results))
    below = "\n\n".join(textwrap.fill(words, 100) for words in texts if words)
    return f"""{_main_table(layout, benchmark.paper, results)}

{_small_table(layout, results)}

{below}

Made by `{command}` in {minutes(total)} minutes (a seed: {minutes(parts["evolve"])} to evolve,
{minutes(parts["evaluate"])} to evaluate, {minutes(parts["tune"])} to tune; medians) with
{first.workers} workers on {machine}; {versions}.
"""
