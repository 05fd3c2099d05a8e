"""Classification in the manner of the 2019 release, to compare speeds with.

A dense weight matrix, one node at a time over the whole batch, one network and one weight after
another: what one writes with NumPy alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.bench.reference import dense_matrix
from wann.genome.network import Network
from wann.kernels.activation import Activation

Values = NDArray[np.float64]


def _apply(activation: int, x: Values) -> Values:
    value: NDArray[np.floating[Any]]
    if activation == Activation.LINEAR:
        value = x
    elif activation == Activation.STEP:
        value = 1.0 * (x > 0.0)
    elif activation == Activation.SIN:
        value = np.sin(np.pi * x)
    elif activation == Activation.GAUSS:
        value = np.exp(-x * x / 2.0)
    elif activation == Activation.TANH:
        value = np.tanh(x)
    elif activation == Activation.SIGMOID:
        value = (np.tanh(x / 2.0) + 1.0) / 2.0
    elif activation == Activation.INVERSE:
        value = -x
    elif activation == Activation.ABS:
        value = np.abs(x)
    elif activation == Activation.RELU:
        value = np.maximum(0, x)
    elif activation == Activation.COS:
        value = np.cos(np.pi * x)
    else:
        value = x**2
    return np.asarray(value)


def act(matrix: Values, network: Network, x: Values) -> Values:
    """(n, outputs) outputs on (n, inputs) samples; ``matrix`` holds the weights."""
    n_first = 1 + network.n_inputs
    values = np.zeros((len(x), network.n_nodes))
    values[:, 0] = 1.0
    values[:, 1:n_first] = x
    for node in range(n_first, network.n_nodes):
        raw = np.dot(values, matrix[:, node])
        values[:, node] = _apply(int(network.activation[node]), raw)
    return values[:, -network.n_outputs :]


def cross_entropy(network: Network, weight: float, x: Values, y: NDArray[np.int64]) -> float:
    """Mean cross-entropy of one network with one shared weight."""
    outputs = act(dense_matrix(network) * weight, network, x)
    exponentials = np.exp(outputs - np.max(outputs, axis=1)[:, None])
    probabilities = exponentials / exponentials.sum(axis=1)[:, None]
    right = probabilities[np.arange(len(y)), y]
    return float(-np.log(np.maximum(right, 1e-300)).mean())
