"""The task of a config."""

from __future__ import annotations

from dataclasses import asdict

from wann.checks import described
from wann.errors import ConfigError, TaskError
from wann.search.config import Config
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
    return with_softmax_of(make_task(config.task, place.or_of(asdict(config.data))), config)


def with_softmax_of(task: Task, config: Config) -> Task:
    """The task with the softmax of a config.

    Raises:
        TaskError: the config sets a temperature, and the task has none.
    """
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


def _temperature(config: Config) -> Temperature:
    return Temperature(config.weights.temperature, config.weights.temperature_power)
