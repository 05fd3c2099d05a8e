"""Epsilon-lexicase selection.

Source: La Cava, Spector & Danai 2016, "Epsilon-lexicase selection for regression" (the
semi-dynamic variant: epsilon is fixed for a generation, the best of a case is that of the pool).
"""

from __future__ import annotations

import numpy as np

from wann_envs.jit import kernel


@kernel
def epsilon_lexicase(scores, epsilon, orders, draws):
    """Chooses an individual for each order of the cases.

    In that order, those survive a case that are within epsilon of its best survivor.

    Args:
        scores: (P, W) float64, larger is better.
        epsilon: (W,) float64, not negative.
        orders: (C, W) int64, a permutation of the cases each.
        draws: (C,) float64 in [0, 1), decides among those that survive all cases.

    Returns:
        (C,) int64 individuals.
    """
    n, n_cases = scores.shape
    chosen = np.empty(len(orders), np.int64)
    pool = np.empty(n, np.int64)
    for c in range(len(orders)):
        size = n
        for i in range(n):
            pool[i] = i
        for k in range(n_cases):
            case = orders[c, k]
            best = scores[pool[0], case]
            for i in range(1, size):
                best = max(best, scores[pool[i], case])
            kept = 0
            for i in range(size):
                if scores[pool[i], case] >= best - epsilon[case]:
                    pool[kept] = pool[i]
                    kept += 1
            size = kept
            if size == 1:
                break
        chosen[c] = pool[int(draws[c] * size)]
    return chosen
