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
from wann.tuning.budget import Budget
from wann.tuning.evaluation import best_shared_weight
from wann.tuning.journal import Kind
from wann.tuning.random import TuningStream, tuning_rng
from wann.tuning.returns import N_FINALISTS, SWEEP_STEP
from wann.tuning.score import HIGH, LOW

_RATIO = (math.sqrt(5.0) - 1.0) / 2.0
_TOLERANCE = 1e-4
# that golden-section search looks at between two neighbours of the sweep
_POINTS = 15
# part of a small budget that is used when refining ends
_REFINED = 0.65


def golden_section(
    function: Callable[[float], float],
    low: float,
    high: float,
    tolerance: float,
    is_over: Callable[[], bool] = lambda: False,
) -> float:
    """Where a function with one peak is the highest.

    Args:
        function: is called once for each point.
        low, high: the ends of the interval.
        tolerance: width of the interval that is left; the result is its better inner point.
        is_over: asked after each point; true ends the search.
    """
    left, right = high - _RATIO * (high - low), low + _RATIO * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > tolerance and not is_over():
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - _RATIO * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _RATIO * (high - low)
            at_right = function(right)
    return left if at_left >= at_right else right


def usual_cost(task: Task) -> int:
    """Episodes of a search for the best shared weight without a budget, about."""
    numbers = task.episode_numbers
    n_sweep = round((HIGH - LOW) / SWEEP_STEP) + 1
    return (
        n_sweep * numbers.sweep
        + N_FINALISTS * numbers.sweep_finalists
        + _POINTS * numbers.refine
        + 3 * numbers.choice
    )


def tune_shared(
    task: Task,
    network: Network,
    *,
    seed: int,
    executor: Executor | None = None,
    start_weight: float | None = None,
    budget: Budget | None = None,
    evaluations: float = math.inf,
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
        start_weight: of the network so far; it takes part in the last choice, and is the result
            where there is none.
        budget: counts the episodes; its journal takes down what they gave.
        evaluations: that all may take. If they are fewer than usual, everything shrinks, and
            the weight to start from stands for the best of the sweep.
    """
    networks = stack_networks([network])
    rng, numbers = tuning_rng(seed, TuningStream.SHARED), task.episode_numbers
    budget = budget or Budget(evaluations=usual_cost(task))
    journal = budget.journal
    n_refine, n_choice, width = numbers.refine, numbers.choice, SWEEP_STEP

    def means(weights: list[float], trials: np.ndarray) -> np.ndarray:
        budget.used += len(weights) * len(trials)

        def computed() -> np.ndarray:
            returns = sweep(task, networks, np.array(weights), trials, executor=executor).returns[0]
            mean: np.ndarray = returns.mean(axis=1)
            return mean

        return journal.recall(Kind.SCORES, computed)

    is_small = evaluations < usual_cost(task) and start_weight is not None

    def is_used(part: float) -> bool:
        # nothing but a request to stop ends a search that has all it wants
        return budget.fraction >= part if is_small else budget.is_stopped

    if is_small:
        assert start_weight is not None
        # half of what there is to refine, the other half to choose
        coarse, width = start_weight, 0.1
        n_refine = min(n_refine, int(0.4 * evaluations) // _POINTS)
        n_choice = min(n_choice, int(0.35 * evaluations) // 3)
    else:
        coarse = float(
            journal.recall(Kind.START, lambda: best_shared_weight(task, network, seed, executor))[0]
        )
    fine = coarse
    if n_refine:
        # all weights of the search meet the same episodes; the choice at the end has its own
        trials = task.draw_trials(n_refine, rng)
        fine = golden_section(
            lambda weight: float(means([weight], trials)[0]),
            max(LOW, coarse - width),
            min(HIGH, coarse + width),
            _TOLERANCE * width / SWEEP_STEP,
            lambda: is_used(_REFINED),
        )
    if n_choice == 0 or is_used(1.0):
        return coarse if start_weight is None else start_weight
    candidates = [coarse, fine]
    if start_weight is not None and start_weight not in candidates:
        candidates.append(start_weight)
    return candidates[int(means(candidates, task.draw_trials(n_choice, rng)).argmax())]
