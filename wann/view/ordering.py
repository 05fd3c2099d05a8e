"""Crossing reduction: in which order nodes and lines lie above each other.

One order of all blocks gives the order in every layer, so that rails neither bend nor cross each
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wann.view.blocks import Blocks, count_crossings, total_distance
from wann.view.sifting import Sifter, prepare_sifters

# how many moves are tried, in all and per block, and how many segments these may look at: bounds on
# the work that do not depend on the machine
_MAX_MOVES = 30_000
_MOVES_PER_BLOCK = 200
_MAX_LOOKS = 60_000_000
_N_STARTS = 3
_MAX_SWEEPS = 12

Ints = NDArray[np.int64]


def order_blocks(blocks: Blocks, fixed: Sequence[Ints] = ()) -> Ints:
    """Finds an order with few crossings, and among those with short lines.

    Iterated local search: sifting (every block moves to its best place until none moves) from
    several starts, then from the best order with some of its blocks exchanged.

    Args:
        blocks: B blocks.
        fixed: groups of blocks, each of which keeps its order.

    Returns:
        (B,) a permutation: the position of each block, 0 at the top. Blocks without any line come
        last, unless they are of a group.

    Source: Matuszewski, Schoenfeld & Molitor 1999, "Using sifting for k-layer straightline
    crossing minimization"; Bachmaier, Brandenburg, Brunner & Huebner 2010, "A global k-level
    crossing reduction algorithm", for the blocks.
    """
    is_movable = np.zeros(blocks.n_blocks, bool)
    is_movable[blocks.left] = is_movable[blocks.right] = True
    for group in fixed:
        is_movable[group] = True
    movable, rest = np.flatnonzero(is_movable), np.flatnonzero(~is_movable)
    sifters, chains = prepare_sifters(blocks), _Chains.of(fixed, blocks.n_blocks)
    rng = np.random.default_rng(0)
    best, fewest = movable, (count_crossings(blocks, np.arange(blocks.n_blocks)) + 1, 0)
    budget = _budget(blocks, len(movable))
    n_moves, n_tries = 0, 0
    while n_moves < budget and fewest[0] and len(movable) > 1:
        if n_tries < _N_STARTS:
            order = rng.permutation(movable) if n_tries else movable
        else:
            order = _exchange_some(best, rng)
        order = chains.restored(order)
        order, n_sweeps = _sift_until_stable(sifters, chains, order, rng)
        position = _positions(np.concatenate([order, rest]))
        cost = (count_crossings(blocks, position), total_distance(blocks, position))
        if cost <= fewest:
            best, fewest = order, cost
        n_moves += n_sweeps * len(order)
        n_tries += 1
    return _positions(np.concatenate([chains.restored(best), rest]))


def _budget(blocks: Blocks, n_movable: int) -> int:
    """How many moves are tried; fewer where each of them looks at many segments."""
    looks = max(len(blocks.gap), 1)
    return min(_MAX_MOVES, _MOVES_PER_BLOCK * n_movable, _MAX_LOOKS // looks)


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
class _Chains:
    """The groups of blocks that keep their order.

    Attributes:
        groups: each in its order.
        before, after: (B,) the neighbours of a block in its group, or -1.
    """

    groups: tuple[Ints, ...]
    before: list[int]
    after: list[int]

    @classmethod
    def of(cls, groups: Sequence[Ints], n_blocks: int) -> _Chains:
        before, after = [-1] * n_blocks, [-1] * n_blocks
        for group in groups:
            for first, second in pairwise(group.tolist()):
                after[first], before[second] = second, first
        return cls(tuple(groups), before, after)

    def restored(self, order: Ints) -> Ints:
        """An order in which each group has the places that it had, in its own order."""
        if not self.groups:
            return order
        order = order.copy()
        for group in self.groups:
            order[np.flatnonzero(np.isin(order, group))] = group
        return order

    def window(self, block: int, position: Ints, n_others: int) -> tuple[int, int]:
        """The first and the last place of a block among the others."""
        first, last = self.before[block], self.after[block]
        return (
            int(position[first]) + 1 if first >= 0 else 0,
            int(position[last]) if last >= 0 else n_others,
        )


def _sift_until_stable(
    sifters: Sequence[Sifter], chains: _Chains, order: Ints, rng: np.random.Generator
) -> tuple[Ints, int]:
    """Moves one block after the other to its best position; the order and the sweeps it took."""
    position = np.zeros(len(sifters), np.int64)
    places = np.arange(len(order))
    n_sweeps = 0
    is_stable = False
    while not is_stable and n_sweeps < _MAX_SWEEPS:
        before = order
        for block in rng.permutation(np.sort(order)).tolist():
            others = order[order != block]
            position[others] = places[:-1]
            window = chains.window(block, position, len(others))
            place = sifters[block].best_place(position, len(order), window)
            order = np.concatenate([others[:place], [block], others[place:]])
        n_sweeps += 1
        is_stable = np.array_equal(order, before)
    return order, n_sweeps
