"""Images of the pixels that a network uses: places, colours and squares on a page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.view.library import LinearSegmentedColormap, PolyCollection, Rectangle
from wann.view.page import QUIET_INK, Page
from wann.view.panels import INK
from wann.view.strokes import NEGATIVE, POSITIVE

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# inches
SIDE = 1.6
GAP, _ROW_GAP = 0.34, 0.16
HEADING, CAPTION = 0.27, 0.19
_FEWEST_COLUMNS = 5
# of a pixel's side: what is left free around its square
_SPACE = 0.06

BACKGROUND = "#f1f3f6"
# blue and orange stay apart for the colour-blind, and both from the grey of no effect
EFFECT = LinearSegmentedColormap.from_list(
    "effect", ["#c75000", "#e08a45", "#f0c39b", "#c9ced6", "#9cc7e6", "#4296cc", "#0068a6"]
)
COUNT = LinearSegmentedColormap.from_list("count", ["#cdd3dc", "#7d8796", "#262b33"])
# weak effects would be invisible: colours follow this power, up to this percentile
POWER, _STRONG = 0.6, 95.0
# an output that no pixel moves farther than this shows no colours: they would be rounding errors
_LEAST_SCALE = 1e-3
# frames by the sign of a weight: darker than what they surround, which may have the same hue
SIGNS = {NEGATIVE: "#7a2e00", POSITIVE: "#00355c"}
# widths of frames: usual, in points by inches of a pixel's side, and relative ones
_FRAME, _THINNEST, _WIDEST = 8.0, 0.6, 2.4
OUTLINE: dict[str, Any] = {
    "colors": [QUIET_INK],
    "linewidths": 0.9,
    "alpha": 0.8,
    "zorder": 3,
}


@dataclass(frozen=True)
class Grid:
    """Where the panels lie: in rows from the top, all of one size, in inches.

    Attributes:
        shape: height and width of the image, in pixels.
        n_panels: how many.
    """

    shape: tuple[int, int]
    n_panels: int

    @property
    def columns(self) -> int:
        """Panels in a row."""
        # about twice as wide as high
        return max(_FEWEST_COLUMNS, round(math.sqrt(2 * self.n_panels)))

    @property
    def rows(self) -> int:
        """Rows of panels."""
        return -(-self.n_panels // self.columns)

    @property
    def pixel(self) -> float:
        """Side of a pixel."""
        return SIDE / max(self.shape)

    @property
    def height(self) -> float:
        """Height of an image."""
        return self.shape[0] * self.pixel

    @property
    def width(self) -> float:
        """Width of an image."""
        return self.shape[1] * self.pixel

    @property
    def right(self) -> float:
        """Right end of the last panel in a row."""
        return self.columns * (SIDE + GAP) - GAP

    def corner(self, k: int) -> tuple[float, float]:
        """Left and top of the image in panel k."""
        row, column = divmod(k, self.columns)
        return column * (SIDE + GAP), -row * (HEADING + self.height + CAPTION + _ROW_GAP)


def strengths(effects: Floats) -> Floats:
    """Effects between 0 (lowers) and 1 (raises); 0.5: none."""
    sizes = np.abs(effects[effects != 0])
    if len(sizes) == 0:
        return np.full(len(effects), 0.5)
    relative = np.clip(effects / max(float(np.percentile(sizes, _STRONG)), _LEAST_SCALE), -1, 1)
    made: Floats = 0.5 + 0.5 * np.sign(relative) * np.abs(relative) ** POWER
    return made


def _squares(grid: Grid, left: float, top: float, which: Bools, space: float) -> Floats:
    """(n, 4, 2) the corners of pixels; ``space`` of their side is left free on every side."""
    row, column = np.divmod(np.flatnonzero(which), grid.shape[1])
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (1 - 2 * space) + space
    corners = np.stack([column, -row - 1.0], axis=1)[:, None] + unit
    squares: Floats = corners * grid.pixel + np.array([left, top])
    return squares


def draw_pixels(
    page: Page, grid: Grid, left: float, top: float, which: Bools, colours: Floats, name: str
) -> None:
    """Draws an image: a pale ground, and the squares of some pixels on it."""
    page.axes.add_patch(
        Rectangle(
            (left, top - grid.height), grid.width, grid.height, facecolor=BACKGROUND, zorder=0
        )
    )
    page.grow(left, top - grid.height, left + SIDE, top)
    squares = PolyCollection(
        list(_squares(grid, left, top, which, _SPACE)),
        facecolors=colours,
        edgecolors="none",
        zorder=1,
        gid=name,
    )
    page.axes.add_collection(squares, autolim=False)


def frame_pixels(
    page: Page,
    grid: Grid,
    left: float,
    top: float,
    which: Bools,
    name: str,
    frames: tuple[list[str], Floats] | None = None,
) -> None:
    """Frames some pixels, all alike or with their own colours and relative widths."""
    colours, widths = frames or ([INK], np.ones(1))
    squares = PolyCollection(
        list(_squares(grid, left, top, which, 1.5 * _SPACE)),
        facecolors="none",
        edgecolors=[SIGNS.get(colour, colour) for colour in colours],
        linewidths=_FRAME * grid.pixel * np.clip(widths, _THINNEST, _WIDEST),
        joinstyle="miter",
        zorder=2,
        gid=name,
    )
    page.axes.add_collection(squares, autolim=False)


def draw_outline(page: Page, grid: Grid, left: float, top: float, image: Floats) -> None:
    """Draws where an image is halfway between its darkest and its brightest pixel."""
    height, width = grid.shape
    low, high = float(image.min()), float(image.max())
    if not high > low:
        return
    # a dark border closes the lines at the edge
    pixels = np.pad(image.reshape(height, width), 1, constant_values=low)
    page.axes.contour(
        left + (np.arange(-1, width + 1) + 0.5) * grid.pixel,
        top - (np.arange(-1, height + 1) + 0.5) * grid.pixel,
        pixels,
        levels=[low + 0.5 * (high - low)],
        **OUTLINE,
    )
