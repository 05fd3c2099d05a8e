"""What a tuning may cost in all, and what it starts from within that."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from wann.executor import Executor
from wann.formats.champion import Champion
from wann.genome.network import Network
from wann.tasks.base import Task
from wann.tuning.budget import Budget
from wann.tuning.champion import best_weight_of, known_weight_of
from wann.tuning.journal import Journal, Kind
from wann.tuning.plan import plan_for
from wann.tuning.small import coarse_weight, expected_evaluations, fitting, usual_cost
from wann.tuning.structures import structures_to_tune
from wann.tuning.tuners import Method, TuneSettings, default_evaluations, tunes_structures

# below them the best shared weight of a classifier is looked for with fewer samples too
_FEW_SAMPLES = 1000
# of a small budget, for the sweep over the structures of a run
_SWEEP_SHARE = 0.25


def budget_of(
    task: Task,
    network: Network,
    settings: TuneSettings,
    should_stop: Callable[[], bool],
    journal: Journal,
) -> Budget:
    """The budget of the settings, or the usual one."""
    is_given = settings.evaluations is not None or settings.seconds is not None
    evaluations = settings.evaluations
    if not is_given:
        evaluations = default_evaluations(task, [network], settings.method)
    budget = Budget(evaluations, settings.seconds, should_stop, journal)
    budget.is_given = is_given
    return budget


def allowed_evaluations(task: Task, network: Network, budget: Budget, executor: Executor) -> float:
    """Evaluations that all may take together; infinite where nobody has said."""
    if not budget.is_given:
        return math.inf
    if budget.evaluations is None and task.measure.is_per_cent:
        return math.inf  # samples are so fast that nothing has to shrink
    return expected_evaluations(task, network, budget, executor)


def does_not_hold(task: Task, method: Method, evaluations: float) -> bool:
    """Whether evaluations are too few for the usual examinations and the usual choice."""
    if tunes_structures(task, method):
        return evaluations < usual_cost(plan_for(task))
    return evaluations < _FEW_SAMPLES


def start_of(
    task: Task,
    champion: Champion,
    settings: TuneSettings,
    budget: Budget,
    allowed: float,
    executor: Executor,
) -> float:
    """The best shared weight of a champion; of a small budget, by a small sweep."""
    known = known_weight_of(champion)
    if known is not None:
        return known
    if does_not_hold(task, settings.method, allowed):
        return coarse_weight(task, champion.network, budget, allowed, settings.seed, executor)
    found = budget.journal.recall(
        Kind.START, lambda: best_weight_of(task, champion, executor=executor)
    )
    return float(found[0])


def structures_of(
    task: Task,
    lineages: Sequence[Sequence[Network]],
    settings: TuneSettings,
    budget: Budget,
    allowed: float,
    executor: Executor,
) -> tuple[list[Network], list[float]]:
    """The structures that are tuned together, and their best shared weights."""
    is_small = does_not_hold(task, settings.method, allowed)
    networks, starts = structures_to_tune(
        task,
        lineages,
        budget=budget,
        seed=settings.seed,
        executor=executor,
        evaluations=_SWEEP_SHARE * allowed if is_small else math.inf,
    )
    n = fitting(plan_for(task), allowed).starts if is_small else len(networks)
    return networks[:n], starts[:n]
