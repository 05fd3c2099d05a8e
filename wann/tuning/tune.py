"""Tunes a champion: the best shared weight, or a weight for each connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from wann.errors import NetworkError, TaskError
from wann.formats.champion import Champion
from wann.genome.network import Network
from wann.tasks.base import Executor, Task
from wann.tasks.classify import ClassifyTask
from wann.tuning.adam import tune_adam
from wann.tuning.budget import Budget
from wann.tuning.champion import best_weight_of, task_of_champion
from wann.tuning.cma_es import CmaEs
from wann.tuning.evaluation import best_shared_weight, shared_score, tuned_weights_score
from wann.tuning.individual import OnProgress, Tuning, tune_structures
from wann.tuning.pepg import Pepg
from wann.tuning.score import Score
from wann.tuning.shared import tune_shared
from wann.tuning.structures import structures_to_tune

Method = Literal["shared", "cma", "pepg", "adam"]

# about a hundred seconds on two cores for the networks of the paper's size
_EPISODES_TIMES_CONNECTIONS = 1_000_000_000
_MOST_EPISODES = 20_000_000
# the same by gradients: about twenty seconds for 1500 connections
_ADAM_EPISODES_TIMES_CONNECTIONS = 30_000_000_000


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
    connections = max(total // len(networks), 1)
    if method == "adam":
        return min(_MOST_EPISODES, _ADAM_EPISODES_TIMES_CONNECTIONS // connections)
    return min(_MOST_EPISODES, _EPISODES_TIMES_CONNECTIONS // connections)


@dataclass(frozen=True)
class TuneSettings:
    """How a champion is tuned.

    Attributes:
        method: "shared": one weight; "cma", "pepg", "adam": a weight for each connection; "adam"
            is for classification only.
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
        is_accuracy: whether the scores are the accuracy on test samples.
    """

    champion: Champion
    before: Score
    after: Score
    seconds: float
    evaluations: int
    ended_by: str
    is_accuracy: bool = False


def _check_method(task: Task, method: Method, has_structures: bool) -> None:
    if method == "adam" and not isinstance(task, ClassifyTask):
        raise TaskError(
            f"method 'adam' needs a classification task, and {task.name!r} is none; "
            "allowed here: shared, cma, pepg"
        )
    if has_structures and method not in ("cma", "pepg"):
        raise TaskError(f"method {method!r} tunes one structure; of several: cma, pepg")


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
    if settings.method == "adam":
        assert isinstance(task, ClassifyTask)
        tune: Callable[..., Tuning] = partial(tune_adam, task, networks[0], start_weight=starts[0])
    else:
        optimiser = Pepg if settings.method == "pepg" else CmaEs
        tune = partial(tune_structures, task, networks, optimiser, start_weights=starts)
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
    structures: Sequence[Network] = (),
    on_progress: OnProgress = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TunedChampion:
    """Tunes a champion and scores it on fresh episodes in float64.

    Args:
        champion: of a known task; it stays as it is.
        settings: how.
        structures: others of the same run; the result is of that which does best, of the champion's
            and those among them that are worth tuning (see ``structures_to_tune``).
        executor: runs the rollouts.
        on_progress: is told after every generation.
        should_stop: asked now and then; true: the best so far is the result.

    Raises:
        TaskError: the task is unknown, or does not fit the network or the method.
        NetworkError: the network has no connections.
    """
    task, network = task_of_champion(champion), champion.network
    if network.n_connections == 0:
        raise NetworkError("the champion has no connections: there are no weights to tune")
    _check_method(task, settings.method, bool(structures))
    task.prepare()
    is_accuracy = isinstance(task, ClassifyTask)
    episodes = settings.episodes or task.episode_numbers.report
    start = best_weight_of(task, champion)
    networks, starts = [network], [start]
    if structures:
        everyone = [network, *structures]
        found = structures_to_tune(task, everyone, seed=settings.seed, executor=executor)
        networks, starts = [everyone[k] for k in found.places], list(found.weights)
    about: dict[str, Any] = {"method": settings.method, "seed": settings.seed}
    seconds = settings.seconds
    evaluations = settings.evaluations
    if evaluations is None and seconds is None:
        evaluations = default_evaluations(task, networks, settings.method)
    budget = Budget(evaluations, seconds, should_stop)
    if settings.method == "shared":
        scores: dict[str, Any] = dict(champion.scores)
        before = shared_score(task, network, start, episodes, settings.seed)
        weight = tune_shared(task, network, seed=settings.seed, executor=executor)
        after = shared_score(task, network, weight, episodes, settings.seed)
        protocol = "golden-section search about the best of a sweep over [-2, 2]"
        scores["tuned_shared_weight"] = after.to_dict() | {"protocol": protocol}
        provenance = dict(champion.provenance) | {"tuning": about}
        tuned = replace(champion, scores=scores, provenance=provenance)
        return TunedChampion(tuned, before, after, budget.seconds, 0, "evaluations", is_accuracy)
    made = _tune_individual(task, networks, starts, budget, settings, executor, on_progress)
    if networks[made.structure] != network:
        network, about["structures"] = networks[made.structure], len(networks)
        start = best_shared_weight(task, network, settings.seed)
        champion = _of_another_structure(champion, network)
    scores = dict(champion.scores)
    before = shared_score(task, network, start, episodes, settings.seed)
    weights = tuple(map(float, made.weights))
    after = tuned_weights_score(task, network, weights, episodes, settings.seed, executor=executor)
    name = {"cma": "CMA-ES", "pepg": "PEPG", "adam": "Adam"}[settings.method]
    on = "the training samples" if isinstance(task, ClassifyTask) else "other episodes"
    scores["tuned_weights"] = after.to_dict() | {
        "protocol": f"individual weights, tuned by {name} on {on}; float64"
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
        tuned, before, after, made.seconds, made.evaluations, made.ended_by, is_accuracy
    )
