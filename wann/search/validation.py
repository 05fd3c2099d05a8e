"""Chooses the champion on episodes that the search has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wann.genome.compile import take_networks
from wann.kernels.forward import NetworkArrays
from wann.search.config import Config
from wann.search.random import Stream, stream_rng
from wann.tasks.base import Executor, Task
from wann.tasks.weights import draw_weights


@dataclass(frozen=True)
class Validation:
    """The chosen one, and its score on episodes that did not choose it.

    Attributes:
        chosen: number of the chosen network.
        mean, std: of the return with a random shared weight.
        episodes: number of episodes of ``mean`` and ``std``.
    """

    chosen: int
    mean: float
    std: float
    episodes: int


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
    return task.rollout(
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
