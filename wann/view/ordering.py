"""Crossing reduction: in which order nodes and lines lie above each other.

One order of all blocks gives the order in every layer, so that rails neither bend nor cross each
other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.view.blocks import Blocks, count_crossings, total_distance

# how many moves are tried, in all and per block: a bound on the work that does not depend on the
# machine
_MAX_MOVES = 30_000
_MOVES_PER_BLOCK = 200
_N_STARTS = 3
_MAX_SWEEPS = 12

Ints = NDArray[np.int64]


def order_blocks(blocks: Blocks) -> Ints:
    """Finds an order with few crossings, and among those with short lines.

    Iterated local search: sifting (every block moves to its best place until none moves) from
    several starts, then from the best order with some of its blocks exchanged.

    Args:
        blocks: B blocks.

    Returns:
        (B,) a permutation: the position of each block, 0 at the top. Blocks without any line come
        last.

    Source: Matuszewski, Schoenfeld & Molitor 1999, "Using sifting for k-layer straightline
    crossing minimization"; Bachmaier, Brandenburg, Brunner & Huebner 2010, "A global k-level
    crossing reduction algorithm", for the blocks.
    """
    has_line = np.zeros(blocks.n_blocks, bool)
    has_line[blocks.left] = has_line[blocks.right] = True
    movable, rest = np.flatnonzero(has_line), np.flatnonzero(~has_line)
    sifters = [_prepare(blocks, block) for block in range(blocks.n_blocks)]
    rng = np.random.default_rng(0)
    best, fewest = movable, (count_crossings(blocks, np.arange(blocks.n_blocks)) + 1, 0)
    budget = min(_MAX_MOVES, _MOVES_PER_BLOCK * len(movable))
    n_moves, n_tries = 0, 0
    while n_moves < budget and fewest[0] and len(movable) > 1:
        if n_tries < _N_STARTS:
            order = rng.permutation(movable) if n_tries else movable
        else:
            order = _exchange_some(best, rng)
        order, n_sweeps = _sift_until_stable(sifters, order, rng)
        position = _positions(np.concatenate([order, rest]))
        cost = (count_crossings(blocks, position), total_distance(blocks, position))
        if cost <= fewest:
            best, fewest = order, cost
        n_moves += n_sweeps * len(order)
        n_tries += 1
    return _positions(np.concatenate([best, rest]))


def _positions(order: Ints) -> Ints:
    """The inverse of a permutation."""
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    return position


def _exchange_some(order: Ints, rng: np.random.Generator) -> Ints:
    """An eighth of the blocks, three at least, change places among themselves."""
    picked = rng.choice(len(order), min(len(order), max(3, len(order) // 8)), replace=False)
    order = order.copy()
    order[picked] = order[rng.permutation(picked)]
    return order


@dataclass(frozen=True)
class _Sifter:
    """What a block's crossings depend on, whatever the order.

    Attributes:
        far, other_far, other_near: (n,) pairs of one of the block's segments with another segment
            of the same gap: the other end of the block's, and the other's ends, the one in the
            block's layer being near.
        passing_left, passing_right: (m,) the ends of the segments in the gaps that a rail passes.
        neighbours: (k,) the blocks at the other ends.
    """

    far: Ints
    other_far: Ints
    other_near: Ints
    passing_left: Ints
    passing_right: Ints
    neighbours: Ints


def _prepare(blocks: Blocks, block: int) -> _Sifter:
    is_left, is_right = blocks.left == block, blocks.right == block
    pairs: list[tuple[Ints, Ints, Ints]] = []
    for mine, near, far in (
        (is_left & ~is_right, blocks.left, blocks.right),
        (is_right & ~is_left, blocks.right, blocks.left),
    ):
        is_same_gap = blocks.gap[mine][:, None] == blocks.gap
        own, other = np.nonzero(is_same_gap & (near != block) & (far[mine][:, None] != far))
        pairs.append((far[mine][own], far[other], near[other]))
    passing = np.isin(blocks.gap, blocks.gap[is_left & is_right])
    passing &= ~is_left & ~is_right & (blocks.left != blocks.right)
    neighbours = np.concatenate([blocks.right[is_left], blocks.left[is_right]])
    far_ends, other_far_ends, other_near_ends = map(np.concatenate, zip(*pairs, strict=True))
    return _Sifter(
        far_ends,
        other_far_ends,
        other_near_ends,
        blocks.left[passing],
        blocks.right[passing],
        neighbours[neighbours != block],
    )


def _sift_until_stable(
    sifters: list[_Sifter], order: Ints, rng: np.random.Generator
) -> tuple[Ints, int]:
    """Moves one block after the other to its best position; the order and the sweeps it took."""
    position = np.zeros(len(sifters), np.int64)
    n_sweeps = 0
    is_stable = False
    while not is_stable and n_sweeps < _MAX_SWEEPS:
        before = order
        for block in rng.permutation(np.sort(order)).tolist():
            others = order[order != block]
            position[others] = np.arange(len(others))
            place = _best_place(sifters[block], position, len(order))
            order = np.concatenate([others[:place], [block], others[place:]])
        n_sweeps += 1
        is_stable = np.array_equal(order, before)
    return order, n_sweeps


def _best_place(sifter: _Sifter, position: Ints, n_places: int) -> int:
    """The place among the other blocks with the fewest crossings, then with the shortest lines.

    A block at place p lies above the others from position p on, so that every pair of segments is
    a step in the number of crossings.
    """
    # the block's line ends below the other line: they cross while it starts above it
    is_below = position[sifter.far] > position[sifter.other_far]
    leads_down = position[sifter.passing_left] < position[sifter.passing_right]
    ends = np.concatenate([sifter.other_near, sifter.passing_left, sifter.passing_right])
    down = 2.0 * leads_down - 1.0
    steps = np.bincount(
        position[ends] + 1, np.concatenate([1.0 - 2.0 * is_below, down, -down]), n_places
    )
    crossings = np.cumsum(steps)
    places = np.flatnonzero(crossings == crossings.min())
    if len(places) > 1:
        lengths = np.abs(places[:, None] - position[sifter.neighbours] - 0.5).sum(axis=1)
        return int(places[np.argmin(lengths)])
    return int(places[0])
