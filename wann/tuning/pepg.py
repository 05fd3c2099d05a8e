"""PEPG: policy gradients with parameter-based exploration, population-based REINFORCE.

Source: Sehnke et al. 2010, "Parameter-exploring policy gradients"; Williams 1992; the way in which
Gaier & Ha 2019 tune individual weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.tuning.optimiser import Weights

POPULATION = 64
SIGMA = 0.15
MEAN_RATE = 2.0
SIGMA_RATE = 0.5
_LOWEST_SIGMA = 0.005
# of the largest change of a deviation in a generation
_LARGEST_SIGMA_CHANGE = 0.2


class Pepg:
    """An optimiser that follows the gradient of a Gaussian's mean and deviations.

    Candidates come in pairs about the mean (symmetric sampling, section 3.2).

    Args:
        start: (C,) the first mean.
        rng: of the candidates.
        sigma: the first standard deviation of every weight.
        population: candidates of a generation, an even number.
    """

    def __init__(
        self,
        start: Weights,
        rng: np.random.Generator,
        *,
        sigma: float = SIGMA,
        population: int = POPULATION,
    ) -> None:
        self._mean = np.array(start, np.float64)
        self._sigma = np.full(len(start), sigma)
        self._rng, self._n_pairs = rng, population // 2
        self._steps = np.empty((0, len(start)))

    @property
    def mean(self) -> Weights:
        """(C,) the centre of the search."""
        return self._mean.copy()

    def ask(self) -> Weights:
        """(population, C) candidates: mean plus steps, then mean minus the same steps."""
        self._steps = self._sigma * self._rng.standard_normal((self._n_pairs, len(self._mean)))
        return np.concatenate([self._mean + self._steps, self._mean - self._steps])

    def tell(self, candidates: Weights, scores: NDArray[np.float64]) -> None:  # noqa: ARG002
        """Takes the scores of the candidates, in their order."""
        shaped = centred_ranks(scores)
        plus, minus = shaped[: self._n_pairs], shaped[self._n_pairs :]
        # eq. 14: a pair tells the mean by the difference of its scores
        mean_step = ((plus - minus) / 2) @ self._steps / self._n_pairs
        # eq. 15: and the deviation by their average above the baseline, which is 0 for ranks
        exploration = (self._steps**2 - self._sigma**2) / self._sigma
        sigma_step = ((plus + minus) / 2) @ exploration / self._n_pairs
        self._mean = self._mean + MEAN_RATE * mean_step
        change = np.clip(
            SIGMA_RATE * sigma_step,
            -_LARGEST_SIGMA_CHANGE * self._sigma,
            _LARGEST_SIGMA_CHANGE * self._sigma,
        )
        self._sigma = np.maximum(self._sigma + change, _LOWEST_SIGMA)


def centred_ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from -0.5 to 0.5; equal scores share their mean rank."""
    ordered = np.sort(scores)
    low, high = np.searchsorted(ordered, scores), np.searchsorted(ordered, scores, "right")
    ranks = (low + high - 1) / 2
    centred: NDArray[np.float64] = ranks / max(len(scores) - 1, 1) - 0.5
    return centred
