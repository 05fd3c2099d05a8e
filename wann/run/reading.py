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

    What a person may have written is no damage, and is refused where it is wrong.

    Raises:
        RunError: there is none.
        ConfigError: it cannot be read, and no checkpoint knows it.
    """
    where = printable(directory.config)
    data, known = _content_of(directory.config), saved_settings(directory.checkpoint)
    if known is None:
        if data is None:
            raise RunError(f"cannot resume {printable(directory.path)}: it holds no config.toml")
        return _parsed(_decoded(data, where), where)
    if data is None:
        problem = "is missing"
    elif _is_damaged(data, known):
        problem = "is damaged"
    else:
        return _parsed(_decoded(data, where), where)
    say(f"warning: {where} {problem}; the checkpoint's settings are taken")
    return _parsed(known, printable(directory.checkpoint))


def _content_of(path: Path) -> bytes | None:
    """The content of a config; None: there is no such file.

    Raises:
        RunError: it is no file, or cannot be read.
    """
    try:
        return read_regular(path, LARGEST_CONFIG)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = printable(error.strerror or error)
        raise RunError(f"cannot read config {printable(path)}: {reason}") from error


def _is_damaged(data: bytes, known: str) -> bool:
    """Whether a config is as no person writes it: empty, cut behind a line, no text, or zeros.

    Args:
        data: its content.
        known: what it was when the run was saved.
    """
    whole = known.encode()
    is_cut = data != whole and whole.startswith(data) and b"\n" in data
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return is_cut or b"\0" in data or not data.strip()


def _decoded(data: bytes, where: str) -> str:
    with parsing(f"cannot read config {where}", ConfigError):
        return data.decode()


def _parsed(text: str, where: str) -> Config:
    with parsing(f"config {where} is not TOML", ConfigError):
        table = parse_toml(text)
    # runs write all settings, these last: a file that was cut has defaults for what it lacks
    if "checkpoint" not in table or not text.endswith("\n"):
        raise ConfigError(f"config {where} is cut: its last lines are missing")
    with parsing(f"config {where}", ConfigError):
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
