"""A page to draw on: a matplotlib figure whose axes count inches."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

import numpy as np

from wann.errors import FormatError
from wann.kernels.activation import Activation
from wann.view.glyphs import COLOURS, activation_curve
from wann.view.library import (
    Axes,
    Circle,
    Figure,
    FigureCanvasAgg,
    Outline,
    PathPatch,
    Text,
)
from wann.view.panels import INK
from wann.view.saving import save_picture
from wann.view.sizes import wanted_sizes
from wann.view.words import plain

QUIET_INK = "#5b6470"
_FONTS = ["STIXGeneral", "DejaVu Serif", "DejaVu Sans"]
_MARGIN = 0.25
_DOTS_PER_INCH = 200.0
_LONGEST_NAME, _LONGEST_TITLE = 40, 100
# letters may be larger than a drawing was made for, but not by much more
_FIT, _MOST_ROUNDS = 0.01, 8


class Page:
    """A figure that grows with what is drawn on it.

    Attributes:
        scale: how much larger than usual names, legend and title are.
        letters: how much larger than usual all texts are, beside that.
        axes: cover the figure; one unit is one inch.
        left, bottom, right, top: the box that is in use.
    """

    def __init__(self, scale: float, letters: float = 1.0) -> None:
        self.scale, self.letters = scale, letters
        self._figure = Figure(dpi=100, facecolor="white")
        # else every text that is measured would draw a picture
        FigureCanvasAgg(self._figure)
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
            fontsize=size * self.letters,
            color=colour,
            family=_FONTS,
            math_fontfamily="stix",
            parse_math=is_formula,
            horizontalalignment=across,
            verticalalignment=up,
        )

    def write_name(self, x: float, y: float, name: str, size: float, *, across: str) -> Text:
        """Writes the name of an input or output, as a formula where it is one."""
        name = plain(name, _LONGEST_NAME)
        formula = _formula(name)
        return self.write(
            x, y, formula or name, size, across=across, is_formula=formula is not None
        )

    def write_title(self, title: str, x: float, y: float, size: float, *, across: str) -> Text:
        """Writes a title, with (x, y) on its baseline, and makes room for it."""
        line = plain(title, _LONGEST_TITLE)
        text = self.write(x, y, line, size, across=across, up="baseline")
        left = x - (self.width(text) / 2 if across == "center" else 0.0)
        self.grow(left, y, left + self.width(text), y + size * self.letters / 72)
        return text

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
                Outline(np.array([x, y]) + 0.62 * radius * activation_curve(activation)),
                facecolor="none",
                edgecolor="white",
                linewidth=10.5 * radius,
                capstyle="round",
                joinstyle="round",
                zorder=4,
            )
        )

    @property
    def full_width(self) -> float:
        """The width of the drawing with its margins, in inches."""
        return self.right - self.left + 2 * _MARGIN

    def finish(self) -> Figure:
        """Gives the figure the size of the box in use, with a margin, or the wanted width."""
        left, right = self.left - _MARGIN, self.right + _MARGIN
        bottom, top = self.bottom - _MARGIN, self.top + _MARGIN
        self.axes.set_xlim(left, right)
        self.axes.set_ylim(bottom, top)
        wanted = wanted_sizes().width
        factor = 1.0 if wanted is None else wanted / self.full_width
        self._figure.set_size_inches(factor * (right - left), factor * (top - bottom))
        if factor != 1.0:
            self._shrink(factor)
        return self._figure

    def _shrink(self, factor: float) -> None:
        """Lets letters and lines, which have sizes in points, go with the drawing."""
        for text in self.axes.texts:
            text.set_fontsize(factor * float(text.get_fontsize()))
        for patch in self.axes.patches:
            patch.set_linewidth(factor * patch.get_linewidth())
        for collection in self.axes.collections:
            collection.set_linewidth(factor * np.atleast_1d(collection.get_linewidth()))  # type: ignore[arg-type]


def fitted(draw: Callable[[float | None], Page], usual_size: float, most: float) -> Figure:
    """Finishes a drawing whose letters have the size that is wanted in the width that is wanted.

    Args:
        draw: makes the page, with letters that are larger than usual by a factor; None: as usual.
        usual_size: of the letters, in points.
        most: the largest factor.

    Raises:
        FormatError: there is no room for letters of this size.
    """
    wanted, page = wanted_sizes(), draw(None)
    if wanted.font is None:
        return page.finish()
    factor = 0.0
    for _ in range(_MOST_ROUNDS):
        shrunk = 1.0 if wanted.width is None else wanted.width / page.full_width
        former, factor = factor, wanted.font / (usual_size * shrunk)
        if factor > most:
            inches, fits = shrunk * page.full_width, most * shrunk * usual_size
            raise FormatError(
                f"there is no room for letters of {wanted.font:g} points in a drawing that is "
                f"{inches:.3g} inches wide: about {fits:.2g} points fit; or make it wider"
            )
        if abs(factor - former) < _FIT * factor:
            break
        page = draw(factor)
    return page.finish()


def save_page(
    draw: Callable[[], Figure],
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
) -> None:
    """Writes a drawing as ``save_picture`` does, at 200 dots per inch."""
    save_picture(draw, paths, dpi=_DOTS_PER_INCH)


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
