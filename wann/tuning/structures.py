"""Which structures of a search are worth tuning: small ones of many lineages that do well.

The larger a structure, the better it does with one weight for all its connections. With a weight of
its own for each, small structures do as well or better, sooner, and each has a ceiling of its own
whatever the starts: so a few are explored that have little in common.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.tasks.base import Executor, Task, sweep
from wann.tuning.random import TuningStream, tuning_rng
from wann.tuning.score import HIGH, LOW

_N_WEIGHTS = 41
_EPISODES = 32
# of the best of all with its best shared weight
_LEAST_PART = 0.7
# connections; larger ones are chosen only where a lineage has no others
_SMALL = 100


def structures_to_tune(
    task: Task,
    lineages: Sequence[Sequence[Network]],
    *,
    seed: int,
    executor: Executor,
) -> tuple[list[Network], list[float]]:
    """Chooses the structures that are worth exploring, and tells the best shared weight of each.

    They are judged by their mean return with the best shared weight of a sweep over [-2, 2]. Of
    each lineage those are eligible that have at most 100 connections (if there are none, its
    smallest), reach 70 % of the best of all, and are better than all smaller ones. First the best
    of each lineage are chosen, then the second, until there are ``episode_numbers.structures``.

    Args:
        task: a task.
        lineages: of at least one network each, which have at least one connection.
        seed: of the episodes.
        executor: runs the rollouts.
    """
    rng = tuning_rng(seed, TuningStream.STRUCTURES)
    trials, weights = task.draw_trials(_EPISODES, rng), np.linspace(LOW, HIGH, _N_WEIGHTS)
    networks = [network for lineage in lineages for network in lineage]
    returns = sweep(
        task, stack_networks(networks), weights, trials, precision="float32", executor=executor
    ).returns
    means = returns.mean(axis=2, dtype=np.float64)
    scores = means.max(axis=1)
    sizes = np.array([network.n_connections for network in networks])
    ends = np.cumsum([len(lineage) for lineage in lineages])
    eligible = [
        _front(np.arange(end - len(lineage), end), scores, sizes, _LEAST_PART * scores.max())
        for lineage, end in zip(lineages, ends, strict=True)
    ]
    chosen: list[int] = []
    for rank in range(max(map(len, eligible))):
        ranked = sorted(
            (front[rank] for front in eligible if rank < len(front)), key=lambda k: -scores[k]
        )
        chosen.extend(ranked)
    chosen = chosen[: task.episode_numbers.structures]
    return [networks[k] for k in chosen], [float(weights[np.argmax(means[k])]) for k in chosen]


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
