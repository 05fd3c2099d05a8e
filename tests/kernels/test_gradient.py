"""The gradient through a network against finite differences, and the slopes of the activations."""

import numpy as np
import pytest

from tests.families import Draft
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation, activate
from wann.kernels.forward import LANES
from wann.kernels.gradient import Blocks, block_gradients
from wann.kernels.slope import slope

N_INPUTS, N_CLASSES = 3, 3


def data(rng, n_blocks=1, n_left_out=0, dtype=np.float64):
    x = rng.uniform(-1.0, 1.0, (n_blocks, 1 + N_INPUTS, LANES))
    x[:, 0] = 1.0
    y = rng.integers(0, N_CLASSES, (n_blocks, LANES))
    y[-1, LANES - n_left_out :] = -1
    return Blocks(np.ascontiguousarray(x.reshape(n_blocks, -1), dtype), y)


def gradient_of(network, weights, blocks):
    """(blocks, C) gradients, and (blocks, 2) scores."""
    which = np.arange(len(blocks.y))
    gradients = np.full((len(which), len(weights)), np.nan, weights.dtype)
    scores = np.empty((len(which), 2))
    stacked = stack_networks([network])
    block_gradients(
        stacked, 1 + N_INPUTS, N_CLASSES, weights, blocks, which, which, gradients, scores
    )
    return gradients, scores


def chain(activation):
    """Two hidden nodes of one activation, of which one feeds the other."""
    fixed = [1] * (1 + N_INPUTS)
    into = [(0, 4), (1, 4), (2, 4), (0, 5), (3, 5), (4, 5)]
    out = [(4, 6), (5, 6), (1, 7), (5, 7), (4, 8), (0, 8)]
    return network_from_connections(
        N_INPUTS, N_CLASSES, [*fixed, activation, activation, 1, 1, 1], into + out
    )


def loss_of(network, weights, blocks):
    return gradient_of(network, weights, blocks)[1][:, 0].sum()


def differences(network, weights, blocks, step=1e-6):
    """The gradient by central differences."""
    result = np.empty(len(weights))
    for k in range(len(weights)):
        up, down = weights.copy(), weights.copy()
        up[k] += step
        down[k] -= step
        result[k] = (loss_of(network, up, blocks) - loss_of(network, down, blocks)) / (2 * step)
    return result


@pytest.mark.parametrize("activation", list(Activation))
def test_gradient_equals_finite_differences_for_every_activation(activation):
    rng = np.random.default_rng(int(activation))
    network, blocks = chain(activation), data(rng)
    weights = rng.uniform(-1.5, 1.5, network.n_connections)
    expected = differences(network, weights, blocks)
    found = gradient_of(network, weights, blocks)[0][0]
    if activation == Activation.STEP:
        # the loss jumps where a sample crosses the step; elsewhere it does not change
        assert not found[network.edge_target < 6].any()
        behind = network.edge_target >= 6
        found, expected = found[behind], expected[behind]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


def test_gradient_equals_finite_differences_on_random_dags():
    rng = np.random.default_rng(5)
    for _ in range(2):
        draft = Draft(N_INPUTS, N_CLASSES)
        for label in range(20):
            draft.change(rng, (3, 4, 5, 6, 7, 10), label)
        network, blocks = draft.network(rng), data(rng)
        weights = rng.uniform(-1.0, 1.0, network.n_connections)
        expected = differences(network, weights, blocks)
        found = gradient_of(network, weights, blocks)[0][0]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


def test_float32_agrees_with_float64():
    rng = np.random.default_rng(2)
    network, blocks = chain(Activation.SIN), data(rng, 2)
    weights = rng.uniform(-1.0, 1.0, network.n_connections)
    exact, scores = gradient_of(network, weights, blocks)
    single = Blocks(blocks.x.astype(np.float32), blocks.y)
    found, single_scores = gradient_of(network, weights.astype(np.float32), single)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(single_scores, scores, rtol=1e-5)


def test_lanes_without_a_sample_count_for_nothing():
    rng = np.random.default_rng(3)
    network, blocks = chain(Activation.TANH), data(rng, n_left_out=10)
    weights = rng.uniform(-1.0, 1.0, network.n_connections)
    gradients, scores = gradient_of(network, weights, blocks)
    x = blocks.x.copy().reshape(1 + N_INPUTS, LANES)
    x[:, LANES - 10 :] = 7.0
    again = gradient_of(network, weights, Blocks(x.reshape(1, -1), blocks.y))
    np.testing.assert_array_equal(gradients, again[0])
    np.testing.assert_array_equal(scores, again[1])


def test_scores_are_the_cross_entropy_and_the_number_named_right():
    rng = np.random.default_rng(4)
    # each output is an input times a weight
    network = network_from_connections(3, 3, [1] * 7, [(1, 4), (2, 5), (3, 6)])
    blocks = data(rng)
    weights = np.array([1.0, -2.0, 0.5])
    outputs = blocks.x.reshape(1 + N_INPUTS, LANES)[1:] * weights[:, None]
    label = blocks.y[0]
    right = outputs[label, np.arange(LANES)]
    loss, n_right = gradient_of(network, weights, blocks)[1][0]
    assert loss == pytest.approx((np.log(np.exp(outputs).sum(axis=0)) - right).sum(), rel=1e-12)
    assert n_right == (outputs.argmax(axis=0) == label).sum()


@pytest.mark.parametrize("activation", list(Activation))
def test_slope_is_the_derivative_of_the_activation(activation):
    x = np.linspace(-3.0, 3.0, 100)
    expected = (activate(x + 1e-6, activation) - activate(x - 1e-6, activation)) / 2e-6
    np.testing.assert_allclose(slope(x, activation), expected, atol=1e-8)
