"""Which structures of a search are worth tuning: the small ones among those that do well.

The larger a structure, the better it does with one weight for all its connections; with a weight of
its own for each, some of the small ones on the Pareto front do better than the champions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.tasks.base import Executor, Task, sweep
from wann.tuning.random import TuningStream, tuning_rng
from wann.tuning.score import HIGH, LOW

_N_WEIGHTS = 41
_EPISODES = 32
# of the best of all with its best shared weight
_LEAST_PART = 0.7
# of all that are explored together: what exploring costs
_MOST_CONNECTIONS = 600


@dataclass(frozen=True)
class TunableStructures:
    """Structures to tune, the smallest first.

    Attributes:
        places: among the networks that were given.
        weights: the best shared weight of each.
    """

    places: tuple[int, ...]
    weights: tuple[float, ...]


def structures_to_tune(
    task: Task,
    networks: Sequence[Network],
    *,
    seed: int,
    executor: Executor,
) -> TunableStructures:
    """Chooses the structures that are worth exploring.

    Those that reach 70 % of the best mean return with a shared weight of a sweep over [-2, 2], the
    smallest first; of networks with the same returns, one. The task says how many at most
    (``episode_numbers.structures``); together they have at most 600 connections, unless the first
    alone has more.

    Args:
        task: a task.
        networks: at least one, each of at least one connection.
        seed: of the episodes.
        executor: runs the rollouts.
    """
    rng = tuning_rng(seed, TuningStream.STRUCTURES)
    trials, weights = task.draw_trials(_EPISODES, rng), np.linspace(LOW, HIGH, _N_WEIGHTS)
    returns = sweep(
        task,
        stack_networks(networks),
        weights,
        trials,
        precision="float32",
        executor=executor,
    ).returns
    means = returns.mean(axis=2, dtype=np.float64)
    score = means.max(axis=1)
    sizes = np.array([network.n_connections for network in networks])
    chosen: list[int] = []
    met: set[bytes] = set()
    for k in map(int, np.argsort(sizes, kind="stable")):
        is_worth_it = score[k] >= _LEAST_PART * score.max()
        if not is_worth_it or returns[k].tobytes() in met:
            continue
        is_full = len(chosen) == task.episode_numbers.structures
        if chosen and (is_full or sizes[[*chosen, k]].sum() > _MOST_CONNECTIONS):
            break
        chosen.append(k)
        met.add(returns[k].tobytes())
    return TunableStructures(
        tuple(chosen), tuple(float(weights[np.argmax(means[k])]) for k in chosen)
    )
