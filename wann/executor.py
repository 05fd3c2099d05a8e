"""What runs pieces of work, and how work is divided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Executor(Protocol):
    """Runs a function on items, perhaps in parallel.

    The function writes its results into the caller's arrays: it runs in threads of this process,
    never in other processes.
    """

    n_workers: int

    def run(self, function: Callable[[Any], object], items: Iterable[Any]) -> None:
        """Calls ``function`` on every item; returns when all are done."""


class Serial:
    """The executor that runs everything in the calling thread."""

    n_workers = 1

    def run(self, function: Callable[[Any], object], items: Iterable[Any]) -> None:
        """Calls ``function`` on every item in turn."""
        for item in items:
            function(item)


def pieces(
    numbers: NDArray[np.int64], executor: Executor, per_worker: int
) -> list[NDArray[np.int64]]:
    """Divides the numbers of whatever there is to do; those of a piece lie beside each other.

    Args:
        numbers: (n,) of children, of networks, of blocks.
        executor: will run the pieces.
        per_worker: pieces for each worker, if there are several; none is empty, unless all are.

    Returns:
        At least one piece.
    """
    n_pieces = 1 if executor.n_workers == 1 else per_worker * executor.n_workers
    return np.array_split(numbers, max(1, min(n_pieces, len(numbers))))
