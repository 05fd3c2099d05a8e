"""Which structures of a search are worth tuning: small ones of many lineages that do well.

The larger a structure, the better it does with one weight for all its connections. With a weight of
its own for each, small structures do as well or better, sooner, and each has a ceiling of its own
whatever the starts: so a few are explored that have little in common.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann.executor import Executor
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.tasks.base import Task, sweep
from wann.tuning.budget import Budget
from wann.tuning.journal import Kind
from wann.tuning.random import TuningStream, tuning_rng
from wann.tuning.score import HIGH, LOW

_N_WEIGHTS = 41
# of the best return with a shared weight, by how much of it a structure may fall short
_LARGEST_LACK = 0.3
# connections; larger ones are chosen only where a lineage has no others
_SMALL = 100


def structures_to_tune(
    task: Task,
    lineages: Sequence[Sequence[Network]],
    *,
    budget: Budget,
    seed: int,
    executor: Executor,
    evaluations: float = math.inf,
) -> tuple[list[Network], list[float]]:
    """Chooses the structures that are worth exploring, and tells the best shared weight of each.

    They are judged by their mean return with the best shared weight of a sweep over [-2, 2]. Of
    each lineage those are eligible that have at most 100 connections (if there are none, its
    smallest), fall short of the best of all by at most 30 %, and are better than all smaller ones.
    First the best of each lineage are chosen, then the second, each structure once, until there are
    ``episode_numbers.structures``. If none is eligible, it is the best of all.

    Args:
        task: a task.
        lineages: of at least one network each, which have at least one connection.
        budget: the episodes count.
        seed: of the episodes.
        executor: runs the rollouts.
        evaluations: that this may take; where there are too few, some structures, weights and
            episodes are left out, but never the first structure.
    """
    rng = tuning_rng(seed, TuningStream.STRUCTURES)
    networks = [network for lineage in lineages for network in lineage]
    n_weights, n_episodes = _N_WEIGHTS, task.episode_numbers.grid
    if evaluations < len(networks) * n_weights * n_episodes:
        each = int(max(min(evaluations / len(networks), n_weights), min(evaluations, 5), 1))
        n_weights = each
        n_networks = max(1, min(len(networks), int(evaluations) // each))
        lineages = _first_of(lineages, n_networks)
        networks = [network for lineage in lineages for network in lineage]
        n_episodes = max(1, min(n_episodes, int(evaluations) // (each * n_networks)))
    trials, weights = task.draw_trials(n_episodes, rng), np.linspace(LOW, HIGH, n_weights)
    if n_weights == 1:
        weights = np.ones(1)

    def mean_returns() -> NDArray[np.float64]:
        stacked = stack_networks(networks)
        rollouts = sweep(task, stacked, weights, trials, precision="float32", executor=executor)
        means: NDArray[np.float64] = rollouts.returns.mean(axis=2, dtype=np.float64)
        return means.ravel()

    means = budget.journal.recall(Kind.STRUCTURES, mean_returns).reshape(-1, len(weights))
    budget.used += means.size * len(trials)
    scores = means.max(axis=1)
    sizes = np.array([network.n_connections for network in networks])
    ends = np.cumsum([len(lineage) for lineage in lineages])
    least = scores.max() - _LARGEST_LACK * abs(scores.max())
    eligible = [
        _front(np.arange(end - len(lineage), end), scores, sizes, least)
        for lineage, end in zip(lineages, ends, strict=True)
    ]
    chosen: dict[Network, int] = {}
    for rank in range(max(map(len, eligible))):
        ranked = [front[rank] for front in eligible if rank < len(front)]
        for k in sorted(ranked, key=lambda k: -scores[k]):
            chosen.setdefault(networks[k], k)
    places = list(chosen.values())[: task.episode_numbers.structures] or [int(np.argmax(scores))]
    return [networks[k] for k in places], [float(weights[np.argmax(means[k])]) for k in places]


def _first_of(lineages: Sequence[Sequence[Network]], n: int) -> list[list[Network]]:
    """The first n networks, in their lineages."""
    made = []
    for lineage in lineages:
        if n > 0:
            made.append(list(lineage[:n]))
            n -= len(lineage)
    return made


def _front(
    places: NDArray[np.int64],
    scores: NDArray[np.float64],
    sizes: NDArray[np.int64],
    least: float,
) -> list[int]:
    """The small networks of a lineage that are better than all smaller ones, the best first."""
    small = places[sizes[places] <= _SMALL]
    if not len(small):
        small = places[[np.argmin(sizes[places])]]
    front: list[int] = []
    for k in map(int, small[np.lexsort((-scores[small], sizes[small]))]):
        if scores[k] >= least and (not front or scores[k] > scores[front[-1]]):
            front.append(k)
    return front[::-1]
