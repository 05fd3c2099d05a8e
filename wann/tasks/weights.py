"""The shared weights of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Sweep = Literal["fixed", "uniform", "stratified"]


def draw_weights(
    sweep: Sweep,
    values: Sequence[float],
    n: int,
    low: float,
    high: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draws the shared weights of a generation.

    Args:
        sweep: "fixed": ``values``; "uniform": ``n`` independent draws; "stratified": one draw in
            each n-th of the range.
        values: for "fixed".
        n, low, high: for the other two.
        rng: source of randomness.

    Returns:
        (W,) weights; sorted when stratified.
    """
    if sweep == "fixed":
        return np.array(values, np.float64)
    if sweep == "uniform":
        return rng.uniform(low, high, n)
    return low + (high - low) * (np.arange(n) + rng.random(n)) / n
