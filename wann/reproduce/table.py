"""The table of a reproduction, beside the paper's figures, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wann.reproduce.paper import PAPER, PaperRow
from wann.reproduce.seed import SeedResult


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
        """Mean and deviation over the episodes; a count has no deviation."""
        if self.champion == "champion_tuned_weights":
            if self.score == "connections":
                return result.tuned_weights["connections"], None
            return result.tuned_weights["mean"], result.tuned_weights["std"]
        scores = result.scores[self.champion]
        if self.score == "connections":
            return scores["network"]["connections"], None
        return scores[self.score]["mean"], scores[self.score]["std"]


COLUMNS = (
    Column("random weights", "champion", "random_weights"),
    Column("random shared weight", "champion", "random_shared_weight"),
    Column("best shared weight", "champion_tuned", "tuned_shared_weight"),
    Column("tuned weights", "champion_tuned_weights", "tuned_weights"),
)
SMALL_COLUMNS = (
    Column("connections", "champion_small", "connections", is_less_better=True),
    Column("random shared weight", "champion_small", "random_shared_weight"),
    Column("best shared weight", "champion_small", "tuned_shared_weight"),
)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _number(value: float, deviation: float | None = None) -> str:
    return f"{value:.0f}" if deviation is None else f"{value:.0f} ± {deviation:.0f}"


def _over_seeds(
    results: Sequence[SeedResult], columns: Sequence[Column], first_cells: Sequence[str] = ()
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
            cells.append(_number(float(function(values))))
        rows.append([f"**{name}**", *first_cells, *(f"**{cell}**" for cell in cells)])
    return rows


def _paper_row(paper: PaperRow) -> list[str]:
    return [
        "Gaier & Ha 2019",
        _number(*paper.random_weights),
        _number(*paper.random_shared),
        _number(*paper.best_shared),
        _number(*paper.tuned_weights),
        str(paper.connections),
    ]


def _main_table(task: str, results: Sequence[SeedResult]) -> str:
    sizes = [
        Column("", name, "connections", is_less_better=True)
        for name in ("champion", "champion_tuned", "champion_tuned_weights")
    ]
    head = ["", *(column.title for column in COLUMNS), "connections"]
    rows = [_paper_row(PAPER[task])] if task in PAPER else []
    for row in _over_seeds(results, COLUMNS):
        rows.append([*row, ""])
    for result in results:
        cells = [_number(*column.of(result)) for column in COLUMNS]
        counts = ", ".join(_number(column.of(result)[0]) for column in sizes)
        rows.append([f"seed {result.seed}", *cells, counts])
    return _markdown(head, rows)


def _small_table(results: Sequence[SeedResult]) -> str:
    head = ["the smallest with 90 %", *(column.title for column in SMALL_COLUMNS)]
    rows = [
        [
            f"seed {result.seed}",
            *(_number(*column.of(result)) for column in SMALL_COLUMNS),
        ]
        for result in results
    ]
    return _markdown(head, [*_over_seeds(results, SMALL_COLUMNS), *rows])


def minutes(seconds: float) -> str:
    """As minutes:seconds."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def table_of(task: str, results: Sequence[SeedResult], episodes: int, command: str) -> str:
    """The results in Markdown: a table beside the paper, one of small champions, and how.

    Args:
        task: name of the task.
        results: of at least one seed.
        episodes: of each score.
        command: that made them.
    """
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
    return f"""{_main_table(task, results)}

{_small_table(results)}

Mean return ± standard deviation over {episodes} fresh episodes; median, best and worst over
seeds, each column by itself. Random weights and random shared weight: `champion.json` of each run.
Best shared weight: `champion_tuned.json`. Tuned weights (CMA-ES): `champion_tuned_weights.json`,
that structure of the run's Pareto front or hall of fame which turned out best on other episodes.
Connections: of these three. The small ones are `champion_small.json`: the fewest connections with
90 % of the best random shared weight.

Made by `{command}` in {minutes(total)} minutes (a seed: {minutes(parts["evolve"])} to evolve,
{minutes(parts["evaluate"])} to evaluate, {minutes(parts["tune"])} to tune; medians) with
{first.workers} workers on {machine}; {versions}.
"""
