"""A page to draw on: a matplotlib figure whose axes count inches."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path as FilePath

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path
from matplotlib.text import Text

from wann.formats.atomic import write_atomically
from wann.kernels.activation import Activation
from wann.view.glyphs import COLOURS, activation_curve
from wann.view.panels import INK, METADATA, check_plot_path

QUIET_INK = "#5b6470"
_FONTS = ["STIXGeneral", "DejaVu Serif", "DejaVu Sans"]
_MARGIN = 0.25
_DOTS_PER_INCH = 200.0
_MOST_DOTS = 12_000.0


class Page:
    """A figure that grows with what is drawn on it.

    Attributes:
        scale: how much larger than usual names, legend and title are.
        axes: cover the figure; one unit is one inch.
        left, bottom, right, top: the box that is in use.
    """

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._figure = Figure(dpi=100, facecolor="white")
        self.axes: Axes = self._figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_axis_off()
        self.left = self.bottom = float("inf")
        self.right = self.top = float("-inf")

    def grow(self, left: float, bottom: float, right: float, top: float) -> None:
        """Includes a box."""
        self.left, self.right = min(self.left, left), max(self.right, right)
        self.bottom, self.top = min(self.bottom, bottom), max(self.top, top)

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        across: str,
        up: str = "center_baseline",
        colour: str = INK,
        is_formula: bool = False,
    ) -> Text:
        """Writes a text; ``across`` and ``up`` say where in it (x, y) lies, as in matplotlib."""
        return self.axes.text(
            x,
            y,
            text,
            fontsize=size,
            color=colour,
            family=_FONTS,
            math_fontfamily="stix",
            parse_math=is_formula,
            horizontalalignment=across,
            verticalalignment=up,
        )

    def write_name(self, x: float, y: float, name: str, size: float, *, across: str) -> Text:
        """Writes the name of an input or output, as a formula where it is one."""
        formula = _formula(name)
        return self.write(
            x, y, formula or name, size, across=across, is_formula=formula is not None
        )

    def width(self, text: Text) -> float:
        """Width of a text in inches."""
        return text.get_window_extent().width / self._figure.dpi

    def disc(self, x: float, y: float, radius: float, activation: Activation) -> None:
        """Draws a node: a disc with the activation's curve."""
        self.axes.add_patch(
            Circle((x, y), radius, facecolor=COLOURS[activation], edgecolor="none", zorder=3)
        )
        self.axes.add_patch(
            PathPatch(
                Path(np.array([x, y]) + 0.62 * radius * activation_curve(activation)),
                facecolor="none",
                edgecolor="white",
                linewidth=10.5 * radius,
                capstyle="round",
                joinstyle="round",
                zorder=4,
            )
        )

    def finish(self) -> Figure:
        """Gives the figure the size of the box in use, with a margin."""
        left, right = self.left - _MARGIN, self.right + _MARGIN
        bottom, top = self.bottom - _MARGIN, self.top + _MARGIN
        self._figure.set_size_inches(right - left, top - bottom)
        self.axes.set_xlim(left, right)
        self.axes.set_ylim(bottom, top)
        return self._figure


def save_page(
    draw: Callable[[], Figure],
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
) -> None:
    """Writes a drawing as PNG, SVG or PDF files, each atomically; equal drawings give equal bytes.

    Args:
        draw: makes the figure; called once, in matplotlib's default settings.
        paths: one or several, each ends in .png, .svg or .pdf.

    Raises:
        FormatError: a path ends in something else, or cannot be written.
    """
    several = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    files = [FilePath(path) for path in several]
    for file in files:
        check_plot_path(file)
    # the user's own matplotlib settings shall not change the file
    with style.context(["default", {"svg.hashsalt": "wann", "pdf.fonttype": 42}]):
        figure = draw()
        dpi = min(_DOTS_PER_INCH, _MOST_DOTS / max(figure.get_size_inches()))
        for file in files:
            suffix, buffer = file.suffix.lower(), io.BytesIO()
            figure.savefig(buffer, format=suffix[1:], dpi=dpi, metadata=METADATA[suffix])
            write_atomically(file, buffer.getvalue())


def _formula(name: str) -> str | None:
    """The name as mathematics, if it consists of letters, primes and sin, cos, tan only."""
    words = name.split()
    # Latin and small Greek letters
    letter = re.compile("[A-Za-z\u03b1-\u03c9]'{0,2}")
    functions = ("sin", "cos", "tan")
    if not words or not all(word in functions or letter.fullmatch(word) for word in words):
        return None
    # primes as characters of the upright font; as superscripts they would hang far off
    parts = [
        rf"\{word}"
        if word in functions
        else word[0] + "".join(r"\mathrm{" + "\u2032" + "}" for _ in word[1:])
        for word in words
    ]
    return "$" + r"\,".join(parts) + "$"
