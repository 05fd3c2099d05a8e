"""Curves: the way of every connection through the layers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.genome.network import Network
from wann.view.blocks import Blocks

Floats = NDArray[np.float64]


def route_connections(
    network: Network, blocks: Blocks, layer_x: Floats, height: Floats, margin: float
) -> tuple[Floats, ...]:
    """Draws every connection as a chain of cubic Beziers.

    Lines are horizontal within ``margin`` of a layer, so that what keeps its distance from another
    block in a layer keeps it beside the whole disc.

    Args:
        network: C connections.
        blocks: their nodes and rails.
        layer_x: (n_layers,) where the layers lie.
        height: (n_blocks,) where the blocks lie.
        margin: at least the radius of a disc, less than half the distance of two layers.

    Returns:
        For each connection (k, 4, 2) control points, from source to target; k is 3 or 5.
    """
    curves = []
    for source, target in zip(
        network.edge_source.tolist(), network.edge_target.tolist(), strict=True
    ):
        first, last = int(blocks.first[source]), int(blocks.first[target])
        # (gap, block that is left, block that is reached)
        bends = [(first, source, target)]
        if last > first + 1:
            rail = int(blocks.rail[source])
            bends = [(first, source, rail), (last - 1, rail, target)]
        pieces: list[Floats] = []
        x = float(layer_x[first])
        for gap, here, there in bends:
            leave, arrive = float(layer_x[gap]) + margin, float(layer_x[gap + 1]) - margin
            pieces.append(_straight(x, leave, float(height[here])))
            pieces.append(_bend(leave, float(height[here]), arrive, float(height[there])))
            x = arrive
        pieces.append(_straight(x, float(layer_x[last]), float(height[target])))
        curves.append(np.stack(pieces))
    return tuple(curves)


def _bend(x0: float, y0: float, x1: float, y1: float) -> Floats:
    """(4, 2) a cubic Bezier that is horizontal at both ends.

    Bends between the same two x differ in height only, all by the same function of x: two of them
    meet once if their order changes, and never otherwise.
    """
    middle = (x0 + x1) / 2
    return np.array([[x0, y0], [middle, y0], [middle, y1], [x1, y1]])


def _straight(x0: float, x1: float, y: float) -> Floats:
    """(4, 2) a horizontal line as a cubic Bezier."""
    return np.stack([np.linspace(x0, x1, 4), np.full(4, y)], axis=1)
