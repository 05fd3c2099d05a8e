"""The softmax on rows of lanes against NumPy in float64."""

import numpy as np
import pytest

from wann.kernels.forward import LANES, lane_rows
from wann.kernels.softmax import exponentials, log_softmax, log_sums

# without the JIT numpy complains where a sum is meant to overflow
pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid value):RuntimeWarning")

LARGEST = np.finfo(np.float32).max


def case(outputs, labels, n):
    """Flat rows: outputs, a row of marks for each label, the padding, a spare row."""
    n_outputs = len(outputs)
    flat = lane_rows(2 * n_outputs + 2, np.zeros(1, np.float32))
    rows = flat.reshape(-1, LANES)
    rows[:n_outputs] = outputs
    rows[n_outputs + labels[:n], np.arange(n)] = 1.0
    rows[2 * n_outputs, n:] = 1.0
    return flat


def cross_entropy(outputs, labels, n):
    exact = outputs[:, :n].astype(np.float64)
    shift = exact.max(axis=0)
    return np.sum(
        np.log(np.exp(exact - shift).sum(axis=0)) + shift - exact[labels[:n], np.arange(n)]
    )


def exact_loss(outputs, labels, n, scale=1.0):
    flat, n_outputs = case(outputs, labels, n), np.int64(len(outputs))
    product, exponent = np.empty(1, np.float32), np.empty(1, np.int32)
    label_sum = np.empty(1, np.float32)
    log_softmax(
        flat,
        np.int64(0),
        n_outputs,
        n_outputs,
        2 * n_outputs,
        np.float32(scale),
        product,
        exponent,
        label_sum,
    )
    return np.log(np.float64(product[0])) + np.log(2.0) * exponent[0] - label_sum[0]


def shared_loss(outputs, labels, n, reference, scale=1.0):
    """The loss by way of exponentials shifted by a reference."""
    flat, k = case(outputs, labels, n), len(outputs)
    flat.reshape(-1, LANES)[2 * k + 1] = reference
    rows, marks = np.arange(k, dtype=np.int32), np.arange(k, 2 * k, dtype=np.int32)
    sums, product, exponent = (
        np.empty(k, np.float32),
        np.empty(1, np.float32),
        np.empty(1, np.int32),
    )
    exponentials(flat, rows, marks, np.int64(2 * k + 1), np.float32(scale), sums)
    log_sums(flat, rows, np.int64(k), np.int64(2 * k), product, exponent)
    return np.log(np.float64(product[0])) + np.log(2.0) * exponent[0] - sums.sum(dtype=np.float64)


@pytest.mark.parametrize("n", [1, 17, LANES])
@pytest.mark.parametrize("scale", [0.0, 1.0, 8.0])
@pytest.mark.parametrize("n_outputs", [2, 10])
def test_losses_match_numpy(n_outputs, scale, n):
    rng = np.random.default_rng(n)
    outputs = (scale * rng.normal(size=(n_outputs, LANES))).astype(np.float32)
    labels = rng.integers(0, n_outputs, LANES)
    right = cross_entropy(outputs, labels, n)
    assert abs(exact_loss(outputs, labels, n) - right) <= 1e-6 * max(n, right)
    for reference in (0.0, -25.0, 25.0):
        made = shared_loss(outputs, labels, n, np.float32(reference))
        assert abs(made - right) <= 1e-6 * max(n, right, 25.0 * n)


@pytest.mark.parametrize("temperature", [0.01, 0.25, 1.0])
def test_a_temperature_divides_the_outputs(temperature):
    rng = np.random.default_rng(1)
    outputs = (3.0 * temperature * rng.normal(size=(10, LANES))).astype(np.float32)
    labels, n = rng.integers(0, 10, LANES), 50
    right = cross_entropy(outputs.astype(np.float64) / temperature, labels, n)
    assert exact_loss(outputs, labels, n, 1 / temperature) == pytest.approx(right, rel=2e-6)
    made = shared_loss(outputs, labels, n, np.float32(0.0), 1 / temperature)
    assert made == pytest.approx(right, rel=2e-6)


@pytest.mark.parametrize("distance", [-300.0, -75.0, 75.0, 300.0, LARGEST, -LARGEST])
def test_a_reference_far_away_is_not_trusted(distance):
    outputs = np.full((3, LANES), distance, np.float32)
    labels = np.zeros(LANES, np.int64)
    assert np.isnan(shared_loss(outputs, labels, LANES, np.float32(0.0)))
    assert exact_loss(outputs, labels, LANES) == pytest.approx(LANES * np.log(3.0), rel=1e-6)


def test_one_lane_is_enough_not_to_be_trusted_unless_it_is_padding():
    outputs, labels = np.zeros((3, LANES), np.float32), np.zeros(LANES, np.int64)
    outputs[:, 40] = 100.0
    assert np.isnan(shared_loss(outputs, labels, LANES, np.float32(0.0)))
    made = shared_loss(outputs, labels, 40, np.float32(0.0))
    assert made == pytest.approx(40 * np.log(3.0), rel=1e-6)


def test_the_exact_loss_knows_the_largest_numbers():
    outputs, labels = np.zeros((3, LANES), np.float32), np.zeros(LANES, np.int64)
    outputs[0], outputs[1] = -1e30, 1e30
    assert exact_loss(outputs, labels, 1) == pytest.approx(2e30, rel=1e-6)
    outputs[1] = LARGEST
    outputs[0] = -LARGEST
    assert exact_loss(outputs, labels, 2) >= LARGEST
