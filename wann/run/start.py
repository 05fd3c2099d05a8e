"""Starts and resumes runs: from what a person asks for to a claimed directory and a config."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from wann.errors import ConfigError, TaskError
from wann.names import folder_name
from wann.run.directory import RunDirectory
from wann.run.loop import Outcome, Reporter, Run
from wann.run.reading import Say, read_checkpoint, read_config
from wann.search.champion import Champions
from wann.search.config import Config, DataConfig
from wann.search.config_file import apply_settings, config_from_table
from wann.search.presets import fitted_to_data, is_preset, load_table
from wann.search.task import task_of_config, with_softmax_of
from wann.tasks.base import Task
from wann.tasks.classify import OWN_DATA, ClassifyTask, own_data_task
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tasks.registry import make_task


@dataclass(frozen=True)
class RunRequest:
    """What a person asks for; None where they leave it to the config or the default.

    Attributes:
        task: name of the task.
        config: a preset or a TOML file; None: the preset named as the task.
        settings: ``key=value`` changes of the config.
        seed, generations, population: changes of the config.
        n_workers: threads; None: one for each core.
        data: where the task's data lie; of one's own the run remembers file and content.
        out: run directory; None: ``results/<task>-seed<N>``.
        resume: run directory to go on with.
        overwrite: whether an existing run may be replaced.
        command: the command line, for the record.
    """

    task: str | None = None
    config: str | None = None
    settings: tuple[str, ...] = ()
    seed: int | None = None
    generations: int | None = None
    population: int | None = None
    n_workers: int | None = None
    data: DataPlace = USUAL_PLACE
    out: Path | None = None
    resume: Path | None = None
    overwrite: bool = False
    command: str = ""


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve_config(request: RunRequest) -> Config:
    """The config of a new run.

    Raises:
        ConfigError: neither task nor config is given, or they disagree, or the config is wrong.
        TaskError: the task is unknown, or its data are missing or wrong.
    """
    return _resolved(request)[0]


def _resolved(request: RunRequest) -> tuple[Config, Task]:
    """The config of a new run, and its task, whose data are loaded."""
    if request.task is None and request.config is None:
        raise ConfigError("give --task NAME (see wann tasks) or --config FILE")
    # an unknown task is told first
    made = None if request.task is None else make_task(request.task, request.data)
    name = request.config or request.task or ""
    table = load_table(name)
    if request.data.file is not None and is_preset(name) and table.get("task") == OWN_DATA:
        made = made if isinstance(made, ClassifyTask) else own_data_task(request.data)
        table = fitted_to_data(table, made.data)
    if request.task is not None and table.setdefault("task", request.task) != request.task:
        raise ConfigError(
            f"config {request.config} is for task {table['task']!r}, not {request.task!r}"
        )
    settings = [
        *request.settings,
        *(
            f"{key}={value}"
            for key, value in (
                ("seed", request.seed),
                ("search.generations", request.generations),
                ("search.population", request.population),
            )
            if value is not None
        ),
    ]
    config = config_from_table(apply_settings(table, settings))
    if request.data.file is not None or request.data.folder is not None:
        # other data than those of the config: they may have another content
        config = replace(config, data=DataConfig())
    place = request.data
    if config.data != DataConfig():
        # a config that somebody names is theirs: what it wants need not be announced
        place = replace(place.or_of(asdict(config.data)), is_recorded=False)
    if made is None or made.name != config.task or place != request.data:
        made = make_task(config.task, place)
    made = with_softmax_of(made, config)
    return _with_data(config, made), made


def _with_data(config: Config, task: Task) -> Config:
    """The config that remembers the data of its task, which are loaded.

    Raises:
        TaskError: the data are missing or wrong, or a config cannot hold the name of their file.
    """
    task.prepare()
    if not isinstance(task, ClassifyTask):
        return config
    data = DataConfig(**task.data_record())
    for name in (data.file, data.folder):
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise TaskError(
                f"{name!r} is no name in UTF-8, so no run can remember it: give it another name"
            ) from error
    return replace(config, data=data)


def _resumed(request: RunRequest, directory: RunDirectory, say: Say) -> tuple[Config, Task]:
    """The run's own config and its task; only the number of generations may change.

    And the place of the data of one's own, but not what they are.
    """
    for option, value in (
        ("--config", request.config),
        ("--set", request.settings or None),
        ("--seed", request.seed),
        ("--population", request.population),
        ("--out", request.out),
        ("--overwrite", request.overwrite or None),
    ):
        if value is not None:
            raise ConfigError(f"{option} does not go with --resume: the run keeps its own settings")
    config = read_config(directory, say)
    if request.task not in (None, config.task):
        raise ConfigError(f"{directory.path} is a run of {config.task!r}, not {request.task!r}")
    if request.generations is not None:
        config = replace(config, search=replace(config.search, generations=request.generations))
    task = task_of_config(config, replace(request.data, owner="the run"))
    if config.data == DataConfig():
        task.prepare()  # runs did not always remember their data: this one goes on as it was
        return config, task
    return _with_data(config, task), task


def execute(
    request: RunRequest,
    reporter: Reporter,
    draw: Callable[[RunDirectory, Champions], None],
) -> tuple[RunDirectory, Outcome]:
    """Runs what is asked for.

    Args:
        request: what is asked for.
        reporter: is told how it goes on.
        draw: makes the pictures of the run while the directory is still claimed.

    Returns:
        The run directory and what came of the run.

    Raises:
        WannError: something is wrong with the request or the directory.
    """
    n_workers = request.n_workers or available_cores()
    checkpoint = None
    if request.resume is not None:
        directory = RunDirectory(request.resume)
        directory.require_resumable()
        config, task = _resumed(request, directory, reporter.say)
    else:
        if request.out is not None:  # data may take long to load
            RunDirectory(request.out).check_free(request.overwrite)
        config, task = _resolved(request)
        out = request.out or Path("results") / f"{folder_name(config.task)}-seed{config.seed}"
        directory = RunDirectory(out)
        directory.create(request.overwrite)
    with directory:
        if request.resume is None:
            directory.refuse_run(request.overwrite)  # it may have come meanwhile
        directory.remove_leftovers()
        # a run that was killed before its first checkpoint starts anew
        if request.resume is not None and directory.has_checkpoint:
            checkpoint = read_checkpoint(directory, config, task, reporter.say)
        outcome = Run(
            config,
            task,
            directory,
            n_workers=n_workers,
            reporter=reporter,
            draw=draw,
            command=request.command,
            checkpoint=checkpoint,
        ).execute()
    return directory, outcome
