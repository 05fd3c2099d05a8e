"""Argument types and options that several verbs share."""

from __future__ import annotations

import argparse
import math
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wann.tasks.data import DataPlace


def integer_from(low: int) -> Callable[[str], int]:
    """The type of an integer of at least ``low``."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low:
            raise argparse.ArgumentTypeError(f"{text!r} is not an integer of at least {low}")
        return value

    return convert


def finite_number(text: str) -> float:
    """The type of a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def path(text: str) -> Path:
    """The type of a path; an empty one would be the present folder."""
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


def add_champion(parser: argparse.ArgumentParser) -> None:
    """The positional CHAMPION."""
    parser.add_argument(
        "champion", metavar="CHAMPION", type=path, help="a champion file or a run directory"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option --json."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


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
    return shlex.quote(sys.argv[0]) if called.name == "wann" else "python -m wann"


def example(text: str) -> dict[str, object]:
    """Arguments of ``add_parser`` that show an example below the options."""
    return {
        "epilog": f"example:\n  {text}",
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }
