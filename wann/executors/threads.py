"""Runs kernels on threads: they release the GIL."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

from wann.checks import whole_number
from wann.limits import MOST_WORKERS

Item = TypeVar("Item")


class Threads:
    """A pool of worker threads; with one worker everything runs in the calling thread.

    Args:
        n_workers: number of workers, at least 1.
    """

    def __init__(self, n_workers: int = 1) -> None:
        self.n_workers = n_workers = whole_number(n_workers, "n_workers", 1, MOST_WORKERS)
        # the calling thread works too
        self._pool = ThreadPoolExecutor(n_workers - 1) if n_workers > 1 else None

    def run(self, function: Callable[[Item], object], items: Iterable[Item]) -> None:
        """Calls ``function`` on every item; returns when all are done."""
        left = deque(items)

        def work() -> None:
            # taking an item is atomic; a future for each would cost more than a small item
            while True:
                try:
                    item = left.popleft()
                except IndexError:
                    return
                function(item)

        futures = [self._pool.submit(work) for _ in range(self.n_workers - 1)] if self._pool else []
        try:
            work()
        finally:
            left.clear()
            for future in futures:
                future.result()

    def __reduce__(self) -> tuple[type[Threads], tuple[int]]:
        # threads cannot be copied: a copy has its own
        return type(self), (self.n_workers,)

    def close(self) -> None:
        """Ends the workers."""
        if self._pool is not None:
            self._pool.shutdown()

    def __enter__(self) -> Threads:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
