"""The bench of classification, small: its reference is right, its numbers fit together."""

import numpy as np
import pytest

from tests.families import family
from wann.bench.mnist import Plan, measure_mnist
from wann.bench.mnist_reference import cross_entropy
from wann.genome.compile import stack_networks
from wann.tasks.classify import digits_task
from wann.tasks.cross_entropy import cross_entropies

TASK = digits_task()


def test_the_reference_computes_the_same_losses():
    rng = np.random.default_rng(0)
    networks = [d.network(rng) for d in family(rng, 3, 64, 10, tuple(range(1, 11)), 20)]
    chosen = np.arange(100)
    made = cross_entropies(stack_networks(networks), np.array([0.5]), TASK.samples, chosen)
    x, y = TASK.samples.x[:100].astype(np.float64), TASK.samples.y[:100]
    right = [cross_entropy(network, 0.5, x, y) for network in networks]
    assert made[:, 0] == pytest.approx(right, rel=1e-4)


def test_the_parts_of_a_generation_are_measured():
    small = Plan(20, 100, 8, 64, 12, 4)
    result = measure_mnist(TASK, small)
    assert result["settings"] == {"task": "digits", "population": 20, "weights": 6, "batch": 100}
    for name in ("generation 0", "late"):
        made = result[name]
        assert made["nodes"] >= made["unique_nodes"] > 0
        assert all(value > 0 for value in made["milliseconds"].values())
        assert made["largest_difference"] <= 1e-5
    assert result["late"]["unique_nodes"] < result["late"]["nodes"]
