"""The ``wann`` command."""

from __future__ import annotations

import argparse
import gc
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import wann
from wann.cli import (
    bench,
    draw,
    evaluate,
    evolve,
    export,
    import_,
    plot,
    replay,
    reproduce,
    tasks,
    tune,
)
from wann.errors import WannError, near_hint

VERBS = (evolve, evaluate, replay, draw, plot, tune, import_, export, reproduce, tasks, bench)
INTERRUPTED = 130
_GC_THRESHOLD = 50_000


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
            hint = near_hint(unknown[0].partition("=")[0], self._option_string_actions)
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return namespace, unknown

    def error(self, message: str) -> NoReturn:
        """Prints the message and exits with 2."""
        one_line = " ".join(message.split())
        self.exit(2, f"{self.prog}: error: {one_line} (see {self.prog} --help)\n")


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


def main(arguments: Sequence[str] | None = None, *, is_own_process: bool = False) -> int:
    """Runs a command line; returns the exit code.

    Args:
        arguments: the words after ``wann``; None: those of this process.
        is_own_process: whether nothing else runs in this process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    args = make_parser().parse_args(words)
    args.is_own_process = is_own_process
    args.command = shlex.join(["wann", *words])
    try:
        with _seldom_collected():
            code: int = args.run(args)
        sys.stdout.flush()
    except WannError as error:
        return _fail(args.verb, str(error))
    except MemoryError as error:
        return _fail(args.verb, f"not enough memory: {error}")
    except KeyboardInterrupt:
        print(f"wann {args.verb}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return 1
    except OSError as error:
        _drop_output()
        where = f"{error.filename}: " if error.filename else ""
        return _fail(args.verb, f"{where}{error.strerror or error}")
    return code


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Imports make many objects that stay: looking through them again and again takes long."""
    threshold = gc.get_threshold()
    if threshold[0]:  # else the collector is off
        gc.set_threshold(max(threshold[0], _GC_THRESHOLD), *threshold[1:])
    try:
        yield
    finally:
        gc.set_threshold(*threshold)


def run_and_exit() -> NoReturn:
    """The command: runs ``main`` in a process that ends with it."""
    code = main(is_own_process=True)
    # nothing that is left needs to be looked through once more
    gc.freeze()
    sys.exit(code)


def _fail(verb: str, message: str) -> int:
    one_line = " ".join(message.split())
    print(f"wann {verb}: error: {one_line}", file=sys.stderr)
    return 2


def _drop_output() -> None:
    """Keeps the interpreter from complaining when it flushes what nobody takes."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
