"""The layout of a drawn network: a Sugiyama layout with one line per signal.

A node sends the same value along all its connections, so they leave it as one line that branches:
it bends once to its rail, runs straight through the layers and bends once more to each target.
The steps are layers (``layers``), order (``ordering``), heights (``placement``) and curves
(``routing``).

Source: Sugiyama, Tagawa & Toda 1981; the steps name theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.genome.network import Network
from wann.view.blocks import Blocks, build_blocks, count_crossings
from wann.view.layers import assign_layers
from wann.view.ordering import order_blocks
from wann.view.placement import place_blocks
from wann.view.routing import route_connections

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Spacing:
    """Distances of a drawing, in inches.

    Any two blocks keep a multiple of 0.13 between their centres, so that heights tend to agree
    exactly or to differ clearly.

    Attributes:
        radius: of a node's disc.
        room: what a node takes from its centre up and down.
        label: what a hidden node or an output takes further down, for its label.
        line: what a line takes to either side.
        layer: least distance of two layers.
        least_slope: how much farther apart layers are, per inch that lines between them rise or
            fall, in wide drawings.
        most_slope: the same in narrow ones, where there is room for gentle curves.
        aspect: the ratio of width to height that is aimed at.
    """

    radius: float = 0.13
    room: float = 0.195
    label: float = 0.0
    line: float = 0.065
    layer: float = 0.7
    least_slope: float = 0.1
    most_slope: float = 0.24
    aspect: float = 2.0


@dataclass(frozen=True)
class Layout:
    """Where everything lies, in inches; y grows upwards.

    Attributes:
        spacing: the distances that the layout keeps.
        layer: (n_nodes,) the layer of each node.
        x, y: (n_nodes,) centres of the discs.
        bottom, top: the y between which everything lies, labels included.
        n_crossings: how often two lines cross.
        curves: for each connection its (k, 4, 2) chain of cubic Beziers from source to target, in
            the order of ``Network.edge_source``; connections of one source share their way up to
            where they branch.
    """

    spacing: Spacing
    layer: Ints
    x: Floats
    y: Floats
    bottom: float
    top: float
    n_crossings: int
    curves: tuple[Floats, ...]


@dataclass(frozen=True)
class Arrangement:
    """Layers and order of a network, before anything has a size.

    Attributes:
        network: that is arranged.
        layer: (n_nodes,) the layer of each node.
        blocks: nodes and rails.
        position: (n_blocks,) their order, 0 at the top.
    """

    network: Network
    layer: Ints
    blocks: Blocks
    position: Ints


def arrange(network: Network, is_fixed: bool = False) -> Arrangement:
    """Chooses layers and order; the same network always in the same way.

    Args:
        network: N nodes, C connections.
        is_fixed: whether inputs and outputs keep the order that they have in the network, instead
            of that with the fewest crossings.
    """
    layer = assign_layers(network)
    blocks = build_blocks(network, layer)
    nodes = np.arange(network.n_nodes)
    fixed = [nodes[: 1 + network.n_inputs], nodes[network.n_nodes - network.n_outputs :]]
    return Arrangement(network, layer, blocks, order_blocks(blocks, fixed if is_fixed else ()))


def lay_out(network: Network, spacing: Spacing | None = None) -> Layout:
    """Lays a network out from left to right; the same network always in the same way.

    Args:
        network: N nodes, C connections.
        spacing: distances to keep.

    Returns:
        Bias and inputs in the first layer, outputs in the last, inputs without a connection below
        the others.
    """
    return place(arrange(network), spacing or Spacing())


def place(arrangement: Arrangement, spacing: Spacing) -> Layout:
    """Gives an arrangement its size."""
    network, blocks = arrangement.network, arrangement.blocks
    layer, position = arrangement.layer, arrangement.position
    block = np.arange(blocks.n_blocks)
    above = np.where(block < network.n_nodes, spacing.room, spacing.line)
    has_label = (block > network.n_inputs) & (block < network.n_nodes)
    below = above + np.where(has_label, spacing.label, 0.0)
    height = -place_blocks(blocks, position, above, below)
    layer_x = _place_layers(blocks, height, spacing)
    return Layout(
        spacing=spacing,
        layer=layer,
        x=layer_x[layer],
        y=height[: network.n_nodes],
        bottom=float((height - below).min()),
        top=float((height + above).max()),
        n_crossings=count_crossings(blocks, position),
        curves=route_connections(network, blocks, layer_x, height, spacing.radius),
    )


def _place_layers(blocks: Blocks, height: Floats, spacing: Spacing) -> Floats:
    """(n_layers,) the layers' x; farther apart where lines rise or fall much between them."""
    rise = np.zeros(int(blocks.last.max()))
    np.maximum.at(rise, blocks.gap, np.abs(height[blocks.left] - height[blocks.right]))
    wanted = spacing.aspect * np.ptp(height) - spacing.layer * len(rise)
    slope = np.clip(wanted / max(rise.sum(), 1.0), spacing.least_slope, spacing.most_slope)
    return np.concatenate([[0.0], np.cumsum(spacing.layer + slope * rise)])
