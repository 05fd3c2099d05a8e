"""What a search remembers between generations, and what it starts from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from wann.genome.innovation import InnovationCounter
from wann.genome.population import (
    empty_population,
    initial_population,
    population_size,
    take_genomes,
)
from wann.kernels.variation import PopulationArrays
from wann.search.config import Config, SearchConfig
from wann.search.hall_of_fame import HallOfFame
from wann.search.lifetime import Lifetime
from wann.search.random import Stream, stream_rng
from wann.search.ranking import Objectives
from wann.search.species import Species
from wann.tasks.base import Task


@dataclass(frozen=True)
class EvolutionState:
    """All that a search remembers between generations; random streams follow from the seed.

    Attributes:
        generation: number of generations that have been scored.
        population: the genomes that are scored next.
        counter: the next innovation numbers.
        hall_of_fame: structures that were the best of a generation.
        scored: the genomes of the last scored generation.
        objectives: theirs, as they were ranked by.
        species: of the last scored generation, those that have offspring.
        heats: the last populations of the heats that have ended, until they meet; then the best
            of each, ``BEST_OF_HEAT`` after ``BEST_OF_HEAT``.
        lifetime: what is known about ``population``; of none while fitness is of a generation,
            and at the start of the search and of a heat.
    """

    generation: int
    population: PopulationArrays
    counter: InnovationCounter
    hall_of_fame: HallOfFame = field(default_factory=HallOfFame)
    scored: PopulationArrays = field(default_factory=empty_population)
    objectives: Objectives = field(default_factory=Objectives.none)
    species: Species = field(default_factory=Species)
    heats: PopulationArrays = field(default_factory=empty_population)
    lifetime: Lifetime = field(default_factory=Lifetime)


def first_population(config: Config, task: Task, generation: int = 0) -> PopulationArrays:
    """Minimal genomes, for the first generation of the search or of a heat."""
    return initial_population(
        config.search.population,
        len(task.input_names),
        len(task.output_names),
        config.search.initial_enable_probability,
        stream_rng(config.seed, Stream.START, generation),
    )


def initial_state(config: Config, task: Task) -> EvolutionState:
    """The state before the first generation."""
    n_first, n_outputs = 1 + len(task.input_names), len(task.output_names)
    return EvolutionState(
        0,
        first_population(config, task),
        InnovationCounter(n_first + n_outputs, n_first * n_outputs),
    )


def bests_by_heat(state: EvolutionState, settings: SearchConfig) -> list[PopulationArrays]:
    """The best of each heat, once the heats have met; before, and without heats, none."""
    n_kept = population_size(state.heats)
    if state.generation <= settings.heats * settings.heat_generations or not n_kept:
        return []
    each = n_kept // settings.heats
    return [
        take_genomes(state.heats, np.arange(k * each, (k + 1) * each))
        for k in range(settings.heats)
    ]
