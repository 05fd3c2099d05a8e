"""The task of a config."""

from __future__ import annotations

from dataclasses import asdict

from wann.checks import described
from wann.errors import ConfigError, TaskError
from wann.kernels.forward import LANES
from wann.limits import MOST_BATCH, MOST_GENES, MOST_RETURNS
from wann.search.config import Config, DataConfig
from wann.search.config_file import checked
from wann.tasks.base import Task
from wann.tasks.classify import ClassifyTask
from wann.tasks.cross_entropy import PAPER_SOFTMAX, Temperature
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tasks.registry import make_task


def task_of_config(config: Config, place: DataPlace = USUAL_PLACE) -> Task:
    """Makes the task that a config is for, as a search needs it.

    Args:
        config: the settings.
        place: where the data lie; where it says nothing, as the config says.

    Raises:
        TaskError: the task is unknown, or its data are wrong, or a setting does not go with it.
        ConfigError: a setting has a wrong type or an impossible value.
    """
    if not isinstance(config, Config):
        raise ConfigError(f"config is {described(config)}: must be a Config")
    checked(config)  # one that was made in Python has not been checked
    owner = "the run" if config.data != DataConfig() else ""
    place = place.or_of(asdict(config.data), owner)
    return with_softmax_of(make_task(config.task, place), config)


def with_softmax_of(task: Task, config: Config) -> Task:
    """The task with the softmax of a config, for a search that fits into memory.

    Raises:
        TaskError: the config sets a temperature, and the task has none.
        ConfigError: as ``check_sizes``.
    """
    check_sizes(task, config)
    if isinstance(task, ClassifyTask):
        return task.with_temperature(_temperature(config))
    check_softmax(task, config)
    return task


def check_softmax(task: Task, config: Config) -> None:
    """Raises TaskError unless the task has the softmax of the config."""
    wanted = _temperature(config)
    if isinstance(task, ClassifyTask):
        if task.temperature != wanted:
            raise TaskError(
                f"task {task.name!r} has another softmax than the config: "
                "make the task with wann.task_of_config(config)"
            )
    elif wanted != PAPER_SOFTMAX:
        raise TaskError(
            f"weights.temperature = {wanted.at_one:g} and weights.temperature_power = "
            f"{wanted.power:g}: task {task.name!r} has no softmax with a temperature"
        )


def check_sizes(task: Task, config: Config) -> None:
    """Finds out what a search would hold in memory, before it is made.

    Raises:
        ConfigError: it is more than ``wann.limits`` allows; names the settings.
    """
    search, champion = config.search, config.champion
    n_genes = (len(task.input_names) + 1) * len(task.output_names)
    n_weights = config.weights.n if config.weights.sweep != "fixed" else len(config.weights.values)
    batch = max(config.episodes.per_weight, *(n for _, n in config.episodes.schedule), 1)
    heats = f" and search.heats = {search.heats}" if search.heats > 1 else ""
    population = f"search.population = {search.population}"
    _check_product(
        f"{population}{heats}: {n_genes} possible connections each",
        search.population * search.heats * n_genes,
        MOST_GENES,
    )
    scores = f"{population}, {n_weights} shared weights"
    if isinstance(task, ClassifyTask):
        blocks = -(-batch // LANES)
        _check_product(
            f"{scores} and batches of {batch} samples",
            search.population * n_weights * blocks,
            MOST_RETURNS,
        )
        return
    if batch > MOST_BATCH:
        raise ConfigError(f"episodes.per_weight or schedule: at most {MOST_BATCH} episodes")
    _check_product(
        f"{scores} and {batch} episodes", search.population * n_weights * batch, MOST_RETURNS
    )
    n_candidates = max(champion.candidates, search.population) + champion.hall_of_fame
    _check_product(
        f"champion.validation_episodes = {champion.validation_episodes} of up to {n_candidates} "
        "candidates",
        n_candidates * champion.validation_episodes,
        MOST_RETURNS,
    )
    _check_product(
        f"champion.finalists = {champion.finalists} and champion.final_episodes = "
        f"{champion.final_episodes}",
        champion.finalists * champion.final_episodes,
        MOST_RETURNS,
    )


def _check_product(words: str, value: int, most: int) -> None:
    if value > most:
        raise ConfigError(f"{words}: too much for the memory, {value:,} in all; at most {most:,}")


def _temperature(config: Config) -> Temperature:
    return Temperature(config.weights.temperature, config.weights.temperature_power)
