"""Checks that the state in a checkpoint is one that its search can have been in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.genome.compile import compile_population, connection_counts
from wann.genome.population import population_size
from wann.kernels.activation import ACTIVATION_NAMES
from wann.kernels.compile import count_enabled
from wann.run.checkpoint_arrays import Checkpoint
from wann.run.fronts import check_fronts
from wann.run.genome_checks import Layout, check_counter, check_genomes
from wann.run.metrics import check_rows
from wann.search.config import Config
from wann.search.hall_of_fame import HallOfFame, network_key
from wann.search.lifetime import Lifetime
from wann.search.species import Species
from wann.search.state import EvolutionState, Sizes, sizes_after
from wann.tasks.base import Task

# a loss is at most the largest float32; sums of scores must not overflow
_LARGEST_SCORE = 1e150


def check_checkpoint(checkpoint: Checkpoint, config: Config, task: Task) -> None:
    """Checks all that a search and its kernels take for granted.

    Args:
        checkpoint: its arrays have the right types and shapes.
        config: of the run; the state was made with these settings.
        task: of the run.

    Raises:
        ValueError: something cannot be; names the array.
    """
    state = checkpoint.state
    sizes = sizes_after(config, state.generation)
    _check_sizes(state, sizes)
    layout = Layout(
        len(task.input_names),
        len(task.output_names),
        np.array([ACTIVATION_NAMES[name] for name in config.search.activations], np.int8),
        state.counter.next_node_id,
        state.counter.next_innovation,
    )
    check_counter(layout, state.generation * config.search.population)
    check_genomes(
        {
            "population": state.population,
            "scored": state.scored,
            "hall": state.hall_of_fame.genomes,
            "species": state.species.representatives,
            "heats": state.heats,
        },
        layout,
    )
    _check_objectives(state, config, layout)
    _check_hall(state.hall_of_fame, state.generation, config.champion.hall_of_fame, layout)
    _check_species(state.species, state.generation, config.search.population)
    _check_lifetime(state.lifetime, config.search.lifetime)
    _check_records(checkpoint, sizes.evaluations)


def _check_sizes(state: EvolutionState, sizes: Sizes) -> None:
    found = {
        "population": (population_size(state.population), sizes.population),
        "scored": (population_size(state.scored), sizes.scored),
        "heats": (population_size(state.heats), sizes.heats),
        "lifetime_age": (len(state.lifetime.age), sizes.population if sizes.lifetime else 0),
    }
    for name, (n, wanted) in found.items():
        if n != wanted and not (name == "heats" and n == 0 and sizes.may_lack_heats):
            raise ValueError(f"{name} is of {n} individuals, not {wanted}")
    n_species = len(state.species.species_id)
    most = sizes.population if sizes.species else 0
    if not min(most, 1) <= n_species <= most:
        raise ValueError(f"species_id: there are {n_species} species, not {min(most, 1)} to {most}")


def _require(where: NDArray[np.bool_] | np.bool_ | bool, name: str, words: str) -> None:
    """Raises ValueError unless all is right."""
    if not np.all(where):
        raise ValueError(f"{name}: {words}")


def _require_scores(scores: NDArray[np.float64], name: str) -> None:
    # NaN is not below anything
    _require(np.abs(scores) <= _LARGEST_SCORE, name, f"must be below {_LARGEST_SCORE:g}")


def _check_objectives(state: EvolutionState, config: Config, layout: Layout) -> None:
    objectives = state.objectives
    for name in ("mean", "maximum"):
        _require_scores(getattr(objectives, name), name)
    if config.search.complexity == "live":
        networks = compile_population(state.scored, layout.n_inputs, layout.n_outputs)
        counts = connection_counts(networks)
    else:
        counts = count_enabled(state.scored)
    _require(objectives.connections == counts, "connections", "are not those of the genomes")


def _check_hall(hall: HallOfFame, generation: int, capacity: int, layout: Layout) -> None:
    most = min(capacity, generation)
    _require(len(hall.key) <= most, "hall_key", f"there are more than {most} structures")
    _require_scores(hall.score, "hall_score")
    _require((hall.count >= 1) & (hall.count <= generation), "hall_count", "out of range")
    _require(hall.count.sum() <= generation, "hall_count", "more than there were generations")
    networks = compile_population(hall.genomes, layout.n_inputs, layout.n_outputs)
    keys = [network_key(networks, p) for p in range(len(hall.key))]
    _require(hall.key == np.array(keys, np.int64), "hall_key", "is not that of the structure")
    _require(len({*keys}) == len(keys), "hall_key", "a structure occurs twice")


def _check_species(species: Species, generation: int, population: int) -> None:
    ids = species.species_id
    if len(ids) == 0:
        _require(species.next_id == 0, "species_next_id", "there are no species")
        _require(species.threshold == 0.0, "species_threshold", "there are no species")
        return
    is_positive = np.isfinite(species.threshold) and species.threshold > 0
    _require(is_positive, "species_threshold", "must be positive and finite")
    highest = generation * population
    _require(species.next_id <= highest, "species_next_id", f"must be at most {highest}")
    _require((ids >= 0) & (ids < species.next_id), "species_id", "out of range")
    _require(ids[1:] > ids[:-1], "species_id", "must rise")
    _require_scores(species.best, "species_best")
    improved, founded = species.improved, species.founded
    _require((founded >= 0) & (founded < generation), "species_founded", "out of range")
    in_order = (improved >= founded) & (improved < generation)
    _require(in_order, "species_improved", "out of range")


def _check_lifetime(lifetime: Lifetime, longest: int) -> None:
    n, everyone = len(lifetime.age), np.arange(len(lifetime.age))
    age, parent = lifetime.age, lifetime.parent
    _require_scores(lifetime.estimate, "lifetime_estimate")
    _require((age >= 0) & (age <= longest), "lifetime_age", f"must be from 0 to {longest}")
    _require((parent >= 0) & (parent < n), "lifetime_parent", f"must be from 0 to {n - 1}")
    # the parent of a child goes on unchanged, and has been scored
    is_own = parent == everyone
    is_right = is_own | ((age == 0) & (age[parent] > 0))
    _require(is_right, "lifetime_parent", "is no parent that goes on")


def _check_records(checkpoint: Checkpoint, evaluations: int) -> None:
    """Checks the totals and the rows of the tables."""
    totals, generation = checkpoint.totals, checkpoint.state.generation
    is_whole = totals[0] == evaluations and all(0 <= total < 2**53 for total in totals)
    _require(is_whole, "totals", f"must begin with {evaluations} evaluations")
    if checkpoint.metrics is not None:
        check_rows(checkpoint.metrics, generation, totals)
    if checkpoint.fronts is not None:
        check_fronts(checkpoint.fronts, generation)
