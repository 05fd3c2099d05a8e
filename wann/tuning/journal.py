"""What a tuning was told so far, so that it can go on after an interruption.

An optimiser is not stored. What it was told is: a tuning that goes on draws and asks all again, in
the same order, and is told the scores of the journal instead of computing them. That takes a small
part of the time, and the tuning is then, bit for bit, where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann.errors import FormatError
from wann.limits import LARGEST_JOURNAL

Values = NDArray[np.float64]
State = Mapping[str, NDArray[Any]]


class Kind(IntEnum):
    """What an entry is."""

    FRACTION = 0  # of the budget that was used, where the clock says so
    SPEED = 1  # evaluations in a second, where the clock is the budget
    START = 2  # a best shared weight
    STRUCTURES = 3  # mean returns of structures
    SCORES = 4  # of candidates
    PROMISE = 5  # of contenders
    EXAMINATION = 6
    CHOICE = 7  # the means among which the last choice is


class Entry(NamedTuple):
    """Something that was computed.

    Attributes:
        kind: what it is.
        values: (n,) finite numbers.
    """

    kind: Kind
    values: Values


class Journal:
    """The entries of a tuning in their order, and its state where it has one.

    Args:
        entries: of a tuning that goes on; they are told again first.
        state: arrays of one that stores itself.
        seconds: that it has taken so far.
        save: is called with the journal after something was added.

    Attributes:
        entries: all of them.
        state: the last one.
        seconds: before this start.
        tuning: which tuning it is of, as champions note it; "": nobody asked.
    """

    def __init__(
        self,
        entries: list[Entry] | None = None,
        state: State | None = None,
        seconds: float = 0.0,
        save: Callable[[Journal], None] = lambda _: None,
    ) -> None:
        self.entries, self.state, self.seconds = entries or [], state, seconds
        self.tuning = ""
        self.save, self._place, self._is_frozen = save, 0, False
        self._size = sum(len(entry.values) for entry in self.entries)

    @property
    def is_replaying(self) -> bool:
        """Whether there are entries that are to be told again."""
        return not self._is_frozen and self._place < len(self.entries)

    def recall(self, kind: Kind, compute: Callable[[], Any]) -> Values:
        """The next entry, or what is computed now.

        Args:
            kind: of the entry.
            compute: gives its values, (n,) or a number.

        Raises:
            FormatError: the next entry is of another kind: the journal is not of this tuning.
        """
        if self.is_replaying:
            entry = self.entries[self._place]
            if entry.kind != kind:
                raise FormatError(
                    "the unfinished tuning is not of this version: discard it (--overwrite)"
                )
            self._place += 1
            return entry.values
        values = np.atleast_1d(np.asarray(compute(), np.float64))
        if not self._is_frozen:
            self._size += len(values)
            self.entries.append(Entry(kind, values))
            self._place += 1
            # one that is longer than can be kept goes on from there
            if self._size > LARGEST_JOURNAL:
                self.freeze()
            self.save(self)
        return values

    def keep(self, state: State) -> None:
        """Takes the state of a tuning that stores itself."""
        if not self._is_frozen:
            self.state = state
            self.save(self)

    def freeze(self) -> None:
        """Takes nothing more: what comes now would not have come without a request to stop."""
        self._is_frozen = True
