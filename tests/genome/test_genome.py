"""The genome record: what it refuses, that it cannot be changed, equality, populations."""

import dataclasses

import numpy as np
import pytest

from tests import naive
from wann.errors import NetworkError
from wann.genome.genome import ConnectionGenes, Genome, NodeGenes, minimal_genome
from wann.genome.innovation import InnovationCounter
from wann.genome.population import (
    empty_population,
    genome_at,
    initial_population,
    join_populations,
    population_size,
    stack_genomes,
    take_genomes,
)
from wann.kernels.activation import Activation


def genome(nodes=(0, 1, 2, 3, 4, 9), activation=(1, 1, 1, 1, 3, 5), **genes):
    """Bias, two inputs, output 3, hidden nodes 4 and 9."""
    made = {
        "innovation": [0, 3, 4, 8],
        "source": [1, 4, 9, 2],
        "target": [4, 9, 3, 3],
        "is_enabled": [True, True, False, True],
    }
    return Genome(2, 1, NodeGenes(nodes, activation), ConnectionGenes(**(made | genes)))


def test_counts():
    assert (genome().n_hidden, genome().n_enabled) == (2, 3)
    assert (len(genome().nodes), len(genome().connections)) == (6, 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nodes": (0, 1, 2), "activation": (1, 1, 1)}, "first 4 node ids must be 0 to 3"),
        ({"nodes": (0, 1, 2)}, "node genes have arrays of different lengths"),
        ({"source": [1, 4, 9]}, "connection genes have arrays of different lengths"),
        ({"activation": (1, 1, 1, 1, 5, 77)}, "unknown activation"),
        ({"target": [4, 9, 3, 1]}, "into the bias or an input"),
        ({"source": [1, 4, 3, 2]}, "comes from an output"),
        ({"source": [1, 4, 2, 2]}, "occurs twice"),
        ({"nodes": (0, 2, 1, 3, 4, 9)}, "first 4 node ids must be 0 to 3"),
        ({"nodes": (1, 2, 3, 4, 5, 9)}, "first 4 node ids must be 0 to 3"),
        ({"nodes": (0, 1, 2, 3, 9, 4)}, "must rise"),
        ({"nodes": (0, 1, 2, 3, 4, 4)}, "must rise"),
        ({"innovation": [0, 4, 3, 8]}, "must rise"),
        ({"innovation": [0, 3, 3, 8]}, "must rise"),
        ({"source": [1, 4, 8, 2]}, "names no node"),
        ({"target": [4, 9, 10, 3]}, "names no node"),
        ({"source": [-1, 4, 9, 2]}, "names no node"),
    ],
)
def test_genes_that_are_no_genome_are_an_error(changes, message):
    with pytest.raises(NetworkError, match=message):
        genome(**changes)


@pytest.mark.parametrize(
    ("record", "name"),
    [("nodes", "node_id"), ("nodes", "activation")]
    + [("connections", f.name) for f in dataclasses.fields(ConnectionGenes)],
)
def test_arrays_are_read_only_copies(record, name):
    mine = {f: np.array(value) for f, value in vars(getattr(genome(), record)).items()}
    kept = mine[name].copy()
    made = (NodeGenes if record == "nodes" else ConnectionGenes)(**mine)
    with pytest.raises(ValueError, match="read-only"):
        getattr(made, name)[0] = 1
    mine[name][:] = 0
    assert getattr(made, name).tolist() == kept.tolist()


def test_fields_cannot_be_replaced():
    made = genome()
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.n_inputs = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.nodes.activation = np.zeros(6)


def test_arrays_have_the_types_of_the_kernels():
    made = genome()
    assert [a.dtype for a in vars(made.nodes).values()] == [np.int32, np.int8]
    genes = [a.dtype for a in vars(made.connections).values()]
    assert genes == [np.int32, np.int32, np.int32, np.bool_]


def test_equality_is_by_value_and_genomes_have_no_hash():
    made = genome()
    assert made == genome()
    for changes in (
        {"activation": (1, 1, 1, 1, 3, 6)},
        {"nodes": (0, 1, 2, 3, 4, 10), "source": [1, 4, 10, 2], "target": [4, 10, 3, 3]},
        {"innovation": [0, 3, 4, 9]},
        {"source": [1, 4, 9, 1]},
        {"target": [9, 9, 3, 3]},
        {"is_enabled": [True, True, True, True]},
    ):
        assert genome(**changes) != made
    assert minimal_genome(3, 1) != minimal_genome(2, 2)
    assert made != "genome"
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)


def test_minimal_genome_has_every_gene_from_bias_or_input_to_output():
    made = minimal_genome(2, 2)
    assert naive.gene_pairs(made) == [(0, 3), (0, 4), (1, 3), (1, 4), (2, 3), (2, 4)]
    assert made.connections.innovation.tolist() == list(range(6))
    assert made.nodes.activation.tolist() == [Activation.LINEAR] * 5
    assert (made.n_hidden, made.n_enabled) == (0, 6)
    flags = [True, False, False, True, False, True]
    assert minimal_genome(2, 2, flags).connections.is_enabled.tolist() == flags
    assert minimal_genome(2, 2, False).n_enabled == 0


def test_counter_follows_all_genomes():
    assert InnovationCounter.after(genome()) == InnovationCounter(10, 9)
    assert InnovationCounter.after(minimal_genome(5, 1)) == InnovationCounter(7, 6)
    assert InnovationCounter.after(genome(), minimal_genome(5, 4)) == InnovationCounter(10, 24)
    bare = Genome(1, 1, NodeGenes([0, 1, 2], [1, 1, 1]), ConnectionGenes([], [], [], []))
    assert InnovationCounter.after(bare) == InnovationCounter(3, 0)


def some_genomes():
    rng = np.random.default_rng(1)
    return [naive.random_genome(rng, 2, 1, n, 3 * n) for n in (0, 4, 1, 9)]


def test_stacked_genomes_come_back_as_they_were():
    genomes = some_genomes()
    population = stack_genomes(genomes)
    assert population_size(population) == 4
    assert [genome_at(population, p, 2, 1) for p in range(4)] == genomes


def test_taken_genomes_are_the_chosen_ones_in_order():
    genomes = some_genomes()
    taken = take_genomes(stack_genomes(genomes), [3, 1, 1])
    assert [genome_at(taken, p, 2, 1) for p in range(3)] == [genomes[p] for p in (3, 1, 1)]
    assert population_size(take_genomes(stack_genomes(genomes), [])) == 0


def test_joined_populations_lie_one_after_another():
    genomes = some_genomes()
    joined = join_populations(
        [stack_genomes(genomes[:1]), empty_population(), stack_genomes(genomes[1:])]
    )
    for mine, right in zip(joined, stack_genomes(genomes), strict=True):
        assert mine.dtype == right.dtype
        assert mine.tolist() == right.tolist()
    assert population_size(join_populations([])) == 0


@pytest.mark.parametrize("probability", [0.0, 0.25, 1.0])
def test_initial_population_is_minimal_with_genes_enabled_by_chance(probability):
    population = initial_population(200, 5, 1, probability, np.random.default_rng(2))
    assert population_size(population) == 200
    individual = genome_at(population, 17, 5, 1)
    flags = population.is_enabled.reshape(200, 6)
    assert individual == minimal_genome(5, 1, flags[17])
    # three standard errors
    assert abs(flags.mean() - probability) <= 3 * np.sqrt(probability * (1 - probability) / 1200)
    if 0.0 < probability < 1.0:
        assert (np.abs(flags.mean(axis=0) - probability) < 0.15).all()
        assert len({row.tobytes() for row in flags}) > 20
    again = initial_population(200, 5, 1, probability, np.random.default_rng(2))
    assert again.is_enabled.tobytes() == population.is_enabled.tobytes()
