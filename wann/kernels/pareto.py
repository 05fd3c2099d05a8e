"""Non-dominated sorting and crowding distance.

Source: Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist multiobjective genetic
algorithm: NSGA-II", section III.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def _dominates(objectives, i, j):
    """Whether i is nowhere worse than j and somewhere better; larger is better."""
    is_better = False
    for m in range(objectives.shape[1]):
        if objectives[i, m] < objectives[j, m]:
            return False
        is_better |= objectives[i, m] > objectives[j, m]
    return is_better


@njit(cache=True)
def front_numbers(objectives):
    """Front of each individual, 0 the non-dominated one.

    Args:
        objectives: (P, M) float64, larger is better, no NaN.

    Returns:
        (P,) int64.
    """
    n = len(objectives)
    n_dominators = np.zeros(n, np.int64)
    for i in range(n):
        for j in range(i + 1, n):
            n_dominators[j] += _dominates(objectives, i, j)
            n_dominators[i] += _dominates(objectives, j, i)
    front = np.full(n, -1, np.int64)
    members = np.empty(n, np.int64)
    n_placed, number = 0, 0
    while n_placed < n:
        begin = n_placed
        for i in range(n):
            if front[i] < 0 and n_dominators[i] == 0:
                members[n_placed] = i
                n_placed += 1
        for k in range(begin, n_placed):
            front[members[k]] = number
        for k in range(begin, n_placed):
            for j in range(n):
                if front[j] < 0 and _dominates(objectives, members[k], j):
                    n_dominators[j] -= 1
        number += 1
    return front


def crowding_distances(
    objectives: NDArray[np.float64], front: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Crowding distance of each individual within its front.

    NumPy sorts all fronts at once, which is faster than a compiled sort for each.

    Args:
        objectives: (P, M) float64.
        front: (P,) int64.

    Returns:
        (P,) float64: the sum over the objectives of the gap between the two neighbours over the
        front's range; infinite at the ends. An objective that does not vary adds nothing.
    """
    distance = np.zeros(len(front))
    for values in objectives.T:
        order = np.lexsort((values, front))
        sorted_front, sorted_values = front[order], values[order]
        first = np.searchsorted(sorted_front, sorted_front, side="left")
        last = np.searchsorted(sorted_front, sorted_front, side="right") - 1
        span = sorted_values[last] - sorted_values[first]
        place = np.arange(len(front))
        below, above = np.maximum(place - 1, first), np.minimum(place + 1, last)
        share = (sorted_values[above] - sorted_values[below]) / np.where(span > 0, span, 1.0)
        is_end = (place == first) | (place == last)
        distance[order] += np.where(span > 0, np.where(is_end, np.inf, share), 0.0)
    return distance
