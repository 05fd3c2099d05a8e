"""Compiled networks against a graph search over the genome."""

from collections import Counter
from itertools import chain

import numpy as np
import pytest

from tests import naive
from wann.errors import CycleError
from wann.genome.compile import (
    compile_network,
    compile_population,
    connection_counts,
    network_at,
    stack_networks,
    take_networks,
)
from wann.genome.genome import ConnectionGenes, Genome, NodeGenes, minimal_genome
from wann.genome.innovation import InnovationCounter
from wann.genome.mutation import mutate
from wann.genome.population import stack_genomes
from wann.kernels.activation import Activation

pytestmark = pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")


def random_genomes():
    """Many shapes: nothing enabled, nothing hidden, few genes, all genes."""
    rng = np.random.default_rng(1)
    made = [minimal_genome(3, 2), minimal_genome(3, 2, False)]
    for enabled in (0.3, 0.7, 1.0):
        for n_hidden, n_genes in ((0, 5), (1, 4), (6, 12), (6, 25), (15, 60), (15, 400)):
            made += [naive.random_genome(rng, 3, 2, n_hidden, n_genes, enabled) for _ in range(4)]
    return made


GENOMES = random_genomes()


def genome_of(pairs, n_hidden, n_inputs=1, n_outputs=1, disabled=()):
    n_nodes = 1 + n_inputs + n_outputs + n_hidden
    return Genome(
        n_inputs,
        n_outputs,
        NodeGenes(np.arange(n_nodes), np.ones(n_nodes)),
        ConnectionGenes(
            np.arange(len(pairs)),
            [source for source, _ in pairs],
            [target for _, target in pairs],
            [pair not in disabled for pair in pairs],
        ),
    )


def expressions(n_first, outputs, pairs, activation):
    """What each node computes of its sources, as a nested tuple: its name whatever its number."""
    known = {}

    def expression(node):
        if node not in known:
            sources = sorted(hash(expression(s)) for s, t in pairs if t == node)
            label = ("output", outputs.index(node)) if node in outputs else "hidden"
            known[node] = (label, activation[node], tuple(sources))
            if node < n_first:
                known[node] = ("input", node)
        return known[node]

    return expression


def shape_of(n_inputs, outputs, pairs, activation):
    """The connections as a multiset of (what the source computes, what the target computes)."""
    expression = expressions(1 + n_inputs, outputs, pairs, activation)
    return Counter((expression(source), expression(target)) for source, target in pairs)


def test_live_connections_are_those_of_the_graph_search():
    n_dead = 0
    for genome in GENOMES:
        network = compile_network(genome)
        live = naive.live_connections(genome)
        assert network.n_connections == len(live)
        ids = genome.nodes.node_id.tolist()
        activation = dict(zip(ids, genome.nodes.activation.tolist(), strict=True))
        n_first = 1 + genome.n_inputs
        right = shape_of(genome.n_inputs, ids[n_first : n_first + 2], sorted(live), activation)
        edges = list(zip(network.edge_source.tolist(), network.edge_target.tolist(), strict=True))
        numbers = list(range(network.n_nodes))
        assert shape_of(3, numbers[-2:], edges, network.activation.tolist()) == right
        n_dead += genome.n_enabled - len(live)
    assert n_dead > 200


def test_only_live_hidden_nodes_are_kept_with_their_activations():
    for genome in GENOMES:
        network = compile_network(genome)
        live = set(chain(*naive.live_connections(genome)))
        ids, activation = genome.nodes.node_id, genome.nodes.activation
        kept = [
            number for node, number in zip(ids[6:], activation[6:], strict=True) if node in live
        ]
        assert sorted(network.activation[4:-2]) == sorted(kept)
        assert network.n_hidden == len(kept)


def test_inputs_come_first_outputs_last_and_connections_lead_forward():
    for genome in GENOMES:
        network = compile_network(genome)
        assert (network.n_inputs, network.n_outputs) == (genome.n_inputs, genome.n_outputs)
        assert (network.edge_source < network.edge_target).all()
        assert (network.edge_target >= 4).all()
        assert (network.edge_source < network.n_nodes - 2).all()
        for begin, end in zip(network.edge_start, network.edge_start[1:], strict=False):
            assert (np.diff(network.edge_source[begin:end]) > 0).all()


def test_network_computes_what_the_live_genes_say():
    rng = np.random.default_rng(2)
    for genome in GENOMES:
        network = compile_network(genome)
        for _ in range(3):
            weight, inputs = rng.uniform(-2.0, 2.0), rng.normal(size=3)
            right = naive.genome_outputs(genome, weight, inputs)
            assert naive.outputs(network, weight, inputs) == pytest.approx(
                right, rel=1e-8, abs=1e-8
            )


def test_evolved_genomes_compile_to_their_live_genes():
    rng = np.random.default_rng(3)
    genome = minimal_genome(3, 2, [True, False] * 4)
    counter = InnovationCounter.after(genome)
    for _ in range(80):
        genome, counter = mutate(genome, counter, rng)
        network = compile_network(genome)
        assert network.n_connections == len(naive.live_connections(genome))
        right = naive.genome_outputs(genome, 0.7, [0.3, -1.0, 2.0])
        assert naive.outputs(network, 0.7, [0.3, -1.0, 2.0]) == pytest.approx(right, abs=1e-8)
    assert network.n_hidden > 3


def test_dead_ends_and_unfed_nodes_are_dropped():
    # bias 0, input 1, output 2; 3 -> 4 is live, 5 is a dead end, 6 is fed by nothing
    pairs = [(1, 3), (3, 4), (4, 2), (1, 5), (3, 5), (6, 4), (6, 2), (0, 2)]
    network = compile_network(genome_of(pairs, 4))
    assert network.n_hidden == 2
    edges = zip(network.edge_source.tolist(), network.edge_target.tolist(), strict=True)
    assert set(edges) == {(1, 2), (2, 3), (3, 4), (0, 4)}


def test_disabling_a_gene_cuts_what_hangs_on_it():
    pairs = [(0, 3), (3, 4), (4, 2), (1, 2)]
    assert compile_network(genome_of(pairs, 2)).n_connections == 4
    network = compile_network(genome_of(pairs, 2, disabled=[(3, 4)]))
    assert (network.n_connections, network.n_hidden) == (1, 0)


def test_nothing_live_leaves_inputs_and_outputs():
    network = compile_network(minimal_genome(4, 3, False))
    assert (network.n_nodes, network.n_hidden, network.n_connections) == (8, 0, 0)


def test_a_deep_chain_of_ids_against_their_order_compiles():
    n = 120
    hidden = list(range(2 + n, 2, -1))
    network = compile_network(genome_of([*zip([1, *hidden], [*hidden, 2], strict=True)], n))
    assert network.edge_source.tolist() == list(range(1, n + 2))
    assert network.layer.tolist() == [0, *range(n + 2)]


@pytest.mark.parametrize(
    "pairs",
    [
        [(1, 3), (3, 4), (4, 5), (5, 3), (5, 2)],
        [(1, 2), (3, 4), (4, 3)],
        [(1, 2), (3, 3)],
        [(1, 3), (3, 2), (3, 4), (4, 5), (5, 4)],
    ],
)
def test_a_cycle_is_an_error_live_or_dead_unless_it_is_disabled(pairs):
    with pytest.raises(CycleError, match="genome 0 form a cycle"):
        compile_network(genome_of(pairs, 3))
    cut = next(p for p in pairs if p in ((5, 3), (4, 3), (3, 3), (5, 4)))
    compile_network(genome_of(pairs, 3, disabled=[cut]))


def test_a_cycle_in_a_population_is_named():
    good, bad = genome_of([(1, 3), (3, 2)], 2), genome_of([(3, 4), (4, 3)], 2)
    with pytest.raises(CycleError, match="genome 2 "):
        compile_population(stack_genomes([good, good, bad, bad]), 1, 1)


def same_arrays(first, second):
    return all(
        mine.dtype == yours.dtype and mine.tolist() == yours.tolist()
        for mine, yours in zip(first, second, strict=True)
    )


def test_a_population_compiles_to_the_networks_of_its_genomes():
    networks = compile_population(stack_genomes(GENOMES), 3, 2)
    alone = [compile_network(genome) for genome in GENOMES]
    assert [network_at(networks, p, 3, 2) for p in range(len(GENOMES))] == alone
    assert same_arrays(stack_networks(alone), networks)
    assert connection_counts(networks).tolist() == [network.n_connections for network in alone]


def test_taken_networks_are_the_chosen_ones_in_order():
    networks = compile_population(stack_genomes(GENOMES), 3, 2)
    rng = np.random.default_rng(4)
    for chosen in ([0], [7, 7, 3], rng.permutation(len(GENOMES)), list(range(len(GENOMES)))):
        taken = take_networks(networks, chosen)
        right = [network_at(networks, p, 3, 2) for p in chosen]
        assert [network_at(taken, k, 3, 2) for k in range(len(chosen))] == right
        assert same_arrays(taken, stack_networks(right))
    nothing = take_networks(networks, [])
    assert (len(nothing.node_start), len(nothing.activation), len(nothing.edge_source)) == (1, 0, 0)


def test_compiling_leaves_the_genomes_alone():
    population = stack_genomes(GENOMES)
    kept = [array.tobytes() for array in population]
    compile_population(population, 3, 2)
    assert [array.tobytes() for array in population] == kept


def test_output_activations_are_those_of_the_genome():
    genome = genome_of([(1, 2), (1, 3)], 0, 1, 2)
    nodes = NodeGenes([0, 1, 2, 3], [1, 1, Activation.TANH, Activation.COS])
    network = compile_network(Genome(1, 2, nodes, genome.connections))
    assert network.activation.tolist() == [1, 1, Activation.TANH, Activation.COS]
