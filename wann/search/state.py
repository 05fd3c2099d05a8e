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
from wann.search.heats import BEST_OF_HEAT, ends_heat, is_last_heat
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


@dataclass(frozen=True)
class Sizes:
    """How many individuals the parts of a state are of.

    Attributes:
        population, scored: as of ``EvolutionState``.
        heats: the same; what is kept once the heats have met may be of none, as in old states.
        may_lack_heats: whether it may.
        lifetime: whether there are estimates.
        species: whether there are species.
        evaluations: individuals that have been scored since the start.
    """

    population: int
    scored: int
    heats: int
    may_lack_heats: bool
    lifetime: bool
    species: bool
    evaluations: int


def sizes_after(config: Config, n_scored: int) -> Sizes:
    """The sizes of the state of a search that has scored so many generations."""
    settings, n = config.search, config.search.population
    n_heats = settings.heats if settings.heats > 1 else 0
    end = n_heats * settings.heat_generations
    has_met = n_heats > 0 and n_scored > end
    # of a generation that starts anew, nothing is known
    is_known = n_scored > 0 and not ends_heat(n_scored, settings)
    if has_met:
        heats = n_heats * min(BEST_OF_HEAT, n)
    else:
        heats = n * (n_scored // settings.heat_generations) if n_heats and n_scored < end else 0
    return Sizes(
        population=n_heats * n if n_heats and is_last_heat(n_scored, settings) else n,
        scored=0 if n_scored == 0 else n_heats * n if n_heats and n_scored == end + 1 else n,
        heats=heats,
        may_lack_heats=has_met,
        lifetime=settings.fitness == "lifetime" and is_known,
        species=config.species.target > 0 and is_known,
        evaluations=n_scored * n + (n_heats - 1) * n * has_met,
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
