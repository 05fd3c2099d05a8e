"""Says that kernels are compiled, when they are.

What listens may be replaced: the ``wann`` command shows it where it shows the progress of a run.
Without that, lines go to the standard error, and none do where ``WANN_NOTICES=0`` is set.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Say = Callable[[str], None]

# nobody needs to hear of less
_FIRST_AFTER, _BETWEEN = 1.0, 10.0
SWITCH = "WANN_NOTICES"


def say_on_stderr(text: str) -> None:
    """Prints a line on the standard error, unless ``WANN_NOTICES=0``."""
    if os.environ.get(SWITCH, "1") != "0" and sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(f"wann: {text}", file=sys.stderr, flush=True)


class Progress:
    """How far compiling has come.

    Attributes:
        n_compiled: kernels that this process has compiled so far.
        say: is told a line after a second of compiling, and then every ten.
        seconds: spent on compiling.
    """

    def __init__(self) -> None:
        self.n_compiled = 0
        self.say: Say = say_on_stderr
        self.seconds = 0.0
        self._depth = 0
        self._started = self._ended = 0.0
        self._last = -_BETWEEN
        # how many kernels of how many are there
        self._count: Callable[[], tuple[int, int]] | None = None

    @contextmanager
    def counting(self, count: Callable[[], tuple[int, int]]) -> Iterator[None]:
        """Within the block, progress is what ``count`` says: kernels that are there, and all."""
        outer, self._count = self._count, count if self._count is None else self._count
        try:
            yield
        finally:
            self._count = outer

    @contextmanager
    def heard_by(self, say: Say) -> Iterator[None]:
        """Within the block, somebody else is told."""
        former, self.say = self.say, say
        try:
            yield
        finally:
            self.say = former

    def begins(self) -> None:
        """A kernel is about to be compiled; numba's own lock lets one thread in at a time."""
        if self._depth == 0:
            self._started = time.perf_counter()
            if self._started - self._ended > _BETWEEN:  # another time, another start
                self.seconds = 0.0
        self._depth += 1
        self.tell()

    def ends(self) -> None:
        """It has been compiled, or cannot be."""
        self.n_compiled += 1
        self.tell()
        self._depth -= 1
        if self._depth == 0:
            self._ended = time.perf_counter()
            self.seconds += self._ended - self._started

    def tell(self) -> None:
        """Says how far it is, if it is time to."""
        now = time.perf_counter()
        spent = self.seconds + (now - self._started if self._depth else 0.0)
        if spent < _FIRST_AFTER or now - self._last < _BETWEEN:
            return
        self._last = now
        done, n = self._count() if self._count else (self.n_compiled, 0)
        of = f"{done} of {n}" if n else f"{done} so far"
        self.say(f"compiling kernels, which happens once: {of}")


PROGRESS = Progress()
