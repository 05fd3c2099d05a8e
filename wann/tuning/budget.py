"""How much a tuning may cost: episodes, seconds, or until somebody asks to stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from wann.tuning.journal import Journal, Kind


class Budget:
    """Counts episodes and seconds against their limits.

    With a limit of episodes alone, what is left does not depend on the clock: the same seed then
    gives the same bits.

    Args:
        evaluations: the most episodes, each of one set of weights; None: no limit.
        seconds: the most wall time, from now on; None: no limit.
        should_stop: asked now and then; true ends the budget.
        journal: what the tuning has been told before, if it goes on; the seconds of that time
            count.

    Attributes:
        used: episodes so far.
        journal: takes down what the clock decides, unless ``is_noted`` is false.
        is_given: whether somebody has set it; only then a small one must hold everything.

    Raises:
        ValueError: there is no limit, or one is not positive.
    """

    def __init__(
        self,
        evaluations: int | None = None,
        seconds: float | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        journal: Journal | None = None,
    ) -> None:
        if evaluations is None and seconds is None:
            raise ValueError("a budget needs a limit: evaluations or seconds")
        for name, limit in (("evaluations", evaluations), ("seconds", seconds)):
            if limit is not None and not limit > 0:
                raise ValueError(f"{name} must be positive, not {limit}")
        self.evaluations, self.limit = evaluations, seconds
        self.should_stop = should_stop
        self.journal = journal or Journal()
        self.used = 0
        self.is_noted = self.is_given = True
        self._started = time.perf_counter() - self.journal.seconds

    @property
    def seconds(self) -> float:
        """Wall time so far."""
        return time.perf_counter() - self._started

    @property
    def limit_reached(self) -> str:
        """Which limit has ended it, "evaluations" or "seconds", if one has."""
        is_over = self.limit is not None and self.seconds >= self.limit
        return "seconds" if is_over or self.evaluations is None else "evaluations"

    @property
    def is_stopped(self) -> bool:
        """Whether somebody has asked to stop."""
        if not self.should_stop():
            return False
        self.journal.freeze()
        return True

    @property
    def fraction(self) -> float:
        """How much of the budget is used: 0 at the start, 1 at the end."""
        if self.is_stopped:
            return 1.0
        by_episodes = self.used / self.evaluations if self.evaluations else 0.0
        if self.limit is None:
            return min(1.0, by_episodes)
        by_time = self.seconds / self.limit
        if self.is_noted:
            by_time = float(self.journal.recall(Kind.FRACTION, lambda: by_time)[0])
        return min(1.0, max(by_episodes, by_time))

    def affords(self, n: int, reserved: int = 0) -> int:
        """How many of n episodes there may still be.

        Args:
            n: that are wanted.
            reserved: that are kept for later.
        """
        if self.evaluations is None or not self.is_given:
            return n
        return max(0, min(n, self.evaluations - reserved - self.used))

    def speed(self, measure: Callable[[], float]) -> float:
        """Evaluations in a second, as they were measured when it mattered."""
        return float(self.journal.recall(Kind.SPEED, measure)[0])
