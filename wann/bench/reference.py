"""Swing-up in the manner of the 2019 release, to compare speeds with.

A dense weight matrix, one node at a time, one episode at a time, the environment in Python: what
one writes with NumPy alone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wann.genome.network import Network
from wann.kernels.activation import Activation
from wann_envs.swingup import dynamics


def dense_matrix(network: Network) -> NDArray[np.float64]:
    """(n_nodes, n_nodes): 1 from source (row) to target (column), else 0."""
    matrix = np.zeros((network.n_nodes, network.n_nodes))
    matrix[network.edge_source, network.edge_target] = 1.0
    return matrix


def _apply(activation: int, x: float) -> float:
    if activation == Activation.LINEAR:
        value = x
    elif activation == Activation.STEP:
        value = 1.0 * (x > 0.0)
    elif activation == Activation.SIN:
        value = np.sin(np.pi * x)
    elif activation == Activation.GAUSS:
        value = np.exp(-np.multiply(x, x) / 2.0)
    elif activation == Activation.TANH:
        value = np.tanh(x)
    elif activation == Activation.SIGMOID:
        value = (np.tanh(x / 2.0) + 1.0) / 2.0
    elif activation == Activation.INVERSE:
        value = -x
    elif activation == Activation.ABS:
        value = abs(x)
    elif activation == Activation.RELU:
        value = np.maximum(0, x)
    elif activation == Activation.COS:
        value = np.cos(np.pi * x)
    else:
        value = x**2
    return float(value)


def act(
    matrix: NDArray[np.float64],
    activations: NDArray[np.int8],
    n_outputs: int,
    observation: NDArray[np.float64],
) -> NDArray[np.float64]:
    """One forward pass; ``matrix`` holds the weights."""
    n_first = 1 + len(observation)
    values = np.zeros((1, len(activations)))
    values[0, 0] = 1.0
    values[0, 1:n_first] = observation
    for node in range(n_first, len(activations)):
        raw = np.dot(values, matrix[:, node])
        values[0, node] = _apply(int(activations[node]), raw[0])
    return values[0, -n_outputs:]


def step(
    state: tuple[float, float, float, float], action: float
) -> tuple[tuple[float, float, float, float], float, bool]:
    """One step of the environment in plain Python."""
    x, x_dot, theta, theta_dot = state
    force = float(np.clip(action, -1.0, 1.0)) * dynamics.FORCE_LIMIT
    s, c = math.sin(theta), math.cos(theta)
    m, total, length = dynamics.POLE_MASS, dynamics.TOTAL_MASS, dynamics.POLE_LENGTH
    g, b, dt = dynamics.GRAVITY, dynamics.FRICTION, dynamics.TIME_STEP
    x_acceleration = (
        -2 * m * length * theta_dot**2 * s + 3 * m * g * s * c + 4 * force - 4 * b * x_dot
    ) / (4 * total - 3 * m * c**2)
    theta_acceleration = (
        -3 * m * length * theta_dot**2 * s * c + 6 * total * g * s + 6 * (force - b * x_dot) * c
    ) / (4 * length * total - 3 * m * length * c**2)
    x, theta = x + x_dot * dt, theta + theta_dot * dt
    x_dot, theta_dot = x_dot + x_acceleration * dt, theta_dot + theta_acceleration * dt
    reward = (np.cos(theta) + 1.0) / 2.0 * np.cos(x / dynamics.TRACK_LIMIT * np.pi / 2.0)
    return (x, x_dot, theta, theta_dot), float(reward), abs(x) > dynamics.TRACK_LIMIT


def episode(network: Network, weight: float, state: NDArray[np.float64]) -> tuple[float, int]:
    """Runs one episode; returns its return and its number of steps."""
    matrix = dense_matrix(network) * weight
    x, x_dot, theta, theta_dot = (float(value) for value in state)
    total = 0.0
    n_steps, is_over = 0, False
    while n_steps < dynamics.EPISODE_STEPS and not is_over:
        n_steps += 1
        observation = np.array([x, x_dot, np.cos(theta), np.sin(theta), theta_dot])
        action = act(matrix, network.activation, network.n_outputs, observation)
        (x, x_dot, theta, theta_dot), reward, is_over = step(
            (x, x_dot, theta, theta_dot), float(action[0])
        )
        total += reward
    return total, n_steps
