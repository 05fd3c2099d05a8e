"""Innovation numbers: the same gene that arises twice in a generation gets the same number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wann.genome.genome import Genome
from wann.kernels.innovation import Innovations


@dataclass(frozen=True)
class InnovationCounter:
    """The next numbers to give out.

    Attributes:
        next_node_id: larger than every node id so far.
        next_innovation: larger than every innovation number so far.
    """

    next_node_id: int
    next_innovation: int

    @staticmethod
    def after(*genomes: Genome) -> InnovationCounter:
        """The counter that follows the genes of some genomes."""
        return InnovationCounter(
            max(int(genome.nodes.node_id[-1]) for genome in genomes) + 1,
            max(int(genome.connections.innovation.max(initial=-1)) for genome in genomes) + 1,
        )


def open_generation(counter: InnovationCounter, n_children: int) -> Innovations:
    """An empty record of a generation's innovations, for the kernels."""
    return Innovations(
        np.array([counter.next_node_id, counter.next_innovation, 0, 0], np.int64),
        np.zeros((n_children, 2), np.int64),
        np.zeros(n_children, np.int64),
        np.zeros((n_children, 3), np.int64),
    )


def close_generation(innovations: Innovations) -> InnovationCounter:
    """The counter after a generation."""
    return InnovationCounter(int(innovations.counter[0]), int(innovations.counter[1]))
