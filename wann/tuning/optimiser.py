"""What an optimiser of weights is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]


class Optimiser(Protocol):
    """Maximises the return by ask and tell; its state is its own."""

    @property
    def mean(self) -> Weights:
        """(C,) the centre of the search."""

    def ask(self) -> Weights:
        """(K, C) candidates."""

    def tell(self, candidates: Weights, scores: NDArray[np.float64]) -> None:
        """Takes the (K,) scores of the candidates, the higher the better."""


# takes a start, a generator and, as ``sigma``, the first standard deviation
MakeOptimiser = Callable[..., Optimiser]
