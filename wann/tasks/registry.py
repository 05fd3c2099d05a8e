"""The tasks by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from wann.errors import TaskError
from wann.tasks.base import Task
from wann.tasks.car_racing import CarRacingTask
from wann.tasks.classify import digits_task, mnist784_task, mnist_task
from wann.tasks.swingup import SwingUpTask

_TASKS: dict[str, Callable[[], Task]] = {
    SwingUpTask.name: SwingUpTask,
    CarRacingTask.name: CarRacingTask,
    "digits": digits_task,
    "mnist": mnist_task,
    "mnist784": mnist784_task,
}


def task_names() -> list[str]:
    """Names of all tasks."""
    return sorted(_TASKS)


def make_task(name: str) -> Task:
    """Makes a task.

    Raises:
        TaskError: there is no task of that name.
    """
    if name not in _TASKS:
        near = difflib.get_close_matches(name, _TASKS, 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise TaskError(f"unknown task {name!r}{hint}; known tasks: {', '.join(task_names())}")
    return _TASKS[name]()
