"""The cart and its pole: one explicit Euler step, for one scalar state of either precision.

The functions are branch-free, so that a loop over lanes that calls them is vectorised; the
Gymnasium environment calls the same functions and therefore gets the same bits.

Source: the 2019 release of weight agnostic networks (Gaier & Ha 2019), after Deisenroth's PILCO
cart-pole. Units: m, kg, s, N, rad; theta = 0 is upright.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wann_envs.elementary import cospi, like, sinpi
from wann_envs.jit import inner_kernel, kernel

GRAVITY = 9.82
CART_MASS = 0.5
POLE_MASS = 0.5
TOTAL_MASS = CART_MASS + POLE_MASS
POLE_LENGTH = 0.6
FRICTION = 0.1
FORCE_LIMIT = 10.0
TIME_STEP = 0.01
TRACK_LIMIT = 2.4
EPISODE_STEPS = 1000
INITIAL_MEAN = (0.0, 0.0, math.pi, 0.0)
INITIAL_STD = 0.2

_INVERSE_PI = 1.0 / math.pi


def initial_state(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draws the state at the start of an episode: the pole hangs down, roughly at rest.

    The draw is ``rng.normal(INITIAL_MEAN, INITIAL_STD)``: four normal numbers in the order x, x',
    theta, theta'. ``reset`` makes this draw and no other.

    Args:
        rng: advanced by four normal draws.

    Returns:
        (4,) x (m), x' (m/s), theta (rad, 0 is upright), theta' (rad/s).
    """
    return rng.normal(INITIAL_MEAN, INITIAL_STD)


def initial_states(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Draws n states; the same numbers as n calls of ``initial_state``.

    Returns:
        (n, 4), units as in ``initial_state``.
    """
    return rng.normal(INITIAL_MEAN, INITIAL_STD, size=(n, 4))


def seeded_initial_states(first_seed: int, n: int) -> NDArray[np.float64]:
    """The states from which ``reset(seed=first_seed + k)`` starts, for k in [0, n).

    Gymnasium's generator of a seed is NumPy's ``default_rng`` of that seed.

    Args:
        first_seed: not negative.
        n: number of episodes.

    Returns:
        (n, 4), units as in ``initial_state``.
    """
    states = [initial_state(np.random.default_rng(first_seed + k)) for k in range(n)]
    return np.array(states).reshape(n, 4)


@kernel(error_model="numpy", nogil=True)
def sin_cos(theta):
    """Returns (sin theta, cos theta)."""
    half_turns = theta * like(theta, _INVERSE_PI)
    return sinpi(half_turns), cospi(half_turns)


@inner_kernel(error_model="numpy", nogil=True)
def advance(x, x_dot, theta, theta_dot, sin, cos, action):
    """Advances the state by one time step.

    Args:
        x, x_dot, theta, theta_dot: the state.
        sin, cos: of theta.
        action: the force over FORCE_LIMIT; clipped to [-1, 1] (NaN becomes -1).

    Returns:
        The next (x, x_dot, theta, theta_dot).
    """
    one = like(x, 1.0)
    action = action if action > -one else -one
    action = action if action < one else one
    push = like(x, FORCE_LIMIT) * action - like(x, FRICTION) * x_dot
    swing = like(x, POLE_MASS * POLE_LENGTH) * theta_dot * theta_dot * sin
    inverse = one / (like(x, 4.0 * TOTAL_MASS) - like(x, 3.0 * POLE_MASS) * cos * cos)
    x_acceleration = (
        like(x, 3.0 * POLE_MASS * GRAVITY) * sin * cos - like(x, 2.0) * swing + like(x, 4.0) * push
    ) * inverse
    theta_acceleration = (
        (
            like(x, 6.0 * TOTAL_MASS * GRAVITY) * sin
            - like(x, 3.0) * swing * cos
            + like(x, 6.0) * push * cos
        )
        * inverse
        * like(x, 1.0 / POLE_LENGTH)
    )
    dt = like(x, TIME_STEP)
    return (
        x + x_dot * dt,
        x_dot + x_acceleration * dt,
        theta + theta_dot * dt,
        theta_dot + theta_acceleration * dt,
    )


@inner_kernel(error_model="numpy", nogil=True)
def reward(x, cos):
    """(cos theta + 1) / 2 * cos(x / TRACK_LIMIT * pi / 2), of the state after the step."""
    return like(x, 0.5) * (cos + like(x, 1.0)) * cospi(x * like(x, 0.5 / TRACK_LIMIT))


@inner_kernel(error_model="numpy", nogil=True)
def is_on_track(x):
    """Whether the episode goes on; false for NaN."""
    return abs(x) <= like(x, TRACK_LIMIT)


@kernel(error_model="numpy", nogil=True)
def step(x, x_dot, theta, theta_dot, action):
    """One step of the environment.

    Returns:
        The next x, x_dot, theta, theta_dot, then the reward and whether the cart is on the track.
    """
    sin, cos = sin_cos(theta)
    x, x_dot, theta, theta_dot = advance(x, x_dot, theta, theta_dot, sin, cos, action)
    sin, cos = sin_cos(theta)
    return x, x_dot, theta, theta_dot, reward(x, cos), is_on_track(x)
