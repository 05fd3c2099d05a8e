"""Who goes on, and who has children."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.kernels.lexicase import epsilon_lexicase
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


def select(
    order: NDArray[np.int64],
    scores: NDArray[np.float64],
    config: SearchConfig,
    rng: np.random.Generator,
) -> Selection:
    """Drops the worst, keeps the best, and chooses parents among the survivors.

    Args:
        order: (P,) individuals, the best first.
        scores: (P, W) of each individual with each weight.
        config: the shares and sizes.
        rng: draws the tournaments and the orders of the weights.

    Source: the 2019 release.
    """
    survivors = order[: n_survivors(len(order), config)]
    elites = survivors[: int(len(survivors) * config.elite_fraction)]
    n_children = len(order) - len(elites)
    return Selection(elites, choose_parents(survivors, n_children, scores, config, rng))


def n_survivors(n: int, config: SearchConfig) -> int:
    """How many of n individuals are not culled."""
    return n - int(n * config.cull_fraction)


def choose_parents(
    survivors: NDArray[np.int64],
    n_children: int,
    scores: NDArray[np.float64],
    config: SearchConfig,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Chooses the parents of the children.

    Each of two parents wins a tournament of ``tournament_size`` survivors; without crossover the
    better of the two is the only parent. A share of the children, ``lexicase_fraction``, has
    parents chosen by epsilon-lexicase over the shared weights instead.

    Args:
        survivors: individuals that may be parents, the best first.
        n_children: C.
        scores: (P, W) of each individual with each weight.
        config: the shares and sizes.
        rng: draws the tournaments and the orders of the weights.

    Returns:
        (C, 2) individuals, the fitter first; twice the same: no crossover.

    Source: the 2019 release; lexicase: La Cava, Spector & Danai 2016.
    """
    entrants = rng.integers(0, len(survivors), (n_children, 2, config.tournament_size))
    winners = entrants.min(axis=2)
    n_lexicase = round(n_children * config.lexicase_fraction)
    if n_lexicase:
        winners[:n_lexicase] = _lexicase_winners(
            scores[survivors], n_lexicase, config.lexicase_epsilon, rng
        )
    # the better of two tournaments; by lexicase either, which favours no case
    winners[n_lexicase:].sort(axis=1)
    is_crossed = rng.random(n_children) < config.crossover_probability
    winners[~is_crossed, 1] = winners[~is_crossed, 0]
    winners.sort(axis=1)
    parents: NDArray[np.int64] = survivors[winners]
    return parents


def _lexicase_winners(
    scores: NDArray[np.float64], n: int, n_deviations: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """(n, 2) winners; epsilon of a case is that many median absolute deviations of its scores."""
    n_cases = scores.shape[1]
    deviation = np.median(np.abs(scores - np.median(scores, axis=0)), axis=0)
    orders = rng.permuted(np.tile(np.arange(n_cases), (2 * n, 1)), axis=1)
    winners = epsilon_lexicase(scores, n_deviations * deviation, orders, rng.random(2 * n))
    pairs: NDArray[np.int64] = winners.reshape(n, 2)
    return pairs
