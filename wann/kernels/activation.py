"""The activation functions, over a row of lanes.

Every function is finite for every finite input (the square saturates at the largest number) and
agrees with NumPy to 1e-12 (float64) and 1e-6 (float32).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import njit

from wann_envs.elementary import cospi, exp, largest_root, like, sinpi


class Activation(IntEnum):
    """Activation ids of the 2019 release."""

    LINEAR = 1
    STEP = 2
    SIN = 3
    GAUSS = 4
    TANH = 5
    SIGMOID = 6
    INVERSE = 7
    ABS = 8
    RELU = 9
    COS = 10
    SQUARE = 11


ACTIVATION_NAMES = {activation.name.lower(): activation for activation in Activation}

# plain integers: numba reads them as constants
_LINEAR, _STEP, _SIN, _GAUSS, _TANH, _SIGMOID, _INVERSE, _ABS, _RELU, _COS, _SQUARE = (
    int(activation) for activation in Activation
)


@njit(cache=True, error_model="numpy", nogil=True)
def activate(values, start, n, activation):
    """Applies an activation in place to ``values[start:start + n]``.

    Args:
        values: (size,) float32 or float64.
        start: uint64; a signed index could be negative, and testing for that is not vectorised.
        n: int64.
        activation: an ``Activation``.
    """
    one, two, zero = like(values[0], 1.0), like(values[0], 2.0), like(values[0], 0.0)
    if activation == _LINEAR:
        return
    if activation == _STEP:
        for k in range(n):
            i = start + np.uint64(k)
            values[i] = one if values[i] > zero else zero
    elif activation == _SIN:
        for k in range(n):
            i = start + np.uint64(k)
            values[i] = sinpi(values[i])
    elif activation == _GAUSS:
        for k in range(n):
            i = start + np.uint64(k)
            values[i] = exp(like(one, -0.5) * values[i] * values[i])
    elif activation == _TANH:
        for k in range(n):
            i = start + np.uint64(k)
            values[i] = one - two / (exp(two * values[i]) + one)
    elif activation == _SIGMOID:
        for k in range(n):
            i = start + np.uint64(k)
            values[i] = one / (one + exp(-values[i]))
    elif activation == _INVERSE:
        for k in range(n):
            i = start + np.uint64(k)
            values[i] = -values[i]
    elif activation == _ABS:
        for k in range(n):
            i = start + np.uint64(k)
            values[i] = abs(values[i])
    elif activation == _RELU:
        for k in range(n):
            i = start + np.uint64(k)
            values[i] = values[i] if values[i] > zero else zero
    elif activation == _COS:
        for k in range(n):
            i = start + np.uint64(k)
            values[i] = cospi(values[i])
    elif activation == _SQUARE:
        limit_root = largest_root(one)
        for k in range(n):
            i = start + np.uint64(k)
            x = abs(values[i])
            x = x if x < limit_root else limit_root
            values[i] = x * x
