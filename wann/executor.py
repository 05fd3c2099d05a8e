"""What runs pieces of work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol


class Executor(Protocol):
    """Runs a function on items, perhaps in parallel."""

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
