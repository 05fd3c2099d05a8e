"""Tunes a champion: the best shared weight, or a weight for each connection."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, NamedTuple

from wann.errors import NetworkError, TaskError
from wann.executor import Executor
from wann.formats.champion import Champion
from wann.genome.network import Network
from wann.tasks.base import Task
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tuning.adam import tune_adam
from wann.tuning.batches import tune_on_batches
from wann.tuning.budget import Budget
from wann.tuning.champion import best_weight_of, task_of_champion
from wann.tuning.cma_es import DIAGONAL, CmaEs
from wann.tuning.evaluation import shared_score, tuned_weights_score
from wann.tuning.individual import tune_structures
from wann.tuning.optimiser import MakeOptimiser
from wann.tuning.pepg import Pepg
from wann.tuning.plan import OnProgress, Tuning
from wann.tuning.score import Score
from wann.tuning.shared import tune_shared
from wann.tuning.structures import structures_to_tune

Method = Literal["shared", "cma", "pepg", "adam"]


METHOD_NAMES = {"cma": "CMA-ES", "pepg": "PEPG", "adam": "Adam"}


class _Tuner(NamedTuple):
    """A way to individual weights.

    Attributes:
        tune: takes the task and the named arguments of ``tune_structures``, or those of
            ``tune_individual``.
        work: episodes times connections of the default budget.
        most: episodes of the default budget, at most.
        takes_structures: whether it tunes several structures together.
    """

    tune: Callable[..., Tuning]
    work: int
    most: int = 20_000_000
    takes_structures: bool = False


_OPTIMISERS: tuple[tuple[Method, MakeOptimiser], ...] = (("cma", CmaEs), ("pepg", Pepg))
_BATCHES = 50_000_000_000, 60_000_000

# by the kind of the task's measure and by the method. About a hundred seconds on two cores for the
# networks of the paper's size; by gradients about twenty for 1500 connections
_TUNERS: Mapping[str, Mapping[Method, _Tuner]] = {
    "return": {
        name: _Tuner(
            partial(tune_structures, make_optimiser=optimiser),
            1_000_000_000,
            takes_structures=True,
        )
        for name, optimiser in _OPTIMISERS
    },
    "accuracy": {
        "cma": _Tuner(partial(tune_on_batches, make_optimiser=DIAGONAL), *_BATCHES),
        "pepg": _Tuner(partial(tune_on_batches, make_optimiser=Pepg), *_BATCHES),
        "adam": _Tuner(tune_adam, 30_000_000_000),
    },
}


def tunes_structures(task: Task, method: Method) -> bool:
    """Whether a method tunes several structures together on a task."""
    tuner = _TUNERS[task.measure.kind].get(method)
    return tuner is not None and tuner.takes_structures


def default_evaluations(task: Task, networks: Sequence[Network], method: Method = "cma") -> int:
    """Episodes of a tuning that nobody set a budget for: the task's, or fewer for larger networks.

    Args:
        task: of the networks.
        networks: that are tuned together: their mean size counts.
        method: of the tuning.
    """
    if task.episode_numbers.tuning:
        return task.episode_numbers.tuning
    total = sum(network.n_connections for network in networks)
    tuners = _TUNERS[task.measure.kind]
    tuner = tuners.get(method, tuners["cma"])
    return min(tuner.most, tuner.work // max(total // len(networks), 1))


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


def _check_method(task: Task, method: Method, has_structures: bool) -> None:
    if method != "shared" and method not in _TUNERS[task.measure.kind]:
        raise TaskError(
            f"method {method!r} needs a classification task, and {task.name!r} is none; "
            f"allowed here: {', '.join(['shared', *_TUNERS[task.measure.kind]])}"
        )
    if has_structures and not tunes_structures(task, method):
        several = [name for name in _TUNERS[task.measure.kind] if tunes_structures(task, name)]
        raise TaskError(
            f"method {method!r} tunes a single structure of task {task.name!r}, not the best of a "
            f"run's structures; methods that do: {', '.join(several) or 'none'}"
        )


def _tune_individual(
    task: Task,
    networks: Sequence[Network],
    starts: Sequence[float],
    budget: Budget,
    settings: TuneSettings,
    executor: Executor,
    on_progress: OnProgress,
) -> Tuning:
    """Individual weights by the method of the settings."""
    tuner = _TUNERS[task.measure.kind][settings.method]
    if tuner.takes_structures:
        tune = partial(tuner.tune, task, networks, start_weights=starts)
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
) -> TunedChampion:
    """Tunes a champion and scores it on fresh episodes in float64.

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

    Raises:
        TaskError: the task is unknown, or does not fit the network or the method.
        NetworkError: the network has no connections.
    """
    task = task_of_champion(champion, place)
    if champion.network.n_connections == 0:
        raise NetworkError("the champion has no connections: there are no weights to tune")
    _check_method(task, settings.method, bool(lineages))
    task.prepare()
    episodes = settings.episodes or task.episode_numbers.report
    is_open = settings.evaluations is None and settings.seconds is None
    evaluations = settings.evaluations
    if is_open:
        evaluations = default_evaluations(task, [champion.network], settings.method)
    budget = Budget(evaluations, settings.seconds, should_stop)
    if settings.method == "shared":
        return _tune_shared(task, champion, settings, episodes, budget, executor)
    networks, starts = [champion.network], [best_weight_of(task, champion, executor=executor)]
    if lineages:
        everyone = [[champion.network, *lineages[0]], *lineages[1:]]
        networks, starts = structures_to_tune(
            task, everyone, budget=budget, seed=settings.seed, executor=executor
        )
    if is_open:
        budget.evaluations = default_evaluations(task, networks, settings.method)
    made = _tune_individual(task, networks, starts, budget, settings, executor, on_progress)
    about: dict[str, Any] = {
        "method": settings.method,
        "seed": settings.seed,
        "start_weight": made.start_weight,
        "evaluations": made.evaluations,
        "generations": made.generations,
        "ended_by": made.ended_by,
    }
    network = networks[made.structure]
    if network != champion.network:
        about["structures"] = len(networks)
        champion = _of_another_structure(champion, network)
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
    network, start = champion.network, best_weight_of(task, champion, executor=executor)
    before = shared_score(task, network, start, episodes, settings.seed, executor)
    weight = tune_shared(task, network, seed=settings.seed, executor=executor)
    after = shared_score(task, network, weight, episodes, settings.seed, executor)
    protocol = "golden-section search about the best of a sweep over [-2, 2]"
    score = after.to_dict() | {"protocol": protocol}
    about = {"method": settings.method, "seed": settings.seed}
    tuned = replace(
        champion,
        scores=dict(champion.scores) | {"tuned_shared_weight": score},
        provenance=dict(champion.provenance) | {"tuning": about},
    )
    return TunedChampion(tuned, before, after, budget.seconds, 0, "evaluations")
