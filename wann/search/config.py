"""The settings of a run, and what each may be."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

from wann.genome.mutation import HIDDEN_ACTIVATIONS
from wann.limits import MOST_BATCH
from wann.tasks.base import Precision
from wann.tasks.weights import Sweep

Ranking = Literal["paper", "three"]
Complexity = Literal["live", "enabled"]
Fitness = Literal["generation", "lifetime"]

EPISODES_RANGE = (1, 1_000_000)
_LARGEST_ODDS = 1e9


def _limited(low: float, high: float, default: Any) -> Any:
    """A number field with an allowed range."""
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class SearchConfig:
    """How a generation makes the next one.

    Attributes:
        population: number of individuals.
        generations: number of generations of the whole run.
        initial_enable_probability: of each gene from bias or input to output at the start.
        ranking: "paper": each generation, mean and connections with
            ``connections_probability``, else mean and max; "three": all three objectives at once.
        connections_probability: see ``ranking``.
        complexity: connections that count: "live" ones, on a path from the bias or an input to an
            output, or all "enabled" ones, as in the 2019 release.
        fitness: mean and max of an individual: those of the "generation", as in the 2019 release,
            or running means over its "lifetime"; see ``wann.search.lifetime``.
        lifetime: generations that the running mean of an elite is over, about.
        inheritance: how much of its lead on its parent, on one batch, a child starts with.
        cull_fraction: share of the worst that have no children.
        elite_fraction: share of the survivors that goes on unchanged.
        tournament_size: survivors that compete to be a parent; each of two tournaments.
        lexicase_fraction: share of the children whose parents are chosen by epsilon-lexicase over
            the shared weights instead.
        lexicase_epsilon: how far behind the best of a case a parent may be, in median absolute
            deviations of the case.
        crossover_probability: that a child has two parents.
        heats: searches that start anew, one after another, before the last populations of all
            meet and the search goes on with the best of them; 1: none.
        heat_generations: of each heat; ``generations`` counts them too.
        activations: names that hidden nodes may have.
    """

    population: int = _limited(2, 1_000_000, 192)
    generations: int = _limited(1, 10_000_000, 1024)
    initial_enable_probability: float = _limited(0.0, 1.0, 0.5)
    ranking: Ranking = "three"
    connections_probability: float = _limited(0.0, 1.0, 0.8)
    complexity: Complexity = "live"
    fitness: Fitness = "generation"
    lifetime: int = _limited(1, 1_000_000, 20)
    inheritance: float = _limited(0.0, 1.0, 0.5)
    cull_fraction: float = _limited(0.0, 0.99, 0.2)
    elite_fraction: float = _limited(0.0, 1.0, 0.2)
    tournament_size: int = _limited(1, 1_000_000, 8)
    lexicase_fraction: float = _limited(0.0, 1.0, 0.0)
    lexicase_epsilon: float = _limited(0.0, 1000.0, 1.0)
    crossover_probability: float = _limited(0.0, 1.0, 0.0)
    heats: int = _limited(1, 1000, 1)
    heat_generations: int = _limited(1, 1_000_000, 150)
    activations: tuple[str, ...] = tuple(a.name.lower() for a in HIDDEN_ACTIVATIONS)


@dataclass(frozen=True)
class MutationConfig:
    """Odds of the operators; they need not add up to 1."""

    add_connection: float = _limited(0.0, _LARGEST_ODDS, 0.20)
    add_node: float = _limited(0.0, _LARGEST_ODDS, 0.25)
    enable_connection: float = _limited(0.0, _LARGEST_ODDS, 0.05)
    change_activation: float = _limited(0.0, _LARGEST_ODDS, 0.50)


@dataclass(frozen=True)
class SpeciesConfig:
    """Species: individuals compete within their own, so that new structures get time.

    The compatibility distance is the weighted sum of four shares; see ``compatibility``.

    Attributes:
        target: number of species that ``threshold`` is steered to; 0: no species, as in the 2019
            release.
        threshold: individuals nearer than this to its representative belong to a species; of the
            first generation.
        threshold_step: relative change of the threshold in each generation with too many or too
            few species; 0: it stays.
        excess_coefficient: weight of the genes newer than all of the other genome.
        disjoint_coefficient: weight of the other genes that only one of two genomes has.
        activation_coefficient: weight of shared hidden nodes with different activations.
        enabled_coefficient: weight of shared genes that one genome has enabled only.
        stagnation: generations after which a species that did not better its best mean dies out.
        protected: number of the best species by mean that never die out.
    """

    target: int = _limited(0, 1_000_000, 0)
    threshold: float = _limited(1e-6, 1e6, 1.0)
    threshold_step: float = _limited(0.0, 1.0, 0.05)
    excess_coefficient: float = _limited(0.0, 1e6, 1.0)
    disjoint_coefficient: float = _limited(0.0, 1e6, 1.0)
    activation_coefficient: float = _limited(0.0, 1e6, 0.5)
    enabled_coefficient: float = _limited(0.0, 1e6, 0.5)
    stagnation: int = _limited(1, 10_000_000, 64)
    protected: int = _limited(1, 1_000_000, 2)

    @property
    def coefficients(self) -> tuple[float, float, float, float]:
        """In the order of ``compatibility``."""
        return (
            self.excess_coefficient,
            self.disjoint_coefficient,
            self.activation_coefficient,
            self.enabled_coefficient,
        )


@dataclass(frozen=True)
class WeightsConfig:
    """The shared weights that every individual of a generation is scored with.

    Attributes:
        sweep: "fixed": ``values``; "uniform": ``n`` draws from [low, high]; "stratified": one draw
            in each n-th of [low, high], anew each generation.
        values: the weights of the "fixed" sweep.
        n, low, high: the other sweeps; the champion is chosen with weights of this range too.
        temperature, temperature_power: in classification the softmax that a search sees divides
            outputs by temperature * abs(weight)^temperature_power (below 0.03 it falls no faster
            than the weight); 1 and 0 in the paper, where small weights say next to nothing.
    """

    sweep: Sweep = "stratified"
    values: tuple[float, ...] = _limited(-1e6, 1e6, (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0))
    n: int = _limited(1, 100_000, 16)
    low: float = _limited(-1e6, 1e6, -2.0)
    high: float = _limited(-1e6, 1e6, 2.0)
    temperature: float = _limited(1e-6, 1e6, 1.0)
    temperature_power: float = _limited(0.0, 8.0, 0.0)


@dataclass(frozen=True)
class EpisodesConfig:
    """How individuals are scored.

    Attributes:
        per_weight: episodes with each shared weight; the samples of a batch in classification.
        schedule: pairs [generation, episodes] in order: ``per_weight`` from that generation on.
        precision: "float32" or "float64" arithmetic in the search; reported scores use float64. In
            car racing "float32" gives up drivers that find no new tile for five seconds.
    """

    per_weight: int = _limited(*EPISODES_RANGE, 4)
    schedule: tuple[tuple[int, int], ...] = ()
    precision: Precision = "float32"

    def at(self, generation: int) -> int:
        """Episodes with each shared weight in a generation."""
        passed = [n for start, n in self.schedule if start <= generation]
        return passed[-1] if passed else self.per_weight


@dataclass(frozen=True)
class ChampionConfig:
    """How the champion is chosen, on episodes that the search has not seen.

    Attributes:
        candidates: the Pareto front of the last population is filled up to this number with the
            best by mean.
        hall_of_fame: structures that were the best of a generation and are kept.
        validation_episodes: for each candidate, with random shared weights.
        finalists: the best candidates meet ``final_episodes`` more.
        final_episodes: of each finalist; then as many again, of which the champion's score is
            reported.
    """

    candidates: int = _limited(1, 100_000, 32)
    hall_of_fame: int = _limited(0, 100_000, 48)
    validation_episodes: int = _limited(200, MOST_BATCH, 512)
    finalists: int = _limited(1, 100_000, 8)
    final_episodes: int = _limited(200, MOST_BATCH, 2048)


@dataclass(frozen=True)
class DataConfig:
    """The data of a task that brings none along.

    Attributes:
        file: path of an npz file, for the task ``classify``.
        sha256: of the npz file, or of the content of the idx files; data with another one are
            refused. "": any will do.
        folder: path of the idx files for ``mnist`` and ``mnist784``, if they hold other data than
            MNIST, which may lie anywhere.
    """

    file: str = ""
    sha256: str = ""
    folder: str = ""

    @property
    def content(self) -> DataConfig:
        """What counts of it: the data may have moved."""
        return DataConfig(sha256=self.sha256)


@dataclass(frozen=True)
class CheckpointConfig:
    """When the state is saved.

    Attributes:
        seconds: between checkpoints; 0: after every generation.
    """

    seconds: float = _limited(0.0, 1e9, 30.0)


@dataclass(frozen=True)
class Config:
    """All settings of a run.

    Attributes:
        task: name of the task.
        seed: of all random numbers.
    """

    task: str
    seed: int = _limited(0, 2**63 - 1, 0)
    search: SearchConfig = SearchConfig()
    mutation: MutationConfig = MutationConfig()
    species: SpeciesConfig = SpeciesConfig()
    weights: WeightsConfig = WeightsConfig()
    episodes: EpisodesConfig = EpisodesConfig()
    champion: ChampionConfig = ChampionConfig()
    data: DataConfig = DataConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()

    @property
    def odds(self) -> tuple[float, float, float, float]:
        """Odds in the order of the operators."""
        return dataclasses.astuple(self.mutation)
