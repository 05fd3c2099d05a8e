"""The forward pass against naive recursion: shared and individual weights, chunks, overflow."""

import numpy as np
import pytest

from tests import naive
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.kernels.forward import CHUNK, LANES, forward, lane_rows
from wann.tasks.policy import NetworkPolicy

# without the JIT numpy complains where a sum is meant to overflow
pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid value):RuntimeWarning")

PRECISIONS = [np.float32, np.float64]
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
SPARE = 12345.0
# inputs, outputs, hidden nodes, connections
SMALL = [(1, 1, 0, 2), (5, 1, 0, 6), (5, 1, 8, 25), (3, 4, 25, 90), (4, 2, 3, 0)]
LARGE = [(7, 2, 60, 300)]


def run(network, weights, inputs, n_chunks=LANES // CHUNK, company=()):
    """(n_nodes, LANES) values of the nodes of a network.

    Args:
        network: laid behind the networks ``company``.
        weights: (LANES,) shared or (connections, LANES); its precision is that of all.
        inputs: (n_inputs, LANES).
        n_chunks: active chunks; lanes behind them start with the number SPARE.
    """
    networks = stack_networks([*company, network])
    is_weighted = weights.ndim == 2
    flat = lane_rows(network.n_nodes + (len(weights) if is_weighted else 1), weights)
    rows = flat.reshape(-1, LANES)
    rows[: network.n_nodes] = SPARE
    rows[0] = 1.0
    rows[1 : 1 + network.n_inputs] = inputs
    rows[network.n_nodes :] = weights
    n_fixed, p = 1 + network.n_inputs, len(company)
    forward(networks, p, n_fixed, flat, 0, network.n_nodes, is_weighted, n_chunks)
    return rows[: network.n_nodes].copy()


def random_case(seed, size, dtype, is_weighted=False):
    rng = np.random.default_rng(seed)
    network = naive.random_network(rng, *size)
    n_rows = (network.n_connections,) if is_weighted else ()
    weights = rng.uniform(-2.0, 2.0, (*n_rows, LANES)).astype(dtype)
    return network, weights, rng.normal(0.0, 1.0, (network.n_inputs, LANES)).astype(dtype)


def node_by_node(network, weights, values, lane):
    """Each node computed naively from the computed values of its sources: errors do not add up."""
    dtype, largest = weights.dtype.type, float(np.finfo(weights.dtype).max)
    computed = values[:, lane].astype(np.float64)
    for node in range(1 + network.n_inputs, network.n_nodes):
        total = dtype(0.0)
        for edge in np.flatnonzero(network.edge_target == node):
            value = values[network.edge_source[edge], lane]
            total = total + (weights[edge, lane] * value if weights.ndim == 2 else value)
        total = total if weights.ndim == 2 else weights[lane] * total
        sum_in = naive.finite(float(total), largest)
        computed[node] = naive.activation(int(network.activation[node]), sum_in, largest)
    return computed


def assert_close(values, right, tolerance):
    error = np.abs(values.astype(np.float64) - right) / np.maximum(1.0, np.abs(right))
    assert error.max() <= tolerance, np.unravel_index(error.argmax(), error.shape)


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("size", SMALL)
@pytest.mark.parametrize("seed", range(3))
def test_forward_matches_naive_on_random_dags(size, seed, is_weighted):
    network, weights, inputs = random_case(seed, size, np.float64, is_weighted)
    values = run(network, weights, inputs)
    for lane in range(0, LANES, 7):
        right = naive.node_values(network, weights[..., lane], inputs[:, lane])
        assert_close(values[:, lane], np.array(right), TOLERANCE[np.float64])


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("size", SMALL + LARGE)
def test_every_node_follows_from_its_sources(size, is_weighted, dtype):
    for seed in range(2):
        network, weights, inputs = random_case(10 + seed, size, dtype, is_weighted)
        values = run(network, weights, inputs)
        assert values.dtype == dtype
        for lane in range(0, LANES, 13):
            right = node_by_node(network, weights, values, lane)
            assert_close(values[:, lane], right, TOLERANCE[dtype])


@pytest.mark.parametrize("is_weighted", [False, True])
def test_float32_agrees_with_float64_where_the_network_is_smooth(is_weighted):
    rng = np.random.default_rng(5)
    smooth = (Activation.LINEAR, Activation.TANH, Activation.SIGMOID, Activation.GAUSS)
    network = naive.random_network(rng, 5, 2, 10, 40, smooth)
    shape = (network.n_connections, LANES) if is_weighted else (LANES,)
    weights, inputs = rng.uniform(-0.5, 0.5, shape), rng.normal(size=(5, LANES))
    single = run(network, weights.astype(np.float32), inputs.astype(np.float32))
    assert_close(single, run(network, weights, inputs), 1e-5)


def test_individual_weights_belong_to_connections_in_their_order():
    network = network_from_connections(2, 1, [1, 1, 1, 1], [(0, 3), (1, 3), (2, 3)])
    weights = np.arange(3.0 * LANES).reshape(3, LANES)
    inputs = np.stack([np.full(LANES, 10.0), np.full(LANES, -3.0)])
    right = weights[0] + 10.0 * weights[1] - 3.0 * weights[2]
    assert run(network, weights, inputs)[3].tolist() == right.tolist()


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_equal_individual_weights_are_a_shared_weight(dtype):
    rng = np.random.default_rng(6)
    smooth = (Activation.LINEAR, Activation.TANH, Activation.INVERSE, Activation.ABS)
    network = naive.random_network(rng, 4, 2, 12, 50, smooth)
    inputs = rng.normal(size=(4, LANES)).astype(dtype)
    shared = rng.uniform(-1.0, 1.0, LANES).astype(dtype)
    individual = np.tile(shared, (network.n_connections, 1))
    values, right = run(network, individual, inputs), run(network, shared, inputs)
    assert_close(values, right.astype(np.float64), {np.float32: 3e-5, np.float64: 1e-13}[dtype])
    assert np.ptp(right[-1]) > 0.0


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("is_weighted", [False, True])
def test_lanes_do_not_depend_on_each_other(is_weighted, dtype):
    network, weights, inputs = random_case(20, (5, 1, 12, 50), dtype, is_weighted)
    values = run(network, weights, inputs)
    rng = np.random.default_rng(7)
    moved = rng.permutation(LANES)
    assert run(network, weights[..., moved], inputs[:, moved]).tobytes() == (
        values[:, moved].tobytes()
    )
    for lane in (0, 17, 63):
        other_weights = rng.uniform(-2.0, 2.0, weights.shape).astype(dtype)
        other_inputs = rng.normal(size=inputs.shape).astype(dtype)
        other_weights[..., lane], other_inputs[:, lane] = weights[..., lane], inputs[:, lane]
        changed = run(network, other_weights, other_inputs)
        assert changed[:, lane].tobytes() == values[:, lane].tobytes()
        assert changed[-1].tobytes() != values[-1].tobytes()


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("n_chunks", range(1, LANES // CHUNK + 1))
def test_only_active_chunks_are_computed(n_chunks, is_weighted, dtype):
    network, weights, inputs = random_case(30, (5, 1, 12, 50), dtype, is_weighted)
    values = run(network, weights, inputs, n_chunks)
    n_active = n_chunks * CHUNK
    whole = run(network, weights, inputs)
    assert values[:, :n_active].tobytes() == whole[:, :n_active].tobytes()
    assert (values[1 + network.n_inputs :, n_active:] == SPARE).all()
    assert (values[1 : 1 + network.n_inputs] == inputs).all()


@pytest.mark.parametrize("is_weighted", [False, True])
def test_a_network_among_others_is_computed_as_if_alone(is_weighted):
    network, weights, inputs = random_case(40, (5, 1, 12, 50), np.float64, is_weighted)
    rng = np.random.default_rng(8)
    company = [naive.random_network(rng, 5, 1, n, 3 * n) for n in (0, 9, 2)]
    with_company = run(network, weights, inputs, company=company)
    assert with_company.tobytes() == run(network, weights, inputs).tobytes()


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_a_chain_of_squares_saturates(dtype):
    n = 14
    network = network_from_connections(
        1, 1, [1, 1, *[Activation.SQUARE] * n, 1], [(k, k + 1) for k in range(1, n + 2)]
    )
    weights = np.linspace(-2.0, 2.0, LANES).astype(dtype)
    values = run(network, weights, np.full((1, LANES), 3.0, dtype))
    assert np.isfinite(values).all()
    largest = np.finfo(dtype).max
    # the last lane has weight 2: 3 -> 36 -> 72 ** 2 -> ...
    assert values[n + 1, -1] == pytest.approx(largest, rel=1e-6)
    assert values[n + 2, -1] == largest
    assert values[n + 2, 0] == -largest


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("number", Activation)
def test_overflowing_sums_stay_finite(number, dtype):
    largest = np.finfo(dtype).max
    network = network_from_connections(
        3, 1, [1, 1, 1, 1, number, 1], [(1, 4), (2, 4), (3, 4), (4, 5), (1, 5), (2, 5)]
    )
    inputs = np.tile(np.array([[largest], [largest], [-largest]], dtype), LANES)
    shared = np.zeros(LANES, dtype)
    shared[1:7] = [1.0, -1.0, 2.0, -2.0, largest, np.finfo(dtype).tiny]
    assert np.isfinite(run(network, shared, inputs)).all()
    individual = np.zeros((6, LANES), dtype)
    individual[:, 1] = largest
    individual[:, 2] = [largest, -largest, largest, 1.0, 2.0, -2.0]
    assert np.isfinite(run(network, individual, inputs)).all()


def test_zero_weight_gives_every_node_its_value_at_zero():
    network, _, inputs = random_case(50, (5, 2, 20, 80), np.float64)
    at_zero = [naive.activation(int(number), 0.0) for number in network.activation]
    values = run(network, np.zeros(LANES), inputs)
    assert values[6:].tolist() == [[value] * LANES for value in at_zero[6:]]


def test_a_node_without_connections_sees_zero():
    network = network_from_connections(1, 2, [1, 1, Activation.COS, Activation.STEP], [])
    values = run(network, np.ones(LANES), np.ones((1, LANES)))
    assert (values[2] == 1.0).all()
    assert (values[3] == 0.0).all()


@pytest.mark.parametrize("seed", range(4))
def test_policy_gives_the_bits_of_the_lanes(seed):
    network, weights, inputs = random_case(60 + seed, (5, 2, 15, 60), np.float64)
    values = run(network, weights, inputs)
    for lane in range(0, LANES, 9):
        action = NetworkPolicy(network, weights[lane])(inputs[:, lane])
        assert action.tobytes() == values[-2:, lane].copy().tobytes()


def test_policy_remembers_nothing_and_hands_out_its_own_arrays():
    network, weights, inputs = random_case(70, (5, 1, 15, 60), np.float64)
    policy = NetworkPolicy(network, weights[0])
    first = policy(inputs[:, 0])
    kept = first.copy()
    second = policy(inputs[:, 1])
    assert first.tolist() == kept.tolist() != second.tolist()
    assert policy(inputs[:, 0]).tolist() == kept.tolist()
