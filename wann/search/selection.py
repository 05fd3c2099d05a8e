"""Who goes on, and who has children."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.search.config import SearchConfig


@dataclass(frozen=True)
class Selection:
    """The plan of the next generation.

    Attributes:
        elites: (E,) individuals that go on unchanged.
        parents: (C, 2) parents of the children, the fitter first; twice the same: no crossover.
    """

    elites: NDArray[np.int64]
    parents: NDArray[np.int64]


def select(order: NDArray[np.int64], config: SearchConfig, rng: np.random.Generator) -> Selection:
    """Drops the worst, keeps the best, and draws parents in tournaments.

    Each of two parents wins a tournament of ``tournament_size`` survivors; without crossover the
    better of the two is the only parent.

    Args:
        order: (P,) individuals, the best first.
        config: the shares and sizes.
        rng: draws the tournaments.

    Source: the 2019 release.
    """
    n = len(order)
    survivors = order[: n - int(n * config.cull_fraction)]
    elites = survivors[: int(len(survivors) * config.elite_fraction)]
    n_children = n - len(elites)
    entrants = rng.integers(0, len(survivors), (n_children, 2, config.tournament_size))
    winners = np.sort(entrants.min(axis=2), axis=1)
    is_crossed = rng.random(n_children) < config.crossover_probability
    winners[~is_crossed, 1] = winners[~is_crossed, 0]
    return Selection(elites, survivors[winners])
