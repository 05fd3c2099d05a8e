"""How fast swing-up is evaluated, beside a NumPy reference in the same process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from wann.bench.reference import episode
from wann.executors.threads import Threads
from wann.genome.compile import stack_networks
from wann.genome.network import Network, network_from_connections
from wann.kernels.forward import LANES
from wann.search.config import config_from_table
from wann.search.presets import load_table
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


def _best_time(function: Callable[[], Any], rounds: int = _ROUNDS) -> float:
    """Seconds of the fastest of some rounds: what else the machine does only adds time."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def _reference_rate(network: Network, task: SwingUpTask) -> float:
    trials = task.draw_trials(2, np.random.default_rng(0))
    n_steps = sum(
        episode(network, weight, t)[1] for weight, t in zip((-1.0, 1.0), trials, strict=True)
    )

    def both() -> None:
        for weight, trial in zip((-1.0, 1.0), trials, strict=True):
            episode(network, weight, trial)

    return n_steps / _best_time(both, 3)


def _rollout_rate(network: Network, task: SwingUpTask, n_lanes: int, precision: Precision) -> float:
    networks = stack_networks([network] * 20)
    rng = np.random.default_rng(0)
    weights, trials = rng.uniform(-2, 2, n_lanes), task.draw_trials(n_lanes, rng)
    n_steps = int(task.rollout(networks, weights, trials, precision=precision).steps.sum())
    return n_steps / _best_time(
        lambda: task.rollout(networks, weights, trials, precision=precision)
    )


def _worker_rates(network: Network, task: SwingUpTask) -> tuple[float, float]:
    """Steps a second of a population of 192 on one and on two workers."""
    networks = stack_networks([network] * 192)
    rng = np.random.default_rng(0)
    weights, trials = np.linspace(-2, 2, 16), task.draw_trials(4, rng)
    rates = []
    for n_workers in (1, 2):
        with Threads(n_workers) as executor:

            def population(executor: Threads = executor) -> int:
                rollouts = sweep(
                    task, networks, weights, trials, precision="float32", executor=executor
                )
                return int(rollouts.steps.sum())

            rates.append(population() / _best_time(population))
    return rates[0], rates[1]


def _breeding_milliseconds() -> dict[str, float]:
    """Variation, compilation and ranking of a generation of 192 with random scores."""
    config = config_from_table(load_table("cartpole_swingup"))
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
    reference = _reference_rate(network, task)
    lanes32 = _rollout_rate(network, task, LANES, "float32")
    lanes64 = _rollout_rate(network, task, LANES, "float64")
    sweep18 = _rollout_rate(network, task, 18, "float32")
    one, two = _worker_rates(network, task)
    breeding = _breeding_milliseconds()
    return {
        "network": {"computing_nodes": N_HIDDEN + 1, "connections": N_CONNECTIONS},
        "steps_per_second": {
            "numpy_reference": reference,
            "float64_64_lanes": lanes64,
            "float32_64_lanes": lanes32,
            "float32_18_lanes": sweep18,
            "float32_population_1_worker": one,
            "float32_population_2_workers": two,
        },
        "ratio_to_numpy_reference": {
            "float64_64_lanes": lanes64 / reference,
            "float32_64_lanes": lanes32 / reference,
            "float32_18_lanes": sweep18 / reference,
        },
        "speedup_of_2_workers": two / one,
        "milliseconds_per_generation_of_192": {
            "vary_and_compile": breeding["vary"],
            "rank": breeding["rank"],
        },
    }
