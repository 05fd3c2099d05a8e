"""Chooses the champions on episodes that the search has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.executor import Executor
from wann.genome.compile import connection_counts, take_networks
from wann.kernels.forward import NetworkArrays
from wann.search.config import Config
from wann.search.random import Stream, stream_rng
from wann.tasks.base import Task, rollout_shared, sweep
from wann.tasks.weights import draw_weights

# the champion for one weight is chosen on a grid of weights: all networks with all of them, then
# the best networks with the best of theirs
_GRID, _GRID_FINALISTS = 41, 4
# of the best random shared weight score, which the small champion still has
SMALL_SHARE = 0.9


@dataclass(frozen=True)
class Validation:
    """The chosen one, and its score on episodes that did not choose it.

    Attributes:
        chosen: number of the chosen network.
        mean, std: of the return with a random shared weight, or with ``weight``.
        episodes: number of episodes of ``mean`` and ``std``; of classifiers: samples, all with
            the same weights.
        weight: the best shared weight, where that is what the network was chosen for.
    """

    chosen: int
    mean: float
    std: float
    episodes: int
    weight: float | None = None


def _random_shared_returns(
    task: Task,
    networks: NetworkArrays,
    config: Config,
    n_episodes: int,
    rng: np.random.Generator,
    is_final: bool,
    executor: Executor,
) -> NDArray[np.float64]:
    """(P, n_episodes) returns; all networks meet the same weights and episodes.

    Weights are stratified to choose (a smaller error of the mean), plain draws to report.
    """
    weights = draw_weights(
        "uniform" if is_final else "stratified",
        (),
        n_episodes,
        config.weights.low,
        config.weights.high,
        rng,
    )
    return rollout_shared(
        task,
        networks,
        weights,
        task.draw_trials(n_episodes, rng),
        precision="float64" if is_final else config.episodes.precision,
        executor=executor,
    ).returns.astype(np.float64)


def choose_champion(
    task: Task,
    networks: NetworkArrays,
    config: Config,
    generation: int,
    executor: Executor,
) -> Validation:
    """Chooses the network with the best mean return with random shared weights.

    All networks meet ``validation_episodes``, the finalists ``final_episodes`` more; the winner's
    score comes from another ``final_episodes``, in float64.

    Args:
        task: the task.
        networks: the candidates.
        config: settings; ``champion`` holds the numbers.
        generation: selects the random stream.
        executor: runs the rollouts.
    """
    settings = config.champion
    rng = stream_rng(config.seed, Stream.VALIDATION, generation)
    first = _random_shared_returns(
        task, networks, config, settings.validation_episodes, rng, False, executor
    )
    finalists = np.argsort(-first.mean(axis=1), kind="stable")[: settings.finalists]
    more = _random_shared_returns(
        task,
        take_networks(networks, finalists),
        config,
        settings.final_episodes,
        rng,
        False,
        executor,
    )
    means = np.concatenate([first[finalists], more], axis=1).mean(axis=1)
    chosen = int(finalists[np.argmax(means)])
    last = _random_shared_returns(
        task,
        take_networks(networks, [chosen]),
        config,
        settings.final_episodes,
        rng,
        True,
        executor,
    )
    return Validation(chosen, float(last.mean()), float(last.std()), settings.final_episodes)


def choose_tuned(
    task: Task,
    networks: NetworkArrays,
    config: Config,
    generation: int,
    executor: Executor,
) -> Validation:
    """Chooses the network with the best mean return with its best shared weight.

    All networks meet ``episode_numbers.grid`` episodes with each of 41 weights, the finalists
    ``final_episodes`` with the best of theirs; the winner's score comes from as many again, in
    float64.

    Args:
        task, networks, config, generation, executor: as in ``choose_champion``.
    """
    settings = config.champion
    rng = stream_rng(config.seed, Stream.VALIDATION_TUNED, generation)
    grid = np.linspace(config.weights.low, config.weights.high, _GRID)
    precision = config.episodes.precision
    means = sweep(
        task,
        networks,
        grid,
        task.draw_trials(task.episode_numbers.grid, rng),
        precision=precision,
        executor=executor,
    ).returns.mean(axis=2, dtype=np.float64)
    finalists = np.argsort(-means.max(axis=1), kind="stable")[: settings.finalists]
    trials = task.draw_trials(settings.final_episodes, rng)
    best = (-np.inf, 0, 0.0)
    for p in map(int, finalists):
        weights = grid[np.sort(np.argsort(-means[p], kind="stable")[:_GRID_FINALISTS])]
        returns = sweep(
            task,
            take_networks(networks, [p]),
            weights,
            trials,
            precision=precision,
            executor=executor,
        ).returns
        scores = returns[0].mean(axis=1, dtype=np.float64)
        k = int(scores.argmax())
        best = max(best, (float(scores[k]), p, float(weights[k])), key=lambda item: item[0])
    _, chosen, weight = best
    last = rollout_shared(
        task,
        take_networks(networks, [chosen]),
        np.full(settings.final_episodes, weight),
        task.draw_trials(settings.final_episodes, rng),
        precision="float64",
        executor=executor,
    ).returns
    return Validation(
        chosen, float(last.mean()), float(last.std()), settings.final_episodes, weight
    )


def choose_small(
    task: Task,
    networks: NetworkArrays,
    best: int,
    config: Config,
    generation: int,
    executor: Executor,
) -> Validation:
    """Chooses the smallest network that is nearly as good as the best.

    Of the networks with fewer connections than the best and, over ``validation_episodes``, at
    least 90 % of its mean return with random shared weights, the ``finalists`` smallest meet
    ``final_episodes`` more, and the best with them; the smallest that has 90 % in all is chosen.
    Its score comes from as many again, in float64.

    Args:
        task, networks, config, generation, executor: as in ``choose_champion``.
        best: the network that was chosen there.
    """
    settings = config.champion
    rng = stream_rng(config.seed, Stream.VALIDATION_SMALL, generation)

    def returns(chosen: list[int], n: int, is_final: bool) -> NDArray[np.float64]:
        some = take_networks(networks, chosen)
        return _random_shared_returns(task, some, config, n, rng, is_final, executor)

    connections = connection_counts(networks)
    smaller = [*map(int, np.flatnonzero(connections < connections[best])), best]
    first = returns(smaller, settings.validation_episodes, False).sum(axis=1)
    is_good = first >= SMALL_SHARE * first[-1]
    by_size = [k for k in np.argsort(connections[smaller], kind="stable") if is_good[k]]
    finalists = [*map(int, by_size[: settings.finalists]), len(smaller) - 1]
    more = returns([smaller[k] for k in finalists], settings.final_episodes, False).sum(axis=1)
    totals = first[finalists] + more
    # the best itself is among them
    chosen = smaller[finalists[int(np.argmax(totals >= SMALL_SHARE * totals[-1]))]]
    last = returns([chosen], settings.final_episodes, True)
    return Validation(chosen, float(last.mean()), float(last.std()), settings.final_episodes)
