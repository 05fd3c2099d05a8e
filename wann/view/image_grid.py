"""Drawings of networks that see an image: for each output, the pixels that lead to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from wann.errors import TaskError
from wann.genome.network import Network
from wann.kernels.activation import Activation
from wann.view.influence import direct_connections, outputs_reached, pixel_effects
from wann.view.node_counts import draw_hidden_nodes
from wann.view.page import QUIET_INK, Page
from wann.view.panels import INK

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# inches
_SIDE = 1.6
_GAP, _ROW_GAP = 0.34, 0.16
_HEADING = 0.27
_CAPTION = 0.19
_DISC = 0.095
_FEWEST_COLUMNS = 5
# of a pixel's side: what is left free around its square
_SPACE = 0.06

# points
_TITLE_SIZE, _NAME_SIZE, _TEXT_SIZE, _SMALL_SIZE = 17.0, 15.0, 12.0, 9.5
_SMALLEST_NAME = 7.0

_OUTLINE: dict[str, Any] = {
    "colors": [QUIET_INK],
    "linewidths": 0.9,
    "alpha": 0.8,
    "zorder": 3,
}
_BACKGROUND = "#f1f3f6"
# blue and orange stay apart for the colour-blind, and both from the grey of no effect
_EFFECT = LinearSegmentedColormap.from_list(
    "effect", ["#c75000", "#e08a45", "#f0c39b", "#c9ced6", "#9cc7e6", "#4296cc", "#0068a6"]
)
_COUNT = LinearSegmentedColormap.from_list("count", ["#cdd3dc", "#7d8796", "#262b33"])
# weak effects would be invisible: colours follow this power, up to this percentile
_POWER, _STRONG = 0.6, 95.0
# an output that no pixel moves farther than this shows no colours: they would be rounding errors
_LEAST_SCALE = 1e-3


@dataclass(frozen=True)
class Weights:
    """The weights whose effect is drawn.

    Attributes:
        values: (n_connections,) individual weights, or all the same.
        words: what they are, as in "with ...".
    """

    values: Floats
    words: str


def draw_image_network(
    network: Network,
    shape: tuple[int, int],
    output_names: Sequence[str],
    weights: Weights,
    *,
    title: str | None = None,
    mean_images: Floats | None = None,
) -> Figure:
    """Draws a panel for each output: the pixels from which a path leads to it.

    Blue pixels raise the output when they are lit, orange ones lower it (see ``pixel_effects``);
    framed ones are connected to it directly. A last panel counts the connections of each pixel;
    beside it are the numbers of hidden nodes by layer and activation.

    Args:
        network: inputs are pixels, row by row.
        shape: height and width of the image.
        output_names: a name per output.
        weights: with which the effects are computed.
        title: a line above the drawing.
        mean_images: (n_outputs, n_inputs) the mean image of each class, whose outline is drawn.

    Returns:
        A figure, as large as the number of outputs needs.

    Raises:
        TaskError: names or shape do not fit the network.
    """
    if len(output_names) != network.n_outputs:
        raise TaskError(
            f"{len(output_names)} output names do not fit a network with "
            f"{network.n_outputs} outputs"
        )
    if shape[0] * shape[1] != network.n_inputs:
        raise TaskError(
            f"an image of {shape[0]} × {shape[1]} pixels does not fit a network with "
            f"{network.n_inputs} inputs"
        )
    if mean_images is not None and mean_images.shape != (network.n_outputs, network.n_inputs):
        raise TaskError(f"mean images of shape {mean_images.shape} do not fit the network")
    page = Page(scale=1.0)
    grid = _Grid(shape, network.n_outputs)
    reached, is_direct = outputs_reached(network), direct_connections(network)
    effects = pixel_effects(network, weights.values)
    for k, name in enumerate(output_names):
        left, top = grid.corner(k)
        node = network.n_nodes - network.n_outputs + k
        _draw_heading(page, left, top, name, Activation(int(network.activation[node])))
        colours = _EFFECT(_strengths(effects[:, k]))[reached[:, k]]
        _draw_pixels(page, grid, left, top, reached[:, k], colours, f"pixels of output {k}")
        _frame_pixels(page, grid, left, top, is_direct[:, k], f"connected to output {k}")
        if mean_images is not None:
            _draw_outline(page, grid, left, top, mean_images[k])
        n, n_direct = int(reached[:, k].sum()), int(is_direct[:, k].sum())
        _write_caption(page, grid, left, top, f"{_count(n, 'pixel')}, {n_direct} directly")
    _draw_bottom(page, grid, network, mean_images is not None)
    _write_head(page, network, reached, weights, title)
    return page.finish()


@dataclass(frozen=True)
class _Grid:
    """Where the panels lie: in rows from the top, all of one size, in inches."""

    shape: tuple[int, int]
    n_panels: int

    @property
    def columns(self) -> int:
        # about twice as wide as high
        return max(_FEWEST_COLUMNS, round(math.sqrt(2 * self.n_panels)))

    @property
    def rows(self) -> int:
        return -(-self.n_panels // self.columns)

    @property
    def pixel(self) -> float:
        return _SIDE / max(self.shape)

    @property
    def height(self) -> float:
        return self.shape[0] * self.pixel

    @property
    def width(self) -> float:
        return self.shape[1] * self.pixel

    @property
    def right(self) -> float:
        return self.columns * (_SIDE + _GAP) - _GAP

    def corner(self, k: int) -> tuple[float, float]:
        """Left and top of the image in panel k."""
        row, column = divmod(k, self.columns)
        return column * (_SIDE + _GAP), -row * (_HEADING + self.height + _CAPTION + _ROW_GAP)


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _strengths(effects: Floats) -> Floats:
    """Effects between 0 (lowers) and 1 (raises); 0.5: none."""
    sizes = np.abs(effects[effects != 0])
    if len(sizes) == 0:
        return np.full(len(effects), 0.5)
    relative = np.clip(effects / max(float(np.percentile(sizes, _STRONG)), _LEAST_SCALE), -1, 1)
    strengths: Floats = 0.5 + 0.5 * np.sign(relative) * np.abs(relative) ** _POWER
    return strengths


def _squares(grid: _Grid, left: float, top: float, which: Bools, space: float) -> Floats:
    """(n, 4, 2) the corners of pixels; ``space`` of their side is left free on every side."""
    row, column = np.divmod(np.flatnonzero(which), grid.shape[1])
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (1 - 2 * space) + space
    corners = np.stack([column, -row - 1.0], axis=1)[:, None] + unit
    squares: Floats = corners * grid.pixel + np.array([left, top])
    return squares


def _draw_pixels(
    page: Page, grid: _Grid, left: float, top: float, which: Bools, colours: Floats, name: str
) -> None:
    """Draws an image: a pale ground, and the squares of some pixels on it."""
    page.axes.add_patch(
        Rectangle(
            (left, top - grid.height), grid.width, grid.height, facecolor=_BACKGROUND, zorder=0
        )
    )
    page.grow(left, top - grid.height, left + _SIDE, top)
    squares = PolyCollection(
        list(_squares(grid, left, top, which, _SPACE)),
        facecolors=colours,
        edgecolors="none",
        zorder=1,
        gid=name,
    )
    page.axes.add_collection(squares, autolim=False)


def _frame_pixels(
    page: Page, grid: _Grid, left: float, top: float, which: Bools, name: str
) -> None:
    """Frames some pixels."""
    frames = PolyCollection(
        list(_squares(grid, left, top, which, 1.5 * _SPACE)),
        facecolors="none",
        edgecolors=INK,
        linewidths=8.0 * grid.pixel,
        joinstyle="miter",
        zorder=2,
        gid=name,
    )
    page.axes.add_collection(frames, autolim=False)


def _draw_outline(page: Page, grid: _Grid, left: float, top: float, image: Floats) -> None:
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
        **_OUTLINE,
    )


def _draw_heading(
    page: Page, left: float, top: float, name: str, activation: Activation | None
) -> None:
    """Writes the name of an output above its panel, with its activation."""
    y = top + _HEADING / 2
    room = _SIDE
    if activation is not None:
        page.disc(left + _DISC, y, _DISC, activation)
        left, room = left + 2.8 * _DISC, room - 2.8 * _DISC
    text = page.write(left, y, name, _NAME_SIZE, across="left")
    if page.width(text) > room:
        text.set_fontsize(max(_SMALLEST_NAME, _NAME_SIZE * room / page.width(text)))
        while page.width(text) > room and len(name) > 1:
            name = name[:-1]
            text.set_text(f"{name}…")
    page.grow(left, top, left, top + _HEADING)


def _write_caption(page: Page, grid: _Grid, left: float, top: float, words: str) -> None:
    """Writes a line below a panel."""
    y = top - grid.height - 0.05
    page.write(left, y, words, _SMALL_SIZE, across="left", up="top", colour=QUIET_INK)
    page.grow(left, y - _CAPTION, left, y)


def _draw_bottom(page: Page, grid: _Grid, network: Network, has_outlines: bool) -> None:
    """Draws the connections of each pixel, the hidden nodes, and what the colours mean."""
    left, top = grid.corner(grid.rows * grid.columns)
    top -= 0.12
    counts = np.bincount(network.edge_source, minlength=network.n_nodes)[1 : 1 + network.n_inputs]
    largest = int(counts.max(initial=0))
    _draw_heading(page, left, top, "connections", None)
    colours = _COUNT((counts[counts > 0] - 1) / max(largest - 1, 1))
    _draw_pixels(page, grid, left, top, counts > 0, colours, "connections of pixels")
    words = f"{largest}" if largest < 2 else f"1 to {largest}"
    _write_caption(page, grid, left, top, f"{words} of each pixel")
    draw_hidden_nodes(
        page, network, left + _SIDE + _GAP, top, grid.right - 2 * _SIDE - 2.5 * _GAP, _HEADING
    )
    _draw_legend(page, grid.right - _SIDE, top, has_outlines)


def _draw_legend(page: Page, left: float, top: float, has_outlines: bool) -> None:
    """Explains the colours of pixels."""
    page.write(left, top + _HEADING / 2, "a lit pixel", _NAME_SIZE, across="left")
    y, width = top, _SIDE
    n = 60
    edges = np.linspace(left, left + width, n + 1)
    bars = [
        [(edges[k], y - 0.12), (edges[k + 1], y - 0.12), (edges[k + 1], y), (edges[k], y)]
        for k in range(n)
    ]
    middles = np.linspace(-1, 1, n)
    # even steps of the effect, not of the colours
    colours = _EFFECT(0.5 + 0.5 * np.sign(middles) * np.abs(middles) ** _POWER)
    page.axes.add_collection(
        PolyCollection(bars, facecolors=colours, edgecolors=colours, linewidths=0.2), autolim=False
    )
    for x, words, across in (
        (left, "lowers", "left"),
        (left + width / 2, "the output", "center"),
        (left + width, "raises", "right"),
    ):
        page.write(x, y - 0.17, words, _SMALL_SIZE, across=across, up="top", colour=QUIET_INK)
    y -= 0.52
    small = 0.13
    for face, edge, words in (
        (_EFFECT(0.8), INK, "connected to it directly"),
        (_EFFECT(0.8), None, "through hidden nodes"),
        (_EFFECT(0.5), None, "with hardly any effect"),
        (_BACKGROUND, None, "no path to it"),
    ):
        page.axes.add_patch(
            Rectangle(
                (left, y - small / 2),
                small,
                small,
                facecolor=to_rgba_array(face)[0],
                edgecolor=edge or "none",
                linewidth=1.0,
            )
        )
        page.write(left + 1.7 * small, y - 0.045, words, _SMALL_SIZE, across="left", up="baseline")
        y -= 0.2
    if has_outlines:
        line = LineCollection([[(left, y), (left + small, y)]], **_OUTLINE)
        page.axes.add_collection(line, autolim=False)
        words = "outline of the mean image"
        page.write(left + 1.7 * small, y - 0.045, words, _SMALL_SIZE, across="left", up="baseline")
        y -= 0.2
    words = "mean effect in 64 random\nimages; each panel has its\nown scale"
    page.write(left, y - 0.02, words, _SMALL_SIZE, across="left", up="top", colour=QUIET_INK)
    page.grow(left, y - 0.5, left + width, top)


def _write_head(
    page: Page,
    network: Network,
    reached: Bools,
    weights: Weights,
    title: str | None,
) -> None:
    """Writes title and numbers above the panels."""
    n_layers = int(network.layer.max(initial=1)) - 1
    hidden = _count(network.n_hidden, "hidden node")
    if n_layers > 0:
        hidden += f" in {_count(n_layers, 'layer')}"
    used = int(reached.any(axis=1).sum())
    words = "   ·   ".join(
        (
            _count(network.n_connections, "connection"),
            hidden,
            f"{used} of {network.n_inputs} pixels in use",
            f"effects with {weights.words}",
        )
    )
    y = page.top + 0.2
    text = page.write(0.0, y, words, _TEXT_SIZE, across="left", up="baseline", colour=QUIET_INK)
    page.grow(0.0, y, page.width(text), y + 0.16)
    if title:
        y += 0.3
        heading = page.write(0.0, y, title, _TITLE_SIZE, across="left", up="baseline")
        page.grow(0.0, y, page.width(heading), y + _TITLE_SIZE / 72)
