"""The drawing of a network whose every line can be followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.genome.network import Network
from wann.kernels.activation import Activation
from wann.view.glyphs import COLOURS
from wann.view.layout import Arrangement, Layout, Spacing, place
from wann.view.library import Circle, Outline, PathPatch
from wann.view.page import QUIET_INK, Page
from wann.view.panels import INK
from wann.view.parts import FADED, INPUT_SIGNAL, NAME_SIZE, draw_activations
from wann.view.strokes import MIXED, Strokes, draw_stroke_legend

Floats = NDArray[np.float64]

# inches
_INPUT_RADIUS = 0.085
_NAME_DISTANCE = 0.2
# points
_LABEL_SIZE = 8.5
_LINE_WIDTH = 2.2

# in larger networks the curve in the disc and the legend are enough
_MOST_LABELLED_NODES = 40
# names below the discs may be larger than usual by this factor, then a legend takes their place
_MOST_LABEL_LETTERS = 1.25
# wider drawings get larger names and legends, because they will be scaled down
_PLAIN_WIDTH = 14.0
# how much larger than usual letters may be
MOST_LETTERS = 6.0

# lines of inputs are told apart by patterns of strokes and gaps, in widths of the line; twice as
# many by a darker grey
_PATTERNS: tuple[Any, ...] = (
    "solid",
    (0, (4.0, 1.2)),
    (0, (1.0, 0.9)),
    (0, (5.0, 1.0, 1.0, 1.0)),
    (0, (2.0, 1.0)),
    (0, (9.0, 1.5)),
    (0, (4.0, 1.0, 1.0, 1.0, 1.0, 1.0)),
    (0, (2.5, 2.5)),
)
# patterns are paler than a line
_PATTERN, _SECOND = "#7d8794", "#454e5a"


def draw_layered(
    arrangement: Arrangement,
    input_names: Sequence[str],
    output_names: Sequence[str],
    strokes: Strokes | None = None,
    letters: float | None = None,
) -> Page:
    """Draws an arranged network.

    Args:
        arrangement: layers and order.
        input_names, output_names: as for ``draw_network``.
        strokes: of individual weights; None: lines have the colours of their sources.
        letters: how much larger than usual they are; None: as suits the width.
    """
    network, larger = arrangement.network, letters or 1.0
    has_labels = (
        0 < network.n_nodes - 1 - network.n_inputs <= _MOST_LABELLED_NODES + network.n_outputs
        and larger <= _MOST_LABEL_LETTERS
    )
    room = Spacing.room * max(1.0, larger / _MOST_LABEL_LETTERS)
    label = 0.13 * max(1.0, larger)
    spacing = Spacing(room=room, label=label) if has_labels else Spacing(room=room, layer=0.6)
    layout = place(arrangement, spacing)
    usual = float(np.clip(np.ptp(layout.x) / _PLAIN_WIDTH, 1.0, 1.5))
    page = Page(scale=letters or usual)
    page.grow(float(layout.x.min()), layout.bottom, float(layout.x.max()), layout.top)
    if strokes is None:
        _draw_signals(page, network, layout)
    else:
        _draw_weights(page, network, layout, strokes)
    _draw_inputs(page, network, layout, input_names)
    _draw_nodes(page, network, layout, _LABEL_SIZE * larger if has_labels else None)
    _name_outputs(page, network, layout, output_names)
    if not has_labels:
        draw_activations(page, network)
    if strokes is not None:
        centre = (page.left + page.right) / 2
        draw_stroke_legend(page, strokes, centre, page.bottom - 0.35 * page.scale)
    return page


def _draw_signals(page: Page, network: Network, layout: Layout) -> None:
    """Draws each node's line with its branches as one shape, so that it is nowhere darker."""
    styles = _styles_of_inputs(network)
    for node, connections in _by_source(network):
        pieces = [piece for piece, _ in _merge_pieces(layout, connections)]
        if node in styles:
            colour, pattern = styles[node]
        else:
            colour, pattern = COLOURS[Activation(int(network.activation[node]))], "solid"
        _draw_pieces(page, pieces, colour, _LINE_WIDTH, pattern)


def _styles_of_inputs(network: Network) -> dict[int, tuple[str, Any]]:
    """Colour and pattern of the lines of bias and inputs; all alike where there are many."""
    used = np.unique(network.edge_source[network.edge_source <= network.n_inputs]).tolist()
    n = len(_PATTERNS)
    if len(used) > 2 * n:
        return dict.fromkeys(used, (INPUT_SIGNAL, "solid"))
    greys = [INPUT_SIGNAL, *[_PATTERN] * (n - 1), *[_SECOND] * n]
    return {node: (greys[k], _PATTERNS[k % n]) for k, node in enumerate(used)}


def _draw_weights(page: Page, network: Network, layout: Layout, strokes: Strokes) -> None:
    """Draws lines in the colour of their sign, as wide as their size.

    Where connections share their way, its width is that of the largest, and its colour that of
    their sign if it is the same.
    """
    for _, connections in _by_source(network):
        alike: dict[tuple[str, float], list[Floats]] = {}
        for piece, members in _merge_pieces(layout, connections):
            colours = set(strokes.colours[members].tolist())
            colour = colours.pop() if len(colours) == 1 else MIXED
            width = float(strokes.widths[members].max())
            alike.setdefault((colour, width), []).append(piece)
        for (colour, width), pieces in alike.items():
            _draw_pieces(page, pieces, colour, width, "solid")


def _draw_pieces(
    page: Page, pieces: Sequence[Floats], colour: str, width: float, pattern: Any
) -> None:
    """Draws Beziers as one shape; a pattern goes on where one begins at the end of another."""
    codes: list[Any] = []
    end: Floats | None = None
    for piece in pieces:
        is_joined = end is not None and np.array_equal(end, piece[0])
        codes += [Outline.LINETO if is_joined else Outline.MOVETO, *[Outline.CURVE4] * 3]
        end = piece[-1]
    page.axes.add_patch(
        PathPatch(
            Outline(np.concatenate(pieces), codes),
            facecolor="none",
            edgecolor=colour,
            linewidth=width,
            linestyle=pattern,
            capstyle="butt",
            alpha=0.5,
            zorder=1,
        )
    )


def _by_source(network: Network) -> list[tuple[int, list[int]]]:
    """The nodes that lead somewhere, and the connections of each."""
    order = np.argsort(network.edge_source, kind="stable")
    nodes, starts = np.unique(network.edge_source[order], return_index=True)
    groups = np.split(order, starts[1:])
    return [(node, group.tolist()) for node, group in zip(nodes.tolist(), groups, strict=True)]


def _merge_pieces(layout: Layout, connections: Sequence[int]) -> list[tuple[Floats, list[int]]]:
    """The pieces that the curves of one node consist of, none of them on top of another.

    Returns:
        Pieces with the connections that they belong to.
    """
    merged: dict[tuple[float, ...], tuple[Floats, list[int]]] = {}
    for connection in connections:
        for index, piece in enumerate(layout.curves[connection]):
            # straight pieces with the same start lie on one another: the longest holds them all
            key = tuple(piece.ravel() if index % 2 else piece[0])
            longest, members = merged.get(key, (piece, []))
            members.append(connection)
            merged[key] = (piece if piece[-1, 0] > longest[-1, 0] else longest, members)
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
        text = page.write_name(end, y, name, NAME_SIZE * page.scale, across="right")
        page.grow(end - page.width(text), y, end, y)
        if not is_used[node]:
            ring.set_alpha(FADED)
            text.set_alpha(FADED)


def _draw_nodes(page: Page, network: Network, layout: Layout, label_size: float | None) -> None:
    """Draws hidden nodes and outputs as discs, with their activation below."""
    radius = layout.spacing.radius
    for node in range(1 + network.n_inputs, network.n_nodes):
        x, y = float(layout.x[node]), float(layout.y[node])
        activation = Activation(int(network.activation[node]))
        page.disc(x, y, radius, activation)
        if label_size is not None:
            page.write(
                x,
                y - radius - 0.02,
                activation.name.lower(),
                label_size,
                across="center",
                up="top",
                colour=QUIET_INK,
            )


def _name_outputs(page: Page, network: Network, layout: Layout, names: Sequence[str]) -> None:
    """Writes the outputs' names to their right."""
    for node, name in enumerate(names, start=network.n_nodes - network.n_outputs):
        start, y = float(layout.x[node]) + _NAME_DISTANCE, float(layout.y[node])
        text = page.write_name(start, y, name, NAME_SIZE * page.scale, across="left")
        page.grow(start, y, start + page.width(text), y)
