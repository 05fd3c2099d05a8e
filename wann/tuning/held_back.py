"""The part of the training data that judges individual weights, held back from their tuning."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Parts(NamedTuple):
    """Numbers of training samples.

    Attributes:
        validation: (v,) that judge, at least one.
        training: (t,) that the weights are tuned on: the others, or the only one.
    """

    validation: NDArray[np.int64]
    training: NDArray[np.int64]


def hold_back(n: int, share: float, most: int, rng: np.random.Generator) -> Parts:
    """Holds some of n samples back.

    Args:
        n: number of samples, at least 1.
        share: of them that is held back.
        most: samples that are held back, at most.
        rng: draws which.
    """
    order = rng.permutation(n)
    n_held = min(most, max(1, int(share * n)))
    return Parts(order[:n_held], order[n_held:] if n > 1 else order)
