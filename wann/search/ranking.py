"""Objectives of a generation, and the order of its individuals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wann.kernels.pareto import crowding_distances, front_numbers
from wann.search.config import SearchConfig


@dataclass(frozen=True)
class Objectives:
    """What the individuals of a generation are ranked by.

    Attributes:
        mean: (P,) mean over shared weights and episodes.
        maximum: (P,) the largest, over the weights, of the mean over episodes.
        connections: (P,) number of connections.
    """

    mean: NDArray[np.float64]
    maximum: NDArray[np.float64]
    connections: NDArray[np.int64]

    @staticmethod
    def none() -> Objectives:
        """Of no individuals."""
        return Objectives(np.empty(0), np.empty(0), np.empty(0, np.int64))

    @staticmethod
    def of(scores: NDArray[np.float64], connections: NDArray[np.int64]) -> Objectives:
        """From (P, W) scores and (P,) connections."""
        return Objectives(scores.mean(axis=1), scores.max(axis=1), connections)

    @property
    def shown(self) -> Objectives:
        """The same for people: a maximum that is below its mean is raised to it.

        Estimates over a lifetime are moved apart from each other, each by what the batch did to it,
        and a mean may come to lie above its maximum; rounding does so by a digit. Ranks need both
        as they are, but no largest value is below a mean.
        """
        if (self.maximum >= self.mean).all():
            return self
        return replace(self, maximum=np.maximum(self.maximum, self.mean))

    @property
    def simplicity(self) -> NDArray[np.float64]:
        """(P,) one over the connections, of which none counts as one, as in the 2019 release."""
        return 1.0 / np.maximum(self.connections, 1)


@dataclass(frozen=True)
class Ranks:
    """The individuals of a generation in order.

    Attributes:
        order: (P,) the best first: by front, then by crowding distance, then by number.
        front: (P,) front of each individual, 0 the non-dominated one.
    """

    order: NDArray[np.int64]
    front: NDArray[np.int64]


def rank_by(values: NDArray[np.float64]) -> Ranks:
    """Ranks individuals by non-dominated sorting and crowding distance.

    Args:
        values: (P, M), larger is better.

    Source: Deb et al. 2002 (NSGA-II).
    """
    front = front_numbers(values)
    crowding = crowding_distances(values, front)
    return Ranks(np.lexsort((-crowding, front)), front)


def rank(objectives: Objectives, config: SearchConfig, rng: np.random.Generator) -> Ranks:
    """Ranks a generation as the config says; ``rng`` is the coin of the "paper" ranking.

    Source: Gaier & Ha 2019, section 3.
    """
    if config.ranking == "three":
        columns = [objectives.mean, objectives.maximum, objectives.simplicity]
    elif rng.random() < config.connections_probability:
        columns = [objectives.mean, objectives.simplicity]
    else:
        columns = [objectives.mean, objectives.maximum]
    return rank_by(np.column_stack(columns))
