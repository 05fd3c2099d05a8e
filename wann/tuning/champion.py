"""A champion and its task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wann.errors import TaskError
from wann.executor import Executor
from wann.formats.champion import Champion
from wann.formats.release2019 import FORMAT
from wann.tasks.base import Task
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tasks.registry import make_task
from wann.tuning.evaluation import best_shared_weight, evaluate_network, tuned_weights_score
from wann.tuning.fit import check_fits
from wann.tuning.score import HIGH, LOW

# names of the task whose networks see another observation here
_RACERS = ("car_racing", "racer", "racing")


def task_of_champion(champion: Champion, place: DataPlace = USUAL_PLACE) -> Task:
    """The task of a champion.

    Args:
        champion: of any task.
        place: of the task's data, where they do not lie where the champion's run had them.

    Raises:
        TaskError: the task is unknown, the network has other inputs or outputs (``check_fits``), it
            is a racer of the 2019 release, or the data of one's own are missing or others.
    """
    if champion.provenance.get("format") == FORMAT and champion.task in _RACERS:
        raise TaskError(
            f"a {champion.task} of the 2019 release sees 16 latent variables of a VAE, which is "
            "not part of wann: it can be drawn and exported, but not run"
        )
    task = make_task(champion.task, place.or_of(_data_of(champion), "the champion"))
    if not task.output_names:
        task.prepare()  # tells what is missing
    check_fits(champion, task)
    return task


def _data_of(champion: Champion) -> Mapping[str, Any]:
    """What the champion's run has noted of its data; a person may have edited it."""
    value: Any = champion.provenance
    for key in ("config", "data"):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def known_weight_of(champion: Champion) -> float | None:
    """The tuned shared weight of a champion as in its file; None: there is none that counts."""
    score = champion.scores.get("tuned_shared_weight")
    weight = score.get("weight") if isinstance(score, Mapping) else None
    if isinstance(weight, (int, float)) and LOW <= weight <= HIGH:
        return float(weight)
    return None


def best_weight_of(
    task: Task, champion: Champion, seed: int = 0, executor: Executor | None = None
) -> float:
    """The tuned shared weight of a champion: as in its file, else by a sweep."""
    known = known_weight_of(champion)
    if known is not None:
        return known
    return best_shared_weight(task, champion.network, seed, executor)


def evaluate_champion(
    champion: Champion,
    episodes: int,
    seed: int,
    place: DataPlace = USUAL_PLACE,
    *,
    executor: Executor | None = None,
) -> dict[str, Any]:
    """All scores of a champion: those of its structure, and of its tuned weights if it has any.

    Args:
        champion: of a known task.
        episodes, seed, executor: as in ``evaluate_network``.
        place: as in ``task_of_champion``.

    Returns:
        As ``evaluate_network``; with tuned weights, ``tuned_weights`` too.

    Raises:
        TaskError: the task is unknown or does not fit the network.
    """
    task = task_of_champion(champion, place)
    network, weights = champion.network, champion.tuned_weights
    scores = evaluate_network(task, network, episodes, seed, executor=executor)
    if weights is not None:
        score = tuned_weights_score(task, network, weights, episodes, seed, executor)
        scores["tuned_weights"] = score.to_dict()
    return scores
