"""The best shared weight: a sweep, then golden-section search around its best.

Source: Kiefer 1953, "Sequential minimax search for a maximum".
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from wann.executor import Executor
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.tasks.base import Task, sweep
from wann.tuning.evaluation import best_shared_weight
from wann.tuning.random import TuningStream, tuning_rng
from wann.tuning.returns import SWEEP_STEP
from wann.tuning.score import HIGH, LOW

_RATIO = (math.sqrt(5.0) - 1.0) / 2.0
_TOLERANCE = 1e-4


def golden_section(
    function: Callable[[float], float], low: float, high: float, tolerance: float
) -> float:
    """Where a function with one peak is the highest.

    Args:
        function: is called once for each point.
        low, high: the ends of the interval.
        tolerance: width of the interval that is left; the result is its better inner point.
    """
    left, right = high - _RATIO * (high - low), low + _RATIO * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > tolerance:
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - _RATIO * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _RATIO * (high - low)
            at_right = function(right)
    return left if at_left >= at_right else right


def tune_shared(
    task: Task, network: Network, *, seed: int, executor: Executor | None = None
) -> float:
    """The best shared weight in [-2, 2], finer than the sweep of 0.02.

    The best of the sweep is refined by golden-section search between its neighbours; the mean
    return over many episodes has not only one peak, so that the better of the two is taken, on
    episodes of their own.

    Args:
        task: the task.
        network: the structure.
        seed: of the episodes.
        executor: runs the rollouts; None: in this thread.
    """
    networks = stack_networks([network])
    rng, numbers = tuning_rng(seed, TuningStream.SHARED), task.episode_numbers

    def means(weights: list[float], trials: np.ndarray) -> np.ndarray:
        returns = sweep(task, networks, np.array(weights), trials, executor=executor).returns[0]
        mean: np.ndarray = returns.mean(axis=1)
        return mean

    coarse = best_shared_weight(task, network, seed, executor)
    # all weights of the search meet the same episodes; the choice at the end has its own
    trials = task.draw_trials(numbers.refine, rng)
    fine = golden_section(
        lambda weight: float(means([weight], trials)[0]),
        max(LOW, coarse - SWEEP_STEP),
        min(HIGH, coarse + SWEEP_STEP),
        _TOLERANCE,
    )
    candidates = [coarse, fine]
    return candidates[int(means(candidates, task.draw_trials(numbers.choice, rng)).argmax())]
