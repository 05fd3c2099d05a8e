"""Coordinate assignment: how high each node and each line lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.view.blocks import Blocks, adjacent_blocks

_N_ROUNDS = 3
_N_ITERATIONS, _FEWEST_ITERATIONS = 1500, 150
# from here on there are fewer of them, because each takes longer
_MANY_BLOCKS = 600
# of the difference squared, and of the height squared, beside the absolute difference
_QUADRATIC = 0.02
_CENTRE = 1e-4
# of the proximal operator, and the difference that counts as nearly straight, in inches
_STEP = 0.15
_NEARLY = 0.1

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def place_blocks(blocks: Blocks, position: Ints, above: Floats, below: Floats) -> Floats:
    """Places the blocks so that lines run as straight as the room between blocks allows.

    Minimises sum |d| + q d^2 over the height differences d along the lines, the first term for
    straight lines and the second for even fans, under the separation of blocks that share a layer.

    Args:
        blocks: B blocks.
        position: (B,) their order, 0 at the top.
        above: (B,) the room that each takes up from its height.
        below: (B,) the room that it takes down.

    Returns:
        (B,) heights, growing downwards, in the unit of ``above``.

    Source: Gansner et al. 1993, section 4, for the objective; solved by ADMM (Boyd et al. 2011).
    """
    upper, lower = adjacent_blocks(blocks, position)
    room = below[upper] + above[lower]
    links = np.unique(np.stack([blocks.left, blocks.right])[:, blocks.left != blocks.right], axis=1)
    height = _solve(blocks.n_blocks, links, (upper, lower), room)
    # rounded, so that the last bits of the linear algebra do not show in a file's bytes
    return np.round(_push_apart(height, position, (upper, lower), room), 6)


def _solve(n: int, links: Ints, pairs: tuple[Ints, Ints], room: Floats) -> Floats:
    """Heights that nearly keep the separations, by the alternating direction method.

    Rows are differences of two heights: those along lines first, then those of adjacent blocks.
    """
    n_links = links.shape[1]
    minus = np.concatenate([links[0], pairs[0]])
    plus = np.concatenate([links[1], pairs[1]])
    rows = np.zeros((len(plus), n))
    rows[np.arange(len(plus)), plus] = 1
    rows[np.arange(len(plus)), minus] = -1
    inverse = np.linalg.inv(rows.T @ rows + _CENTRE * np.eye(n))
    split, dual = np.zeros(len(plus)), np.zeros(len(plus))
    weight = np.ones(n_links)
    share = min(1.0, (_MANY_BLOCKS / n) ** 2)
    for _ in range(_N_ROUNDS):
        for _ in range(max(_FEWEST_ITERATIONS, round(_N_ITERATIONS * share))):
            wanted = split - dual
            height = inverse @ (np.bincount(plus, wanted, n) - np.bincount(minus, wanted, n))
            difference = height[plus] - height[minus]
            # over-relaxation speeds the method up
            relaxed = 1.6 * difference - 0.6 * split + dual
            along = np.abs(relaxed[:n_links])
            shrunk = np.maximum(along - _STEP * weight, 0) / (1 + _STEP * _QUADRATIC)
            split = np.concatenate(
                [np.copysign(shrunk, relaxed[:n_links]), np.maximum(relaxed[n_links:], room)]
            )
            dual = relaxed - split
        # what is nearly straight is worth making straight
        weight = 0.5 + 1 / (1 + np.abs(difference[:n_links]) / _NEARLY)
    return height


def _push_apart(height: Floats, position: Ints, pairs: tuple[Ints, Ints], room: Floats) -> Floats:
    """Moves blocks down, from top to bottom, by what is still missing of their separation."""
    height = height.copy()
    by_lower = np.argsort(position[pairs[1]], kind="stable")
    for upper, lower, distance in zip(
        pairs[0][by_lower], pairs[1][by_lower], room[by_lower], strict=True
    ):
        height[lower] = max(height[lower], height[upper] + distance)
    return height
