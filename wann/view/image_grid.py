"""Drawings of networks that see an image: for each output, the pixels that lead to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.errors import TaskError
from wann.genome.network import Network
from wann.kernels.activation import Activation
from wann.view.image_legend import draw_legend
from wann.view.influence import (
    direct_connections,
    n_images_of,
    outputs_reached,
    pixel_effects,
)
from wann.view.library import Figure
from wann.view.node_counts import draw_hidden_nodes
from wann.view.page import QUIET_INK, Page, fitted
from wann.view.pixels import (
    CAPTION,
    COUNT,
    EFFECT,
    GAP,
    HEADING,
    SIDE,
    Grid,
    draw_outline,
    draw_pixels,
    frame_pixels,
    strengths,
)
from wann.view.strokes import Strokes
from wann.view.words import plain

Floats = NDArray[np.float64]

# inches
_DISC = 0.095
# points
_TITLE_SIZE, _NAME_SIZE, _TEXT_SIZE, _SMALL_SIZE = 17.0, 15.0, 12.0, 9.5
_SMALLEST_NAME = 7.0
# characters
_LONGEST_NAME = 60
# how much larger than usual letters may be, that they stay within their panels
_MOST_LETTERS = 1.4


@dataclass(frozen=True)
class Weights:
    """The weights whose effect is drawn.

    Attributes:
        values: (n_connections,) individual weights, or all the same.
        words: what they are, as in "with ...".
        is_individual: whether each connection has its own.
    """

    values: Floats
    words: str
    is_individual: bool = False


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
    framed ones are connected to it directly; frames have the colour of the sign of individual
    weights, and are the wider the larger these are. A last panel counts the connections of each
    pixel; beside it are the numbers of hidden nodes by layer and activation.

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
    _check_fit(network, shape, output_names, mean_images)
    effects = pixel_effects(network, weights.values)

    def draw(letters: float | None) -> Page:
        page = Page(scale=1.0, letters=letters or 1.0)
        _draw_panels(page, network, shape, output_names, weights, effects, mean_images)
        _write_head(page, network, weights, title)
        return page

    return fitted(draw, _TEXT_SIZE, _MOST_LETTERS)


def _draw_panels(
    page: Page,
    network: Network,
    shape: tuple[int, int],
    output_names: Sequence[str],
    weights: Weights,
    effects: Floats,
    mean_images: Floats | None,
) -> None:
    """Draws what lies below the head; ``effects`` as ``pixel_effects`` gives them."""
    grid = Grid(shape, network.n_outputs)
    reached, is_direct = outputs_reached(network), direct_connections(network)
    strokes = Strokes.of(weights.values) if weights.is_individual else None
    for k, name in enumerate(output_names):
        left, top = grid.corner(k)
        node = network.n_nodes - network.n_outputs + k
        _draw_heading(page, left, top, name, Activation(int(network.activation[node])))
        colours = EFFECT(strengths(effects[:, k]))[reached[:, k]]
        draw_pixels(page, grid, left, top, reached[:, k], colours, f"pixels of output {k}")
        frames = None if strokes is None else _frames_of(network, node, strokes)
        frame_pixels(page, grid, left, top, is_direct[:, k], f"connected to output {k}", frames)
        if mean_images is not None:
            draw_outline(page, grid, left, top, mean_images[k])
        n, n_direct = int(reached[:, k].sum()), int(is_direct[:, k].sum())
        _write_caption(page, grid, left, top, f"{_count(n, 'pixel')}, {n_direct} directly")
    _draw_bottom(page, grid, network, mean_images is not None, strokes)


def _frames_of(network: Network, output: int, strokes: Strokes) -> tuple[list[str], Floats]:
    """Colours and relative widths of the frames of the pixels that lead straight to an output."""
    edges = np.arange(network.edge_start[output], network.edge_start[output + 1])
    source = network.edge_source[edges]
    edges = edges[(source > 0) & (source <= network.n_inputs)]
    return strokes.colours[edges].tolist(), strokes.widths[edges]


def _check_fit(
    network: Network,
    shape: tuple[int, int],
    output_names: Sequence[str],
    mean_images: Floats | None,
) -> None:
    """Raises TaskError for what does not fit the network."""
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


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _draw_heading(
    page: Page, left: float, top: float, name: str, activation: Activation | None
) -> None:
    """Writes the name of an output above its panel, with its activation."""
    y = top + HEADING / 2
    room = SIDE
    if activation is not None:
        page.disc(left + _DISC, y, _DISC, activation)
        left, room = left + 2.8 * _DISC, room - 2.8 * _DISC
    name = plain(name, _LONGEST_NAME)
    text = page.write(left, y, name, _NAME_SIZE, across="left")
    if page.width(text) > room:
        size = float(text.get_fontsize())
        text.set_fontsize(size * max(_SMALLEST_NAME / _NAME_SIZE, room / page.width(text)))
        while page.width(text) > room and len(name) > 1:
            name = name[:-1]
            text.set_text(f"{name}…")
    page.grow(left, top, left, top + HEADING)


def _write_caption(page: Page, grid: Grid, left: float, top: float, words: str) -> None:
    """Writes a line below a panel."""
    y = top - grid.height - 0.05
    page.write(left, y, words, _SMALL_SIZE, across="left", up="top", colour=QUIET_INK)
    page.grow(left, y - CAPTION, left, y)


def _draw_bottom(
    page: Page, grid: Grid, network: Network, has_outlines: bool, strokes: Strokes | None
) -> None:
    """Draws the connections of each pixel, the hidden nodes, and what the colours mean."""
    left, top = grid.corner(grid.rows * grid.columns)
    top -= 0.12
    counts = np.bincount(network.edge_source, minlength=network.n_nodes)[1 : 1 + network.n_inputs]
    largest = int(counts.max(initial=0))
    _draw_heading(page, left, top, "connections", None)
    colours = COUNT((counts[counts > 0] - 1) / max(largest - 1, 1))
    draw_pixels(page, grid, left, top, counts > 0, colours, "connections of pixels")
    words = f"{largest}" if largest < 2 else f"1 to {largest}"
    _write_caption(page, grid, left, top, f"{words} of each pixel")
    draw_hidden_nodes(
        page, network, left + SIDE + GAP, top, grid.right - 2 * SIDE - 2.5 * GAP, HEADING
    )
    draw_legend(page, grid.right - SIDE, top, n_images_of(network), has_outlines, strokes)


def _write_head(
    page: Page,
    network: Network,
    weights: Weights,
    title: str | None,
) -> None:
    """Writes title and numbers above the panels."""
    n_layers = int(network.layer.max(initial=1)) - 1
    hidden = _count(network.n_hidden, "hidden node")
    if n_layers > 0:
        hidden += f" in {_count(n_layers, 'layer')}"
    used = int(outputs_reached(network).any(axis=1).sum())
    parts = (
        _count(network.n_connections, "connection"),
        hidden,
        f"{used} of {network.n_inputs} pixels in use",
        f"effects with {weights.words}",
    )
    words = "   ·   ".join(parts)
    y, rows = page.top + 0.2, [words]
    if page.letters > 1:  # they have no room in one row
        rows = ["   ·   ".join(parts[2:]), "   ·   ".join(parts[:2])]
    for row in rows:
        text = page.write(0.0, y, row, _TEXT_SIZE, across="left", up="baseline", colour=QUIET_INK)
        page.grow(0.0, y, page.width(text), y + 0.16)
        y = page.top + 0.1
    y -= 0.1
    if title:
        y += 0.3
        page.write_title(title, 0.0, y, _TITLE_SIZE, across="left")
