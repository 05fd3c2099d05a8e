"""Random streams: one for each purpose and generation, so that none depends on another's use.

The state of a search needs no generator state: a stream follows from the seed, the purpose and
the generation, whatever was drawn before.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """Purposes of random numbers."""

    START = 0
    WEIGHTS = 1
    TRIALS = 2
    RANKING = 3
    SELECTION = 4
    VARIATION = 5
    VALIDATION = 6
    VALIDATION_TUNED = 7
    VALIDATION_SMALL = 8


def stream_rng(seed: int, stream: Stream, generation: int = 0) -> np.random.Generator:
    """The generator of a purpose in a generation."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, generation)))
