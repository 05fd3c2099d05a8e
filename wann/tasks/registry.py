"""The tasks by name."""

from __future__ import annotations

from collections.abc import Callable

from wann.checks import described
from wann.errors import TaskError, near_hint
from wann.limits import LONGEST_ECHO
from wann.printable import shown
from wann.tasks.base import Task
from wann.tasks.car_racing import CarRacingTask
from wann.tasks.classify import OWN_DATA, digits_task, mnist784_task, mnist_task, own_data_task
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tasks.swingup import SwingUpTask

_COMPLETE: dict[str, Callable[[], Task]] = {
    SwingUpTask.name: SwingUpTask,
    CarRacingTask.name: CarRacingTask,
    "digits": digits_task,
}
_OF_A_FOLDER = {"mnist": mnist_task, "mnist784": mnist784_task}
_OF_A_FILE = {OWN_DATA: own_data_task}


def task_names() -> list[str]:
    """Names of all tasks."""
    return sorted([*_COMPLETE, *_OF_A_FOLDER, *_OF_A_FILE])


def may_be_downloaded(name: str) -> bool:
    """Whether a task has data that are downloaded where they are not at hand."""
    return name in _OF_A_FOLDER


def make_task(name: str, place: DataPlace = USUAL_PLACE) -> Task:
    """Makes a task.

    Args:
        name: of the task.
        place: where its data lie.

    Raises:
        TaskError: there is no task of that name, it has no use for such data, or the file of the
            data is wrong.
    """
    names = task_names()
    if not isinstance(name, str):
        raise TaskError(f"task {described(name)}: must be a name; known: {', '.join(names)}")
    if not isinstance(place, DataPlace):
        raise TaskError(f"place {described(place)}: must be a DataPlace")
    if name not in names:
        hint = near_hint(name[:LONGEST_ECHO], names)
        known = ", ".join(names)
        raise TaskError(f"unknown task {shown(repr(name))}{hint}; known tasks: {known}")
    for option, value, takes in (
        ("--data-dir", place.folder, _OF_A_FOLDER),
        ("--data (data.file)", place.file, _OF_A_FILE),
    ):
        if value is not None and name not in takes:
            raise TaskError(f"{option} does not go with task {name!r}, but with {', '.join(takes)}")
    if name in _COMPLETE:
        return _COMPLETE[name]()
    return {**_OF_A_FOLDER, **_OF_A_FILE}[name](place)
