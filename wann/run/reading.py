"""Reads a run: its config, its task and its last checkpoint, which must belong together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wann.errors import ConfigError, RunError
from wann.formats.parsing import parsing
from wann.limits import LARGEST_CONFIG
from wann.printable import printable
from wann.run.checkpoint import Checkpoint, load_checkpoint, saved_settings
from wann.run.directory import RunDirectory
from wann.run.settings import difference
from wann.run.state_checks import check_checkpoint
from wann.search.config import Config
from wann.search.config_file import config_from_table
from wann.search.search import Search
from wann.search.task import task_of_config
from wann.search.toml_text import parse_toml
from wann.tasks.base import Task
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann_envs.files import read_regular

Say = Callable[[str], None]


@dataclass(frozen=True)
class SavedRun:
    """What a run directory holds of a search.

    Attributes:
        directory: of the run.
        config: the settings.
        task: as they want it, with its data.
        checkpoint: where the run is.
    """

    directory: RunDirectory
    config: Config
    task: Task
    checkpoint: Checkpoint

    def search(self) -> Search:
        """The search, where the checkpoint left it."""
        return Search(self.config, self.task, state=self.checkpoint.state)


def read_run(path: Path, place: DataPlace = USUAL_PLACE, say: Say = lambda _: None) -> SavedRun:
    """Reads a run that has been saved.

    Args:
        path: a run directory.
        place: of the task's data.
        say: is told if something is damaged, and what is taken instead.

    Raises:
        RunError: it is none, holds no checkpoint, or one that is damaged or of another run.
        ConfigError: its config cannot be read.
        TaskError: the task is unknown, or its data are missing or wrong.
    """
    directory = RunDirectory(path)
    if not directory.has_checkpoint:
        raise RunError(
            f"{printable(path)} holds no checkpoint, and so no structures but its champions"
        )
    config = read_config(directory, say)
    task = task_of_config(config, place)
    task.prepare()
    return SavedRun(directory, config, task, read_checkpoint(directory, config, task, say))


def read_config(directory: RunDirectory, say: Say = lambda _: None) -> Config:
    """The config of a run; one that is damaged is made good by what a checkpoint remembers of it.

    Raises:
        RunError: there is none.
        ConfigError: it cannot be read, and no checkpoint knows it.
    """
    known = saved_settings(directory.checkpoint)
    try:
        text = _text_of(directory.config)
        # a file that was cut may still be TOML, and leave out settings
        if not (known and text != known and known.startswith(text)):
            return _parsed(text, directory.config)
        problem = f"{printable(directory.config)} is cut"
    except FileNotFoundError as error:
        problem = f"{printable(directory.config)} is missing"
        if known is None:
            raise RunError(
                f"cannot resume {printable(directory.path)}: it holds no config.toml"
            ) from error
    except ConfigError as error:
        problem = str(error)
        if known is None:
            raise
    say(f"warning: {problem}; the checkpoint's settings are taken")
    return _parsed(known, directory.checkpoint)


def _text_of(path: Path) -> str:
    """Raises FileNotFoundError if there is none, ConfigError if it is damaged."""
    what = f"cannot read config {printable(path)}"
    try:
        data = read_regular(path, LARGEST_CONFIG)
    except FileNotFoundError:
        raise
    except OSError as error:
        # what is no file is not replaced either
        raise RunError(f"{what}: {printable(error.strerror or error)}") from error
    with parsing(what, ConfigError):
        return data.decode()


def _parsed(text: str, path: Path) -> Config:
    with parsing(f"config {printable(path)} is not TOML", ConfigError):
        table = parse_toml(text)
    # runs write all settings, these last: a file that was cut has defaults for what it lacks
    if "checkpoint" not in table or not text.endswith("\n"):
        raise ConfigError(f"config {printable(path)} is cut: its last lines are missing")
    with parsing(f"config {printable(path)}", ConfigError):
        return config_from_table(table)


def read_checkpoint(
    directory: RunDirectory, config: Config, task: Task, say: Say = lambda _: None
) -> Checkpoint:
    """The last checkpoint of a run that is sound.

    Args:
        directory: of the run, with a checkpoint.
        config: its settings.
        task: as they want it, with its data.
        say: is told if the last checkpoint is damaged and the one before is taken.

    Raises:
        RunError: it is of other settings, has more generations than the config, or is damaged, and
            so is the one before.
    """

    def check(checkpoint: Checkpoint) -> None:
        changed = difference(checkpoint.config, config)
        if changed is not None:
            raise RunError(
                f"{printable(directory.config)} has been changed since the run was saved, or the "
                f"checkpoint beside it is another run's ({changed}): undo that, or start a new run"
            )
        generation, most = checkpoint.state.generation, config.search.generations
        if generation > most:
            raise RunError(
                f"{printable(directory.path)} has run {generation} generations already, "
                f"more than {most}"
            )
        check_checkpoint(checkpoint, config, task)

    checkpoint, warning = load_checkpoint(directory.checkpoint, check)
    if warning:
        say(f"warning: {warning}")
    return checkpoint
