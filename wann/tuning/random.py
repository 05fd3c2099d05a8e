"""Random streams of a tuning, one for each purpose, far from those of searches and scores."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class TuningStream(IntEnum):
    """Purposes of random numbers."""

    START = 0
    TRIALS = 1
    CHOICE = 2
    SHARED = 3
    TRAINING = 4
    STRUCTURES = 5
    PROBE = 6


def tuning_rng(seed: int, stream: TuningStream, number: int = 0) -> np.random.Generator:
    """The generator of a purpose; ``number`` tells apart several of the kind."""
    key = (1001, int(stream), number)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
