"""The ``wann`` command, from its first moment: nothing heavy is imported before signals are told.

What ``python -m wann`` and the script ``wann`` call. The parser is in ``wann.cli.command_line``.
"""

from __future__ import annotations

# as in typing, which takes longer to import than all of this
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_OF_COMMAND_LINE = ("VERBS", "Parser", "make_parser")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line.

    Args:
        arguments: the words after ``wann``; None: those of this process, whose streams and signals
            are then taken care of, too.

    Returns:
        The exit code.
    """
    if arguments is None:
        from wann.cli.process import run_process

        return run_process()
    from wann.cli.command_line import run_command

    return run_command(list(arguments))


def __getattr__(name: str) -> Any:
    if name in _OF_COMMAND_LINE:
        from wann.cli import command_line

        return getattr(command_line, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
