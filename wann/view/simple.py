"""The drawing of a network that is too large to follow every line: what is where, and how much.

Layers are columns, nodes lie evenly in them, and connections are thin straight lines that become
darker where there are many. Of more than 40,000 connections 40,000 are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann.genome.network import Network
from wann.kernels.activation import Activation
from wann.view.glyphs import COLOURS
from wann.view.library import LineCollection, PolyCollection, to_rgba_array
from wann.view.page import QUIET_INK, Page
from wann.view.panels import INK
from wann.view.parts import FADED, INPUT_SIGNAL, LEGEND_SIZE, draw_activations
from wann.view.strokes import Strokes, draw_stroke_legend

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# inches
_WIDTH = 10.5
_LEAST_HEIGHT, _MOST_HEIGHT = 3.0, 7.5
_ROOM, _WIDEST_ROOM = 0.1, 0.3
_RADIUS = 0.075
_NAME_DISTANCE = 0.11
# of names and legends
_SCALE = 0.75
# points
_NAME_SIZE = 10.0
SIMPLE_NAME_SIZE = _NAME_SIZE * _SCALE
_N_SWEEPS = 8
_ORDINALS = {2: "second", 3: "third"}
# from here on lines are an image in an SVG or PDF, which would be too large for any program
_MOST_VECTORS = 5_000
# more lines would look the same and take long
MOST_LINES = 40_000
_CIRCLE = np.linspace(0, 2 * np.pi, 24, endpoint=False)


def draw_simple(
    network: Network,
    input_names: Sequence[str],
    output_names: Sequence[str],
    strokes: Strokes | None = None,
    order: str = "free",
    letters: float | None = None,
) -> Page:
    """Draws a large network; arguments as ``draw_layered`` and ``draw_network``."""
    page = Page(scale=_SCALE * (letters or 1.0))
    layer = _layers(network)
    rank, n_in_layer = _ranks(network, layer, is_fixed=order == "fixed")
    height = float(np.clip(_ROOM * n_in_layer.max(), _LEAST_HEIGHT, _MOST_HEIGHT))
    room = np.minimum(_WIDEST_ROOM, height / np.maximum(n_in_layer, 1))
    x = _WIDTH * layer / max(int(layer.max()), 1)
    y = ((n_in_layer[layer] - 1) / 2 - rank) * room[layer]
    page.grow(0.0, -height / 2, _WIDTH, height / 2)
    _draw_lines(page, network, x, y, strokes)
    _draw_discs(page, network, x, y, np.minimum(_RADIUS, 0.42 * room[layer]))
    n_fixed, first_output = 1 + network.n_inputs, network.n_nodes - network.n_outputs
    columns = (
        (np.arange(n_fixed), ["bias", *input_names], -1),
        (np.arange(first_output, network.n_nodes), list(output_names), 1),
    )
    for nodes, names, side in columns:
        _write_names(page, nodes, names, side, x, y)
    draw_activations(page, network)
    centre, line = (page.left + page.right) / 2, 0.35 * page.scale
    if strokes is not None:
        draw_stroke_legend(page, strokes, centre, page.bottom - line)
    words = f"{network.n_connections:,} connections, {network.n_hidden:,} hidden nodes"
    if network.n_connections > MOST_LINES:
        which = "chosen at random" if strokes is None else "those of the largest weights"
        words += f"; {MOST_LINES:,} of the connections are drawn, {which}"
    at = page.bottom - line
    page.write(centre, at, words, LEGEND_SIZE * page.scale, across="center", colour=QUIET_INK)
    page.grow(centre, at - 0.1 * page.scale, centre, at)
    return page


def _layers(network: Network) -> Ints:
    """(N,) the column of each node; hidden nodes that nothing leads to lie beside the first."""
    layer = network.layer.astype(np.int64)
    hidden = slice(1 + network.n_inputs, network.n_nodes - network.n_outputs)
    layer[hidden] = np.maximum(layer[hidden], 1)
    layer[network.n_nodes - network.n_outputs :] = max(int(layer.max()), 1)
    if network.n_hidden and layer[hidden].max() >= layer[-1]:
        layer[network.n_nodes - network.n_outputs :] = layer[hidden].max() + 1
    return layer


def _ranks(network: Network, layer: Ints, is_fixed: bool) -> tuple[Ints, Ints]:
    """(N,) the place of each node in its layer, 0 at the top, and (L,) how many nodes it has.

    Inputs keep their order; other nodes go, layer by layer and several times, to the mean height of
    the nodes that they are connected with (the barycentre method of Sugiyama, Tagawa & Toda 1981).
    """
    source, target = network.edge_source, network.edge_target
    n, n_in_layer = network.n_nodes, np.bincount(layer)
    degree = np.bincount(source, minlength=n) + np.bincount(target, minlength=n)
    outputs = np.arange(n) >= n - network.n_outputs
    is_free = (layer > 0) & (degree > 0) & ~(outputs & is_fixed)
    by_layer = np.argsort(layer, kind="stable")
    first = np.concatenate([[0], np.cumsum(n_in_layer)[:-1]])
    rank = np.empty(n, np.int64)
    rank[by_layer] = np.arange(n) - first[layer[by_layer]]
    for _ in range(_N_SWEEPS):
        height = (rank + 0.5) / n_in_layer[layer]
        total = np.bincount(source, height[target], n) + np.bincount(target, height[source], n)
        wanted = np.where(is_free, total / np.maximum(degree, 1), height)
        # equal ones keep their order
        order = np.lexsort((rank, np.round(wanted, 9), layer))
        former, rank = rank, np.empty(n, np.int64)
        rank[order] = np.arange(n) - first[layer[order]]
        if np.array_equal(former, rank):
            break
    return rank, n_in_layer


def _draw_lines(
    page: Page, network: Network, x: Floats, y: Floats, strokes: Strokes | None
) -> None:
    """Draws all connections, thinner and paler the more there are."""
    drawn = _drawn_connections(network, strokes)
    source, target, n = network.edge_source[drawn], network.edge_target[drawn], len(drawn)
    if not n:
        return
    ends = np.stack([np.stack([x, y], axis=1)[source], np.stack([x, y], axis=1)[target]], axis=1)
    share = min(1.0, 1000 / n)
    alpha, width = 0.06 + 0.44 * share**0.5, 0.2 + 0.5 * share**0.5
    if strokes is None:
        kinds = [INPUT_SIGNAL, *(COLOURS[kind] for kind in Activation)]
        index = np.zeros(max(map(int, Activation)) + 1, np.int64)
        index[[int(kind) for kind in Activation]] = np.arange(1, len(kinds))
        which = np.where(source <= network.n_inputs, 0, index[network.activation[source]])
        colours, widths = to_rgba_array(kinds)[which], np.full(n, width)
    else:
        names, which = np.unique(strokes.colours[drawn], return_inverse=True)
        colours = to_rgba_array(names.tolist())[which]
        sizes = strokes.widths[drawn]
        widths = width * sizes
        # what matters is seen, and lies on top
        colours[:, 3] = np.clip(sizes / sizes.max(), 0.15, 1.0)
        by_size = np.argsort(strokes.sizes[drawn], kind="stable")
        ends, colours, widths = ends[by_size], colours[by_size], widths[by_size]
    colours[:, 3] *= alpha
    lines = LineCollection(list(ends), colors=colours, linewidths=widths, zorder=1, gid="lines")
    lines.set_rasterized(n > _MOST_VECTORS)
    page.axes.add_collection(lines, autolim=False)


def _drawn_connections(network: Network, strokes: Strokes | None) -> Ints:
    """The connections that are drawn: all, or the largest, or as many that chance has chosen."""
    n = network.n_connections
    if n <= MOST_LINES:
        return np.arange(n)
    if strokes is not None:
        return np.sort(np.argsort(-strokes.sizes, kind="stable")[:MOST_LINES])
    return np.sort(np.random.default_rng(0).choice(n, MOST_LINES, replace=False))


def _draw_discs(page: Page, network: Network, x: Floats, y: Floats, radius: Floats) -> None:
    """Draws all nodes; inputs are rings, and faded where they lead nowhere."""
    unit = np.stack([np.cos(_CIRCLE), np.sin(_CIRCLE)], axis=1)
    discs = np.stack([x, y], axis=1)[:, None] + radius[:, None, None] * unit
    is_input = np.arange(network.n_nodes) <= network.n_inputs
    faces = to_rgba_array(
        [
            "white" if given else COLOURS[Activation(kind)]
            for given, kind in zip(is_input.tolist(), network.activation.tolist(), strict=True)
        ]
    )
    edges = faces.copy()
    edges[is_input] = to_rgba_array(INK)
    is_used = np.isin(np.arange(network.n_nodes), network.edge_source)
    edges[is_input & ~is_used, 3] = FADED
    nodes = PolyCollection(
        list(discs),
        facecolors=faces,
        edgecolors=edges,
        linewidths=np.minimum(0.75, 10 * radius),
        zorder=3,
        gid="nodes",
    )
    nodes.set_rasterized(network.n_nodes > _MOST_VECTORS)
    page.axes.add_collection(nodes, autolim=False)


def _write_names(
    page: Page, nodes: Ints, names: Sequence[str], side: int, x: Floats, y: Floats
) -> None:
    """Writes the names of a column of nodes, as many as there is room for.

    Args:
        page: to draw on.
        nodes: of the column.
        names: a name per node.
        side: -1: to the left of the nodes; 1: to their right.
        x, y: of all nodes.
    """
    size = _NAME_SIZE * page.scale
    by_height = nodes[np.argsort(-y[nodes], kind="stable")]
    room = float(np.min(-np.diff(y[by_height]), initial=np.inf))
    step = max(1, int(np.ceil(1.15 * size / 72 / max(room, 1e-9) - 1e-9))) if room < 9 else 1
    for node in by_height[::step].tolist():
        at = float(x[node]) + side * _NAME_DISTANCE
        text = page.write_name(
            at,
            float(y[node]),
            names[node - int(nodes[0])],
            size,
            across="left" if side > 0 else "right",
        )
        end = at + side * page.width(text)
        page.grow(min(at, end), float(y[node]), max(at, end), float(y[node]))
    if step > 1:
        words = (
            f"every {step}th name" if step > 3 else f"every {('second', 'third')[step - 2]} name"
        )
        at = float(x[nodes[0]])
        low = float(y[nodes].min()) - 0.25 * page.scale
        across = "left" if side > 0 else "right"
        note = page.write(at, low, words, 0.8 * size, across=across, colour=QUIET_INK)
        end = at + side * page.width(note)
        page.grow(min(at, end), low - 0.1 * page.scale, max(at, end), low)
