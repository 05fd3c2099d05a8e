"""Scores of tasks whose measure is the return of episodes.

Source: Gaier & Ha 2019, section 4, table 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.executor import Executor
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.tasks.base import Task, rollout_individual, rollout_shared, sweep, sweep_weighted
from wann.tuning.score import HIGH, LOW, N_PROFILE, Profile, Score

SWEEP_STEP = 0.02
# the sweep is narrowed down in two rounds: all weights, then the best of them
_N_FINALISTS = 12


class _Part(IntEnum):
    RANDOM_WEIGHTS = 0
    RANDOM_SHARED = 1
    TUNING = 2
    TUNED_SHARED = 3
    PROFILE = 4
    TUNED_WEIGHTS = 5


def _rng(seed: int, part: _Part) -> np.random.Generator:
    # far from the streams of a search with the same seed
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1000, part)))


def random_weights_score(
    task: Task, network: Network, episodes: int, seed: int, executor: Executor | None = None
) -> Score:
    """Every connection of every episode has its own weight from U(-2, 2)."""
    rng = _rng(seed, _Part.RANDOM_WEIGHTS)
    weights = rng.uniform(LOW, HIGH, (network.n_connections, episodes))
    trials = task.draw_trials(episodes, rng)
    if network.n_connections == 0:
        return random_shared_score(task, network, episodes, seed, executor)
    networks = stack_networks([network])
    return Score.of(rollout_individual(task, networks, weights, trials, executor=executor).returns)


def random_shared_score(
    task: Task, network: Network, episodes: int, seed: int, executor: Executor | None = None
) -> Score:
    """Every episode has one weight from U(-2, 2), shared by all connections."""
    rng = _rng(seed, _Part.RANDOM_SHARED)
    weights, trials = rng.uniform(LOW, HIGH, episodes), task.draw_trials(episodes, rng)
    networks = stack_networks([network])
    return Score.of(rollout_shared(task, networks, weights, trials, executor=executor).returns)


class ReturnScorer:
    """The scores of networks on fresh episodes; see ``wann.tuning.evaluation.Scorer``."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def best_shared_weight(
        self, network: Network, seed: int, executor: Executor | None = None
    ) -> float:
        """The best weight of a sweep of 0.02 over [-2, 2]."""
        task, networks = self.task, stack_networks([network])
        rng, numbers = _rng(seed, _Part.TUNING), task.episode_numbers
        grid = np.round(np.arange(LOW, HIGH + SWEEP_STEP / 2, SWEEP_STEP), 10)
        trials = task.draw_trials(numbers.sweep, rng)
        first = sweep(task, networks, grid, trials, executor=executor).returns[0]
        finalists = np.sort(np.argsort(-first.mean(axis=1), kind="stable")[:_N_FINALISTS])
        trials = task.draw_trials(numbers.sweep_finalists, rng)
        second = sweep(task, networks, grid[finalists], trials, executor=executor).returns[0]
        pooled = np.concatenate([first[finalists], second], axis=1).mean(axis=1)
        return float(grid[finalists[np.argmax(pooled)]])

    def shared(
        self,
        network: Network,
        weight: float,
        episodes: int,
        seed: int,
        executor: Executor | None = None,
    ) -> Score:
        """All episodes have the same shared weight."""
        task, weights = self.task, np.full(episodes, weight)
        trials = task.draw_trials(episodes, _rng(seed, _Part.TUNED_SHARED))
        networks = stack_networks([network])
        returns = rollout_shared(task, networks, weights, trials, executor=executor).returns
        return Score.of(returns, weight=weight)

    def individual(
        self,
        network: Network,
        weights: Sequence[float],
        episodes: int,
        seed: int,
        executor: Executor | None = None,
    ) -> Score:
        """All episodes have the same individual weights."""
        task, rows = self.task, np.array(weights, np.float64)[None]
        trials = task.draw_trials(episodes, _rng(seed, _Part.TUNED_WEIGHTS))
        networks = stack_networks([network])
        return Score.of(sweep_weighted(task, networks, rows, trials, executor=executor).returns)

    def profile(
        self,
        network: Network,
        weights: NDArray[np.float64],
        episodes: int,
        seed: int,
        executor: Executor | None = None,
    ) -> Profile:
        """Mean and standard deviation of the return at each weight."""
        task, networks = self.task, stack_networks([network])
        trials = task.draw_trials(episodes, _rng(seed, _Part.PROFILE))
        returns = sweep(task, networks, weights, trials, executor=executor).returns[0]
        return Profile(weights, returns.mean(axis=1), returns.std(axis=1), episodes)

    def merit(
        self,
        network: Network,  # noqa: ARG002
        scores: Mapping[str, Any],
        *,
        is_one_weight: bool,
        executor: Executor | None = None,  # noqa: ARG002
    ) -> float:
        """The score itself: no other choice was made on its episodes."""
        name = "tuned_shared_weight" if is_one_weight else "random_shared_weight"
        return float(scores[name]["mean"])

    def everything(
        self, network: Network, episodes: int, seed: int, executor: Executor | None = None
    ) -> dict[str, Any]:
        """As ``evaluate_network``."""
        task, given = self.task, (episodes, seed, executor)
        grid = np.round(np.linspace(LOW, HIGH, N_PROFILE), 10)
        profile = self.profile(network, grid, max(20, episodes // 5), seed, executor)
        shared = random_shared_score(task, network, *given).to_dict()
        weight = self.best_shared_weight(network, seed, executor)
        return {
            "random_weights": random_weights_score(task, network, *given).to_dict(),
            "random_shared_weight": shared | {"std_within_weight": profile.std_within_weight},
            "tuned_shared_weight": self.shared(network, weight, *given).to_dict(),
            "profile": profile.to_dict(),
            "network": {
                "nodes": network.n_nodes,
                "hidden": network.n_hidden,
                "connections": network.n_connections,
            },
        }
