"""What the plots share: colours, axes, labels beside them, and files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann.view.library import (
    Axes,
    Axis,
    Figure,
    FigureCanvasAgg,
    FuncFormatter,
    LogLocator,
    NullLocator,
    rcParams,
)
from wann.view.saving import is_drawing, save_picture
from wann.view.sizes import wanted_sizes
from wann.view.words import plain

Floats = NDArray[np.float64]

# Okabe & Ito 2008: told apart by colour-blind people too
BLUE, RED, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#6b7480"
INK = "#262b33"
# points, inches, dots per inch
_FONT, _SMALLEST_FONT = 10.0, 6.0
_DOTS_PER_INCH = 150.0

_LONGEST_TITLE = 60
# of a panel's height
_BEYOND = 0.05
_LEAST_LOSS = 1e-3
# beyond it numbers of an axis, or their differences, could not be computed
LARGEST, SMALLEST = 1e200, 1e-200
# as a ratio: an axis with more of them is labelled at powers of ten
_MANY_DECADES = 1e6
_ALL_DIGITS = tuple(map(float, range(1, 10)))

_STYLE = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.5,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "legend.frameon": False,
}


# as matplotlib has them, in points
_STROKES = {
    "axes.linewidth": 0.8,
    "xtick.major.size": 3.5,
    "ytick.major.size": 3.5,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
}


def small() -> float:
    """Size of the letters beside the axes, in points."""
    return 0.9 * float(rcParams["font.size"])


def points(size: float) -> float:
    """A distance that goes with the size of the letters; ``size`` where they are as usual."""
    return size * float(rcParams["font.size"]) / _FONT


def drawable(values: Floats) -> Floats:
    """Values as axes can show them: what is no number is a gap, what is beyond reason is less."""
    values = np.asarray(values, np.float64)
    shown = np.where(np.isfinite(values), np.clip(values, -LARGEST, LARGEST), np.nan)
    return np.where(np.abs(shown) < SMALLEST, 0.0, shown)


class Label(NamedTuple):
    """A label at the right end of a panel."""

    y: float
    text: str
    colour: str


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, with letters that suit its width.

    Args:
        width, height: in inches; where another width is wanted, the height follows.
    """
    wanted = wanted_sizes()
    factor = 1.0 if wanted.width is None else wanted.width / width
    font = wanted.font or max(_SMALLEST_FONT, _FONT * factor)
    if is_drawing():
        thickness = min(1.0, font / _FONT)
        letters: dict[Any, Any] = {"font.size": font, "legend.fontsize": 0.9 * font}
        strokes = {name: thickness * size for name, size in _STROKES.items()}
        rcParams.update(letters | strokes)
    # letters that are large for the width need height
    larger = max(1.0, font / (_FONT * factor)) if wanted.width else 1.0
    figure = Figure(figsize=(factor * width, larger * factor * height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(draw: Callable[[], Figure], path: Path) -> None:
    """Draws a figure into a PNG, SVG or PDF file; the same figure gives the same bytes.

    The user's own matplotlib settings do not change the file.

    Raises:
        FormatError: the name ends in something else, or the file cannot be written.
    """

    def draw_thinner() -> Figure:
        figure = draw()
        thickness = points(1.0)
        for axes in figure.axes if thickness < 1 else ():
            for line in axes.lines:
                line.set_linewidth(thickness * line.get_linewidth())
                line.set_markersize(thickness * line.get_markersize())
        return figure

    save_picture(draw_thinner, path, dpi=_DOTS_PER_INCH, settings=_STYLE)


def write_title(axes: Axes, title: str | None, distance: float = 8.0) -> None:
    """Writes a title at the left above a panel; the distance in points."""
    if title:
        axes.set_title(
            plain(title, _LONGEST_TITLE),
            fontsize=points(11.0),
            loc="left",
            pad=points(distance),
            parse_math=False,
        )


def fill_empty(axes: Axes) -> None:
    """Gives a panel without a number limits, by a point that cannot be seen."""
    if not np.isfinite(axes.dataLim.get_points()).all():
        axes.plot([1.0], [1.0], ls="", gid="nothing")


def start_at_zero(axes: Axes, *values: Floats) -> None:
    """Lets the vertical axis start at zero unless there are values below it.

    The limits must not have to change any more.
    """
    lowest = [float(v[np.isfinite(v)].min(initial=np.inf)) for v in values]
    if 0 <= min(lowest) < np.inf:
        axes.set_ylim(0, 1.03 * axes.get_ylim()[1])


def losses_of(scores: Floats) -> Floats:
    """The losses of scores that are minus a loss, as they are drawn: at least 0.001.

    None is below zero but an estimate may be.
    """
    losses: Floats = np.maximum(-drawable(scores), _LEAST_LOSS)
    return losses


def scale_losses(axes: Axes) -> None:
    """Gives losses, which are positive, a logarithmic axis with readable numbers."""
    axes.set_yscale("log")
    write_log_ticks(axes.yaxis, "{:g}".format)


def write_log_ticks(axis: Axis, words: Callable[[float], str]) -> None:
    """Labels a logarithmic axis at 1, 2 and 5, or at every digit where it is short.

    The limits must not have to change any more.

    Args:
        axis: of a panel.
        words: a number as it is written.
    """
    low, high = axis.get_view_interval()
    steps = (1.0, 2.0, 5.0) if high > 8 * low else _ALL_DIGITS
    if high > _MANY_DECADES * low:
        steps = (1.0,)
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda x, _: words(x)))
    axis.set_minor_locator(NullLocator())


def write_labels(axes: Axes, labels: Sequence[Label]) -> None:
    """Writes labels to the right of a panel, each at its height or as near as there is room.

    The limits of the vertical axis must not change any more.
    """
    labels = [label for label in labels if np.isfinite(label.y)]
    if not labels:
        return
    height = axes.get_position().height * axes.get_figure(root=True).get_size_inches()[1]  # type: ignore[union-attr]
    n_lines = max(label.text.count("\n") + 1 for label in labels)
    gap = (1.3 * n_lines + 0.15) * small() / 72 / height
    to_fraction = axes.transScale + axes.transLimits
    heights = to_fraction.transform([(axes.get_xlim()[1], label.y) for label in labels])[:, 1]
    # what lies beyond the axes is written beside their ends
    heights = np.clip(heights, -_BEYOND, 1.0 + _BEYOND)
    for label, wanted, place in zip(labels, heights, spread(heights, gap), strict=True):
        axes.annotate(
            label.text,
            (1.0, wanted),
            xytext=(1.015, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            fontsize=small(),
            color=label.colour,
            va="center",
            annotation_clip=False,
        )


def spread(wanted: Floats, gap: float) -> Floats:
    """Moves points as little as possible (least squares) so that none are closer than ``gap``.

    Their order stays.
    """
    order = np.argsort(wanted, kind="stable")
    # with the gaps taken out, the points must not decrease: pool adjacent violators
    blocks: list[tuple[float, int]] = []
    for value in wanted[order] - gap * np.arange(len(wanted)):
        mean, n = float(value), 1
        while blocks and blocks[-1][0] > mean:
            former, m = blocks.pop()
            mean, n = (former * m + mean * n) / (m + n), m + n
        blocks.append((mean, n))
    places = np.empty(len(wanted))
    places[order] = np.repeat([b[0] for b in blocks], [b[1] for b in blocks])
    places[order] += gap * np.arange(len(wanted))
    return places
