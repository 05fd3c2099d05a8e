"""Words to people that belong to no result: on the standard error, once a command."""

from __future__ import annotations

import sys
from contextlib import suppress

from wann.printable import printable

_said: set[str] = set()


def notice(text: str) -> None:
    """Prints a line that begins with ``wann:``, unless it has been printed already."""
    if text in _said or sys.stderr is None:
        return
    _said.add(text)
    with suppress(OSError, ValueError):  # nobody listens
        print(f"wann: {printable(text)}", file=sys.stderr, flush=True)


def begin() -> None:
    """Forgets what has been said: another command begins."""
    _said.clear()
