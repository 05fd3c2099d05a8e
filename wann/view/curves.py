"""Learning curves of a run: ``fitness.png``."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.errors import FormatError
from wann.formats.parsing import parsing, read_text
from wann.limits import LARGEST_TABLE
from wann.printable import printable, shown
from wann.tasks.measure import RETURN, Measure
from wann.view.library import Axes, EngFormatter, Figure, MaxNLocator
from wann.view.panels import (
    BLUE,
    GREY,
    RED,
    Label,
    drawable,
    fill_empty,
    losses_of,
    new_figure,
    save_figure,
    scale_losses,
    small,
    start_at_zero,
    write_labels,
    write_title,
)

Floats = NDArray[np.float64]

LEARNING_COLUMNS = (
    *("generation", "evaluations", "max_max", "mean_best", "mean_median"),
    *("connections_best", "connections_median"),
)
_COUNTS = {"generation", "evaluations", "episodes", "steps", "connections", "connections_best"}
# losses are at most the largest float32
_LARGEST = 1e100
# a smoothed point is the mean of the generations around it: this share of the run
_WINDOW = 1 / 25
# what max and mean mean, of returns and of losses
_OVER = ("max and mean", "least and mean")
# beyond it a line is thinned out, which nobody can see
_MOST_POINTS = 4000


def read_columns(path: Path, required: Sequence[str] = ()) -> dict[str, Floats]:
    """The columns of a ``metrics.csv`` or ``fronts.csv`` by name.

    Args:
        path: of the file; a run may be writing to it.
        required: names of columns that must be there.

    Raises:
        FormatError: it cannot be read or is no such table.
    """
    what = f"cannot read {printable(path)}"
    # the last line may not be complete yet
    text = read_text(path, LARGEST_TABLE)
    lines = text[: text.rfind("\n") + 1].split("\n")[:-1]
    if len(lines) < 2:
        raise FormatError(f"{what}: it has no rows")
    names = lines[0].split(",")
    missing = [name for name in required if names.count(name) != 1]
    if missing:
        raise FormatError(f"{what}: it has no column {missing[0]!r}")
    with parsing(what), warnings.catch_warnings():
        # of lines that are all empty
        warnings.simplefilter("error")
        table = np.loadtxt(lines[1:], delimiter=",", ndmin=2, comments=None)
    if table.shape != (len(lines) - 1, len(names)) or not np.isfinite(table).all():
        raise FormatError(f"{what}: a row has not {len(names)} finite numbers")
    columns = {name: np.ascontiguousarray(table[:, k]) for k, name in enumerate(names)}
    for name, values in columns.items():
        _check_column(name, values, what)
    return columns


def _check_column(name: str, values: Floats, what: str) -> None:
    """Raises FormatError for numbers that no run writes, and that no plot has room for."""
    if np.abs(values).max() > _LARGEST:
        raise FormatError(f"{what}: a number in the column {shown(name, 40)} is too large")
    if name not in _COUNTS:
        return
    lowest = 1 if name == "evaluations" else 0
    is_count = (values >= lowest) & (values == np.floor(values)) & (values < 2**53)
    if not is_count.all():
        raise FormatError(f"{what}: the column {name!r} must hold whole numbers from {lowest} on")
    if name in ("generation", "evaluations") and (np.diff(values) < 0).any():
        raise FormatError(f"{what}: the column {name!r} must rise")


def smoothed(values: Floats, reach: int) -> Floats:
    """The mean of each value and up to ``reach`` on either side.

    Near the start, where a run changes fastest, the reach is shorter. What is no number counts for
    nothing, and stays.
    """
    is_number = np.isfinite(values)
    index = np.arange(len(values))
    first = index - np.minimum(index, reach)
    last = np.minimum(index + np.minimum(index, reach), len(values) - 1)
    total = np.concatenate([[0.0], np.cumsum(np.where(is_number, values, 0.0))])
    n = last + 1 - first
    if not is_number.all():
        counts = np.concatenate([[0], np.cumsum(is_number)])
        n = np.maximum(counts[last + 1] - counts[first], 1)
    means: Floats = (total[last + 1] - total[first]) / n
    return np.where(is_number, means, np.nan)


def thinned(values: Floats) -> NDArray[np.int64]:
    """Which points make a line that looks like the whole one: each stretch's lowest and highest."""
    n = len(values)
    if n <= _MOST_POINTS:
        return np.arange(n)
    edges = np.linspace(0, n, _MOST_POINTS // 2 + 1).astype(np.int64)
    chosen = [0, n - 1]
    for first, last in pairwise(edges.tolist()):
        stretch = np.nan_to_num(values[first:last])
        chosen += [first + int(stretch.argmin()), first + int(stretch.argmax())]
    return np.unique(chosen)


def smoothed_in_stretches(values: Floats, reach: int, starts: Sequence[int]) -> Floats:
    """As ``smoothed``, each stretch by itself; ``starts`` of all stretches but the first."""
    return np.concatenate([smoothed(stretch, reach) for stretch in np.split(values, starts)])


def _draw_line(
    axes: Axes, x: Floats, values: Floats, colour: str, name: str, starts: Sequence[int]
) -> float:
    """Draws a line as it is, faintly, and smoothed; returns the height of the end."""
    smooth = smoothed_in_stretches(values, round(len(values) * _WINDOW / 2), starts)
    points = thinned(values)
    axes.plot(x[points], values[points], color=colour, lw=0.6, alpha=0.35, gid=f"{name}, as it is")
    # a run of one generation is a point
    marker = "o" if len(x) == 1 else None
    points = thinned(smooth)
    axes.plot(x[points], smooth[points], color=colour, lw=1.8, marker=marker, gid=name)
    numbers = smooth[np.isfinite(smooth)]
    return float(numbers[-1]) if len(numbers) else math.nan


def _lines_of_scores(
    metrics: Mapping[str, Floats], measure: Measure
) -> list[tuple[str, Floats, str, str]]:
    """Name, values, colour and label of the lines of the upper panel."""
    words = ("least loss", "least mean") if measure.is_loss else ("best max", "best mean")
    return [
        (name, losses_of(metrics[name]) if measure.is_loss else metrics[name], colour, text)
        for name, colour, text in (
            ("max_max", RED, words[0]),
            ("mean_best", BLUE, words[1]),
            ("mean_median", GREY, "median mean"),
        )
    ]


def draw_learning_curve(
    metrics: Mapping[str, Floats],
    title: str | None = None,
    heat_starts: Sequence[int] = (),
    measure: Measure = RETURN,
) -> Figure:
    """Draws scores and connections over the generations, smoothed over a faint line as it is.

    Losses have a logarithmic axis.

    Args:
        metrics: ``LEARNING_COLUMNS`` of ``metrics.csv``.
        title: above the upper panel.
        heat_starts: generations with which the search started anew, and the one after the last
            heat, as ``wann.search.heats.heat_starts`` gives them; those not reached are left out.
        measure: what the scores are.
    """
    starts = [start for start in heat_starts if start < len(metrics["generation"])]
    metrics = {name: drawable(metrics[name]) for name in LEARNING_COLUMNS}
    figure = new_figure(8.0, 5.4)
    scores, size = figure.subplots(2, 1, sharex=True, height_ratios=[2.4, 1])
    x = metrics["generation"] + 1
    for axes, lines in (
        (
            scores,
            _lines_of_scores(metrics, measure),
        ),
        (
            size,
            [
                ("connections_best", metrics["connections_best"], BLUE, "of the best mean"),
                ("connections_median", metrics["connections_median"], GREY, "median"),
            ],
        ),
    ):
        labels = [
            Label(_draw_line(axes, x, values, colour, name, starts), text, colour)
            for name, values, colour, text in lines
        ]
        fill_empty(axes)
        if axes is scores and measure.is_loss:
            scale_losses(axes)
        else:
            start_at_zero(axes, *(values for _, values, _, _ in lines))
        axes.margins(x=0)
        write_labels(axes, labels)
    if len(x) == 1:
        scores.set_xlim(x[0] - 0.5, x[0] + 0.5)
    what = "cross-entropy" if measure.is_loss else "return"
    scores.set_ylabel(f"{what} in training,\n{_OVER[measure.is_loss]} over weights")
    size.set_ylabel("connections")
    size.set_xlabel("generation")
    size.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    _add_evaluations(scores, x, metrics["evaluations"])
    _mark_heats((scores, size), starts)
    write_title(scores, title)
    return figure


def _mark_heats(panels: Sequence[Axes], starts: Sequence[int]) -> None:
    """Shades every other heat, and says what the bands are."""
    if not starts:
        return
    edges = [1, *(start + 1 for start in starts)]
    for first, last in list(pairwise(edges))[::2]:
        for axes in panels:
            axes.axvspan(first, last, color=GREY, alpha=0.08, lw=0, gid="heat")
    panels[-1].text(
        0.01,
        0.96,
        "bands: heats, each from nothing",
        transform=panels[-1].transAxes,
        fontsize=small(),
        color=GREY,
        va="top",
    )


def _add_evaluations(axes: Axes, x: Floats, evaluations: Floats) -> None:
    """Adds the number of evaluations as a second horizontal axis on top."""
    per_generation = float(evaluations[-1] / x[-1]) if x[-1] > 0 else 0.0
    if not per_generation > 0:  # a table that does not say
        return

    def forward(generations: Any) -> Any:
        return generations * per_generation

    def backward(individuals: Any) -> Any:
        return individuals / per_generation

    top = axes.secondary_xaxis("top", functions=(forward, backward))
    top.xaxis.set_major_formatter(EngFormatter(sep=" "))
    top.set_xlabel("individuals evaluated")
    top.spines["top"].set_visible(False)


def save_learning_curve(
    metrics: Mapping[str, Floats],
    path: Path,
    title: str | None = None,
    heat_starts: Sequence[int] = (),
    measure: Measure = RETURN,
) -> None:
    """Writes the drawing of ``draw_learning_curve`` as a PNG, SVG or PDF, atomically.

    Raises:
        FormatError: the name ends in something else, or the file cannot be written.
    """
    save_figure(lambda: draw_learning_curve(metrics, title, heat_starts, measure), path)
