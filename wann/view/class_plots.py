"""What a classifier does by class: accuracy by weight, and the confusion of its ensemble."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wann.errors import FormatError
from wann.tuning.classification import class_accuracies
from wann.view.class_scores import ClassScores
from wann.view.library import (
    Axes,
    AxesImage,
    Figure,
    LinearSegmentedColormap,
    PowerNorm,
    colormaps,
)
from wann.view.panels import (
    GREY,
    INK,
    RED,
    drawable,
    new_figure,
    points,
    save_figure,
    small,
    write_title,
)
from wann.view.words import number, plain

Floats = NDArray[np.float64]

# dark is bad and light is good, for the colour-blind too; most colours go to what lies above 50 %
_POWER = 1.8
_NO_SAMPLES = "#d5d9de"
_ACCURACIES = colormaps["viridis"].with_extremes(bad=_NO_SAMPLES)
# right answers and mistakes have scales of their own: else no mistake would be seen
_RIGHT = LinearSegmentedColormap.from_list("right", ["#f4f7fa", "#4f9ccd"]).with_extremes(
    bad=_NO_SAMPLES
)
_LINES = "#e3e7ec"
_WRONG = LinearSegmentedColormap.from_list("wrong", ["#ffffff", "#fbe3d0", "#e08a45", "#c75000"])
# above this accuracy dark numbers can be read
_READABLE = 76.0
_MOST_NUMBERED, _MOST_NAMED = 26, 60
_LONGEST_NAME = 16
_MOST_EDGES, _MOST_CLASSES = 200, 2_000


def draw_class_accuracies(
    scores: ClassScores,
    *,
    training_range: tuple[float, float],
    tuned_weight: float | None = None,
    title: str | None = None,
) -> Figure:
    """Draws the accuracy of each class, and of all, at each shared weight, and of the ensemble.

    Args:
        scores: what is drawn.
        training_range: lowest and highest weight of the search; dashed lines.
        tuned_weight: is marked; None: not known.
        title: above the panels.

    Source: Gaier & Ha 2019, figure 8 ("digit accuracy by weight").
    """
    n = len(scores.classes)
    _check_classes(n)
    figure = new_figure(min(3.4 + 0.46 * (n + 1), 16.0), 6.2)
    panels = figure.subplots(2, 3, width_ratios=[n, 1, 0.3], height_ratios=[1, 18])
    (of_class, of_all, corner), (by_class, by_all, bar) = panels
    corner.set_axis_off()
    weights = drawable(scores.weights)
    # where all weights are one, a cell has some height still
    half = (float(weights[1] - weights[0]) / 2 if len(weights) > 1 else 0.0) or 0.5
    bottom, top = float(weights[0]) - half, float(weights[-1]) + half
    _draw_table(by_class, scores.accuracy, "accuracy of classes", bottom, top)
    image = _draw_table(by_all, scores.overall[:, None], "accuracy of all", bottom, top)
    recall = class_accuracies(scores.confusion)
    _draw_table(of_class, recall[None], "ensemble of classes", 0.0, 1.0)
    _draw_table(of_all, np.array([[scores.ensemble]]), "ensemble of all", 0.0, 1.0)
    if n <= _MOST_NUMBERED:
        for axes, values in ((of_class, recall), (of_all, np.array([scores.ensemble]))):
            for k, value in enumerate(values.tolist()):
                # a class without samples has its own colour
                colour = "white" if value <= _READABLE else INK
                words = _share(value)
                axes.text(k, 0.5, words, ha="center", va="center", size=small(), color=colour)
    for axes in (by_class, by_all):
        for end in training_range:
            if bottom < end < top:
                axes.axhline(end, color="white", lw=1.2, ls=(0, (4, 3)))
    for axes in (of_class, of_all, by_all):
        axes.set_xticks([])
        axes.set_yticks([])
    of_class.set_yticks([0.5], ["ensemble"])
    _name_classes(by_class, scores.classes, "x")
    by_class.set_xlabel(_about_classes(recall))
    by_class.set_ylabel("shared weight")
    by_all.set_xticks([0], ["all"])
    if tuned_weight is not None and bottom < tuned_weight < top:
        _mark_weight(by_all, tuned_weight)
    figure.colorbar(image, cax=bar, ticks=[0, *range(20, 101, 10)])
    bar.grid(False)
    bar.spines[:].set_visible(False)
    bar.set_ylabel("accuracy on the test part in %")
    write_title(of_class, title)
    return figure


def _check_classes(n: int) -> None:
    if n > _MOST_CLASSES:
        raise FormatError(f"{n:,} classes are too many to draw; at most {_MOST_CLASSES:,}")


def _about_classes(recall: Floats) -> str:
    """The label of the classes, which tells what grey means where it is seen."""
    words = "class; dashed: weights of the search"
    return f"{words}; grey: no samples in the test part" if np.isnan(recall).any() else words


def _draw_table(axes: Axes, table: Floats, name: str, bottom: float, top: float) -> AxesImage:
    """Draws (rows, columns) accuracies as coloured cells, the first row at the bottom."""
    n = table.shape[1]
    table = np.clip(drawable(table), 0.0, 100.0)
    image = axes.imshow(
        table,
        extent=(-0.5, n - 0.5, bottom, top),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=_ACCURACIES,
        norm=PowerNorm(_POWER, vmin=0.0, vmax=100.0),
        gid=name,
    )
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if n <= _MOST_EDGES:  # beyond it they would hide the cells
        for edge in np.arange(n - 1) + 0.5:
            axes.axvline(edge, color="white", lw=0.8)
    return image


def _share(value: float) -> str:
    """A share in per cent; of nothing: a dash."""
    return f"{value:.0f}" if np.isfinite(value) else "–"


def _mark_weight(axes: Axes, weight: float) -> None:
    """Points at a weight from the right."""
    axes.annotate(
        f"tuned\n{number(weight, 2)}",
        (1.0, weight),
        xycoords=("axes fraction", "data"),
        xytext=(12, 0),
        textcoords="offset points",
        fontsize=small(),
        color=RED,
        va="center",
        arrowprops={"arrowstyle": "-|>", "color": RED, "shrinkA": 0, "shrinkB": 0},
        annotation_clip=False,
    )


def _name_classes(axes: Axes, classes: tuple[str, ...], side: str) -> None:
    """Writes the names of classes along an axis, upright if they are long."""
    n = len(classes)
    step = -(-n // _MOST_NAMED)
    places = list(range(0, n, step))
    names = [plain(classes[k], _LONGEST_NAME) for k in places]
    if side == "x":
        is_long = n > _MOST_NUMBERED or max(map(len, names)) > 3
        axes.set_xticks(places, names, rotation=90 if is_long else 0, parse_math=False)
    else:
        axes.set_yticks(places, names, parse_math=False)


def draw_confusion(scores: ClassScores, *, title: str | None = None) -> Figure:
    """Draws which classes the ensemble takes for which: numbers of samples.

    Right answers are blue, by the share of their class; mistakes are orange, the more the darker.
    A column tells the share of each class that is recognised, a row the share of each answer that
    is right.

    Args:
        scores: their ``confusion`` is drawn.
        title: above the panel.
    """
    confusion, n = scores.confusion, len(scores.classes)
    _check_classes(n)
    size = float(np.clip(1.9 + 0.5 * (n + 1), 6.0, 14.0))
    figure = new_figure(size, size)
    axes = figure.subplots()
    recall, precision = class_accuracies(confusion), class_accuracies(confusion.T)
    mistakes = np.maximum(confusion - np.diag(confusion.diagonal()), 0)
    colours = _WRONG(np.sqrt(mistakes / max(int(mistakes.max()), 1)))
    colours[np.arange(n), np.arange(n)] = _RIGHT(recall / 100.0)
    axes.imshow(colours, interpolation="nearest", gid="confusion")
    edges = np.arange(n + 1) - 0.5
    if n <= _MOST_EDGES:
        axes.hlines(edges, -0.5, n - 0.5, color=_LINES, lw=0.6)
        axes.vlines(edges, -0.5, n - 0.5, color=_LINES, lw=0.6)
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    end = n + 0.5 if n <= _MOST_NUMBERED else n - 0.5
    axes.set_xlim(-0.5, end)
    axes.set_ylim(end, -0.5)
    _name_classes(axes, scores.classes, "x")
    _name_classes(axes, scores.classes, "y")
    axes.set_xlabel("answer")
    axes.set_ylabel("label")
    if n <= _MOST_NUMBERED:
        room = float(figure.get_size_inches()[0]) - points(1.4)
        _write_numbers(axes, confusion, recall, precision, room / (n + 1))
    # above the heading of the shares
    write_title(axes, title, distance=26.0)
    return figure


def _write_numbers(
    axes: Axes, confusion: NDArray[np.int64], recall: Floats, precision: Floats, cell: float
) -> None:
    """Writes counts into the cells, and shares in per cent beside them; cells in inches."""
    n = len(confusion)
    digits = max(len(str(int(confusion.max(initial=0)))), 3)
    most = int((confusion - np.diag(confusion.diagonal())).max(initial=0))
    size = min(small(), 72 * cell / (0.62 * digits + 0.5))
    for row in range(n):
        for column in range(n):
            count = int(confusion[row, column])
            if count:
                axes.text(
                    column,
                    row,
                    str(count),
                    ha="center",
                    va="center",
                    size=size,
                    weight="bold" if row == column else "normal",
                    color="white" if row != column and count > 0.7 * most else INK,
                )
    for k in range(n):
        for x, y, share in ((n, k, recall[k]), (k, n, precision[k])):
            words = f"{_share(share)} %" if np.isfinite(share) else _share(share)
            axes.text(x, y, words, ha="center", va="center", size=size, color=GREY)
    axes.text(n, -0.6, "of the\nlabel", ha="center", va="bottom", size=size, color=GREY)
    axes.text(-0.6, n, "of the\nanswer", ha="right", va="center", size=size, color=GREY)


def save_class_accuracies(
    scores: ClassScores,
    path: Path,
    *,
    training_range: tuple[float, float],
    tuned_weight: float | None = None,
    title: str | None = None,
) -> None:
    """Writes the drawing of ``draw_class_accuracies`` as a PNG, SVG or PDF, atomically.

    Raises:
        FormatError: the name ends in something else, or the file cannot be written.
    """
    save_figure(
        lambda: draw_class_accuracies(
            scores, training_range=training_range, tuned_weight=tuned_weight, title=title
        ),
        path,
    )


def save_confusion(scores: ClassScores, path: Path, *, title: str | None = None) -> None:
    """Writes the drawing of ``draw_confusion`` as a PNG, SVG or PDF, atomically.

    Raises:
        FormatError: the name ends in something else, or the file cannot be written.
    """
    save_figure(lambda: draw_confusion(scores, title=title), path)
