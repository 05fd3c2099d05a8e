"""Accuracy of classifiers, against one sample after another."""

import numpy as np
import pytest

from tests.families import family
from wann.executors.threads import Threads
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.tasks import accuracy
from wann.tasks.accuracy import accuracies, individual_outputs, probabilities
from wann.tasks.classify import digits_task
from wann.tasks.policy import NetworkPolicy

TASK = digits_task()
WEIGHTS = np.array([-1.7, -0.4, 0.9])


def networks(n=4, seed=0):
    rng = np.random.default_rng(seed)
    return [d.network(rng) for d in family(rng, n, 64, 10, (1, 4, 5, 6, 9), 60)]


def naive_outputs(network, weight, samples, chosen):
    return np.array([NetworkPolicy(network, weight)(samples.x[k]) for k in chosen])


def test_accuracies_are_those_of_one_sample_after_another():
    some, samples, chosen = networks(), TASK.samples, np.arange(100, 170)
    made = accuracies(stack_networks(some), WEIGHTS, samples, chosen)
    assert made.shape == (4, 3)
    for p, network in enumerate(some):
        for w, weight in enumerate(WEIGHTS):
            answers = naive_outputs(network, weight, samples, chosen).argmax(axis=1)
            right = 100.0 * np.mean(answers == samples.y[chosen])
            assert made[p, w] == pytest.approx(right)


def test_few_weights_at_a_time_and_workers_do_not_change_accuracies(monkeypatch):
    some, chosen = stack_networks(networks(seed=1)), np.arange(150)
    right = accuracies(some, WEIGHTS, TASK.samples, chosen)
    monkeypatch.setattr(accuracy, "_MOST_OUTPUTS", 1)
    with Threads(2) as threads:
        made = accuracies(some, WEIGHTS, TASK.samples, chosen, executor=threads)
    assert made.tolist() == right.tolist()


def test_individual_weights_are_those_of_the_connections():
    network, samples = networks(seed=2)[0], TASK.test_samples
    weights = np.random.default_rng(3).uniform(-2, 2, network.n_connections)
    made = individual_outputs(stack_networks([network]), weights, samples)
    chosen = np.array([0, 1, 63, 64, 200, len(samples.y) - 1])
    right = naive_outputs(network, weights, samples, chosen)
    assert made.shape == (len(samples.y), 10)
    assert made[chosen] == pytest.approx(right, rel=1e-9, abs=1e-9)


def test_outputs_beyond_all_numbers_still_give_probabilities():
    squares = network_from_connections(
        64, 10, [1] * 65 + [11] * 12, [(0, 65), (10, 65), (65, 66), (66, 67), (0, 68)]
    )
    ((_, outputs),) = accuracy.outputs_by_weight(
        stack_networks([squares]), np.array([1e20]), TASK.samples, np.arange(70)
    )
    made = probabilities(outputs)
    assert np.isfinite(made).all()
    assert made.sum(axis=-1) == pytest.approx(1.0)


def test_probabilities_are_the_softmax():
    outputs = np.random.default_rng(4).normal(size=(5, 7))
    right = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    assert probabilities(outputs) == pytest.approx(right)
