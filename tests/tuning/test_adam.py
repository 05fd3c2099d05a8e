"""Training the individual weights of a classifier by Adam, on the digits."""

from typing import NamedTuple

import numpy as np
import pytest

from wann.errors import NetworkError
from wann.executors.threads import Threads
from wann.genome.network import network_from_connections
from wann.kernels.adam import adam_step
from wann.kernels.forward import LANES
from wann.tasks.registry import make_task
from wann.tuning.adam import AdamPlan, make_blocks, tune_adam
from wann.tuning.budget import Budget
from wann.tuning.classification import AccuracyScorer

TASK = make_task("digits")


def sparse_network(seed=0, n_hidden=30, n_edges=6):
    """Hidden nodes and outputs with a few sources each."""
    rng = np.random.default_rng(seed)
    activation = [1] * 65 + [*rng.choice((3, 4, 5, 9), n_hidden)] + [1] * 10
    pairs = [
        (int(source), target)
        for target in range(65, 75 + n_hidden)
        for source in rng.choice(min(target, 65 + n_hidden), n_edges, replace=False)
    ]
    return network_from_connections(64, 10, activation, pairs)


NETWORK = sparse_network()


def tune(evaluations=20000, seed=0, **options):
    budget = Budget(evaluations=evaluations)
    return tune_adam(TASK, NETWORK, start_weight=0.5, budget=budget, seed=seed, **options)


def test_training_makes_accuracy_better():
    told = []
    tuned = tune(60000, on_progress=told.append)
    start = np.full(NETWORK.n_connections, 0.5)
    before = AccuracyScorer(TASK).individual(NETWORK, start).mean
    after = AccuracyScorer(TASK).individual(NETWORK, tuned.weights).mean
    assert after > before + 30
    assert tuned.generations == len(told)
    assert [p.generation for p in told] == list(range(1, len(told) + 1))
    assert all(0 <= p.mean <= 100 and p.stage == "training" for p in told)
    assert told[-1].best > told[0].best


def test_the_same_seed_gives_the_same_bits_whatever_the_workers():
    # batches large enough to be divided
    plan = AdamPlan(batch_blocks=16, least_batches=1)
    first, other = tune(plan=plan), tune(plan=plan, seed=1)
    with Threads(2) as threads:
        again = tune(plan=plan, executor=threads)
    np.testing.assert_array_equal(first.weights, again.weights)
    assert not np.array_equal(first.weights, other.weights)


def test_the_budget_ends_the_training():
    tuned = tune(5000)
    assert tuned.ended_by == "evaluations"
    assert 5000 <= tuned.evaluations < 5000 + AdamPlan().batch_blocks * LANES
    stopped = tune_adam(
        TASK, NETWORK, start_weight=0.5, budget=Budget(9000, should_stop=lambda: True), seed=0
    )
    assert (stopped.ended_by, stopped.evaluations) == ("stop", 0)
    np.testing.assert_array_equal(stopped.weights, np.full(NETWORK.n_connections, 0.5))


def test_training_ends_when_nothing_becomes_better():
    # steps so large that the start stays the best
    plan = AdamPlan(learning_rate=1e4, patience=0.1, patient_epochs=2)
    tuned = tune(200000, plan=plan)
    assert tuned.ended_by == "patience"
    assert tuned.evaluations < 100000


def test_training_does_not_look_at_the_test_part():
    class Blind(NamedTuple):
        samples: object

    expected = tune().weights
    found = tune_adam(
        Blind(TASK.samples), NETWORK, start_weight=0.5, budget=Budget(20000), seed=0
    ).weights
    np.testing.assert_array_equal(found, expected)


def test_blocks_hold_every_sample_once():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(LANES + 3, 2)), rng.integers(0, 5, LANES + 3)
    blocks = make_blocks(x, y, np.float64)
    assert blocks.x.shape == (2, 3 * LANES)
    rows = blocks.x.reshape(2, 3, LANES)
    np.testing.assert_array_equal(rows[1, :, :3], np.column_stack([np.ones(3), x[LANES:]]).T)
    assert not rows[1, :, 3:].any()
    np.testing.assert_array_equal(blocks.y.ravel()[: LANES + 3], y)
    assert (blocks.y[1, 3:] == -1).all()


def test_adam_step_equals_the_algorithm_of_the_paper():
    rng = np.random.default_rng(1)
    weights, average = rng.normal(size=4), np.zeros(4)
    first, second = np.zeros(4), np.zeros(4)
    w, m, v = weights.copy(), np.zeros(4), np.zeros(4)
    for step in range(1, 4):
        gradients = rng.normal(size=(3, 4))
        g = gradients.sum(axis=0) / 10
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w -= 0.1 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        adam_step(gradients, 10, step, 0.1, 0.5, weights, first, second, average)
        np.testing.assert_allclose(weights, w, rtol=1e-12)
    gradients[1, 2] = np.inf
    adam_step(gradients, 10, 4, 0.1, 0.5, weights, first, second, average)
    assert np.isfinite(weights).all()


def test_a_network_without_connections_is_refused():
    network = network_from_connections(64, 10, [1] * 75, [])
    with pytest.raises(NetworkError, match="no connections"):
        tune_adam(TASK, network, start_weight=1.0, budget=Budget(10), seed=0)
