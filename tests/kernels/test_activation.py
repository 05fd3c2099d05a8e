"""The activations, as the nodes of a network compute them, against exact references."""

import numpy as np
import pytest

from tests import naive
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.kernels.activation import ACTIVATION_NAMES, Activation
from wann.kernels.forward import CHUNK, LANES, forward, lane_rows

PRECISIONS = [np.float32, np.float64]
TOLERANCE = {np.float32: 1e-6, np.float64: 1e-12}


def activated(number, x):
    """The activation of all numbers of ``x``: input -> hidden node, with weight 1."""
    network = network_from_connections(1, 1, [1, 1, number, 1], [(1, 2)])
    networks, results = stack_networks([network]), []
    for block in np.split(x, range(LANES, len(x), LANES)):
        n_chunks = -(-len(block) // CHUNK)
        rows = lane_rows(1 + network.n_nodes, x)
        weight, bias, given, hidden, _ = rows.reshape(-1, LANES)
        weight[:], bias[:] = 1.0, 1.0
        given[: len(block)] = block
        forward(networks, 0, 2, rows, 1, 0, False, n_chunks)
        results.append(hidden[: len(block)].copy())
    return np.concatenate(results)


def ordinary_numbers(dtype):
    rng = np.random.default_rng(1)
    exponent = np.log10(float(np.finfo(dtype).max)) - 0.1
    sizes = 10.0 ** rng.uniform(-exponent, exponent, 1500)
    return np.concatenate(
        [
            rng.uniform(-50.0, 50.0, 1500),
            rng.uniform(-1.0, 1.0, 500),
            rng.choice([-1.0, 1.0], 1500) * sizes,
            np.arange(-12, 13) / 4.0,
        ]
    ).astype(dtype)


def extreme_numbers(dtype):
    info = np.finfo(dtype)
    root = np.sqrt(info.max)
    limits_of_exp = [87.0, 89.0, 104.0, 708.0, 710.0, 746.0]
    small = [0.0, info.smallest_subnormal, info.tiny / dtype(2.0), info.tiny, info.eps, 1.0]
    large = [1e4, 2.0**24, root / 2, root, root * dtype(2.0), info.max / dtype(2.0), info.max]
    sizes = np.array([*small, *limits_of_exp, *large], dtype)
    return np.concatenate([sizes, -sizes])


def expected(number, x):
    largest = float(np.finfo(x.dtype).max)
    return np.array([naive.activation(number, float(value), largest) for value in x])


def test_numbers_and_names_are_those_of_the_release():
    assert {name: int(number) for name, number in ACTIVATION_NAMES.items()} == {
        "linear": 1,
        "step": 2,
        "sin": 3,
        "gauss": 4,
        "tanh": 5,
        "sigmoid": 6,
        "inverse": 7,
        "abs": 8,
        "relu": 9,
        "cos": 10,
        "square": 11,
    }
    assert [int(number) for number in Activation] == list(range(1, 12))


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("number", Activation)
def test_activation_agrees_with_numpy(number, dtype):
    for x in (ordinary_numbers(dtype), extreme_numbers(dtype)):
        right = expected(number, x)
        error = np.abs(activated(number, x).astype(np.float64) - right)
        relative = error / np.maximum(1.0, np.abs(right))
        worst = relative.argmax()
        assert relative[worst] <= TOLERANCE[dtype], (x[worst], right[worst])


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("number", Activation)
def test_activation_is_finite_for_every_finite_number(number, dtype):
    for x in (ordinary_numbers(dtype), extreme_numbers(dtype)):
        assert np.isfinite(activated(number, x)).all()


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("number", Activation)
def test_one_lane_and_sixty_four_give_the_same_bits(number, dtype):
    x = np.random.default_rng(2).permutation(ordinary_numbers(dtype))[:LANES].copy()
    together = activated(number, x)
    alone = np.concatenate([activated(number, x[i : i + 1]) for i in range(LANES)])
    assert together.tobytes() == alone.tobytes()
    assert activated(number, x[::-1].copy())[::-1].tobytes() == together.tobytes()


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_saturating_activations_stay_within_their_limits(dtype):
    x = np.concatenate([ordinary_numbers(dtype), extreme_numbers(dtype)])
    for number, low, high in (
        (Activation.TANH, -1.0, 1.0),
        (Activation.SIGMOID, 0.0, 1.0),
        (Activation.GAUSS, 0.0, 1.0),
        (Activation.STEP, 0.0, 1.0),
    ):
        y = activated(number, x)
        assert low <= y.min(), number
        assert y.max() <= high, number


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_step_rises_right_above_zero(dtype):
    smallest = np.finfo(dtype).smallest_subnormal
    x = np.array([-smallest, -0.0, 0.0, smallest], dtype)
    assert activated(Activation.STEP, x).tolist() == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_sine_and_cosine_are_exact_at_whole_and_half_turns(dtype):
    x = np.array([0.0, 1.0, 2.0, -3.0, 0.5, 1.5, -0.5, 1e6], dtype)
    assert np.abs(activated(Activation.SIN, x)[[0, 1, 2, 3, 7]]).max() <= 4e-7
    assert activated(Activation.SIN, x)[4:7] == pytest.approx([1.0, -1.0, -1.0], abs=3e-7)
    assert activated(Activation.COS, x)[[0, 1, 2, 3, 7]] == pytest.approx(
        [1.0, -1.0, 1.0, -1.0, 1.0], abs=3e-7
    )
    assert np.abs(activated(Activation.COS, x)[4:7]).max() <= 4e-7
