"""Non-dominated sorting and crowding distance.

Source: Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist multiobjective genetic
algorithm: NSGA-II", section III.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann_envs.jit import inner_kernel, kernel


@inner_kernel
def _dominates(objectives, i, j):
    """Whether i is nowhere worse than j and somewhere better; larger is better."""
    is_better = False
    for m in range(objectives.shape[1]):
        if objectives[i, m] < objectives[j, m]:
            return False
        is_better |= objectives[i, m] > objectives[j, m]
    return is_better


@inner_kernel
def _is_dominated(objectives, i, last, before):
    """Whether a member of a front dominates i, the member that came last asked first."""
    j = last
    while j >= 0:
        if _dominates(objectives, j, i):
            return True
        j = before[j]
    return False


@kernel
def sort_into_fronts(objectives, order):
    """Puts individuals into fronts, each after all that can dominate it.

    Who is dominated by nobody in a front is dominated by nobody in the fronts after it: the first
    such front is found by bisection.

    Source: Zhang, Tian, Cheng & Jin 2015, "An efficient approach to nondominated sorting for
    evolutionary multiobjective optimization" (ENS-BS).
    """
    n = len(objectives)
    front, before = np.empty(n, np.int64), np.empty(n, np.int64)
    # a front is a list that is read backwards
    last = np.full(n, -1, np.int64)
    n_fronts = 0
    for i in order:
        low, high = 0, n_fronts
        while low < high:
            middle = (low + high) // 2
            if _is_dominated(objectives, i, last[middle], before):
                low = middle + 1
            else:
                high = middle
        front[i] = low
        before[i] = last[low]
        last[low] = i
        n_fronts = max(n_fronts, low + 1)
    return front


def front_numbers(objectives: NDArray[np.float64]) -> NDArray[np.int64]:
    """Front of each individual, 0 the non-dominated one.

    Args:
        objectives: (P, M) float64, larger is better, no NaN.

    Returns:
        (P,) int64.
    """
    # the better first by one objective, ties by the next: nobody dominates one before it
    order = np.lexsort(-objectives.T[::-1])
    front: NDArray[np.int64] = sort_into_fronts(objectives, order)
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
