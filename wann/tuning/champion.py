"""A champion and its task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wann.errors import TaskError
from wann.formats.champion import Champion
from wann.formats.release2019 import FORMAT
from wann.tasks.base import Task
from wann.tasks.classify import ClassifyTask
from wann.tasks.registry import make_task
from wann.tuning.evaluation import best_shared_weight, evaluate_network, tuned_weights_score
from wann.tuning.score import HIGH, LOW

# names of the task whose networks see another observation here
_RACERS = ("car_racing", "racer", "racing")


def task_of_champion(champion: Champion) -> Task:
    """The task of a champion.

    Raises:
        TaskError: the task is unknown, the network has other inputs or outputs, or it is a racer
            of the 2019 release.
    """
    if champion.provenance.get("format") == FORMAT and champion.task in _RACERS:
        raise TaskError(
            f"a {champion.task} of the 2019 release sees 16 latent variables of a VAE, which is "
            "not part of wann: it can be drawn and exported, but not run"
        )
    task = make_task(champion.task)
    network = champion.network
    has, wants = (
        (network.n_inputs, network.n_outputs),
        (len(task.input_names), len(task.output_names)),
    )
    if has != wants:
        raise TaskError(
            f"the champion has {has[0]} inputs and {has[1]} outputs; "
            f"task {task.name!r} has {wants[0]} and {wants[1]}"
        )
    return task


def best_weight_of(task: Task, champion: Champion, seed: int = 0) -> float:
    """The tuned shared weight of a champion: as in its file, else by a sweep."""
    score = champion.scores.get("tuned_shared_weight")
    weight = score.get("weight") if isinstance(score, Mapping) else None
    if isinstance(weight, (int, float)) and LOW <= weight <= HIGH:
        return float(weight)
    return best_shared_weight(task, champion.network, seed)


def evaluate_champion(champion: Champion, episodes: int, seed: int) -> dict[str, Any]:
    """All scores of a champion: those of its structure, and of its tuned weights if it has any.

    Args:
        champion: of a known task.
        episodes, seed: as in ``evaluate_network``.

    Returns:
        As ``evaluate_network``; with tuned weights, ``tuned_weights`` too.

    Raises:
        TaskError: the task is unknown or does not fit the network.
    """
    task = task_of_champion(champion)
    scores = evaluate_network(task, champion.network, episodes, seed)
    if champion.tuned_weights is not None:
        score = tuned_weights_score(task, champion.network, champion.tuned_weights, episodes, seed)
        scores["tuned_weights"] = score.to_dict()
        if isinstance(task, ClassifyTask):
            scores["tuned_weights"] = {
                "mean": score.mean,
                "samples": score.episodes,
                "unit": "per cent",
            }
    return scores
