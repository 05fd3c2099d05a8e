"""What a layout arranges: nodes, and the straight lines on which signals pass whole layers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wann.genome.network import Network

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Blocks:
    """A layered network in which every long connection runs on the rail of its source.

    A block is a node, or the rail of a node: the chain of dummy nodes of a Sugiyama layout, kept
    in one piece, on which the node's signal passes the layers up to its farthest target.

    Attributes:
        first, last: (n_blocks,) the layers that a block covers; blocks 0 to n_nodes - 1 are the
            nodes, rails follow.
        rail: (n_nodes,) the block that is a node's rail, or -1.
        gap, left, right: (n_segments,) the pieces of line between layer ``gap`` and the next, by
            the blocks at their ends; a rail that passes has itself at both ends.
    """

    first: Ints
    last: Ints
    rail: Ints
    gap: Ints
    left: Ints
    right: Ints

    @property
    def n_blocks(self) -> int:
        """Nodes and rails."""
        return len(self.first)


def build_blocks(network: Network, layer: Ints) -> Blocks:
    """Adds a rail to every node that has a target beyond the next layer.

    Args:
        network: N nodes.
        layer: (N,) their layers.
    """
    farthest = layer.copy()
    np.maximum.at(farthest, network.edge_source, layer[network.edge_target])
    owner = np.flatnonzero(farthest > layer + 1)
    rail = np.full(network.n_nodes, -1, np.int64)
    rail[owner] = network.n_nodes + np.arange(len(owner))
    first = np.concatenate([layer, layer[owner] + 1])
    last = np.concatenate([layer, farthest[owner] - 1])
    segments = [(int(layer[node]), int(node), int(rail[node])) for node in owner]
    for block in rail[owner].tolist():
        segments += [(gap, block, block) for gap in range(int(first[block]), int(last[block]))]
    for source, target in zip(
        network.edge_source.tolist(), network.edge_target.tolist(), strict=True
    ):
        gap = int(layer[target]) - 1
        segments.append((gap, source if gap == layer[source] else int(rail[source]), target))
    gap_left_right = np.array(segments, np.int64).reshape(-1, 3).T
    return Blocks(first, last, rail, *gap_left_right)


def count_crossings(blocks: Blocks, position: Ints) -> int:
    """Number of crossings of two lines when block b lies at ``position[b]``."""
    total = 0
    for gap in np.unique(blocks.gap):
        here = blocks.gap == gap
        # a table of lines by the ranks of their ends, and what lies above and to the left of each
        _, left = np.unique(position[blocks.left[here]], return_inverse=True)
        _, right = np.unique(position[blocks.right[here]], return_inverse=True)
        table = np.zeros((int(left.max()) + 1, int(right.max()) + 1), np.int64)
        np.add.at(table, (left, right), 1)
        before = np.zeros_like(table)
        np.cumsum(table[:-1].cumsum(axis=0), axis=1, out=before[1:])
        # of the lines that start above, those that end above or beside it do not cross it
        total += int((table * (before[:, -1:] - before)).sum())
    return total


def total_distance(blocks: Blocks, position: Ints) -> int:
    """Sum of the distances, in positions, that the lines lead up or down."""
    return int(np.abs(position[blocks.left] - position[blocks.right]).sum())


def adjacent_blocks(blocks: Blocks, position: Ints) -> tuple[Ints, Ints]:
    """The pairs (upper, lower) of blocks that are neighbours in some layer."""
    order = np.argsort(position)
    pairs: set[tuple[int, int]] = set()
    for layer in range(int(blocks.last.max()) + 1):
        here = order[(blocks.first[order] <= layer) & (layer <= blocks.last[order])].tolist()
        pairs.update(pairwise(here))
    upper_lower = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return upper_lower[:, 0], upper_lower[:, 1]
