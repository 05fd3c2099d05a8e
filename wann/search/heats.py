"""Heats: searches that start anew, one after another; then their last populations meet.

A single population soon descends from one structure, and some structures lead nowhere. Heats are
the restarts against that: each is a search of its own, short and cheap because its networks are
still small, and the first generation after them ranks the populations of all.
"""

from __future__ import annotations

from wann.search.config import SearchConfig


def ends_heat(n_scored: int, config: SearchConfig) -> bool:
    """Whether a heat ends with the generation after which ``n_scored`` have been scored."""
    return (
        config.heats > 1
        and n_scored <= config.heats * config.heat_generations
        and n_scored % config.heat_generations == 0
    )


def is_last_heat(n_scored: int, config: SearchConfig) -> bool:
    """Whether no heat follows the one that has ended."""
    return n_scored == config.heats * config.heat_generations
