"""The best place of one block among the others: what ``ordering`` asks thousands of times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.view.blocks import Blocks

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sifter:
    """What a block's crossings depend on, whatever the order.

    A block's fan is its segments in one gap on one side. Every other segment of that gap crosses
    those of the fan that end on one side of its own far end, as long as the block lies above it,
    and those on the other side as long as it lies below: how many, the fan's far ends tell when
    they are counted by position.

    Attributes:
        n_fans: how many fans the block has.
        fan, far: (n,) the block's segments, by their fan and their other end.
        other_fan, other_far: (m,) the other segments of the fans' gaps, and their far ends.
        ends: (m + 2 k,) where the number of crossings steps: the other segments' near ends, the
            left ends of the k segments that pass a rail, and their right ends.
        passing_left, passing_right: (k,) these ends.
        neighbours: (n,) the blocks at the other ends.
    """

    n_fans: int
    fan: Ints
    far: Ints
    other_fan: Ints
    other_far: Ints
    ends: Ints
    passing_left: Ints
    passing_right: Ints
    neighbours: Ints

    def best_place(self, position: Ints, n_places: int, window: tuple[int, int]) -> int:
        """The place among the other blocks with the fewest crossings, then with shortest lines.

        A block at place p lies above the others from position p on, so that every segment is a step
        in the number of crossings.

        Args:
            position: (B,) of the others; of the block itself anything.
            n_places: one more than there are others.
            window: the first and the last place that is allowed.
        """
        first, last = window
        steps = np.concatenate(self._steps(position, n_places))
        crossings = np.bincount(position[self.ends] + 1, steps, n_places).cumsum()[first : last + 1]
        places = np.flatnonzero(crossings == crossings.min()) + first
        if len(places) == 1:
            return int(places[0])
        lengths = self._lengths(position, n_places)[places]
        return int(places[lengths.argmin()])

    def _steps(self, position: Ints, n_places: int) -> tuple[NDArray[np.floating[Any]], ...]:
        """By how much the crossings change where the block moves from above to below an end."""
        width = n_places
        at = self.fan * width + position[self.far]
        counts = np.bincount(at, minlength=self.n_fans * width).reshape(self.n_fans, width)
        up_to = counts.cumsum(axis=1)
        # how many far ends lie above a position, less those below it
        above_less_below = (2 * up_to - counts - up_to[:, -1:]).ravel()
        of_fans = above_less_below[self.other_fan * width + position[self.other_far]]
        if not len(self.passing_left):
            return (of_fans.astype(np.float64),)
        down = 2.0 * (position[self.passing_left] < position[self.passing_right]) - 1.0
        return of_fans, down, -down

    def _lengths(self, position: Ints, n_places: int) -> Ints:
        """The length of the block's lines at each place, but for a constant."""
        ends = np.bincount(position[self.neighbours], minlength=n_places)
        lengths = np.zeros(n_places, np.int64)
        growth = 2 * ends.cumsum() - ends - len(self.neighbours)
        np.cumsum(growth[:-1], out=lengths[1:])
        return lengths


def prepare_sifters(blocks: Blocks) -> list[Sifter]:
    """The sifter of each block."""
    gaps = [np.flatnonzero(blocks.gap == gap) for gap in range(int(blocks.gap.max(initial=-1)) + 1)]
    by_left, by_right = _grouped(blocks.left, blocks), _grouped(blocks.right, blocks)
    return [
        _prepare(blocks, block, gaps, by_left[block], by_right[block])
        for block in range(blocks.n_blocks)
    ]


def _grouped(ends: Ints, blocks: Blocks) -> list[Ints]:
    """For each block the segments that have it at this end."""
    order = np.argsort(ends, kind="stable")
    bounds = np.searchsorted(ends[order], np.arange(1, blocks.n_blocks))
    return np.split(order, bounds)


def _prepare(blocks: Blocks, block: int, gaps: list[Ints], out: Ints, into: Ints) -> Sifter:
    """A block's sifter; ``out`` and ``into`` are its segments."""
    is_rail = blocks.left[out] == blocks.right[out]
    passed = blocks.gap[out[is_rail]]
    fans: list[Ints] = []
    others: list[tuple[Ints, Ints]] = []
    for mine, near, far in (
        (out[~is_rail], blocks.left, blocks.right),
        (into[blocks.left[into] != block], blocks.right, blocks.left),
    ):
        for gap in np.unique(blocks.gap[mine]).tolist():
            fans.append(far[mine[blocks.gap[mine] == gap]])
            here = gaps[gap]
            here = here[near[here] != block]
            others.append((far[here], near[here]))
    passing = np.concatenate([gaps[gap] for gap in passed.tolist()] or [_NONE])
    left, right = blocks.left[passing], blocks.right[passing]
    is_other = (left != block) & (right != block) & (left != right)
    left, right = left[is_other], right[is_other]
    far = np.concatenate([_NONE, *fans])
    return Sifter(
        n_fans=len(fans),
        fan=np.repeat(np.arange(len(fans)), [len(fan) for fan in fans]),
        far=far,
        other_fan=np.repeat(np.arange(len(fans)), [len(far) for far, _ in others]),
        other_far=np.concatenate([_NONE, *(far for far, _ in others)]),
        ends=np.concatenate([_NONE, *(near for _, near in others), left, right]),
        passing_left=left,
        passing_right=right,
        neighbours=far,
    )


_NONE = np.zeros(0, np.int64)
