"""Structures that were the best of a generation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wann.genome.population import (
    empty_population,
    join_populations,
    slice_of_genomes,
    take_genomes,
)
from wann.kernels.forward import NetworkArrays
from wann.kernels.variation import PopulationArrays


def network_key(networks: NetworkArrays, p: int) -> int:
    """A 63-bit hash of the structure of network ``p``."""
    first, last = networks.node_start[p : p + 2]
    starts = networks.edge_start[first : last + 1]
    digest = hashlib.blake2b(digest_size=8)
    digest.update(networks.activation[first:last].tobytes())
    digest.update((starts - starts[0]).tobytes())
    digest.update(networks.edge_source[starts[0] : starts[-1]].tobytes())
    return int.from_bytes(digest.digest(), "little") >> 1


@dataclass(frozen=True)
class HallOfFame:
    """Genomes with the mean of the scores that made them the best of a generation.

    Attributes:
        genomes: H genomes.
        key: (H,) int64, hash of the compiled structure.
        score: (H,) mean over the generations that each was the best of.
        count: (H,) int64, the number of those generations.
    """

    genomes: PopulationArrays = field(default_factory=empty_population)
    key: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    score: NDArray[np.float64] = field(default_factory=lambda: np.empty(0, np.float64))
    count: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def admit(
        self,
        population: PopulationArrays,
        networks: NetworkArrays,
        p: int,
        score: float,
        capacity: int,
    ) -> HallOfFame:
        """The hall after genome ``p`` was the best of a generation; the lowest mean leaves."""
        key = network_key(networks, p)
        known = np.flatnonzero(self.key == key)
        if len(known):
            count, mean = self.count.copy(), self.score.copy()
            count[known] += 1
            mean[known] += (score - mean[known]) / count[known]
            return HallOfFame(self.genomes, self.key, mean, count)
        keys, counts = np.append(self.key, np.int64(key)), np.append(self.count, np.int64(1))
        means = np.append(self.score, score)
        if len(keys) <= capacity:
            genomes = join_populations([self.genomes, take_genomes(population, [p])])
            return HallOfFame(genomes, keys, means, counts)
        leaving = int(np.argmin(means))
        if leaving == len(self.key):
            return self
        members = [
            slice_of_genomes(self.genomes, 0, leaving),
            slice_of_genomes(self.genomes, leaving + 1, len(self.key)),
            take_genomes(population, [p]),
        ]
        kept = np.delete(np.arange(len(keys)), leaving)
        return HallOfFame(join_populations(members), keys[kept], means[kept], counts[kept])
