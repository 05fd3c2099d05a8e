"""CMA-ES: evolution strategy with covariance matrix adaptation, by the package ``cma``.

Source: Hansen 2016, "The CMA evolution strategy: a tutorial", https://arxiv.org/abs/1604.00772
"""

from __future__ import annotations

import math
import warnings
from functools import partial

import cma
import numpy as np

from wann.tuning.optimiser import Weights

# larger than the default of cma, 4 + 3 ln C: the returns are noisy
POPULATION = 64
DIAGONAL_POPULATION = 32
# small: see wann.tuning.individual
SIGMA = 0.1


class _Normal:
    """Standard normal numbers of one generator; a copy of it has a generator of its own."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def __call__(self, *shape: int) -> Weights:
        return self.rng.standard_normal(shape)


class CmaEs:
    """An optimiser that adapts the covariance of its candidates.

    The same generator gives the same bits on one machine; another's linear algebra may round the
    eigendecomposition differently.

    Args:
        start: (C,) the first mean.
        rng: of the candidates; NumPy's global generator is left alone.
        sigma: the first standard deviation.
        population: candidates of a generation.
        is_diagonal: whether only the deviation of each weight is adapted (sep-CMA-ES, Ros & Hansen
            2008, https://doi.org/10.1007/978-3-540-87700-4_30): it learns faster where there are
            hundreds of weights, and a generation takes less time.
    """

    def __init__(
        self,
        start: Weights,
        rng: np.random.Generator,
        *,
        sigma: float = SIGMA,
        population: int = POPULATION,
        is_diagonal: bool = False,
    ) -> None:
        self._n = len(start)
        # cma wants two dimensions; the second of a single weight counts for nothing
        padded = np.append(start, 0.0) if self._n == 1 else start
        self._strategy = cma.CMAEvolutionStrategy(
            padded,
            sigma,
            {
                "popsize": population,
                "CMA_diagonal": is_diagonal,
                "randn": _Normal(rng),
                # neither seeds nor reads the global generator
                "seed": math.nan,
                # says nothing, writes nothing, reads no signals file
                "verbose": -10,
                "verb_log": 0,
            },
        )

    @property
    def mean(self) -> Weights:
        """(C,) the centre of the search."""
        return np.array(self._strategy.mean, np.float64)[: self._n]

    def ask(self) -> Weights:
        """(population, C) candidates."""
        self._asked = self._strategy.ask()
        return np.array(self._asked, np.float64)[:, : self._n]

    def tell(self, candidates: Weights, scores: Weights) -> None:  # noqa: ARG002
        """Takes the scores of the candidates; cma minimises."""
        with warnings.catch_warnings():
            # cma says so where weights matter so little that their steps grow
            warnings.simplefilter("ignore", UserWarning)
            self._strategy.tell(self._asked, (-scores).tolist())


# for hundreds of weights
DIAGONAL = partial(CmaEs, is_diagonal=True, population=DIAGONAL_POPULATION)
