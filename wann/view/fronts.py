"""Pareto fronts by generation: ``fronts.png``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wann.errors import FormatError
from wann.formats.champion import Champion
from wann.genome.network import Network
from wann.tasks.measure import RETURN, Measure
from wann.view.curves import read_columns
from wann.view.library import (
    Axes,
    Colormap,
    Figure,
    FixedLocator,
    LinearSegmentedColormap,
    LogNorm,
    NullLocator,
    ScalarMappable,
    StrMethodFormatter,
    colormaps,
)
from wann.view.panels import (
    RED,
    Floats,
    drawable,
    fill_empty,
    losses_of,
    new_figure,
    points,
    save_figure,
    scale_losses,
    small,
    start_at_zero,
    write_log_ticks,
    write_title,
)
from wann.view.profile import levels_of
from wann.view.words import number, plain

FRONT_COLUMNS = ("generation", "mean", "max", "connections")
N_DRAWN = 10
_PANELS = (
    ("mean", "mean return over shared weights", "mean cross-entropy over shared weights"),
    ("max", "best return over shared weights", "least cross-entropy over shared weights"),
)
# from the inside to the outside, with their sizes in points
_MARKERS = "*Dsoh8"
_INNERMOST, _STEP = 11.0, 4.0
_LONGEST_LABEL = 40
# letters of a row that holds a legend
_WIDE = 110.0
_UNSEEN = "\u200b"


@dataclass(frozen=True)
class Front:
    """The non-dominated points of a generation.

    Attributes:
        generation: number, from 0.
        mean, max, connections: (F,) the objectives.
    """

    generation: int
    mean: Floats
    max: Floats
    connections: Floats


@dataclass(frozen=True)
class Mark:
    """A champion among the fronts.

    Attributes:
        label: for the legend.
        connections: of the champion.
        mean, max: its return with random and with the best shared weight; None: not measured.
    """

    label: str
    connections: int
    mean: float | None
    max: float | None


def read_fronts(path: Path) -> list[Front]:
    """The fronts of a ``fronts.csv`` in the order of the generations.

    Raises:
        FormatError: it cannot be read or is no such table.
    """
    columns = read_columns(path, FRONT_COLUMNS)
    fronts = []
    for generation in np.unique(columns["generation"]):
        rows = columns["generation"] == generation
        fronts.append(Front(int(generation), *(columns[name][rows] for name in FRONT_COLUMNS[1:])))
    return fronts


def marks_of(champions: Sequence[Champion]) -> list[Mark]:
    """Where champions lie by their scores on fresh episodes; the same network has one mark.

    Classifiers have none: their scores are accuracies, the fronts are of losses.
    """
    marks: dict[Network, Mark] = {}
    for champion in champions:
        scores = champion.scores.values()
        if any(isinstance(s, Mapping) and s.get("unit") == "per cent" for s in scores):
            continue
        network = champion.network
        chosen_for = champion.provenance.get("chosen_for")
        label = chosen_for if isinstance(chosen_for, str) else "champion"
        if network in marks:
            marks[network] = replace(marks[network], label=f"{marks[network].label}, {label}")
            continue
        levels = levels_of(champion)
        marks[network] = Mark(
            label, network.n_connections, levels.random_shared, levels.best_shared
        )
    return list(marks.values())


def chosen_fronts(fronts: Sequence[Front], n: int = N_DRAWN) -> list[Front]:
    """At most ``n`` fronts with the first and the last, about evenly spaced on a log scale."""
    counts = np.maximum(np.array([front.generation for front in fronts], np.float64) + 1, 1)
    wanted = np.geomspace(counts[0], counts[-1], n)
    nearest = np.abs(np.log(counts)[:, None] - np.log(wanted)).argmin(axis=0)
    return [fronts[k] for k in np.unique(nearest)]


def staircase(connections: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The points that no other beats with fewer or as many connections.

    Returns:
        Connections and values, both increasing.
    """
    is_number = np.isfinite(connections) & np.isfinite(values)
    connections, values = connections[is_number], values[is_number]
    order = np.lexsort((-values, connections))
    x, y = connections[order], values[order]
    is_higher = y > np.concatenate([[-np.inf], np.maximum.accumulate(y)[:-1]])
    return x[is_higher], y[is_higher]


def draw_fronts(
    fronts: Sequence[Front],
    marks: Sequence[Mark] = (),
    title: str | None = None,
    measure: Measure = RETURN,
) -> Figure:
    """Draws what scores the population reached with how many connections, by generation.

    Args:
        fronts: at least one, in the order of the generations; about ten of them are drawn.
        marks: champions.
        title: above the left panel.
        measure: what the scores are.

    Raises:
        FormatError: there is no front.
    """
    if not fronts:
        raise FormatError("there are no fronts to draw")
    figure = new_figure(10.0, 4.6)
    panels = figure.subplots(1, 2, sharex=True)
    chosen = chosen_fronts(fronts)
    colours, norm = _colours(), LogNorm(1, max(2, fronts[-1].generation + 1))
    for axes, (name, of_returns, of_losses) in zip(panels, _PANELS, strict=True):
        for front in chosen:
            colour = colours(norm(front.generation + 1))
            _draw_front(axes, front, name, colour, front is chosen[-1], measure)
        fill_empty(axes)
        axes.set_xscale("log")
        axes.set_xlabel("connections")
        axes.set_ylabel(of_losses if measure.is_loss else of_returns)
        marked = _draw_marks(axes, marks, name, measure)
        if measure.is_loss:
            scale_losses(axes)
        else:
            values = [drawable(getattr(front, name)) for front in chosen]
            start_at_zero(axes, *values, marked)
    # both panels have the same limits, which must not change any more
    for axes in panels:
        write_log_ticks(axes.xaxis, lambda x: number(x, 0))
    if marks:
        _write_legend(figure, panels)
    write_title(panels[0], title)
    bar = figure.colorbar(ScalarMappable(norm, colours), ax=panels, pad=0.02, aspect=30)
    bar.set_label("generation")
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_locator(FixedLocator([front.generation + 1 for front in chosen]))
    bar.ax.yaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.ax.grid(False)
    return figure


def _colours() -> Colormap:
    """Light to dark; the lightest of viridis cannot be seen on white."""
    samples = colormaps["viridis_r"](np.linspace(0.08, 1.0, 256))
    return LinearSegmentedColormap.from_list("generations", samples)


def _draw_front(
    axes: Axes, front: Front, name: str, colour: Any, is_last: bool, measure: Measure
) -> None:
    # none counts as one, as in the objective
    x, y = staircase(np.maximum(drawable(front.connections), 1), drawable(getattr(front, name)))
    axes.step(
        x,
        losses_of(y) if measure.is_loss else y,
        where="post",
        color=colour,
        lw=2.2 if is_last else 1.3,
        marker="o",
        markersize=4.5 if is_last else 3.0,
        gid=f"{name} of generation {front.generation}",
    )


def _draw_marks(axes: Axes, marks: Sequence[Mark], name: str, measure: Measure) -> Floats:
    """Draws champions so that none hides another where they meet: one within the other.

    Returns:
        The values that are drawn: all that an axis can show, which is logarithmic for losses.
    """
    drawn = []
    for k, (mark, marker) in enumerate(zip(marks, _MARKERS, strict=False)):
        known = getattr(mark, name)
        value = float(drawable(np.array(np.nan if known is None else known)))
        if np.isfinite(value) and (value > 0 or not measure.is_loss):
            drawn.append(value)
            axes.plot(
                max(mark.connections, 1),
                value,
                ls="",
                marker=marker,
                markersize=_INNERMOST + _STEP * k,
                markerfacecolor="none" if k else RED,
                markeredgecolor=RED if k else "white",
                markeredgewidth=1.6 if k else 0.7,
                zorder=5 + len(marks) - k,
                clip_on=False,
                # a legend leaves out what begins with an underscore
                label=re.sub("^_", f"{_UNSEEN}_", plain(mark.label, _LONGEST_LABEL)),
            )
    return np.array(drawn)


def _write_legend(figure: Figure, panels: Sequence[Axes]) -> None:
    """Explains the marks below the panels, each once."""
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if handles:
        legend = figure.legend(
            handles.values(),
            [label.removeprefix(_UNSEEN) for label in handles],
            loc="outside lower left",
            ncols=len(handles) if _widths_of_letters(figure) > _WIDE else 1,
            title="champions on fresh episodes, chosen for:",
            title_fontsize=small(),
            alignment="left",
            markerscale=0.6,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)


def _widths_of_letters(figure: Figure) -> float:
    """How many letters fit into the width of a figure, nearly."""
    return float(figure.get_size_inches()[0]) * 72 / points(5.0)


def save_fronts(
    fronts: Sequence[Front],
    path: Path,
    marks: Sequence[Mark] = (),
    title: str | None = None,
    measure: Measure = RETURN,
) -> None:
    """Writes the drawing of ``draw_fronts`` as a PNG, SVG or PDF, atomically.

    Raises:
        FormatError: the name ends in something else, or the file cannot be written.
    """
    save_figure(lambda: draw_fronts(fronts, marks, title, measure), path)
