"""Words to people that belong to no result: on the standard error, once a command."""

from __future__ import annotations

from wann.output import say

_said: set[str] = set()


def notice(text: str) -> None:
    """Prints a line that begins with ``wann:``, unless it has been printed already."""
    if text not in _said:
        _said.add(text)
        say(f"wann: {text}", to="stderr")


def begin() -> None:
    """Forgets what has been said: another command begins."""
    _said.clear()
