"""The compatibility distance against sets of innovation numbers; who belongs to which species."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config as numba_config

from wann.genome.genome import NodeGenes, minimal_genome
from wann.genome.innovation import InnovationCounter
from wann.genome.mutation import add_node, vary_population
from wann.genome.population import (
    empty_population,
    genome_at,
    initial_population,
    population_size,
    stack_genomes,
    take_genomes,
)
from wann.kernels.activation import Activation
from wann.kernels.species import assign_species, compatibility
from wann.kernels.variation import Operator

pytestmark = pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")

FEW = settings(max_examples=5 if numba_config.DISABLE_JIT else 60, deadline=None, derandomize=True)
N_INPUTS, N_OUTPUTS = 2, 2
N_FIXED = 1 + N_INPUTS + N_OUTPUTS
ONES = np.ones(4)


def naive_compatibility(first, second, coefficients):
    """Stanley & Miikkulainen 2002, equation 1, by sets of innovation numbers."""
    genes, nodes = [], []
    for genome in (first, second):
        connections = genome.connections
        genes.append(
            dict(zip(connections.innovation.tolist(), connections.is_enabled.tolist(), strict=True))
        )
        ids, kinds = genome.nodes.node_id.tolist(), genome.nodes.activation.tolist()
        nodes.append({i: kind for i, kind in zip(ids, kinds, strict=True) if i >= N_FIXED})
    shared = genes[0].keys() & genes[1].keys()
    alone = genes[0].keys() ^ genes[1].keys()
    newest = min(max(numbers, default=-1) for numbers in genes)
    excess = {number for number in alone if number > newest}
    hidden = nodes[0].keys() & nodes[1].keys()
    larger = max(len(genes[0]), len(genes[1]), 1)
    terms = (
        len(excess) / larger,
        len(alone - excess) / larger,
        sum(nodes[0][i] != nodes[1][i] for i in hidden) / max(len(hidden), 1),
        sum(genes[0][i] != genes[1][i] for i in shared) / max(len(shared), 1),
    )
    return sum(c * term for c, term in zip(coefficients, terms, strict=True))


def evolved_population(seed, n=12, n_generations=15):
    """Genomes with common ancestors, after many operators."""
    rng = np.random.default_rng(seed)
    population = initial_population(n, N_INPUTS, N_OUTPUTS, 0.5, rng)
    counter = InnovationCounter(N_FIXED, (1 + N_INPUTS) * N_OUTPUTS)
    for _ in range(n_generations):
        parents = rng.integers(0, n, (n, 2))
        operators = np.full(n, Operator.DRAW, np.int8)
        population, _, counter = vary_population(
            population,
            N_INPUTS,
            N_OUTPUTS,
            parents,
            operators,
            (0.3, 0.3, 0.1, 0.3),
            (3, 5, 9),
            counter,
            rng,
        )
    return population


def genomes_of(population):
    return [
        genome_at(population, p, N_INPUTS, N_OUTPUTS) for p in range(population_size(population))
    ]


def distance(first, second, coefficients=ONES):
    pair = stack_genomes([first, second])
    return compatibility(pair, 0, pair, 1, N_FIXED, np.array(coefficients, float))


# the distance


@FEW
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 30),
    st.lists(st.sampled_from([0.0, 0.4, 1.0, 3.0]), min_size=4, max_size=4),
)
def test_distance_is_that_of_the_sets_and_symmetric_and_zero_for_itself(seed, n_generations, c):
    population = evolved_population(seed, 6, n_generations)
    genomes = genomes_of(population)
    other = take_genomes(population, [3, 0, 5])
    coefficients = np.array(c)
    for i, genome in enumerate(genomes):
        assert compatibility(population, i, population, i, N_FIXED, coefficients) == 0.0
        for j, q in enumerate((3, 0, 5)):
            found = compatibility(population, i, other, j, N_FIXED, coefficients)
            assert found == pytest.approx(naive_compatibility(genome, genomes[q], c), rel=1e-12)
            assert found == compatibility(other, j, population, i, N_FIXED, coefficients)


def with_innovations(*numbers):
    """A population of genomes of which only the innovation numbers matter."""
    nodes = minimal_genome(N_INPUTS, N_OUTPUTS).nodes
    empty = empty_population()
    lengths = [len(row) for row in numbers]
    genes = [number for row in numbers for number in row]
    return empty._replace(
        node_start=np.arange(len(numbers) + 1) * len(nodes.node_id),
        node_id=np.tile(nodes.node_id, len(numbers)),
        activation=np.tile(nodes.activation, len(numbers)),
        gene_start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        innovation=np.array(genes, np.int32),
        source=np.zeros(len(genes), np.int32),
        target=np.full(len(genes), 3, np.int32),
        is_enabled=np.ones(len(genes), bool),
    )


@pytest.mark.parametrize(
    ("first", "second", "n_excess", "n_disjoint"),
    [
        # the example of the paper's figure 4
        ([1, 2, 3, 4, 5, 8], [1, 2, 3, 4, 5, 6, 7, 9, 10], 2, 3),
        ([1, 2, 3], [1, 2, 3], 0, 0),
        ([1, 2, 3], [4, 5], 2, 3),
        ([1, 2], [1, 2, 7], 1, 0),
        ([], [1, 2], 2, 0),
        ([], [], 0, 0),
    ],
)
def test_excess_and_disjoint_genes_count_over_the_larger_genome(
    first, second, n_excess, n_disjoint
):
    pair = with_innovations(first, second)
    larger = max(len(first), len(second), 1)
    for c, n in (
        (ONES, n_excess + n_disjoint),
        ([1, 0, 0, 0], n_excess),
        ([0, 1, 0, 0], n_disjoint),
    ):
        for i, j in ((0, 1), (1, 0)):
            found = compatibility(pair, i, pair, j, N_FIXED, np.array(c, float))
            assert found == pytest.approx(n / larger)


@FEW
@given(st.data())
def test_genes_in_common_at_the_start_count_as_any_others(data):
    """Runs of consecutive numbers, which are skipped, that end or begin anywhere."""
    rows = []
    for _ in range(2):
        first, n = data.draw(st.sampled_from([0, 0, 2])), data.draw(st.integers(0, 8))
        more = data.draw(st.sets(st.integers(first + n, first + n + 6), max_size=5))
        rows.append([*range(first, first + n), *sorted(more)])
    pair = with_innovations(*rows)
    flags = data.draw(st.lists(st.booleans(), min_size=len(pair.innovation), max_size=40))
    pair = pair._replace(is_enabled=np.array(flags[: len(pair.innovation)], np.bool_))
    mine, yours = (
        dict(zip(row, pair.is_enabled[begin:], strict=False))
        for row, begin in zip(rows, (0, len(rows[0])), strict=True)
    )
    shared, alone = mine.keys() & yours.keys(), mine.keys() ^ yours.keys()
    newest = min(max(mine, default=-1), max(yours, default=-1))
    excess = sum(number > newest for number in alone)
    switched = sum(bool(mine[number] != yours[number]) for number in shared)
    larger = max(len(mine), len(yours), 1)
    coefficients = np.array([1.0, 10.0, 0.0, 100.0])
    right = (excess + 10.0 * (len(alone) - excess)) / larger + 100.0 * switched / max(
        len(shared), 1
    )
    assert compatibility(pair, 0, pair, 1, N_FIXED, coefficients) == pytest.approx(right)


def test_activations_of_shared_hidden_nodes_count():
    genome = minimal_genome(N_INPUTS, N_OUTPUTS)
    counter, rng = InnovationCounter.after(genome), np.random.default_rng(0)
    for _ in range(4):
        genome, counter = add_node(genome, counter, rng, [Activation.TANH])
    kinds = genome.nodes.activation.copy()
    kinds[-3:] = Activation.SIN
    other = replace(genome, nodes=NodeGenes(genome.nodes.node_id, kinds))
    assert distance(genome, other) == 3 / 4
    assert distance(genome, other, [1, 1, 0.2, 1]) == pytest.approx(0.15)
    assert distance(genome, other, [1, 1, 0, 1]) == 0.0
    # a node that only one of them has does not
    grown, _ = add_node(other, counter, rng, [Activation.RELU])
    assert distance(genome, grown, [0, 0, 1, 0]) == 3 / 4


def test_enabled_states_of_shared_genes_count():
    enabled = [True, True, False, True, False, False]
    first, second = (minimal_genome(N_INPUTS, N_OUTPUTS, row) for row in (enabled, [True] * 6))
    assert distance(first, second) == 0.5
    assert distance(first, second, [1, 1, 1, 3]) == 1.5
    assert distance(first, second, [1, 1, 1, 0]) == 0.0


# who belongs to which species


def naive_species(population, representatives, coefficients, threshold):
    centres, founders, species = genomes_of(representatives), [], []
    for p, genome in enumerate(genomes_of(population)):
        near = [
            s
            for s, centre in enumerate(centres)
            if naive_compatibility(genome, centre, coefficients) < threshold
        ]
        if not near:
            near = [len(centres)]
            centres.append(genome)
            founders.append(p)
        species.append(near[0])
    return species, founders


@FEW
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.05, 0.301, 0.7003, 1.1, 9.0]))
def test_a_genome_joins_the_first_species_that_is_near_or_founds_one(seed, threshold):
    population = evolved_population(seed)
    coefficients = np.array([1.0, 1.0, 0.5, 0.5])
    for known in (empty_population(), take_genomes(evolved_population(seed, 12, 10), [2, 7, 4])):
        species, founders = assign_species(population, known, N_FIXED, coefficients, threshold)
        right = naive_species(population, known, coefficients, threshold)
        assert (species.tolist(), founders.tolist()) == right


def test_species_of_a_small_population():
    small, large = [1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7, 8]
    population = with_innovations([*small, 9], large, small, [*large, 9], [*small, 10])
    # distances from the first: 5/8, 1/5, 4/9, 2/5
    for threshold, right, right_founders in (
        (0.3, [0, 1, 0, 1, 2], [0, 1, 4]),
        (0.45, [0, 1, 0, 0, 0], [0, 1]),
        (0.7, [0, 0, 0, 0, 0], [0]),
    ):
        species, founders = assign_species(population, empty_population(), N_FIXED, ONES, threshold)
        assert species.tolist() == right
        assert founders.tolist() == right_founders


def test_known_species_come_first_even_without_members():
    small, large = [1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7, 8]
    population = with_innovations([*small, 9], large, small, [*large, 9], [*small, 10])
    known = with_innovations([20, 21], [*large, 9], [*small, 9])
    species, founders = assign_species(population, known, N_FIXED, ONES, 0.3)
    assert species.tolist() == [2, 1, 2, 1, 3]
    assert founders.tolist() == [4]


def test_the_threshold_itself_is_too_far():
    population = with_innovations([1, 2, 3, 4], [1, 2, 3, 5])
    for threshold, n_species in ((0.5, 2), (0.5000001, 1)):
        species, _ = assign_species(population, empty_population(), N_FIXED, ONES, threshold)
        assert len(set(species.tolist())) == n_species
