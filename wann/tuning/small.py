"""Small budgets: examinations and the choice shrink, so that all of a tuning stays within them.

A budget that holds the usual examinations and the usual choice changes nothing.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from wann.executor import Executor
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.tasks.base import Task, sweep, sweep_weighted
from wann.tuning.budget import Budget
from wann.tuning.journal import Kind
from wann.tuning.plan import Plan
from wann.tuning.random import TuningStream, tuning_rng
from wann.tuning.score import HIGH, LOW

# parts of a small budget: examinations and the choice; the sweeps of what is started from
_OVERHEAD, _START = 0.25, 0.2
# episodes that a start should get while exploring
_EACH_START = 1024
_PROBES = 64


def usual_cost(plan: Plan) -> int:
    """Episodes of the examinations that a plan cannot do without, and of its choice."""
    n_examined, n = 0, plan.starts
    for _ in plan.exploring_generations:
        n_examined += n if n > 1 else 0
        n = -(-n // 2)
    for number, n_contenders in enumerate(plan.contenders):
        n = min(n, n_contenders)
        n_examined += n * (2 if number and n > 1 else 1)
    return n_examined * plan.examination + (plan.finalists + 2) * plan.choice


def fitting(plan: Plan, evaluations: float) -> Plan:
    """The plan, or a smaller one for fewer episodes than its examinations and its choice take.

    Args:
        plan: the usual one.
        evaluations: of the whole tuning.
    """
    if evaluations >= usual_cost(plan):
        return plan
    starts = int(np.clip(plan.exploring_share * evaluations / _EACH_START, 1, plan.starts))
    finalists = int(np.clip(evaluations / 1000, 1, plan.finalists))
    contenders = tuple(min(n, starts) for n in plan.contenders)
    small = replace(plan, starts=starts, finalists=finalists, contenders=contenders)
    factor = _OVERHEAD * evaluations / usual_cost(small)
    choice = max(1, int(factor * plan.choice))
    reserved = (finalists + 2) * choice
    episodes = max(1, int(evaluations / 1000))
    return replace(
        small,
        examination=max(1, int(factor * plan.examination)),
        choice=choice,
        reserved=reserved,
        exploring_episodes=min(plan.exploring_episodes, episodes),
        refining_episodes=tuple(min(n, episodes) for n in plan.refining_episodes),
        refining_shares=tuple(
            share * max(0.0, 1.0 - reserved / evaluations) for share in plan.refining_shares
        ),
    )


def expected_evaluations(task: Task, network: Network, budget: Budget, executor: Executor) -> float:
    """Episodes that a budget allows: told, or of its seconds as far as the speed now tells.

    Args:
        task, network: that are tuned.
        budget: of evaluations or seconds; evaluations win.
        executor: runs some episodes, whose kernels are then ready too.
    """
    if budget.evaluations is not None:
        return budget.evaluations
    assert budget.limit is not None

    def measure() -> float:
        networks = stack_networks([network])
        weights = np.ones((1, network.n_connections))
        trials = task.draw_trials(_PROBES, tuning_rng(0, TuningStream.PROBE))
        # the kernels come from the cache, or are compiled
        sweep_weighted(task, networks, weights, trials[:1], precision="float32")
        sweep_weighted(task, networks, weights, trials[:1], precision="float64")
        begin = time.perf_counter()
        n = 0
        while n < 16 * _PROBES and time.perf_counter() - begin < 0.02 * (budget.limit or 1.0):
            sweep_weighted(task, networks, weights, trials, executor=executor)
            n += _PROBES
        if n == 0:
            return 1.0
        return n / (time.perf_counter() - begin)

    return budget.speed(measure) * max(budget.limit - budget.seconds, 0.0)


def coarse_weight(
    task: Task, network: Network, budget: Budget, evaluations: float, seed: int, executor: Executor
) -> float:
    """A shared weight to start from, by a sweep that is small enough.

    Args:
        task, network: that are tuned.
        budget: counts the episodes.
        evaluations: of the whole tuning.
        seed: of the episodes.
        executor: runs them.
    """
    n = int(_START * evaluations)
    n_weights = int(np.clip(n // 2, 1, 41))
    n_episodes = max(1, min(n // n_weights, task.episode_numbers.sweep))
    if n < 2:
        return 1.0
    weights = np.linspace(LOW, HIGH, n_weights) if n_weights > 1 else np.ones(1)

    def best() -> float:
        trials = task.draw_trials(n_episodes, tuning_rng(seed, TuningStream.PROBE, 1))
        networks = stack_networks([network])
        returns = sweep(task, networks, weights, trials, executor=executor).returns[0]
        return float(weights[np.argmax(returns.mean(axis=1))])

    budget.used += n_weights * n_episodes
    return float(budget.journal.recall(Kind.START, best)[0])
