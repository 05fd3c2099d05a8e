"""The champions of a search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import wann
from wann.executor import Executor, Serial
from wann.formats.champion import Champion
from wann.genome.compile import network_at
from wann.kernels.forward import NetworkArrays
from wann.search.class_validation import (
    choose_classifier,
    choose_small_classifier,
    choose_tuned_classifier,
)
from wann.search.config_file import config_to_table
from wann.search.search import Search
from wann.search.validation import Validation, choose_champion, choose_small, choose_tuned


class _Choice(NamedTuple):
    """How the three champions are chosen; see ``Champions``."""

    best: Callable[..., Validation]
    tuned: Callable[..., Validation]
    small: Callable[..., Validation]


# by the kind of the task's measure
_CHOICES = {
    "return": _Choice(choose_champion, choose_tuned, choose_small),
    "accuracy": _Choice(choose_classifier, choose_tuned_classifier, choose_small_classifier),
}


class Champions(NamedTuple):
    """What a search has found, each the best in its way, on episodes that it has not seen.

    Classifiers are chosen by their accuracy on training samples.

    Attributes:
        best: the highest mean return with random shared weights.
        tuned: the highest mean return with its best shared weight.
        small: the fewest connections, with at least 90 % of the random shared weight score of
            ``best``.
    """

    best: Champion
    tuned: Champion
    small: Champion


def _champion(
    search: Search, networks: NetworkArrays, validation: Validation, chosen_for: str
) -> Champion:
    task = search.task
    score: dict[str, Any] = {"mean": validation.mean, "std": validation.std}
    score |= task.measure.over(validation.episodes)
    if task.measure.is_per_cent:
        score["protocol"] = "training samples, drawn for this choice; the test part has no say"
    if task.measure.is_per_cent and validation.weight is not None:
        # it is a single accuracy
        del score["std"]
    if validation.weight is None:
        scores = {"random_shared_weight": score}
    else:
        scores = {"tuned_shared_weight": score | {"weight": validation.weight}}
    return Champion(
        network_at(networks, validation.chosen, len(task.input_names), len(task.output_names)),
        task.name,
        task.input_names,
        task.output_names,
        scores,
        {
            "wann": wann.__version__,
            "seed": search.config.seed,
            "generation": search.state.generation,
            "chosen_for": chosen_for,
            "config": config_to_table(search.config),
            "source": "Gaier & Ha 2019, https://arxiv.org/abs/1906.04358",
        },
    )


def champion_of(search: Search, executor: Executor | None = None) -> Champion:
    """Chooses the best network for random shared weights, on episodes that the search has not seen.

    Args:
        search: at any generation; it is not changed.
        executor: runs the rollouts; None: in this thread.

    Returns:
        The champion with its ``random_shared_weight`` score, from episodes that did not choose it.
    """
    networks = search.compile(search.champion_candidates())
    return _champion(search, networks, _best(search, networks, executor), "random shared weight")


def _best(search: Search, networks: NetworkArrays, executor: Executor | None) -> Validation:
    task, config, generation = search.task, search.config, search.state.generation
    choose = _CHOICES[task.measure.kind].best
    return choose(task, networks, config, generation, executor or Serial())


def champions_of(search: Search, executor: Executor | None = None) -> Champions:
    """Chooses the best, the best tuned and the small champion.

    Args:
        search: at any generation; it is not changed.
        executor: runs the rollouts; None: in this thread.

    Returns:
        The champions, each with the score that it was chosen for (``tuned``:
        ``tuned_shared_weight``, else ``random_shared_weight``), from episodes that did not choose
        it; ``best`` is that of ``champion_of``.
    """
    task, config, generation = search.task, search.config, search.state.generation
    executor = executor or Serial()
    networks = search.compile(search.champion_candidates())
    best = _best(search, networks, executor)
    choice = _CHOICES[task.measure.kind]
    tuned = choice.tuned(task, networks, config, generation, executor)
    small = choice.small(task, networks, best.chosen, config, generation, executor)
    return Champions(
        _champion(search, networks, best, "random shared weight"),
        _champion(search, networks, tuned, "best shared weight"),
        _champion(search, networks, small, "few connections"),
    )
