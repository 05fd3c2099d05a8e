"""Tunes a champion: the best shared weight, or a weight for each connection."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, NamedTuple

from wann.errors import NetworkError, TaskError
from wann.formats.champion import Champion
from wann.genome.network import Network
from wann.tasks.base import Executor, Task
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tuning.adam import tune_adam
from wann.tuning.batches import tune_on_batches
from wann.tuning.budget import Budget
from wann.tuning.champion import best_weight_of, task_of_champion
from wann.tuning.cma_es import DIAGONAL, CmaEs
from wann.tuning.evaluation import shared_score, tuned_weights_score
from wann.tuning.individual import OnProgress, Tuning, tune_individual
from wann.tuning.pepg import Pepg
from wann.tuning.score import Score
from wann.tuning.shared import tune_shared

Method = Literal["shared", "cma", "pepg", "adam"]


METHOD_NAMES = {"cma": "CMA-ES", "pepg": "PEPG", "adam": "Adam"}


class _Tuner(NamedTuple):
    """A way to individual weights.

    Attributes:
        tune: takes the task, the network and the named arguments of ``tune_individual``.
        work: episodes times connections of the default budget.
        most: episodes of the default budget, at most.
    """

    tune: Callable[..., Tuning]
    work: int
    most: int = 20_000_000


_BATCHES = 50_000_000_000, 60_000_000

# by the kind of the task's measure and by the method. About a hundred seconds on two cores for the
# networks of the paper's size; by gradients about twenty for 1500 connections
_TUNERS: Mapping[str, Mapping[str, _Tuner]] = {
    "return": {
        "cma": _Tuner(partial(tune_individual, make_optimiser=CmaEs), 1_000_000_000),
        "pepg": _Tuner(partial(tune_individual, make_optimiser=Pepg), 1_000_000_000),
    },
    "accuracy": {
        "cma": _Tuner(partial(tune_on_batches, make_optimiser=DIAGONAL), *_BATCHES),
        "pepg": _Tuner(partial(tune_on_batches, make_optimiser=Pepg), *_BATCHES),
        "adam": _Tuner(tune_adam, 30_000_000_000),
    },
}


def default_evaluations(task: Task, network: Network, method: Method = "cma") -> int:
    """Episodes of a tuning without a budget: the task's number, or fewer for a larger network."""
    number = task.episode_numbers.tuning
    if number:
        return number
    tuners = _TUNERS[task.measure.kind]
    tuner = tuners.get(method, tuners["cma"])
    return min(tuner.most, tuner.work // max(network.n_connections, 1))


@dataclass(frozen=True)
class TuneSettings:
    """How a champion is tuned.

    Attributes:
        method: "shared": one weight; "cma", "pepg", "adam": a weight for each connection; "adam"
            is for classification only, where "cma" is diagonal and meets batches of samples.
        evaluations: budget in episodes; None with ``seconds`` None too: the default.
        seconds: budget in wall time; with it the result depends on the machine.
        seed: of all random numbers.
        episodes: fresh ones, of the scores that are reported; None: the task's number.
    """

    method: Method = "cma"
    evaluations: int | None = None
    seconds: float | None = None
    seed: int = 0
    episodes: int | None = None


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
    """

    champion: Champion
    before: Score
    after: Score
    seconds: float
    evaluations: int
    ended_by: str
    merit: float = math.nan


def _check_method(task: Task, method: Method) -> None:
    if method != "shared" and method not in _TUNERS[task.measure.kind]:
        raise TaskError(
            f"method {method!r} needs a classification task, and {task.name!r} is none; "
            f"allowed here: {', '.join(['shared', *_TUNERS[task.measure.kind]])}"
        )


def tune_champion(
    champion: Champion,
    settings: TuneSettings,
    *,
    executor: Executor,
    place: DataPlace = USUAL_PLACE,
    on_progress: OnProgress = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TunedChampion:
    """Tunes a champion and scores it on fresh episodes in float64.

    Args:
        champion: of a known task; it stays as it is.
        settings: how.
        executor: runs the rollouts.
        place: of the task's data, as in ``task_of_champion``.
        on_progress: is told after every generation.
        should_stop: asked now and then; true: the best so far is the result.

    Raises:
        TaskError: the task is unknown, or does not fit the network or the method.
        NetworkError: the network has no connections.
    """
    task, network = task_of_champion(champion, place), champion.network
    if network.n_connections == 0:
        raise NetworkError("the champion has no connections: there are no weights to tune")
    _check_method(task, settings.method)
    task.prepare()
    episodes = settings.episodes or task.episode_numbers.report
    start = best_weight_of(task, champion)
    before = shared_score(task, network, start, episodes, settings.seed)
    scores: dict[str, Any] = dict(champion.scores)
    about: dict[str, Any] = {"method": settings.method, "seed": settings.seed}
    seconds = settings.seconds
    evaluations = settings.evaluations
    if evaluations is None and seconds is None:
        evaluations = default_evaluations(task, network, settings.method)
    budget = Budget(evaluations, seconds, should_stop)
    if settings.method == "shared":
        weight = tune_shared(task, network, seed=settings.seed, executor=executor)
        after = shared_score(task, network, weight, episodes, settings.seed)
        protocol = "golden-section search about the best of a sweep over [-2, 2]"
        scores["tuned_shared_weight"] = after.to_dict() | {"protocol": protocol}
        provenance = dict(champion.provenance) | {"tuning": about}
        tuned = replace(champion, scores=scores, provenance=provenance)
        return TunedChampion(tuned, before, after, budget.seconds, 0, "evaluations")
    made = _TUNERS[task.measure.kind][settings.method].tune(
        task,
        network,
        start_weight=start,
        budget=budget,
        seed=settings.seed,
        executor=executor,
        on_progress=on_progress,
    )
    weights = tuple(map(float, made.weights))
    after = tuned_weights_score(task, network, weights, episodes, settings.seed, executor=executor)
    name = METHOD_NAMES[settings.method]
    scores["tuned_weights"] = after.to_dict() | {
        "protocol": f"individual weights, tuned by {name} on {task.measure.tuned_on}; float64"
    }
    about |= {
        "start_weight": made.start_weight,
        "evaluations": made.evaluations,
        "generations": made.generations,
        "ended_by": made.ended_by,
    }
    tuned = replace(
        champion,
        scores=scores,
        provenance=dict(champion.provenance) | {"tuning": about},
        tuned_weights=weights,
    )
    return TunedChampion(
        tuned, before, after, made.seconds, made.evaluations, made.ended_by, made.merit
    )
