"""Drawings of networks."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path as Outline
from numpy.typing import NDArray

from wann.errors import TaskError
from wann.genome.network import Network
from wann.kernels.activation import Activation
from wann.view.glyphs import COLOURS
from wann.view.layout import Layout, Spacing, lay_out
from wann.view.page import QUIET_INK, Page, save_page
from wann.view.panels import INK

Floats = NDArray[np.float64]

_INPUT_SIGNAL = "#98a1ad"
_FADED = 0.35

# inches
_INPUT_RADIUS = 0.085
_NAME_DISTANCE = 0.2
# points
_NAME_SIZE = 13.0
_LABEL_SIZE = 8.5
_LEGEND_SIZE = 11.0
_TITLE_SIZE = 15.0
_LINE_WIDTH = 2.2

# in larger networks the curve in the disc and the legend are enough
_MOST_LABELLED_NODES = 40
# wider drawings get larger names and legends, because they will be scaled down
_PLAIN_WIDTH = 14.0


def draw_network(
    network: Network,
    input_names: Sequence[str],
    output_names: Sequence[str],
    *,
    title: str | None = None,
) -> Figure:
    """Draws a network from left to right.

    Discs are nodes, with the colour and curve of their activation; a line has the colour of the
    node that it comes from. Inputs that lead nowhere are faded.

    Args:
        network: the network.
        input_names: a name per input, without the bias. Single letters, primes and sin, cos, tan
            are set as mathematics.
        output_names: a name per output.
        title: a line above the drawing.

    Returns:
        A figure, as large as the network needs.

    Raises:
        TaskError: there are more or fewer names than inputs or outputs.
    """
    for kind, names, n in (
        ("input", input_names, network.n_inputs),
        ("output", output_names, network.n_outputs),
    ):
        if len(names) != n:
            raise TaskError(f"{len(names)} {kind} names do not fit a network with {n} {kind}s")
    has_labels = network.n_hidden <= _MOST_LABELLED_NODES
    spacing = Spacing(label=0.13) if has_labels else Spacing(layer=0.6)
    layout = lay_out(network, spacing)
    page = Page(scale=float(np.clip(np.ptp(layout.x) / _PLAIN_WIDTH, 1.0, 1.5)))
    page.grow(float(layout.x.min()), layout.bottom, float(layout.x.max()), layout.top)
    _draw_lines(page, network, layout)
    _draw_inputs(page, network, layout, input_names)
    _draw_nodes(page, network, layout, has_labels)
    _name_outputs(page, network, layout, output_names)
    _draw_legend(page, network)
    if title is not None:
        _draw_title(page, title)
    return page.finish()


def save_network(
    network: Network,
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    input_names: Sequence[str],
    output_names: Sequence[str],
    *,
    title: str | None = None,
) -> None:
    """Draws a network into PNG, SVG or PDF files; the same network gives the same bytes.

    A file appears when it is complete.

    Args:
        network: the network.
        paths: one or several, each ends in .png, .svg or .pdf; the layout is made once.
        input_names: as for ``draw_network``.
        output_names: a name per output.
        title: a line above the drawing.

    Raises:
        FormatError: a path ends in something else, or cannot be written.
        TaskError: there are more or fewer names than inputs or outputs.
    """
    save_page(lambda: draw_network(network, input_names, output_names, title=title), paths)


def _draw_lines(page: Page, network: Network, layout: Layout) -> None:
    """Draws each node's line with its branches as one shape, so that it is nowhere darker."""
    for node in np.unique(network.edge_source).tolist():
        connections = np.flatnonzero(network.edge_source == node)
        pieces = _merge_pieces([layout.curves[i] for i in connections])
        codes = [Outline.MOVETO, Outline.CURVE4, Outline.CURVE4, Outline.CURVE4] * len(pieces)
        activation = Activation(int(network.activation[node]))
        page.axes.add_patch(
            PathPatch(
                Outline(np.concatenate(pieces), codes),
                facecolor="none",
                edgecolor=_INPUT_SIGNAL if node <= network.n_inputs else COLOURS[activation],
                linewidth=_LINE_WIDTH,
                capstyle="butt",
                alpha=0.5,
                zorder=1,
            )
        )


def _merge_pieces(curves: Sequence[Floats]) -> list[Floats]:
    """The pieces that the curves of one node consist of, none of them on top of another."""
    merged: dict[tuple[float, ...], Floats] = {}
    for curve in curves:
        for index, piece in enumerate(curve):
            # straight pieces with the same start lie on one another: the longest holds them all
            key = tuple(piece.ravel() if index % 2 else piece[0])
            if key not in merged or piece[-1, 0] > merged[key][-1, 0]:
                merged[key] = piece
    return list(merged.values())


def _draw_inputs(page: Page, network: Network, layout: Layout, names: Sequence[str]) -> None:
    """Draws bias and inputs as rings with their names to the left."""
    is_used = np.isin(np.arange(1 + network.n_inputs), network.edge_source)
    for node, name in enumerate(["bias", *names]):
        x, y = float(layout.x[node]), float(layout.y[node])
        ring = Circle(
            (x, y), _INPUT_RADIUS, facecolor="white", edgecolor=INK, linewidth=1.5, zorder=3
        )
        page.axes.add_patch(ring)
        end = x - _NAME_DISTANCE
        text = page.write_name(end, y, name, _NAME_SIZE * page.scale, across="right")
        page.grow(end - page.width(text), y, end, y)
        if not is_used[node]:
            ring.set_alpha(_FADED)
            text.set_alpha(_FADED)


def _draw_nodes(page: Page, network: Network, layout: Layout, has_labels: bool) -> None:
    """Draws hidden nodes and outputs as discs, with their activation below."""
    radius = layout.spacing.radius
    for node in range(1 + network.n_inputs, network.n_nodes):
        x, y = float(layout.x[node]), float(layout.y[node])
        activation = Activation(int(network.activation[node]))
        page.disc(x, y, radius, activation)
        if has_labels:
            page.write(
                x,
                y - radius - 0.02,
                activation.name.lower(),
                _LABEL_SIZE,
                across="center",
                up="top",
                colour=QUIET_INK,
            )


def _name_outputs(page: Page, network: Network, layout: Layout, names: Sequence[str]) -> None:
    """Writes the outputs' names to their right."""
    for node, name in enumerate(names, start=network.n_nodes - network.n_outputs):
        start, y = float(layout.x[node]) + _NAME_DISTANCE, float(layout.y[node])
        text = page.write_name(start, y, name, _NAME_SIZE * page.scale, across="left")
        page.grow(start, y, start + page.width(text), y)


def _draw_legend(page: Page, network: Network) -> None:
    """Writes the activations that occur below the drawing, in centred rows."""
    activations = [
        Activation(activation)
        for activation in np.unique(network.activation[1 + network.n_inputs :]).tolist()
    ]
    radius, gap = 0.1 * page.scale, 0.28 * page.scale
    texts = [
        page.write(0.0, 0.0, activation.name.lower(), _LEGEND_SIZE * page.scale, across="left")
        for activation in activations
    ]
    widths = np.array([2.9 * radius + page.width(text) for text in texts])
    y = page.bottom - 0.4 * page.scale
    centre = (page.left + page.right) / 2
    for row in _break_rows(widths, gap, page.right - page.left):
        x = centre - (widths[row].sum() + gap * (len(row) - 1)) / 2
        page.grow(x, y - radius, 2 * centre - x, y)
        for item in row:
            page.disc(x + radius, y, radius, activations[item])
            texts[item].set_position((x + 2.9 * radius, y))
            x += widths[item] + gap
        y -= 0.3 * page.scale


def _break_rows(widths: Floats, gap: float, room: float) -> list[NDArray[np.int64]]:
    """Breaks items into as few rows as fit, with about the same number of items in each."""
    rows: list[NDArray[np.int64]] = []
    for n_rows in range(1, len(widths) + 1):
        rows = np.array_split(np.arange(len(widths)), n_rows)
        if max(widths[row].sum() + gap * (len(row) - 1) for row in rows) <= room:
            break
    return rows


def _draw_title(page: Page, title: str) -> None:
    """Writes the title above the drawing."""
    centre, bottom = (page.left + page.right) / 2, page.top + 0.15 * page.scale
    size = _TITLE_SIZE * page.scale
    text = page.write(centre, bottom, title, size, across="center", up="baseline")
    half = page.width(text) / 2
    page.grow(centre - half, bottom, centre + half, bottom + size / 72)
