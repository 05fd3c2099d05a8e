"""How fast swing-up is evaluated, beside a NumPy reference in the same process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from wann.bench.reference import episode
from wann.bench.timing import fastest_seconds
from wann.executors.threads import Threads
from wann.genome.compile import stack_networks
from wann.genome.network import Network, network_from_connections
from wann.kernels.forward import LANES
from wann.search.presets import load_config
from wann.search.search import Search
from wann.tasks.base import Precision, sweep
from wann.tasks.swingup import SwingUpTask

N_HIDDEN, N_CONNECTIONS = 22, 52
# its episodes last 910 steps on average, about as those of the paper's champion (900)
_NETWORK_SEED = 1554
_ROUNDS = 7


def bench_network(seed: int = _NETWORK_SEED) -> Network:
    """A random network of the size of the paper's champion: 23 nodes compute, 52 connections.

    Its activations are those of the champion, by number.
    """
    rng = np.random.default_rng(seed)
    hidden = rng.permutation([1] * 6 + [7] * 5 + [5] * 4 + [3] * 3 + [9] * 3 + [4])
    activation = [1] * 6 + hidden.tolist() + [1]
    first, last = 6, 6 + N_HIDDEN
    pairs = {(int(rng.integers(0, node)), node) for node in range(first, last)}
    pairs |= {(node, last) for node in range(first, last) if all(s != node for s, _ in pairs)}
    while len(pairs) < N_CONNECTIONS:
        target = int(rng.integers(first, last + 1))
        pairs.add((int(rng.integers(0, target)), target))
    return network_from_connections(5, 1, activation, sorted(pairs))


def _rates(functions: Mapping[str, Callable[[], int]]) -> dict[str, float]:
    """Steps a second of each function, which returns its steps.

    See ``fastest_seconds``.
    """
    steps = {name: function() for name, function in functions.items()}
    fastest = fastest_seconds(functions, _ROUNDS)
    return {name: steps[name] / fastest[name] for name in functions}


def _reference(network: Network, task: SwingUpTask) -> int:
    trials = task.draw_trials(2, np.random.default_rng(0))
    return sum(episode(network, w, trial)[1] for w, trial in zip((-1.0, 1.0), trials, strict=True))


def _rollouts(
    network: Network, task: SwingUpTask, n_lanes: int, precision: Precision
) -> Callable[[], int]:
    networks = stack_networks([network] * 20)
    rng = np.random.default_rng(0)
    weights, trials = rng.uniform(-2, 2, n_lanes), task.draw_trials(n_lanes, rng)
    return lambda: int(task.rollout(networks, weights, trials, precision=precision).steps.sum())


def _population(network: Network, task: SwingUpTask, executor: Threads) -> Callable[[], int]:
    """A generation of 192 with 16 weights and 4 episodes."""
    networks = stack_networks([network] * 192)
    weights, trials = np.linspace(-2, 2, 16), task.draw_trials(4, np.random.default_rng(0))

    def run() -> int:
        rollouts = sweep(task, networks, weights, trials, precision="float32", executor=executor)
        return int(rollouts.steps.sum())

    return run


def _breeding_milliseconds() -> dict[str, float]:
    """Variation, compilation and ranking of a generation of 192 with random scores."""
    config = load_config("cartpole_swingup")
    search = Search(config, SwingUpTask())
    rng = np.random.default_rng(0)
    for _ in range(300):
        generation = search.ask()
        search.tell(rng.random((config.search.population, len(generation.weights))))
    search.seconds.clear()
    for _ in range(50):
        generation = search.ask()
        search.tell(rng.random((config.search.population, len(generation.weights))))
    return {part: 1000 * seconds / 50 for part, seconds in search.seconds.items()}


def measure_swingup() -> dict[str, Any]:
    """Measures everything; rates are environment steps a second, network included."""
    network, task = bench_network(), SwingUpTask()
    with Threads(1) as one, Threads(2) as two:
        rates = _rates(
            {
                "numpy_reference": lambda: _reference(network, task),
                "float64_64_lanes": _rollouts(network, task, LANES, "float64"),
                "float32_64_lanes": _rollouts(network, task, LANES, "float32"),
                "float32_18_lanes": _rollouts(network, task, 18, "float32"),
                "float32_population_1_worker": _population(network, task, one),
                "float32_population_2_workers": _population(network, task, two),
            }
        )
    ratios = {name: rate / rates["numpy_reference"] for name, rate in rates.items()}
    breeding = _breeding_milliseconds()
    return {
        "network": {"computing_nodes": N_HIDDEN + 1, "connections": N_CONNECTIONS},
        "steps_per_second": rates,
        "ratio_to_numpy_reference": {name: ratios[name] for name in ratios if "lanes" in name},
        "speedup_of_2_workers": rates["float32_population_2_workers"]
        / rates["float32_population_1_worker"],
        "milliseconds_per_generation_of_192": {
            "vary_and_compile": breeding["vary"],
            "rank": breeding["rank"],
        },
    }
