"""The paper's protocol: how well a structure does with weights it was not made for.

Source: Gaier & Ha 2019, section 4, table 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wann.checks import number, numbers, whole_number
from wann.executor import Executor
from wann.genome.network import Network
from wann.limits import MOST_EPISODES
from wann.tasks.base import Task, check_network
from wann.tuning.classification import AccuracyScorer
from wann.tuning.returns import ReturnScorer
from wann.tuning.score import HIGH, LOW, N_PROFILE, Profile, Score


class Scorer(Protocol):
    """Scores networks on a task; the functions of this module say what each score is."""

    def best_shared_weight(
        self, network: Network, seed: int, executor: Executor | None = None
    ) -> float:
        """See ``best_shared_weight``."""

    def shared(
        self,
        network: Network,
        weight: float,
        episodes: int,
        seed: int,
        executor: Executor | None = None,
    ) -> Score:
        """See ``shared_score``."""

    def individual(
        self,
        network: Network,
        weights: Sequence[float],
        episodes: int,
        seed: int,
        executor: Executor | None = None,
    ) -> Score:
        """See ``tuned_weights_score``."""

    def profile(
        self,
        network: Network,
        weights: NDArray[np.float64],
        episodes: int,
        seed: int,
        executor: Executor | None = None,
    ) -> Profile:
        """See ``weight_profile``."""

    def merit(
        self,
        network: Network,
        scores: Mapping[str, Any],
        *,
        is_one_weight: bool,
        executor: Executor | None = None,
    ) -> float:
        """What networks with such scores may be compared by, to choose one of them.

        Args:
            network: the structure.
            scores: as ``everything`` gives them.
            is_one_weight: whether the best shared weight counts, or random ones.
            executor: as for ``evaluate_network``.
        """

    def everything(
        self, network: Network, episodes: int, seed: int, executor: Executor | None = None
    ) -> dict[str, Any]:
        """See ``evaluate_network``."""


# by the kind of the task's measure
_SCORERS: Mapping[str, Callable[[Any], Scorer]] = {
    "return": ReturnScorer,
    "accuracy": AccuracyScorer,
}


def scorer_of(task: Task) -> Scorer:
    """Who scores networks on a task."""
    return _SCORERS[task.measure.kind](task)


def _checked_scorer(task: Task, network: Network, seed: int, episodes: int = 1) -> Scorer:
    """The same; raises ValueError for numbers that are none, and TaskError for other networks."""
    check_network(network, task)
    whole_number(seed, "seed", 0)
    whole_number(episodes, "episodes", 1, MOST_EPISODES)
    return scorer_of(task)


def best_shared_weight(
    task: Task, network: Network, seed: int, executor: Executor | None = None
) -> float:
    """The best weight of a sweep of 0.02 over [-2, 2]; of a classifier by its accuracy.

    For classifiers see ``best_weight_for_accuracy``.
    """
    return _checked_scorer(task, network, seed).best_shared_weight(network, seed, executor)


def shared_score(
    task: Task,
    network: Network,
    weight: float,
    episodes: int,
    seed: int,
    executor: Executor | None = None,
) -> Score:
    """All episodes have the same shared weight; of a classifier the test accuracy in per cent."""
    scorer = _checked_scorer(task, network, seed, episodes)
    return scorer.shared(network, number(weight, "weight"), episodes, seed, executor)


def tuned_weights_score(
    task: Task,
    network: Network,
    weights: Sequence[float],
    episodes: int,
    seed: int,
    executor: Executor | None = None,
) -> Score:
    """All episodes have the same individual weights, (n_connections,) of them.

    Of a classifier: the test accuracy in per cent.
    """
    scorer = _checked_scorer(task, network, seed, episodes)
    numbers(weights, "weights", (network.n_connections,))
    return scorer.individual(network, weights, episodes, seed, executor)


def weight_profile(
    task: Task,
    network: Network,
    episodes: int,
    seed: int,
    *,
    low: float = LOW,
    high: float = HIGH,
    n: int = N_PROFILE,
    executor: Executor | None = None,
) -> Profile:
    """Mean and standard deviation of the return at ``n`` shared weights from low to high.

    Of a classifier: the test accuracy in per cent, and its standard error.
    """
    scorer = _checked_scorer(task, network, seed, episodes)
    ends = number(low, "low"), number(high, "high")
    weights = np.round(np.linspace(*ends, whole_number(n, "n", 1)), 10)
    return scorer.profile(network, weights, episodes, seed, executor)


def evaluate_network(
    task: Task, network: Network, episodes: int, seed: int, *, executor: Executor | None = None
) -> dict[str, Any]:
    """All scores of the paper's table that need no training, on fresh episodes in float64.

    Args:
        task: the task.
        network: the structure.
        episodes: of each score; the profile takes a fifth of them, at least 20, at each weight.
        seed: of weights and episodes; the tuned weight is chosen on other episodes than its score.
        executor: runs the episodes, or blocks of samples; the result does not depend on it. None:
            in this thread.

    Returns:
        ``random_weights``, ``random_shared_weight`` (with ``std_within_weight``) and
        ``tuned_shared_weight`` (with ``weight``), each with mean, std and episodes; ``profile``;
        ``network`` with its numbers of nodes, hidden nodes and connections. Of a classifier:
        as ``evaluate_classifier``, on the whole test part.

    Raises:
        ValueError: episodes or seed are no such numbers.
        TaskError: the network has other inputs or outputs than the task.
    """
    scorer = _checked_scorer(task, network, seed, episodes)
    return scorer.everything(network, episodes, seed, executor)
