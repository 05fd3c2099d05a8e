"""Times of functions that are compared with each other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping


def fastest_seconds(
    functions: Mapping[str, Callable[[], object]], n_rounds: int
) -> dict[str, float]:
    """Seconds of each function.

    The functions take turns, and the fastest of some rounds counts: what else the machine does
    only adds time, and a slow spell slows all of them.
    """
    fastest = dict.fromkeys(functions, math.inf)
    for _ in range(n_rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            fastest[name] = min(fastest[name], time.perf_counter() - start)
    return fastest
