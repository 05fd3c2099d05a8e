"""Plain values: what JSON holds, and every reader of it can take."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from wann.printable import shown

# of lists and objects within each other
DEEPEST = 100


def text_fault(text: str, *, nul: bool = True) -> str:
    """What keeps a text from being one that every program takes; "": nothing does.

    Args:
        text: any.
        nul: whether NUL is a fault: names and paths cannot hold it, other texts can.
    """
    if nul and "\0" in text:
        return "holds NUL, which is no text"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"holds {shown(repr(text[error.start]))}, half of a character, which is no text"
    return ""


def check_name(text: str, where: str, *, nul: bool = True) -> None:
    """Raises ValueError for a name that holds a lone surrogate, or NUL.

    Args:
        text: the name.
        where: the field that holds it, as the message says it.
        nul: as in ``text_fault``.
    """
    if fault := text_fault(text, nul=nul):
        raise ValueError(f"{where} {fault}")


def check_plain(value: Any, where: str) -> None:
    """Raises ValueError for a value that is not plain all through; names the part that is not.

    Plain are None, booleans, finite numbers, text without lone surrogates, and lists and objects
    of these, at most ``DEEPEST`` within each other.

    Args:
        value: as JSON is read.
        where: the field that holds it, as the message says it.
    """
    waiting = [(value, where, 0)]
    while waiting:
        part, place, depth = waiting.pop()
        if isinstance(part, str):
            if fault := text_fault(part, nul=False):
                raise ValueError(f"{place} {fault}")
        elif isinstance(part, (Mapping, list, tuple)):
            if depth == DEEPEST:
                # the place has as many words as it is deep
                raise ValueError(f"{where} is nested more than {DEEPEST} deep")
            waiting += ((item, name, depth + 1) for item, name in _parts(part, place))
        elif isinstance(part, (int, float)) and not abs(part) <= sys.float_info.max:
            raise ValueError(f"{place} is {shown(part, 20)}, must be a finite number")


def _parts(value: Any, where: str) -> Iterator[tuple[Any, str]]:
    """The parts of a list or an object, each with its place; names of an object are parts too."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield name, f"a key of {where}"
            yield item, f"{where}.{shown(name, 40)}"
    else:
        for k, item in enumerate(value):
            yield item, f"{where}[{k}]"
