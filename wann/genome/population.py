"""Many genomes in the ragged arrays of the kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.genome.genome import ConnectionGenes, Genome, NodeGenes, minimal_genome
from wann.kernels.variation import PopulationArrays

_NODE_FIELDS = ("node_id", "activation")
_GENE_FIELDS = ("innovation", "source", "target", "is_enabled")


def _starts(lengths: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def population_size(population: PopulationArrays) -> int:
    """Number of genomes."""
    return len(population.node_start) - 1


def empty_population() -> PopulationArrays:
    """No genomes."""
    nothing = np.zeros(1, np.int64)
    return PopulationArrays(
        nothing,
        np.empty(0, np.int32),
        np.empty(0, np.int8),
        nothing,
        np.empty(0, np.int32),
        np.empty(0, np.int32),
        np.empty(0, np.int32),
        np.empty(0, np.bool_),
    )


def _of_genome(genome: Genome) -> PopulationArrays:
    nodes, genes = genome.nodes, genome.connections
    return PopulationArrays(
        _starts([len(nodes)]),
        nodes.node_id,
        nodes.activation,
        _starts([len(genes)]),
        genes.innovation,
        genes.source,
        genes.target,
        genes.is_enabled,
    )


def join_populations(populations: Sequence[PopulationArrays]) -> PopulationArrays:
    """Lays populations one after another."""
    parts = [empty_population(), *populations]

    def join(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    return PopulationArrays(
        node_start=_starts(np.concatenate([np.diff(part.node_start) for part in parts])),
        gene_start=_starts(np.concatenate([np.diff(part.gene_start) for part in parts])),
        **{name: join(name) for name in (*_NODE_FIELDS, *_GENE_FIELDS)},
    )


def stack_genomes(genomes: Sequence[Genome]) -> PopulationArrays:
    """Lays genomes one after another into the arrays of the kernels."""
    return join_populations([_of_genome(genome) for genome in genomes])


def take_genomes(
    population: PopulationArrays, chosen: Sequence[int] | NDArray[np.int64]
) -> PopulationArrays:
    """The chosen genomes of a population, in the order of ``chosen``."""
    chosen = np.asarray(chosen, np.int64)

    def take(names: Sequence[str], starts: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        begins, ends = starts[chosen].tolist(), starts[chosen + 1].tolist()
        pieces = [slice(begin, end) for begin, end in zip(begins, ends, strict=True)]
        arrays = {name: getattr(population, name) for name in names}
        # whole slices are copied faster than their elements by number
        return {
            name: np.concatenate([array[:0], *(array[piece] for piece in pieces)])
            for name, array in arrays.items()
        }

    return PopulationArrays(
        node_start=_starts(np.diff(population.node_start)[chosen]),
        gene_start=_starts(np.diff(population.gene_start)[chosen]),
        **take(_NODE_FIELDS, population.node_start),
        **take(_GENE_FIELDS, population.gene_start),
    )


def slice_of_genomes(population: PopulationArrays, begin: int, end: int) -> PopulationArrays:
    """Genomes ``begin`` to ``end`` of a population, without copying their genes."""
    node_start = population.node_start[begin : end + 1]
    gene_start = population.gene_start[begin : end + 1]
    nodes, genes = slice(node_start[0], node_start[-1]), slice(gene_start[0], gene_start[-1])
    return PopulationArrays(
        node_start=node_start - node_start[0],
        gene_start=gene_start - gene_start[0],
        **{name: getattr(population, name)[nodes] for name in _NODE_FIELDS},
        **{name: getattr(population, name)[genes] for name in _GENE_FIELDS},
    )


def genome_at(population: PopulationArrays, p: int, n_inputs: int, n_outputs: int) -> Genome:
    """Genome ``p`` of a population."""
    one = take_genomes(population, [p])
    return Genome(
        n_inputs,
        n_outputs,
        NodeGenes(one.node_id, one.activation),
        ConnectionGenes(one.innovation, one.source, one.target, one.is_enabled),
    )


def initial_population(
    n: int,
    n_inputs: int,
    n_outputs: int,
    enable_probability: float,
    rng: np.random.Generator,
) -> PopulationArrays:
    """Minimal genomes: every gene from bias or input to output, each enabled by chance.

    Source: Gaier & Ha 2019, section 3.
    """
    n_genes = (1 + n_inputs) * n_outputs
    is_enabled = rng.random((n, n_genes)) < enable_probability
    one = _of_genome(minimal_genome(n_inputs, n_outputs))
    return PopulationArrays(
        node_start=_starts([one.node_start[-1]] * n),
        node_id=np.tile(one.node_id, n),
        activation=np.tile(one.activation, n),
        gene_start=_starts([n_genes] * n),
        innovation=np.tile(one.innovation, n),
        source=np.tile(one.source, n),
        target=np.tile(one.target, n),
        is_enabled=is_enabled.ravel(),
    )
