"""Heats: searches that start anew, one after another; then their last populations meet.

A single population soon descends from one structure, and some structures lead nowhere. Heats are
the restarts against that: each is a search of its own, short and cheap because its networks are
still small, and the first generation after them ranks the populations of all. The best of each are
kept beside, for tuning: with weights of their own they may do better than what goes on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.search.config import SearchConfig

# that are kept
BEST_OF_HEAT = 8


def ends_heat(n_scored: int, config: SearchConfig) -> bool:
    """Whether a heat ends with the generation after which ``n_scored`` have been scored."""
    return (
        config.heats > 1
        and n_scored <= config.heats * config.heat_generations
        and n_scored % config.heat_generations == 0
    )


def heat_of(generation: int, config: SearchConfig) -> int | None:
    """The number of the heat that a generation belongs to, from 1; None: to no heat."""
    if config.heats <= 1 or generation >= config.heats * config.heat_generations:
        return None
    return generation // config.heat_generations + 1


def heat_starts(config: SearchConfig) -> tuple[int, ...]:
    """The generations with which the search starts anew, and the one after the last heat."""
    if config.heats <= 1:
        return ()
    starts = (config.heat_generations * k for k in range(1, config.heats + 1))
    return tuple(start for start in starts if start < config.generations)


def is_last_heat(n_scored: int, config: SearchConfig) -> bool:
    """Whether no heat follows the one that has ended."""
    return n_scored == config.heats * config.heat_generations


def best_of_heats(mean: NDArray[np.float64], config: SearchConfig) -> NDArray[np.int64]:
    """The ``BEST_OF_HEAT`` best by mean of each heat, heat after heat, the best of each first.

    Args:
        mean: (heats x population,) of the individuals in the generation in which heats meet.
        config: the settings.
    """
    by_heat = mean.reshape(config.heats, config.population)
    n = min(BEST_OF_HEAT, config.population)
    best = np.argsort(-by_heat, axis=1, kind="stable")[:, :n]
    return (best + config.population * np.arange(config.heats)[:, None]).ravel()
