"""Text that comes from files, made fit for a terminal and a message."""

from __future__ import annotations

from wann.limits import LONGEST_ECHO


def printable(text: object) -> str:
    r"""Text without what would move a cursor, hide text or end a line: such characters escaped.

    Letters of all scripts stay; control characters, lone surrogates, direction marks and other
    invisible characters become ``\x1b``, ``\ud800``, ``\u202e``.
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def printable_lines(text: str) -> str:
    """The same for text of several lines, whose ends stay."""
    return "\n".join(map(printable, text.split("\n")))


def shown(value: object, most: int = LONGEST_ECHO) -> str:
    """A value as a message quotes it: printable, and cut where it is long."""
    text = printable(value if isinstance(value, str) else repr(value))
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
