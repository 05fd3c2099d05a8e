"""How fast a generation of classifiers goes by: its parts, with and without sharing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wann.bench.mnist_reference import cross_entropy
from wann.bench.timing import fastest_seconds
from wann.executors.threads import Threads
from wann.genome.compile import network_at
from wann.genome.population import take_genomes
from wann.search.config import Config
from wann.search.config_file import config_from_table
from wann.search.search import Search
from wann.search.state import EvolutionState
from wann.tasks.base import sweep
from wann.tasks.classify import ClassifyTask
from wann.tasks.cross_entropy import cross_entropies, plan

_ROUNDS = 5
# generations, of which the fastest counts
_GENERATIONS = 12
# networks that the reference computes, each with one weight
_REFERENCES = 2


@dataclass(frozen=True)
class Plan:
    """What is measured; the defaults are the settings of the paper for MNIST.

    A late population descends from an ancestor as a search does from its elites. To get there in
    less than a minute, the ancestor grows in a small search that does not mind connections, to
    the size of a champion after 4096 generations at the settings of the paper (410 nodes, 676
    connections), and the population descends from it in a search at full size.

    Attributes:
        population, batch: individuals, and samples of a generation.
        small_population, small_batch, small_generations: of the search that grows the ancestor.
        generations: of the search from the ancestor on.
    """

    population: int = 960
    batch: int = 1000
    small_population: int = 24
    small_batch: int = 128
    small_generations: int = 1250
    generations: int = 120


def paper_config(task: str, population: int, batch: int) -> Config:
    """The settings of Gaier & Ha 2019 for MNIST, as far as they matter for speed."""
    return config_from_table(
        {
            "task": task,
            "search": {
                "population": population,
                "generations": 10_000_000,
                "initial_enable_probability": 0.05,
                "ranking": "paper",
                "complexity": "enabled",
                "tournament_size": 32,
            },
            "weights": {"sweep": "fixed"},
            "episodes": {"per_weight": batch},
        }
    )


def _generation(search: Search, executor: Threads) -> dict[str, float]:
    """One generation of a search; seconds of its parts, of which breeding compiles the next."""
    start, before = time.perf_counter(), dict(search.seconds)
    generation = search.ask()
    compiled = search.seconds["vary"] - before.get("vary", 0.0)
    weights, trials = generation.weights, generation.trials
    begin = time.perf_counter()
    rollouts = sweep(
        search.task, generation.networks, weights, trials, precision="float32", executor=executor
    )
    evaluated = time.perf_counter() - begin
    search.tell(rollouts.returns.mean(axis=2))
    return {
        "compile": compiled,
        "plan and evaluate": evaluated,
        "rank": search.seconds["rank"] - before.get("rank", 0.0),
        "breed": search.seconds["vary"] - before.get("vary", 0.0) - compiled,
        "all": time.perf_counter() - start,
    }


def _fastest_generation(
    task: ClassifyTask, config: Config, state: EvolutionState | None, executor: Threads
) -> dict[str, float]:
    """The parts of the fastest of some generations, with the weights and softmax of the paper.

    The first generation is compiled apart, as a search does: it is generation 0 again and again.
    The networks of later ones come from breeding: a search goes on from the state, and its first
    generation does not count.
    """
    rounds = []
    search = Search(config, task, state=state, executor=executor)
    if state is not None:
        _generation(search, executor)
    for _ in range(_GENERATIONS):
        if state is None:
            search = Search(config, task, executor=executor)
        rounds.append(_generation(search, executor))
    return min(rounds, key=lambda parts: parts["all"])


def late_state(task: ClassifyTask, what: Plan, executor: Threads) -> EvolutionState:
    """A population that descends from one grown ancestor."""
    config = paper_config(task.name, what.small_population, what.small_batch)
    growing = replace(
        config,
        search=replace(config.search, connections_probability=0.0),
        mutation=replace(config.mutation, add_connection=0.65),
    )
    small = Search(growing, task, executor=executor)
    for _ in range(what.small_generations):
        _generation(small, executor)
    best = int(np.argmax(small.state.objectives.mean))
    copies = take_genomes(small.state.scored, np.full(what.population, best))
    state = EvolutionState(small.state.generation, copies, small.state.counter)
    config = paper_config(task.name, what.population, what.batch)
    search = Search(config, task, state=state, executor=executor)
    for _ in range(what.generations):
        _generation(search, executor)
    return search.state


def _measure(task: ClassifyTask, config: Config, state: EvolutionState | None) -> dict[str, Any]:
    """The parts of the generation that begins with a state, or of the ones that follow it."""
    generation = Search(config, task, state=state).ask()
    networks, weights, trials = generation.networks, generation.weights, generation.trials
    n_inputs, n_outputs = len(task.input_names), len(task.output_names)
    n_networks = len(networks.node_start) - 1
    result: dict[str, Any] = {}
    with Threads(1) as one, Threads(2) as two:
        parts = _fastest_generation(task, config, state, two)

        def evaluate(executor: Threads, is_shared: bool) -> Callable[[], NDArray[np.float64]]:
            return lambda: cross_entropies(
                networks,
                weights,
                task.samples,
                trials,
                executor=executor,
                is_shared=is_shared,
                temperature=task.temperature,
            )

        unique, program = plan(networks, weights, task.samples)
        seconds = fastest_seconds(
            {
                "plan": lambda: plan(networks, weights, task.samples, two),
                "1 worker": evaluate(one, True),
                "2 workers": evaluate(two, True),
                "1 worker, not shared": evaluate(one, False),
                "2 workers, not shared": evaluate(two, False),
            },
            _ROUNDS,
        )
        right, other = evaluate(one, True)(), evaluate(one, False)()
    x, y = task.samples.x[trials].astype(np.float64), task.samples.y[trials]
    some = [
        network_at(networks, p, n_inputs, n_outputs)
        for p in np.linspace(0, n_networks - 1, _REFERENCES).astype(int)
    ]
    weight = float(weights[0])
    with threadpool_limits(1):
        each = fastest_seconds(
            {
                str(k): partial(cross_entropy, network, weight, x, y)
                for k, network in enumerate(some)
            },
            _ROUNDS,
        )
    reference = sum(each.values()) / len(some) * n_networks * len(weights)
    result["nodes"] = int(networks.node_start[-1]) - n_networks * (1 + n_inputs)
    result["unique_nodes"] = len(unique.activation)
    result["connections"] = len(networks.edge_source)
    result["unique_connections"] = len(unique.edge_source)
    result["added_rows"] = len(program.rows)
    named = {
        "plan": seconds["plan"],
        "evaluate": parts["plan and evaluate"] - seconds["plan"],
        "rank": parts["rank"],
        "breed and compile": parts["breed"],
    }
    if state is None:
        named = {"compile": parts["compile"]} | named
    named |= {"rest": parts["all"] - sum(named.values()), "all": parts["all"]}
    result["milliseconds"] = {name: 1000 * value for name, value in named.items()}
    result["plan_and_evaluate_milliseconds"] = {
        name: 1000 * value for name, value in seconds.items() if name != "plan"
    }
    result["reference_seconds"] = reference
    result["speedup_of_sharing"] = {
        name: seconds[f"{name}, not shared"] / seconds[name] for name in ("1 worker", "2 workers")
    }
    result["ratio_to_numpy_reference"] = {
        name: reference / seconds[name] for name in ("1 worker", "2 workers")
    }
    result["largest_difference"] = float(np.max(np.abs(right - other) / np.maximum(1.0, other)))
    return result


def measure_mnist(
    task: ClassifyTask, what: Plan | None = None, grown: Search | None = None
) -> dict[str, Any]:
    """Measures generation 0 and a late generation.

    Args:
        task: with the data.
        what: sizes.
        grown: a search on this task that gives settings and late generation; None: the settings
            of the paper, and the generation of ``late_state``, which shares less than one that took
            longer.

    Returns:
        The settings; for "generation 0" and "late": numbers of nodes and connections, milliseconds
        of the parts of the fastest generation with two workers (as a running search has them:
        only generation 0 is compiled apart from breeding) and, for the first of them, of planning
        and evaluation with and without sharing, and the ratio to the NumPy reference, extrapolated
        from two networks on one core. "evaluate" is what the fastest generation took beyond the
        planning of the first.
    """
    if grown is not None:
        return _results(task, grown.config, grown.state)
    what = what or Plan()
    config = paper_config(task.name, what.population, what.batch)
    start = time.perf_counter()
    with Threads(2) as executor:
        late = late_state(task, what, executor)
    seconds = time.perf_counter() - start
    results = _results(task, config, late)
    results["late"]["seconds_to_get_there"] = seconds
    return results


def _results(task: ClassifyTask, config: Config, late: EvolutionState) -> dict[str, Any]:
    weights = config.weights
    return {
        "settings": {
            "task": task.name,
            "population": config.search.population,
            "weights": len(weights.values) if weights.sweep == "fixed" else weights.n,
            "batch": config.episodes.at(late.generation),
        },
        "generation 0": _measure(task, config, None),
        "late": _measure(task, config, late),
    }
