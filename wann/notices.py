"""Words to people that belong to no result: on the standard error, once a command."""

from __future__ import annotations

from wann.output import say

_known: set[str] = set()


def notice(text: str, about: str = "") -> None:
    """Prints a line that begins with ``wann:``, unless what it is about is known already.

    Args:
        text: the line.
        about: what it is about; "": the line itself.
    """
    if (about or text) not in _known:
        _known.add(about or text)
        say(f"wann: {text}", to="stderr")


def take_as_known(about: str) -> None:
    """What the user has named needs no notice."""
    _known.add(about)


def begin() -> None:
    """Forgets what is known: another command begins."""
    _known.clear()
