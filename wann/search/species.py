"""Species: individuals compete within their own, so that new structures get time.

Source: Stanley & Miikkulainen 2002, section 3.3. Where the 2019 release differs (its NEAT shares
by rank, and steers the threshold to a number of species), this follows the release.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wann.genome.population import empty_population, take_genomes
from wann.kernels.species import assign_species
from wann.kernels.variation import PopulationArrays
from wann.search.config import SearchConfig, SpeciesConfig
from wann.search.selection import Selection, choose_parents, n_survivors

# less than one gene in a thousand
_LOWEST_THRESHOLD = 1e-3
# a species with more offspring keeps its champion, as in Stanley & Miikkulainen 2002, section 4.1
_CHAMPIONS_FROM = 5


@dataclass(frozen=True)
class Species:
    """The S species that a search remembers, the oldest first.

    Attributes:
        threshold: of the compatibility distance in the next generation; of no meaning while there
            are no species.
        next_id: of the next new species.
        species_id: (S,) int64.
        representatives: S genomes, each a random member.
        best: (S,) best mean that a member ever had.
        improved: (S,) int64, generation in which it had it.
        founded: (S,) int64, generation of the first member.
    """

    threshold: float = 0.0
    next_id: int = 0
    species_id: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    representatives: PopulationArrays = field(default_factory=empty_population)
    best: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    improved: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    founded: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(frozen=True)
class Shares:
    """How a generation is divided among its species.

    Attributes:
        species: (P,) int64, of each individual.
        offspring: (S,) int64 number of offspring; 0: the species dies out.
        is_protected: (S,) bool, whether it is one of the best.
    """

    species: NDArray[np.int64]
    offspring: NDArray[np.int64]
    is_protected: NDArray[np.bool_]


def tied_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1 for the smallest; equal values share the mean of their ranks."""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    ranks: NDArray[np.float64] = (below + up_to + 1) / 2
    return ranks


def split_offspring(
    n: int, fitness: NDArray[np.float64], is_protected: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Divides n offspring in proportion to fitness, by largest remainder.

    Args:
        n: offspring, at least one for each protected species.
        fitness: (S,) not negative and not all 0.
        is_protected: (S,) species that get at least one.

    Returns:
        (S,) numbers that add up to n.
    """
    exact = n * fitness / fitness.sum()
    shares: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    largest = np.argsort(shares - exact, kind="stable")
    shares[largest[: n - shares.sum()]] += 1
    for s in np.flatnonzero(is_protected & (shares == 0)):
        shares[np.argmax(shares)] -= 1
        shares[s] = 1
    return shares


def speciate(
    population: PopulationArrays,
    n_fixed: int,
    known: Species,
    mean: NDArray[np.float64],
    generation: int,
    config: SpeciesConfig,
    rng: np.random.Generator,
) -> tuple[Shares, Species]:
    """Puts the individuals into species, and divides their offspring among these.

    Fitness is the rank by mean over the shared weights, 1 for the worst: it is positive whatever
    the returns of a task are, and a species of simple networks that fail gets no room for their
    simplicity. Fitness sharing divides it by the size of the species: a species has offspring in
    proportion to its mean fitness. One that did not better its best mean for ``stagnation``
    generations has none, unless it is one of the ``protected`` best.

    Args:
        population: P genomes.
        n_fixed: number of bias, inputs and outputs.
        known: the species of the generation before.
        mean: (P,) of each individual.
        generation: its number.
        config: the settings.
        rng: draws the representatives.

    Returns:
        The division, and the species that have offspring.
    """
    threshold = known.threshold if len(known.species_id) else config.threshold
    species, founders = assign_species(
        population, known.representatives, n_fixed, np.array(config.coefficients), threshold
    )
    n, n_new = len(mean), len(founders)
    species_id = np.append(known.species_id, known.next_id + np.arange(n_new))
    founded, improved = (
        np.append(since, np.full(n_new, generation)) for since in (known.founded, known.improved)
    )
    best = np.append(known.best, np.full(n_new, -np.inf))
    n_members = np.bincount(species, minlength=len(species_id))
    top = np.full(len(species_id), -np.inf)
    np.maximum.at(top, species, mean)
    improved[top > best] = generation
    best = np.maximum(top, best)

    is_alive = n_members > 0
    is_protected = np.zeros(len(species_id), np.bool_)
    is_protected[np.argsort(-top, kind="stable")[: config.protected]] = True
    is_protected &= is_alive
    fitness = np.bincount(species, tied_ranks(mean), len(species_id)) / np.maximum(n_members, 1)
    fitness[(generation - improved >= config.stagnation) & ~is_protected] = 0.0
    offspring = split_offspring(n, fitness, is_protected)

    kept = np.flatnonzero(offspring)
    by_species = np.argsort(species, kind="stable")
    first = np.cumsum(n_members) - n_members
    chosen = by_species[first[kept] + rng.integers(0, n_members[kept])]
    return Shares(species, offspring, is_protected), Species(
        steer_threshold(threshold, int(np.count_nonzero(is_alive)), config),
        known.next_id + n_new,
        species_id[kept],
        take_genomes(population, chosen),
        best[kept],
        improved[kept],
        founded[kept],
    )


def steer_threshold(threshold: float, n_species: int, config: SpeciesConfig) -> float:
    """The threshold of the next generation: higher after too many species, lower after too few."""
    if n_species > config.target:
        return threshold * (1.0 + config.threshold_step)
    if n_species < config.target:
        return max(threshold / (1.0 + config.threshold_step), _LOWEST_THRESHOLD)
    return threshold


def select_within_species(
    shares: Shares,
    order: NDArray[np.int64],
    scores: NDArray[np.float64],
    mean: NDArray[np.float64],
    config: SearchConfig,
    rng: np.random.Generator,
) -> Selection:
    """Drops the worst of each species, keeps its best, and chooses parents among its survivors.

    Both parents of a child are of one species. A species with more than five offspring, and a
    protected one, keeps its champion, the best by mean, whatever ``elite_fraction`` is: the best
    individual of a generation by mean always goes on.

    Args:
        shares: the division among the species.
        order: (P,) individuals, the best first.
        scores: (P, W) of each individual with each weight.
        mean: (P,) of each individual, as it was ranked by.
        config: the shares and sizes, as of a population without species.
        rng: draws the parents.
    """
    species = shares.species[order]
    elites, parents = [], []
    for s in np.flatnonzero(shares.offspring):
        n, members = int(shares.offspring[s]), order[species == s]
        survivors = members[: n_survivors(len(members), config)]
        champion = members[np.argmax(mean[members])]
        best = np.append(champion, survivors[survivors != champion])
        n_elites = int(n_survivors(n, config) * config.elite_fraction)
        if n > _CHAMPIONS_FROM or shares.is_protected[s]:
            n_elites = max(n_elites, 1)
        elites.append(best[:n_elites])
        parents.append(choose_parents(survivors, n - len(elites[-1]), scores, config, rng))
    return Selection(np.concatenate(elites), np.concatenate(parents))
