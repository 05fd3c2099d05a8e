"""Tunes a champion: the best shared weight, or a weight for each connection."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from wann.errors import NetworkError
from wann.executor import Executor
from wann.formats.champion import Champion
from wann.genome.network import Network
from wann.tasks.base import Task
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tuning.allowance import (
    allowed_evaluations,
    budget_of,
    does_not_hold,
    start_of,
    structures_of,
)
from wann.tuning.budget import Budget
from wann.tuning.champion import best_weight_of, known_weight_of, task_of_champion
from wann.tuning.evaluation import shared_score, tuned_weights_score
from wann.tuning.journal import Journal
from wann.tuning.plan import OnProgress, Tuning, plan_for
from wann.tuning.score import Score
from wann.tuning.shared import tune_shared
from wann.tuning.shared import usual_cost as usual_cost_of_shared
from wann.tuning.small import coarse_weight, fitting, usual_cost
from wann.tuning.tuners import METHOD_NAMES as METHOD_NAMES
from wann.tuning.tuners import TUNERS, check_method
from wann.tuning.tuners import TuneSettings as TuneSettings
from wann.tuning.tuners import default_evaluations as default_evaluations
from wann.tuning.tuners import tunes_structures as tunes_structures


@dataclass(frozen=True)
class TunedChampion:
    """What came of a tuning.

    Attributes:
        champion: with its new scores, and with tuned weights if these were asked for.
        before: with the best shared weight, of the sweep.
        after: of the tuned weight or weights, on the same number of fresh episodes; of a
            classification both are the accuracy on all test samples, in per cent.
        seconds: wall time of the tuning.
        evaluations: episodes of the tuning.
        ended_by: "evaluations", "seconds", "stop" or, with "adam", "patience".
        merit: of individual weights, on the data that chose them; see ``Tuning``.
        structures: that were tuned together.
    """

    champion: Champion
    before: Score
    after: Score
    seconds: float
    evaluations: int
    ended_by: str
    merit: float = math.nan
    structures: int = 1


def _id_of(budget: Budget) -> dict[str, str]:
    return {"id": budget.journal.tuning} if budget.journal.tuning else {}


def _tune_individual(
    task: Task,
    networks: Sequence[Network],
    starts: Sequence[float],
    budget: Budget,
    settings: TuneSettings,
    executor: Executor,
    on_progress: OnProgress,
    allowed: float,
    incumbent: tuple[Network, float],
) -> Tuning:
    """Individual weights by the method of the settings."""
    tuner = TUNERS[task.measure.kind][settings.method]
    if tuner.takes_structures:
        usual = plan_for(task)
        is_small = allowed < usual_cost(usual)
        tune = partial(
            tuner.tune,
            task,
            networks,
            start_weights=starts,
            incumbent=incumbent,
            plan=fitting(usual, max(allowed - budget.used, 1.0)) if is_small else usual,
        )
    else:
        tune = partial(tuner.tune, task, networks[0], start_weight=starts[0])
    return tune(budget=budget, seed=settings.seed, executor=executor, on_progress=on_progress)


def _of_another_structure(champion: Champion, network: Network) -> Champion:
    """A champion of the same run, chosen for its individual weights; it has no scores yet."""
    provenance = dict(champion.provenance) | {"chosen_for": "individual weights"}
    return replace(champion, network=network, scores={}, provenance=provenance, tuned_weights=None)


def tune_champion(
    champion: Champion,
    settings: TuneSettings,
    *,
    executor: Executor,
    lineages: Sequence[Sequence[Network]] = (),
    place: DataPlace = USUAL_PLACE,
    on_progress: OnProgress = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    open_journal: Callable[[Task], Journal] = lambda _: Journal(),
) -> TunedChampion:
    """Tunes a champion and scores it on fresh episodes in float64.

    Whatever is tuned, on the episodes of the last choice the result is at least as good as the
    champion with its best shared weight. A budget that does not hold the usual examinations and the
    usual choice makes them smaller, and then holds them all.

    Args:
        champion: of a known task; it stays as it is.
        settings: how.
        lineages: other structures of the same run, those of a kin together, first the champion's;
            the result is of that which does best, among those that are worth tuning (see
            ``structures_to_tune``).
        executor: runs the rollouts.
        place: of the task's data, as in ``task_of_champion``.
        on_progress: is told after every generation.
        should_stop: asked now and then; true: the best so far is the result.
        open_journal: gives what the tuning was told, if it goes on; it takes down what it is told.

    Raises:
        TaskError: the task is unknown, or does not fit the network or the method.
        NetworkError: the network has no connections.
        FormatError: the journal is not of this tuning.
    """
    task = task_of_champion(champion, place)
    if champion.network.n_connections == 0:
        raise NetworkError("the champion has no connections: there are no weights to tune")
    check_method(task, settings.method, bool(lineages))
    task.prepare()
    budget = budget_of(task, champion.network, settings, should_stop, open_journal(task))
    episodes = settings.episodes or task.episode_numbers.report
    if settings.method == "shared":
        return _tune_shared(task, champion, settings, episodes, budget, executor)
    allowed = allowed_evaluations(task, champion.network, budget, executor)
    start = start_of(task, champion, settings, budget, allowed, executor)
    networks, starts = [champion.network], [start]
    if lineages:
        everyone = [[champion.network, *lineages[0]], *lineages[1:]]
        networks, starts = structures_of(task, everyone, settings, budget, allowed, executor)
    if not budget.is_given:
        budget.evaluations = default_evaluations(task, networks, settings.method)
    made = _tune_individual(
        task,
        networks,
        starts,
        budget,
        settings,
        executor,
        on_progress,
        allowed,
        (champion.network, start),
    )
    about: dict[str, Any] = {
        "method": settings.method,
        "seed": settings.seed,
        "start_weight": made.start_weight,
        "evaluations": made.evaluations,
        "generations": made.generations,
        "ended_by": made.ended_by,
    } | _id_of(budget)
    network = [*networks, champion.network][made.structure]
    weight = start
    if network != champion.network:
        about["structures"] = len(networks)
        champion = _of_another_structure(champion, network)
        is_small = allowed < math.inf and does_not_hold(task, settings.method, allowed)
        weight = made.start_weight
        if not is_small:
            weight = best_weight_of(task, champion, executor=executor)
    before = shared_score(task, network, weight, episodes, settings.seed, executor)
    weights = tuple(map(float, made.weights))
    after = tuned_weights_score(task, network, weights, episodes, settings.seed, executor=executor)
    name = METHOD_NAMES[settings.method]
    protocol = f"individual weights, tuned by {name} on {task.measure.tuned_on}; float64"
    tuned = replace(
        champion,
        scores=dict(champion.scores) | {"tuned_weights": after.to_dict() | {"protocol": protocol}},
        provenance=dict(champion.provenance) | {"tuning": about},
        tuned_weights=weights,
    )
    return TunedChampion(
        tuned,
        before,
        after,
        made.seconds,
        made.evaluations,
        made.ended_by,
        made.merit,
        len(networks),
    )


def _tune_shared(
    task: Task,
    champion: Champion,
    settings: TuneSettings,
    episodes: int,
    budget: Budget,
    executor: Executor,
) -> TunedChampion:
    """The best shared weight."""
    network = champion.network
    allowed = allowed_evaluations(task, network, budget, executor)
    if allowed < usual_cost_of_shared(task) and known_weight_of(champion) is None:
        start = coarse_weight(task, network, budget, allowed, settings.seed, executor)
    else:
        start = start_of(task, champion, settings, budget, math.inf, executor)
    before = shared_score(task, network, start, episodes, settings.seed, executor)
    weight = tune_shared(
        task,
        network,
        seed=settings.seed,
        executor=executor,
        start_weight=start,
        budget=budget,
        evaluations=allowed,
    )
    after = shared_score(task, network, weight, episodes, settings.seed, executor)
    protocol = "golden-section search about the best of a sweep over [-2, 2]"
    score = after.to_dict() | {"protocol": protocol}
    about = {"method": settings.method, "seed": settings.seed} | _id_of(budget)
    tuned = replace(
        champion,
        scores=dict(champion.scores) | {"tuned_shared_weight": score},
        provenance=dict(champion.provenance) | {"tuning": about},
    )
    used = budget.used if budget.is_given else 0
    ended_by = "stop" if budget.is_stopped else "evaluations"
    return TunedChampion(tuned, before, after, budget.seconds, used, ended_by)
