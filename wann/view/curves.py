"""Curves of a run: ``fitness.png``."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wann.errors import FormatError
from wann.formats.atomic import write_atomically

_BLUE, _ORANGE, _GREY = "#2f6db3", "#d9822b", "#5b6770"


def read_columns(path: Path) -> dict[str, NDArray[np.float64]]:
    """The columns of a ``metrics.csv`` by name.

    Raises:
        FormatError: it cannot be read or is no table.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) < 2:
            raise FormatError(f"cannot read metrics {path}: it has no rows")
        table = np.genfromtxt(lines, delimiter=",", names=True, ndmin=1)
        return {name: table[name] for name in table.dtype.names or ()}
    except (OSError, ValueError) as error:
        raise FormatError(f"cannot read metrics {path}: {error}") from error


def draw_learning_curve(metrics: Mapping[str, NDArray[np.float64]], title: str = "") -> Figure:
    """Draws fitness and complexity over the generations.

    Args:
        metrics: columns of ``metrics.csv``.
        title: above the upper panel.
    """
    figure = Figure(figsize=(7.2, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    fitness, size = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1.3])
    x = metrics["generation"] + 1
    fitness.plot(
        x, metrics["max_max"], color=_ORANGE, lw=0.8, alpha=0.8, label="best single weight"
    )
    fitness.plot(x, metrics["mean_best"], color=_BLUE, lw=1.2, label="mean over weights, best")
    fitness.plot(
        x,
        metrics["mean_median"],
        color=_BLUE,
        lw=0.9,
        alpha=0.45,
        label="mean over weights, median",
    )
    fitness.set_ylabel("return in training")
    fitness.set_ylim(bottom=0)
    fitness.legend(frameon=False, loc="lower right", fontsize=8)
    size.plot(x, metrics["connections_best"], color=_GREY, lw=0.9, label="best")
    size.plot(x, metrics["connections_median"], color=_GREY, lw=0.9, alpha=0.45, label="median")
    size.set_ylabel("connections")
    size.set_ylim(bottom=0)
    size.legend(frameon=False, loc="upper left", fontsize=8)
    size.set_xlabel("generation")
    if title:
        fitness.set_title(title, fontsize=10, loc="left")
    for axes in (fitness, size):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.2, lw=0.5)
        axes.margins(x=0.01)
    return figure


def save_learning_curve(
    metrics: Mapping[str, NDArray[np.float64]], path: Path, title: str = ""
) -> None:
    """Writes the drawing of ``draw_learning_curve`` as a PNG, atomically."""
    buffer = io.BytesIO()
    draw_learning_curve(metrics, title).savefig(buffer, format="png", dpi=150)
    write_atomically(path, buffer.getvalue())
