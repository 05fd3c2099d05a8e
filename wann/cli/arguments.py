"""Argument types and options that several verbs share."""

from __future__ import annotations

import argparse
import errno
import math
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from wann.limits import LARGEST_SEED, MOST_WORKERS
from wann.names import ON_WINDOWS, problem_on_windows, quoted
from wann.printable import printable, shown

if TYPE_CHECKING:
    from wann.tasks.data import DataPlace


_INTEGER = re.compile(r"[+-]?\d+(_\d+)*", re.ASCII)
_NUMBER = re.compile(
    r"[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][+-]?\d+(_\d+)*)?", re.ASCII
)
_MOST_DIGITS = 400  # a float in full has 309 before the point


def _quoted(text: str) -> str:
    return shown(repr(text))


def integer_from(low: int, high: int = LARGEST_SEED) -> Callable[[str], int]:
    """The type of an integer from ``low`` to ``high``: ASCII digits, ``1_000`` as in TOML."""

    def convert(text: str) -> int:
        is_integer = len(text) <= _MOST_DIGITS and _INTEGER.fullmatch(text)
        if not is_integer or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"{_quoted(text)} is not an integer from {low} to {high}"
            )
        return int(text)

    return convert


def finite_number(text: str) -> float:
    """The type of a number that a float holds, written as in TOML."""
    is_number = len(text) <= _MOST_DIGITS and _NUMBER.fullmatch(text)
    value = float(text) if is_number else math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is not a finite number")
    return value


def path(text: str) -> Path:
    """The type of a path: not empty, which would be the present folder, and no loop of links."""
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    try:
        Path(text).stat()
    except ValueError as error:  # NUL, or what the system's names cannot hold
        raise argparse.ArgumentTypeError(f"{_quoted(text)} is no name of a file: {error}") from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENAMETOOLONG):
            raise argparse.ArgumentTypeError(f"{_quoted(text)}: {error.strerror}") from None
    return Path(text)


def output_path(text: str) -> Path:
    """The type of a path that will be written to, with a name that this system can give."""
    made = path(text)
    if ON_WINDOWS:
        problem = problem_on_windows(PureWindowsPath(text))
        if problem:
            raise argparse.ArgumentTypeError(f"{_quoted(text)}: {problem}")
    return made


def words(text: str) -> str:
    """The type of text that is shown: letters that the locale lacks are read as UTF-8."""
    try:
        return os.fsencode(text).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # no bytes of a command line
        return printable(text)


def add_champion(parser: argparse.ArgumentParser) -> None:
    """The positional CHAMPION."""
    parser.add_argument(
        "champion", metavar="CHAMPION", type=path, help="a champion file or a run directory"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option --json."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """The option --workers."""
    parser.add_argument(
        "--workers",
        type=integer_from(1, MOST_WORKERS),
        metavar="N",
        help="threads; default: all cores",
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """The options --data-dir and --data: where the data of a classification task lie."""
    add_data_dir(parser)
    parser.add_argument(
        "--data",
        type=path,
        metavar="FILE",
        help="data of your own, for the task classify: an npz file with x (n, d) and y (n,), "
        "and perhaps x_test and y_test; champions remember it",
    )


def add_data_dir(parser: argparse.ArgumentParser) -> None:
    """The option --data-dir."""
    parser.add_argument(
        "--data-dir",
        type=path,
        metavar="DIR",
        help="the folder of MNIST's idx files (default: the variable WANN_DATA_DIR, else they are "
        "downloaded once)",
    )


def data_place(args: argparse.Namespace) -> DataPlace:
    """What the options of ``add_data`` or ``add_data_dir`` say."""
    from wann.tasks.data import DataPlace

    return DataPlace(args.data_dir, getattr(args, "data", None))


def command_name() -> str:
    """How the command is called here: ``wann`` where the shell finds it, else as it was called."""
    if shutil.which("wann"):
        return "wann"
    called = Path(sys.argv[0])
    return quoted(sys.argv[0]) if called.name == "wann" else "python -m wann"


def example(text: str) -> dict[str, object]:
    """Arguments of ``add_parser`` that show an example below the options."""
    return {
        "epilog": f"example:\n  {text}",
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }
