"""Scores of a structure, as in champion files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.tasks.measure import RETURN, Measure

# the range of shared weights in the paper's protocol, and the weights of a profile
LOW, HIGH = -2.0, 2.0
N_PROFILE = 41


@dataclass(frozen=True)
class Score:
    """Mean and standard deviation of the return, or an accuracy.

    Attributes:
        mean, std: over the episodes.
        episodes: how many; of an accuracy: samples.
        extra: what else belongs to the score, such as the weight.
        measure: what it is.
    """

    mean: float
    std: float
    episodes: int
    extra: dict[str, float]
    measure: Measure = RETURN

    @staticmethod
    def of(returns: NDArray[np.floating[Any]], **extra: float) -> Score:
        """From the returns of episodes."""
        return Score(float(returns.mean()), float(returns.std()), returns.size, extra)

    def to_dict(self) -> dict[str, Any]:
        """As in champion files and ``--json``; a single accuracy has no deviation worth telling."""
        spread = {} if self.measure.is_per_cent else {"std": self.std}
        return {"mean": self.mean, **spread, **self.measure.over(self.episodes), **self.extra}


@dataclass(frozen=True)
class Profile:
    """Return over the shared weight.

    Attributes:
        weights: (W,) shared weights, increasing; in champion files 41 from -2 to 2.
        mean, std: (W,) over the episodes of each weight; all weights meet the same episodes.
        episodes: of each weight.
    """

    weights: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    episodes: int

    @property
    def std_within_weight(self) -> float:
        """Root mean square, over the weights, of the standard deviation over episodes."""
        return float(np.sqrt(np.mean(self.std**2)))

    def to_dict(self) -> dict[str, Any]:
        """As in champion files and ``--json``."""
        return {
            "weights": self.weights.tolist(),
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "episodes": self.episodes,
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Profile:
        """From what ``to_dict`` gives."""
        weights, mean, std = (
            np.array(values[name], np.float64) for name in ("weights", "mean", "std")
        )
        return Profile(weights, mean, std, int(values["episodes"]))
