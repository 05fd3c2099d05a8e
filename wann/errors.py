"""Errors that a user can act on; the command line prints them as one line and exits with 2."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable


class WannError(Exception):
    """Base of the package's errors: what was wrong, where, and what is allowed."""


class InputError(WannError, ValueError):
    """A number, an array or a name that somebody gave is none, or beyond what is allowed."""


class ConfigError(WannError, ValueError):
    """A config holds an unknown key, a wrong type or an impossible value."""


class NetworkError(WannError, ValueError):
    """A genome or network is not valid."""


class CycleError(NetworkError):
    """The enabled connections form a cycle."""


class FormatError(WannError):
    """A file is not what it should be: truncated, of another format, or of a newer version."""


class TaskError(WannError, ValueError):
    """A task is unknown or does not fit the network."""


class RunError(WannError):
    """A run directory cannot be used: it exists, is locked, unwritable or damaged."""


class WannWarning(UserWarning):
    """Base of the package's warnings; the command line prints each as one line."""


class EditedFileWarning(WannWarning):
    """A file is not as it was written: its content has another digest."""


def near_hint(name: str, names: Iterable[str], compared: Callable[[str], str] = str) -> str:
    """Words to put after an unknown name: the nearest known one, or nothing if none is near.

    Args:
        name: what was given.
        names: what is known.
        compared: the part of a name that counts.
    """
    known = {compared(other): other for other in names}
    near = difflib.get_close_matches(compared(name), known, 1)
    return f" (did you mean {known[near[0]]!r}?)" if near else ""
