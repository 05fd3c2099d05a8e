"""A stream of random numbers per child: SplitMix64, from a seed that the caller has drawn.

A child's numbers depend on its own seed only, not on how many its siblings used.

Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators".
"""

from __future__ import annotations

import numpy as np

from wann_envs.jit import inner_kernel

_INCREMENT = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
_S11, _S27, _S30, _S31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)


@inner_kernel
def uniform(state):
    """Advances ``state`` ((1,) uint64) and returns a float64 in [0, 1)."""
    state[0] += _INCREMENT
    z = state[0]
    z = (z ^ (z >> _S30)) * _MULTIPLIER_1
    z = (z ^ (z >> _S27)) * _MULTIPLIER_2
    z = z ^ (z >> _S31)
    return np.float64(z >> _S11) * 2.0**-53


@inner_kernel
def below(state, n):
    """Returns an int64 in [0, n)."""
    return np.int64(uniform(state) * n)
