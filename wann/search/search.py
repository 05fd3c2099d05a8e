"""The search: asks for scores, and breeds the next generation from them."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wann.checks import described, numbers
from wann.errors import ConfigError, TaskError
from wann.executor import Executor
from wann.genome.breed import breed_population
from wann.genome.compile import compile_population, connection_counts
from wann.genome.population import (
    empty_population,
    join_populations,
    population_size,
    take_genomes,
)
from wann.kernels.activation import ACTIVATION_NAMES
from wann.kernels.compile import count_enabled
from wann.kernels.forward import NetworkArrays
from wann.kernels.variation import Operator, PopulationArrays
from wann.search.config import Config
from wann.search.config_file import checked
from wann.search.hall_of_fame import network_key
from wann.search.heats import best_of_heats, ends_heat, is_last_heat
from wann.search.lifetime import Lifetime, observe, pass_on, take
from wann.search.random import Stream, stream_rng
from wann.search.ranking import Objectives, Ranks, rank, rank_by
from wann.search.selection import select
from wann.search.species import Species, select_within_species, speciate
from wann.search.state import EvolutionState, first_population, initial_state
from wann.search.task import check_sizes, check_softmax
from wann.tasks.base import Task, Trials
from wann.tasks.weights import draw_weights


@dataclass(frozen=True)
class Generation:
    """What is to be scored.

    Attributes:
        number: of the generation, from 0.
        networks: P compiled individuals.
        weights: (W,) shared weights, the same for all individuals.
        trials: (E, ...) starts of episodes, the same for all individuals and weights.
    """

    number: int
    networks: NetworkArrays
    weights: NDArray[np.float64]
    trials: Trials


class Search:
    """A search for weight agnostic networks.

        search = Search(config, task)
        while not search.is_done:
            generation = search.ask()
            scores = sweep(task, generation.networks, generation.weights, generation.trials)
            search.tell(scores.returns.mean(axis=2))

    Args:
        config: the settings.
        task: gives the numbers of inputs and outputs and draws the trials; of classifiers with the
            softmax of the config, as ``task_of_config`` makes it.
        seed: replaces the config's.
        state: where to go on; None: a new search.
        executor: breeds, in threads of this process; None: the calling thread. The search does
            not depend on it, and does not close it; it may be replaced at any time.

    Source: Gaier & Ha 2019, section 3.
    """

    def __init__(
        self,
        config: Config,
        task: Task,
        seed: int | None = None,
        state: EvolutionState | None = None,
        executor: Executor | None = None,
    ) -> None:
        if not isinstance(config, Config):
            raise ConfigError(f"config is {described(config)}: must be a Config")
        # a config that was made in Python has not been checked
        self.config = checked(config if seed is None else replace(config, seed=seed))
        self.task = task
        if self.config.task != task.name:
            raise TaskError(f"the config is for task {self.config.task!r}, not {task.name!r}")
        check_sizes(task, self.config)
        check_softmax(task, self.config)
        self.state = state or initial_state(self.config, task)
        self.executor = executor
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._asked: Generation | None = None
        # of the population that was bred last
        self._compiled: tuple[PopulationArrays, NetworkArrays] | None = None

    @property
    def is_done(self) -> bool:
        """Whether all generations have been scored."""
        return self.state.generation >= self.config.search.generations

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Adds the time of the block to ``seconds[part]``."""
        start = time.perf_counter()
        yield
        self.seconds[part] += time.perf_counter() - start

    def compile(self, population: PopulationArrays) -> NetworkArrays:
        """Compiles genomes of this task."""
        return compile_population(
            population, len(self.task.input_names), len(self.task.output_names)
        )

    def ask(self) -> Generation:
        """The networks to score, and the weights and trials to score them with."""
        number, seed = self.state.generation, self.config.seed
        settings = self.config.weights
        with self.timed("vary"):
            networks = self._networks()
        weights = draw_weights(
            settings.sweep,
            settings.values,
            settings.n,
            settings.low,
            settings.high,
            stream_rng(seed, Stream.WEIGHTS, number),
        )
        trials = self.task.draw_trials(
            self.config.episodes.at(number), stream_rng(seed, Stream.TRIALS, number)
        )
        self._asked = Generation(number, networks, weights, trials)
        return self._asked

    def _networks(self) -> NetworkArrays:
        """The networks of the population, which come from breeding unless it was not bred here."""
        if self._compiled is None or self._compiled[0] is not self.state.population:
            self._compiled = (self.state.population, self.compile(self.state.population))
        return self._compiled[1]

    def tell(self, scores: ArrayLike) -> Objectives:
        """Ranks the generation that was asked about and breeds the next.

        Args:
            scores: (P, W) mean return of each individual with each weight.

        Returns:
            The objectives of the individuals; with "lifetime" fitness their estimates. No maximum
            is below its mean, as it may be in those that they are ranked by (``state.objectives``).

        Raises:
            ValueError: nothing was asked, the shape is wrong, or a score is not finite.
        """
        if self._asked is None:
            raise ValueError("tell() comes after ask()")
        expected = (population_size(self.state.population), len(self._asked.weights))
        values = numbers(scores, "scores", expected)
        with self.timed("rank"):
            objectives = Objectives.of(values, self._complexity(self._asked.networks))
            lifetime = self.state.lifetime
            if self.config.search.fitness == "lifetime":
                lifetime = self._observe(objectives)
                objectives = replace(
                    objectives, mean=lifetime.estimate[:, 0], maximum=lifetime.estimate[:, 1]
                )
            ranks = rank(
                objectives,
                self.config.search,
                stream_rng(self.config.seed, Stream.RANKING, self.state.generation),
            )
            best = int(np.argmax(objectives.mean))
            hall = self.state.hall_of_fame.admit(
                self.state.population,
                self._asked.networks,
                best,
                float(objectives.mean[best]),
                self.config.champion.hall_of_fame,
            )
        with self.timed("vary"):
            if ends_heat(self.state.generation + 1, self.config.search):
                bred = self._end_heat()
            else:
                bred = self._breed(ranks, values, objectives.mean, lifetime)
        self.state = replace(
            bred,
            generation=self.state.generation + 1,
            hall_of_fame=hall,
            scored=self.state.population,
            objectives=objectives,
        )
        self._asked = None
        return objectives.shown

    def _observe(self, objectives: Objectives) -> Lifetime:
        """The estimates after the scores of a generation."""
        return observe(
            self.state.lifetime,
            np.column_stack([objectives.mean, objectives.maximum]),
            self.config.search.lifetime,
            self.config.search.inheritance,
            0.0 if self.task.measure.is_loss else math.inf,
        )

    def _complexity(self, networks: NetworkArrays) -> NDArray[np.int64]:
        if self.config.search.complexity == "live":
            return connection_counts(networks)
        counts: NDArray[np.int64] = count_enabled(self.state.population)
        return counts

    def _end_heat(self) -> EvolutionState:
        """Starts the next heat; after the last, all meet."""
        state, n_scored = self.state, self.state.generation + 1
        state = replace(state, species=Species(), lifetime=Lifetime())
        heats = join_populations([state.heats, state.population])
        if is_last_heat(n_scored, self.config.search):
            return replace(state, population=heats, heats=empty_population())
        fresh = first_population(self.config, self.task, n_scored)
        return replace(state, population=fresh, heats=heats)

    def _breed(
        self,
        ranks: Ranks,
        scores: NDArray[np.float64],
        mean: NDArray[np.float64],
        lifetime: Lifetime,
    ) -> EvolutionState:
        """The next population, innovations and species, and what is known of its lifetime.

        Args:
            ranks: of the P individuals.
            scores: (P, W) in this generation.
            mean: (P,) the objective.
            lifetime: estimates after this generation; of none: fitness is of a generation.
        """
        state, settings, species = self.state, self.config.search, self.state.species
        heats = state.heats
        n_inputs, n_outputs = len(self.task.input_names), len(self.task.output_names)
        population, order = state.population, ranks.order
        known: NetworkArrays | None = self._networks()
        if len(order) > settings.population:
            # heats have met: the best of all go on
            heats = take_genomes(population, best_of_heats(mean, settings))
            best = order[: settings.population]
            population, known = take_genomes(population, best), None
            scores, mean, order = scores[best], mean[best], np.arange(settings.population)
            lifetime = take(lifetime, best)
        rng = stream_rng(self.config.seed, Stream.SELECTION, state.generation)
        if self.config.species.target:
            shares, species = speciate(
                population,
                1 + n_inputs + n_outputs,
                species,
                mean,
                state.generation,
                self.config.species,
                rng,
            )
            selection = select_within_species(shares, order, scores, mean, settings, rng)
        else:
            selection = select(order, scores, settings, rng)
        n_elites = len(selection.elites)
        parents = np.concatenate(
            [np.repeat(selection.elites[:, None], 2, axis=1), selection.parents]
        )
        operators = np.full(len(parents), Operator.DRAW, np.int8)
        operators[:n_elites] = Operator.COPY
        children, networks, counter = breed_population(
            population,
            n_inputs,
            n_outputs,
            parents,
            operators,
            self.config.odds,
            [ACTIVATION_NAMES[name] for name in settings.activations],
            state.counter,
            stream_rng(self.config.seed, Stream.VARIATION, state.generation),
            known,
            self.executor,
        )
        self._compiled = (children, networks)
        return replace(
            state,
            population=children,
            counter=counter,
            species=species,
            heats=heats,
            lifetime=pass_on(lifetime, selection.elites, selection.parents[:, 0]),
        )

    def champion_candidates(self) -> PopulationArrays:
        """The genomes among which the champion is chosen.

        The Pareto front of all three objectives of the last scored generation, filled up with its
        best by mean to ``candidates``, and the hall of fame, each structure once; before any
        generation is scored, the population.
        """
        state = self.state
        if state.generation == 0:
            return state.population
        objectives = state.objectives
        front = rank_by(
            np.column_stack([objectives.mean, objectives.maximum, objectives.simplicity])
        ).front
        order = np.lexsort((-objectives.mean, front > 0))
        n_chosen = max(self.config.champion.candidates, np.count_nonzero(front == 0))
        everyone = join_populations(
            [take_genomes(state.scored, order[:n_chosen]), state.hall_of_fame.genomes]
        )
        networks = self.compile(everyone)
        first: dict[int, int] = {}
        for p in range(population_size(everyone)):
            first.setdefault(network_key(networks, p), p)
        return take_genomes(everyone, list(first.values()))
