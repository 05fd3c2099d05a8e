"""Parses a command line, runs its verb, and turns what goes wrong into one line."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import wann
from wann import notices, output
from wann.cli import (
    bench,
    draw,
    evaluate,
    evolve,
    export,
    import_,
    interruption,
    plot,
    replay,
    reproduce,
    tasks,
    tune,
)
from wann.cli.warning_lines import held_warnings
from wann.errors import WannError, near_hint

VERBS = (evolve, evaluate, replay, draw, plot, tune, import_, export, reproduce, tasks, bench)

# exit codes; an interrupted command has 128 and the number of the signal
BAD_INPUT = 2
NOBODY_READS = 1
INTERNAL_ERROR = 70  # EX_SOFTWARE of sysexits.h
DEBUG = "WANN_DEBUG"


class _VerbHelp(argparse.HelpFormatter):
    """Leaves room for the longest verb: verbs are indented more than argparse reckons with."""

    def add_argument(self, action: argparse.Action) -> None:
        """Notes how wide the first column has to be."""
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            self._action_max_length += self._indent_increment


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, and that knows -1e-1 for a number."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._negative_number_matcher = re.compile(r"^-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")

    def parse_known_args(self, *args: Any, **options: Any) -> tuple[Any, list[str]]:
        """Parses; what it does not know is an error of this parser, of the verb's for a verb."""
        namespace, unknown = super().parse_known_args(*args, **options)
        if unknown:
            hint = near_hint(unknown[0].partition("=")[0][:100], self._option_string_actions)
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return namespace, unknown

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """The value of an action; argparse makes an empty list of ``--seed=--``."""
        if action.option_strings and action.nargs is None and arg_strings == ["--"]:
            value = self._get_value(action, "--")
            self._check_value(action, value)
            return value
        return super()._get_values(action, arg_strings)

    def error(self, message: str) -> NoReturn:
        """Prints the message and exits with 2."""
        line = output.one_line(message)
        self.exit(BAD_INPUT, f"{self.prog}: error: {line} (see {self.prog} --help)\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Exits, with another code where help was wanted and nobody got it."""
        super().exit(status or _code_of_output(self.prog), message)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Prints help and errors as everything else is printed."""
        if message:
            stream = output.Stream("stdout" if file is sys.stdout else "stderr")
            stream.write(message)
            stream.flush()


def make_parser() -> Parser:
    """The parser of the command line."""
    parser = Parser(
        prog="wann",
        description="Weight agnostic neural networks: evolve, evaluate, replay and draw networks "
        "whose structure alone solves a task.",
        formatter_class=_VerbHelp,
        epilog="start here:  wann evolve --task cartpole_swingup",
    )
    parser.add_argument("--version", action="version", version=f"wann {wann.__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in VERBS:
        verb.add_parser(verbs)
    return parser


def run_command(words: Sequence[str], *, is_own_process: bool = False) -> int:
    """Runs the command of these words; returns the exit code.

    Args:
        words: without ``wann``.
        is_own_process: whether nothing else runs in this process.
    """
    output.begin()
    notices.begin()
    args = make_parser().parse_args(words)
    args.words = list(words)
    args.is_own_process = is_own_process
    args.command = shlex.join(["wann", *words])
    label = f"wann {args.verb}"
    interruption.watch(label)
    try:
        code = _run_verb(args, label)
    except KeyboardInterrupt:
        return interruption.told(label)
    # what was written without ``say``: a file to the standard output
    output.Stream("stdout").flush()
    return code or _code_of_output(label)


def _code_of_output(label: str) -> int:
    """The exit code of a command whose work is done, by what became of its words."""
    lost = output.failure_of("stdout")
    if lost is None:
        return 0
    if output.is_gone(lost):
        return NOBODY_READS
    return _fail(label, f"cannot write to the standard output: {lost.strerror or lost}")


def _run_verb(args: argparse.Namespace, label: str) -> int:
    try:
        with held_warnings(args.verb) as tell_warnings:
            code: int = args.run(args)
            tell_warnings()
    except WannError as error:
        return _fail(label, str(error))
    except MemoryError as error:
        return _fail(label, f"not enough memory{f': {error}' if str(error) else ''}")
    except BrokenPipeError:
        return NOBODY_READS
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(label, f"{where}{error.strerror or error}")
    except Exception as error:
        # an interrupted import may raise anything
        if interruption.signal_number is not None:
            raise KeyboardInterrupt from error
        if os.environ.get(DEBUG):
            raise
        return _fail(label, _unexpected(error), "internal error", INTERNAL_ERROR)
    return code


def _fail(label: str, message: str, kind: str = "error", code: int = BAD_INPUT) -> int:
    output.say(f"{label}: {kind}: {output.one_line(message)}", to="stderr")
    return code


def _unexpected(error: Exception) -> str:
    """What a person needs to report a fault of this program."""
    root = Path(wann.__file__).parents[1]
    places = [
        f"{Path(frame.filename).relative_to(root)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(Path(wann.__file__).parent)
    ]
    return (
        f"{type(error).__name__}: {output.one_line(str(error))[:300]} (at {places[-1]}); this is a "
        f"fault of wann: please report it, with what {DEBUG}=1 shows"
    )
