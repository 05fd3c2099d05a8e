"""The ``wann`` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import wann
from wann.cli import bench, draw, evaluate, evolve, replay, tasks
from wann.errors import WannError
from wann.numba_cache import use_hashed_cache

VERBS = (evolve, evaluate, replay, draw, tasks, bench)
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

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
        epilog="start here:  wann evolve --task cartpole_swingup",
    )
    parser.add_argument("--version", action="version", version=f"wann {wann.__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in VERBS:
        verb.add_parser(verbs)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; returns the exit code."""
    args = make_parser().parse_args(arguments)
    use_hashed_cache()
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except WannError as error:
        message = " ".join(str(error).split())
        print(f"wann {args.verb}: error: {message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"wann {args.verb}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader has gone; keep the interpreter from complaining when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code
