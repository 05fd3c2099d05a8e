"""Children bred and compiled at once, and the pieces that breeding and compiling share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config as numba_config

from tests import naive
from wann.errors import CycleError
from wann.executors.threads import Threads
from wann.genome import breed
from wann.genome.breed import breed_population
from wann.genome.compile import compile_population
from wann.genome.genome import ConnectionGenes, Genome, NodeGenes, minimal_genome
from wann.genome.innovation import InnovationCounter
from wann.genome.mutation import HIDDEN_ACTIVATIONS, vary_population
from wann.genome.population import initial_population, stack_genomes
from wann.kernels.compile import count_enabled
from wann.kernels.free_pair import count_equal, find_equal, find_free_pair
from wann.kernels.layers import locate_chosen, locate_nodes, sort_hidden
from wann.kernels.random import below
from wann.kernels.room import make_room
from wann.kernels.variation import Operator

pytestmark = pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")

FEW = settings(max_examples=5 if numba_config.DISABLE_JIT else 60, deadline=None, derandomize=True)
ODDS = (0.20, 0.25, 0.05, 0.50)

seeds = st.integers(0, 2**32 - 1)


def same_arrays(first, second):
    return all(
        mine.dtype == yours.dtype and mine.tolist() == yours.tolist()
        for mine, yours in zip(first, second, strict=True)
    )


# breeding


@FEW
@given(
    seeds,
    st.sampled_from([(1, 1), (3, 2), (20, 4)]),
    st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([ODDS, (1.0, 0.0, 0.0, 0.0), (0.0, 0.1, 0.0, 0.9), (0.0,) * 4]),
)
def test_bred_children_are_the_varied_ones_and_their_networks_the_compiled(
    seed, shape, enabled, crossover, odds
):
    rng = np.random.default_rng(seed)
    n, n_generations = (6, 4) if numba_config.DISABLE_JIT else (20, 15)
    population = initial_population(n, *shape, enabled, rng)
    n_first = 1 + shape[0]
    counter = InnovationCounter(n_first + shape[1], n_first * shape[1])
    for generation in range(n_generations):
        # few parents, so that there are siblings
        parents = rng.integers(0, n, (n, 2)) // 3
        is_single = rng.random(n) >= crossover
        parents[is_single, 1] = parents[is_single, 0]
        operators = np.full(n, Operator.DRAW, np.int8)
        operators[: n // 4] = Operator.COPY
        arguments = (population, *shape, parents, operators, odds, HIDDEN_ACTIVATIONS, counter)
        children, _, after = vary_population(*arguments, np.random.default_rng(generation))
        right = compile_population(children, *shape)
        for known in (None, compile_population(population, *shape)):
            again = np.random.default_rng(generation)
            bred, networks, counter_after = breed_population(*arguments, again, known)
            assert same_arrays(bred, children)
            assert counter_after == after
            assert same_arrays(networks, right)
        counter = after
        population = children


def test_siblings_with_other_activations_have_networks_of_their_own():
    rng = np.random.default_rng(5)
    genomes = [naive.random_genome(rng, 3, 2, 8, 30) for _ in range(3)]
    population, counter = stack_genomes(genomes), InnovationCounter.after(*genomes)
    parents = np.repeat(rng.integers(0, 3, (40, 1)), 2, axis=1)
    operators = np.full(40, Operator.CHANGE_ACTIVATION, np.int8)
    operators[::5] = Operator.COPY
    children, networks, _ = breed_population(
        population, 3, 2, parents, operators, ODDS, HIDDEN_ACTIVATIONS, counter, rng
    )
    assert same_arrays(networks, compile_population(children, 3, 2))
    first, last = networks.node_start[:-1], networks.node_start[1:]
    kinds = {networks.activation[i:j].tobytes() for i, j in zip(first, last, strict=True)}
    assert len(kinds) > 10


class Shuffled:
    """Runs the items in any order, as threads might."""

    def __init__(self, n_workers, rng):
        self.n_workers, self.rng = n_workers, rng

    def run(self, function, items):
        items = list(items)
        for k in self.rng.permutation(len(items)):
            function(items[k])


@pytest.mark.parametrize("crossover", [0.0, 0.6])
@pytest.mark.parametrize("n_workers", [1, 2, 3, 7])
def test_workers_and_the_order_of_pieces_do_not_matter(n_workers, crossover, monkeypatch):
    monkeypatch.setattr(breed, "_FEW_GENES", 0)
    rng = np.random.default_rng(8)
    n, n_generations = (5, 3) if numba_config.DISABLE_JIT else (60, 25)
    population = initial_population(n, 6, 3, 0.3, rng)
    known, counter = compile_population(population, 6, 3), InnovationCounter(10, 21)
    with Threads(n_workers) as threads:
        for generation in range(n_generations):
            parents = np.minimum(rng.integers(0, n, (n, 2)), rng.integers(0, n, (n, 2)))
            is_single = rng.random(n) >= crossover
            parents[is_single, 1] = parents[is_single, 0]
            operators = np.full(n, Operator.DRAW, np.int8)
            operators[: n // 8] = Operator.COPY
            arguments = (population, 6, 3, parents, operators, ODDS, HIDDEN_ACTIVATIONS, counter)
            seeds = np.random.default_rng(generation)
            children, _, after = vary_population(*arguments, seeds)
            right = compile_population(children, 6, 3)
            for executor in (threads, Shuffled(n_workers, rng)):
                seeds = np.random.default_rng(generation)
                bred, networks, counter_after = breed_population(*arguments, seeds, known, executor)
                assert same_arrays(bred, children)
                assert same_arrays(networks, right)
                assert counter_after == after
            population, known, counter = children, networks, after


def test_few_genes_are_left_to_the_calling_thread():
    class Refusing:
        n_workers = 2

        def run(self, *_):
            raise AssertionError

    genome = minimal_genome(3, 2)
    arguments = (
        stack_genomes([genome]), 3, 2, np.zeros((8, 2), np.int64), np.full(8, Operator.DRAW),
        ODDS, HIDDEN_ACTIVATIONS, InnovationCounter.after(genome), np.random.default_rng(0),
    )  # fmt: skip
    children, _, _ = breed_population(*arguments, executor=Refusing())
    assert len(children.node_start) == 9


def test_there_may_be_no_children():
    genome = minimal_genome(3, 2)
    children, networks, _ = breed_population(
        stack_genomes([genome]), 3, 2, np.zeros((0, 2), np.int64), np.zeros(0, np.int8), ODDS,
        HIDDEN_ACTIVATIONS, InnovationCounter.after(genome), np.random.default_rng(0),
    )  # fmt: skip
    assert len(children.node_start) == len(networks.edge_start) == 1


def test_operators_and_parents_are_left_alone():
    genome = minimal_genome(3, 2)
    parents, operators = np.zeros((8, 2), np.int64), np.full(8, Operator.DRAW, np.int8)
    counter, rng = InnovationCounter.after(genome), np.random.default_rng(0)
    breed_population(
        stack_genomes([genome]), 3, 2, parents, operators, ODDS, HIDDEN_ACTIVATIONS, counter, rng
    )
    assert operators.tolist() == [Operator.DRAW] * 8
    assert not parents.any()


@pytest.mark.parametrize("operator", [Operator.COPY, Operator.CHANGE_ACTIVATION])
def test_a_cycle_in_a_child_is_named(operator, monkeypatch):
    monkeypatch.setattr(breed, "_FEW_GENES", 0)
    good, bad = (
        Genome(
            1,
            1,
            NodeGenes(range(5), [1] * 5),
            ConnectionGenes(range(3), [1, 3, 4], [3, 4, back], [True] * 3),
        )
        for back in (2, 3)
    )
    with pytest.raises(CycleError, match="child 2 "):
        breed_population(
            stack_genomes([good, bad]),
            1,
            1,
            np.array([[0, 0], [0, 0], [1, 1], [1, 1], [0, 1], [1, 1]]),
            np.full(6, operator, np.int8),
            ODDS,
            HIDDEN_ACTIVATIONS,
            InnovationCounter.after(good),
            np.random.default_rng(0),
            executor=Shuffled(3, np.random.default_rng(1)),
        )


# the pieces


@FEW
@given(st.lists(st.booleans(), max_size=300), st.booleans(), st.data())
def test_the_element_of_a_rank_is_that_of_a_plain_list(flags, wanted, data):
    first = data.draw(st.integers(0, len(flags)))
    n = data.draw(st.integers(0, len(flags) - first))
    places = [k for k in range(first, first + n) if flags[k] == wanted]
    array = np.array(flags, np.bool_)
    assert count_equal(array, wanted, first, n) == len(places)
    found = [find_equal(array, wanted, first, n, rank) for rank in range(len(places) + 1)]
    assert found == [*places, -1]


def test_enabled_genes_are_counted_by_genome():
    rng = np.random.default_rng(6)
    genomes = [naive.random_genome(rng, 3, 2, 5, n, 0.4) for n in (1, 30, 2, 17)]
    genomes.insert(2, minimal_genome(3, 2, False))
    assert count_enabled(stack_genomes(genomes)).tolist() == [g.n_enabled for g in genomes]


@FEW
@given(seeds, st.integers(0, 12), st.integers(1, 80))
def test_layers_of_hidden_nodes_are_the_longest_paths(seed, n_hidden, n_genes):
    genome = naive.random_genome(np.random.default_rng(seed), 3, 2, n_hidden, n_genes)
    population = stack_genomes([genome])
    n_nodes, n_genes = len(genome.nodes), len(genome.connections)
    room = make_room(population, 0, 6)
    room.chosen[:n_genes] = np.arange(n_genes)
    locate_nodes(population, 0, n_nodes, 6, room)
    locate_chosen(population, 0, n_genes, n_genes, room)
    assert sort_hidden(n_genes, n_nodes, 4, 6, room) == n_hidden
    right = naive.layers(genome)
    ids = genome.nodes.node_id.tolist()
    assert room.layer[6:n_nodes].tolist() == [right[node] for node in ids[6:]]
    order = room.order[:n_hidden].tolist()
    assert sorted(order) == list(range(6, n_nodes))
    place = {ids[i]: k for k, i in enumerate(order)}
    hidden = [pair for pair in naive.gene_pairs(genome) if place.keys() >= set(pair)]
    assert all(place[source] < place[target] for source, target in hidden)


def naive_free_pair(genome, stream):
    """Sources in random order, until one has free targets, of which one by its rank."""
    free, ids = naive.free_pairs(genome), genome.nodes.node_id.tolist()
    sources = [node for node in ids if node < 4 or node >= 6]
    for k in range(len(sources)):
        swap = k + below(stream, len(sources) - k)
        sources[k], sources[swap] = sources[swap], sources[k]
        targets = [node for node in ids if (sources[k], node) in free]
        if targets:
            return ids.index(sources[k]), ids.index(targets[below(stream, len(targets))])
    return -1, -1


@FEW
@given(seeds, st.integers(0, 8), st.integers(1, 120))
def test_the_free_pair_is_the_one_that_the_random_numbers_name(seed, n_hidden, n_genes):
    genome = naive.random_genome(np.random.default_rng(seed), 3, 2, n_hidden, n_genes)
    population = stack_genomes([genome])
    room = make_room(population, 0, 6)
    mine, right = np.array([seed], np.uint64), np.array([seed], np.uint64)
    for _ in range(5):
        found = find_free_pair(
            population, 0, len(genome.nodes), 0, len(genome.connections), 3, 2, mine, room
        )
        assert found == naive_free_pair(genome, right)
        assert mine == right
