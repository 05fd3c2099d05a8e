"""How much a tuning may cost: episodes, seconds, or until somebody asks to stop."""

from __future__ import annotations

import time
from collections.abc import Callable


class Budget:
    """Counts episodes and seconds against their limits.

    With a limit of episodes alone, what is left does not depend on the clock: the same seed then
    gives the same bits.

    Args:
        evaluations: the most episodes, each of one set of weights; None: no limit.
        seconds: the most wall time, from now on; None: no limit.
        should_stop: asked now and then; true ends the budget.

    Attributes:
        used: episodes so far.

    Raises:
        ValueError: there is no limit, or one is not positive.
    """

    def __init__(
        self,
        evaluations: int | None = None,
        seconds: float | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        if evaluations is None and seconds is None:
            raise ValueError("a budget needs a limit: evaluations or seconds")
        for name, limit in (("evaluations", evaluations), ("seconds", seconds)):
            if limit is not None and not limit > 0:
                raise ValueError(f"{name} must be positive, not {limit}")
        self.evaluations, self.limit = evaluations, seconds
        self.should_stop = should_stop
        self.used = 0
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Wall time so far."""
        return time.perf_counter() - self._started

    @property
    def has_run_out_of_time(self) -> bool:
        """Whether the limit of seconds is reached."""
        return self.limit is not None and self.seconds >= self.limit

    @property
    def is_stopped(self) -> bool:
        """Whether somebody has asked to stop."""
        return self.should_stop()

    @property
    def fraction(self) -> float:
        """How much of the budget is used: 0 at the start, 1 at the end."""
        if self.is_stopped:
            return 1.0
        by_episodes = self.used / self.evaluations if self.evaluations else 0.0
        by_time = self.seconds / self.limit if self.limit else 0.0
        return min(1.0, max(by_episodes, by_time))
