"""Prints for people and programs: never fails, and never prints what a terminal would obey."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from contextlib import suppress
from typing import Any, Literal

from wann.printable import printable

Name = Literal["stdout", "stderr"]

# what reads well where a code page lacks the sign
_IN_ASCII = str.maketrans({"±": "+-", "×": "x", "…": "...", "–": "-", "→": "->", "θ": "theta"})
_LONGEST_WORD, _LONGEST_LINE = 300, 1500

_failures: dict[str, OSError] = {}


class Stream:
    """Standard output or standard error; writing to it never fails.

    A sign that its encoding lacks is written in ASCII. What can no longer be written is dropped,
    and ``failure_of`` tells why.

    Args:
        name: which of the two; it is taken as it is now.
    """

    def __init__(self, name: Name) -> None:
        self.name = name
        self._stream = getattr(sys, name)

    @property
    def encoding(self) -> str:
        """Of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        try:
            return bool(self._stream.isatty())
        except (AttributeError, ValueError):
            return False

    def fileno(self) -> int:
        """Of the stream; raises OSError where it has none."""
        try:
            return int(self._stream.fileno())
        except (AttributeError, ValueError) as error:
            raise OSError(errno.EBADF, "no descriptor") from error

    def write(self, text: str) -> int:
        """Writes text, or drops it."""
        if self._stream is not None:
            try:
                self._stream.write(self._encodable(text))
            except (OSError, ValueError) as error:
                self._drop(error)
        return len(text)

    def flush(self) -> None:
        """Hands what was written to the system."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._drop(error)

    def _encodable(self, text: str) -> str:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            in_ascii = text.translate(_IN_ASCII)
            return in_ascii.encode(self.encoding, "backslashreplace").decode(self.encoding)
        except LookupError:
            return text.translate(_IN_ASCII).encode("ascii", "backslashreplace").decode()
        return text

    def _drop(self, error: OSError | ValueError) -> None:
        """From now on nobody gets what is written, and the interpreter's last flush succeeds."""
        if not isinstance(error, OSError):  # closed by this program
            error = OSError(errno.EBADF, str(error))
        _failures.setdefault(self.name, error)
        with suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(null, self.fileno())
            finally:
                os.close(null)
            self._stream.flush()


def say(*lines: object, to: Name = "stdout") -> None:
    """Prints each argument as one line, whatever it holds: control characters are escaped."""
    stream = Stream(to)
    stream.write("".join(f"{printable(line)}\n" for line in lines))
    stream.flush()


def say_json(value: Any) -> None:
    """Prints JSON in ASCII; what is no finite number becomes null."""
    try:
        text = json.dumps(value, indent=2, allow_nan=False)
    except ValueError:
        text = json.dumps(_without_nan(value), indent=2, allow_nan=False)
    stream = Stream("stdout")
    stream.write(text.replace("\x7f", "\\u007f") + "\n")
    stream.flush()


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def one_line(message: str) -> str:
    """A message on one line of a reasonable length, whatever it quotes."""
    words = [_cut(word, _LONGEST_WORD) for word in message.split()]
    return _cut(printable(" ".join(words)), _LONGEST_LINE)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most * 2 // 3]}...{text[-most // 6 :]}"


def begin() -> None:
    """Forgets what could not be printed so far."""
    _failures.clear()


def failure_of(name: Name) -> OSError | None:
    """Why something could not be printed since ``begin``; None: all was, or nobody wanted it."""
    failure = _failures.get(name)
    return None if failure is not None and failure.errno == errno.EBADF else failure


def is_gone(error: OSError) -> bool:
    """Whether the reader of a pipe, or a terminal, has gone away."""
    return isinstance(error, BrokenPipeError) or error.errno in (errno.EIO, errno.EINVAL)
