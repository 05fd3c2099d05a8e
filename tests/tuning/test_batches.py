"""Individual weights of a classifier by evolution strategies on batches of training samples."""

import numpy as np
import pytest

from wann.errors import NetworkError
from wann.executors.threads import Threads
from wann.genome.network import network_from_connections
from wann.tasks.accuracy import probabilities
from wann.tasks.registry import make_task
from wann.tuning.batches import BatchPlan, mean_cross_entropy, tune_on_batches
from wann.tuning.budget import Budget
from wann.tuning.classification import AccuracyScorer
from wann.tuning.cma_es import DIAGONAL, CmaEs
from wann.tuning.pepg import Pepg

TASK = make_task("digits")


def network():
    """Every class adds some pixels up."""
    rng = np.random.default_rng(1)
    pairs = [(int(s), 65 + k) for k in range(10) for s in rng.choice(65, 20, replace=False)]
    return network_from_connections(64, 10, [1] * 75, pairs)


NETWORK = network()


def tune(evaluations, optimiser=DIAGONAL, seed=0, executor=None, **options):
    budget = Budget(evaluations)
    return tune_on_batches(
        TASK,
        NETWORK,
        optimiser,
        start_weight=0.5,
        budget=budget,
        seed=seed,
        executor=executor,
        **options,
    )


def test_cross_entropy_is_that_of_the_softmax():
    rng = np.random.default_rng(2)
    outputs, labels = rng.normal(0, 5, (50, 10)), rng.integers(0, 10, 50)
    expected = -np.log(probabilities(outputs)[np.arange(50), labels]).mean()
    assert mean_cross_entropy(outputs, labels) == pytest.approx(expected)
    largest = np.full((2, 3), -np.finfo(np.float64).max)
    assert mean_cross_entropy(largest, np.array([0, 1])) == pytest.approx(np.log(3))


def test_diagonal_cma_betters_two_hundred_weights():
    scorer = AccuracyScorer(TASK)
    before = scorer.individual(NETWORK, (0.5,) * NETWORK.n_connections).mean
    tuned = tune(3_000_000)
    assert scorer.individual(NETWORK, tuned.weights).mean > before + 30
    assert tuned.merit > before + 30


def test_policy_gradients_better_them_too():
    assert tune(1_000_000, Pepg).merit > tune(1, Pepg).merit


def test_the_same_seed_gives_the_same_bits_whatever_the_workers():
    first = tune(100_000)
    with Threads(2) as executor:
        again = tune(100_000, executor=executor)
    np.testing.assert_array_equal(first.weights, again.weights)
    assert not np.array_equal(first.weights, tune(100_000, seed=1).weights)


def test_the_start_is_kept_where_nothing_is_better():
    still = tune(50_000, lambda start, rng: CmaEs(start, rng, sigma=1e-12, population=8))
    np.testing.assert_allclose(still.weights, 0.5, atol=1e-6)


def test_progress_budget_and_end_are_told():
    told = []
    tuned = tune(100_000, plan=BatchPlan(batch=500), on_progress=told.append)
    assert tuned.ended_by == "evaluations"
    assert tuned.evaluations == told[-1].evaluations == 7 * 32 * 500
    assert {progress.unit for progress in told} == {"samples"}
    stop = Budget(10**9, should_stop=lambda: True)
    stopped = tune_on_batches(TASK, NETWORK, Pepg, start_weight=0.5, budget=stop, seed=0)
    assert (stopped.ended_by, stopped.evaluations) == ("stop", 0)


def test_a_network_without_connections_is_refused():
    empty = network_from_connections(64, 10, [1] * 75, [])
    with pytest.raises(NetworkError, match="no connections"):
        tune_on_batches(TASK, empty, Pepg, start_weight=1.0, budget=Budget(9), seed=0)
