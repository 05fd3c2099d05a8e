"""Unique nodes of a population against interned structures, and the program that computes them."""

import numpy as np
import pytest

from tests import naive
from tests.families import ALL, BOUNDED, Draft, family
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.kernels.forward import LANES, lane_rows
from wann.kernels.program import SUM, Step, make_program
from wann.kernels.rows import run_steps
from wann.kernels.sharing import name_nodes, unique_nodes

# without the JIT numpy complains where a sum is meant to overflow
pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid value):RuntimeWarning")


def names_and_unique(networks):
    stacked, n_fixed = stack_networks(networks), 1 + networks[0].n_inputs
    n_outputs = networks[0].n_outputs
    names = np.empty(stacked.node_start[-1] - len(networks) * n_fixed, np.uint64)
    name_nodes(stacked, np.arange(len(networks)), n_fixed, n_outputs, names)
    return names, unique_nodes(stacked, n_fixed, n_outputs, names)


def output_names(network):
    return names_and_unique([network])[0][-network.n_outputs :].tolist()


def interned(networks):
    """The number of the structure of each node of each network."""
    table, numbers = {}, []
    for network in networks:
        n_fixed = 1 + network.n_inputs
        own = list(range(n_fixed))
        for node in range(n_fixed, network.n_nodes):
            sources = network.edge_source[network.edge_target == node]
            output = max(-1, node - (network.n_nodes - network.n_outputs))
            key = (int(network.activation[node]), output, tuple(sorted(own[s] for s in sources)))
            own.append(table.setdefault(key, n_fixed + len(table)))
        numbers.append(own)
    return numbers


@pytest.mark.parametrize("seed", range(4))
def test_nodes_are_unique_where_their_structures_are(seed):
    rng = np.random.default_rng(seed)
    networks = [draft.network(rng) for draft in family(rng, 15)]
    networks += [naive.random_network(rng, 6, 4, 5, 20) for _ in range(3)]
    numbers = interned(networks)
    _, unique = names_and_unique(networks)
    # the structures are numbered in the order in which they are met
    assert len(unique.activation) == max(n for own in numbers for n in own) - 6
    for p, own in enumerate(numbers):
        assert unique.outputs[unique.individual[p]].tolist() == own[-4:]
    same = [own[-4:] for own in numbers]
    for p, q in zip(*np.triu_indices(len(networks), 1), strict=True):
        assert (unique.individual[p] == unique.individual[q]) == (same[p] == same[q])


def test_every_source_comes_before_its_node_and_inputs_come_first():
    rng = np.random.default_rng(5)
    _, unique = names_and_unique([draft.network(rng) for draft in family(rng, 20)])
    n_fixed = 7
    for k in range(len(unique.activation)):
        begin, middle, end = unique.edge_start[k], unique.hidden_start[k], unique.edge_start[k + 1]
        assert (unique.edge_source[begin:middle] < n_fixed).all()
        assert (unique.edge_source[middle:end] >= n_fixed).all()
        assert (unique.edge_source[begin:end] < n_fixed + k).all()
    assert (unique.relative < np.arange(len(unique.relative))).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_nodes_does_not_change_names(seed):
    rng = np.random.default_rng(seed)
    (draft,) = family(rng, 1, n_changes=40)
    names = output_names(draft.network())
    for _ in range(4):
        assert output_names(draft.network(rng)) == names


def test_different_structures_have_different_names():
    rng = np.random.default_rng(7)
    networks = [d.network(rng) for _ in range(20) for d in family(rng, 10, n_changes=8)]
    names, _ = names_and_unique(networks)
    numbers = np.concatenate([own[7:] for own in interned(networks)])
    pairs = set(zip(names.tolist(), numbers.tolist(), strict=True))
    assert len(pairs) == len(set(names.tolist())) == len(set(numbers.tolist())) > 300


@pytest.mark.parametrize(
    ("activation", "connections"),
    [
        ([1, 1, 1, 5, 1, 1], [(1, 3), (2, 3), (3, 4), (3, 5)]),
        ([1, 1, 1, 4, 1, 1], [(1, 3), (3, 4), (3, 5)]),
        ([1, 1, 1, 4, 1, 1], [(0, 3), (2, 3), (3, 4), (3, 5)]),
        ([1, 1, 1, 4, 5, 5], [(1, 3), (2, 3), (3, 4), (3, 5)]),
        ([1, 1, 1, 4, 1, 1], [(1, 3), (2, 3), (1, 4), (3, 4), (1, 5), (3, 5)]),
        ([1, 1, 1, 4, 1, 1], []),
    ],
)
def test_a_change_changes_the_names_of_all_outputs_above(activation, connections):
    base = network_from_connections(2, 2, [1, 1, 1, 4, 1, 1], [(1, 3), (2, 3), (3, 4), (3, 5)])
    other = network_from_connections(2, 2, activation, connections)
    names = output_names(base) + output_names(other)
    assert len(set(names)) == 4


def test_a_node_counts_a_source_twice_if_it_has_it_twice():
    """Two nodes of equal structure are one unique node, with two connections from it."""
    once = network_from_connections(1, 1, [1, 1, 5, 1], [(1, 2), (2, 3)])
    twice = network_from_connections(1, 1, [1, 1, 5, 5, 1], [(1, 2), (1, 3), (2, 4), (3, 4)])
    _, unique = names_and_unique([once, twice])
    assert len(unique.activation) == 3
    assert unique.edge_source[unique.edge_start[2] :].tolist() == [2, 2]


def test_no_network_has_no_nodes():
    empty = stack_networks([])
    unique = unique_nodes(empty, 3, 2, np.empty(0, np.uint64))
    assert unique.outputs.shape == (0, 2)
    assert len(make_program(unique, 3, 1.0, 1.0).steps) == 0


# ---- programs ---------------------------------------------------------------------------------


def computed(networks, inputs, weight):
    """(different individuals, outputs, LANES) values, with the unique nodes and the program."""
    n_fixed = 1 + networks[0].n_inputs
    _, unique = names_and_unique(networks)
    program = make_program(unique, n_fixed, abs(weight), float(np.abs(inputs).max()))
    flat = lane_rows(program.n_rows, np.zeros(1, np.float32))
    rows = flat.reshape(-1, LANES)
    rows[0], rows[1:n_fixed] = 1.0, inputs
    n_raw, n_steps = np.int64(program.n_raw), np.int64(len(program.steps))
    run_steps(flat, program.steps, program.rows, np.int64(0), n_raw, np.float32(0.0))
    run_steps(flat, program.steps, program.rows, n_raw, n_steps, np.float32(weight))
    return rows[unique.outputs], unique, program


@pytest.mark.parametrize("weight", [-1.5, 0.0, 0.5])
@pytest.mark.parametrize("activations", [BOUNDED, ALL])
def test_a_program_computes_what_networks_compute(activations, weight):
    rng = np.random.default_rng(11)
    networks = [draft.network(rng) for draft in family(rng, 12, activations=activations)]
    # sums of such inputs are exact
    inputs = rng.integers(0, 9, (6, LANES)).astype(np.float32) / 8
    outputs, unique, _ = computed(networks, inputs, weight)
    for p, network in enumerate(networks):
        for lane in range(0, LANES, 21):
            right = np.array(naive.outputs(network, weight, inputs[:, lane]))
            error = np.abs(outputs[unique.individual[p], :, lane] - right)
            assert (error <= 2e-5 * np.maximum(1.0, np.abs(right))).all()


def test_a_program_needs_few_terms_for_relatives():
    rng = np.random.default_rng(12)
    drafts = family(rng, 30, activations=BOUNDED, n_changes=120)
    inputs = np.zeros((6, LANES), np.float32)
    _, unique, program = computed([draft.network() for draft in drafts], inputs, 1.0)
    terms = (program.steps[:, Step.END] - program.steps[:, Step.ADDED]).sum()
    assert terms < 0.8 * len(unique.edge_source)
    taken = program.steps[:, Step.END] > program.steps[:, Step.SUBTRACTED]
    assert taken.any()
    # a hidden node never loses a term: a step function would see the rounding
    assert set(program.steps[taken, Step.TARGET]) <= set(unique.outputs.ravel().tolist())


def test_a_hidden_node_has_no_sum_that_has_lost_a_term():
    """An output loses two sources; a step then has the sources that are left, which are all 0."""
    hidden, first = [("hidden", k) for k in range(6)], Draft(6, 2)
    first.hidden = list(hidden)
    first.activation |= dict.fromkeys(hidden, 3)
    first.pairs = {(("in", k), node) for k, node in enumerate(hidden)}
    first.pairs |= {(node, ("out", 0)) for node in hidden}
    second = first.copy()
    second.pairs -= {(hidden[0], ("out", 0)), (hidden[1], ("out", 0))}
    third = second.copy()
    step = ("hidden", 6)
    third.hidden.append(step)
    third.activation[step] = 2
    third.pairs |= {(node, step) for node in hidden[2:]} | {(step, ("out", 1))}
    inputs = np.zeros((6, LANES), np.float32)
    inputs[0] = np.linspace(0.01, 0.99, LANES)
    outputs, _, program = computed([d.network() for d in (first, second, third)], inputs, 0.9)
    assert (program.steps[:, Step.END] > program.steps[:, Step.SUBTRACTED]).any()
    assert (outputs[2, 1] == 0.0).all()


def test_what_may_be_large_is_never_subtracted():
    rng = np.random.default_rng(13)
    drafts = family(rng, 30, activations=(1, 9), n_changes=120)
    networks = [draft.network() for draft in drafts]
    _, _, program = computed(networks, np.full((6, LANES), 1e4, np.float32), 2.0)
    assert (program.steps[:, Step.END] == program.steps[:, Step.SUBTRACTED]).all()


def test_sums_of_inputs_are_computed_once_for_all():
    draft = Draft(4, 2)
    draft.pairs = {(("in", i), ("out", k)) for i in range(4) for k in range(2)}
    _, _, program = computed([draft.network()], np.zeros((4, LANES), np.float32), 1.0)
    assert program.n_raw == 1
    assert program.steps[0, Step.ACTIVATION] == SUM
    assert (program.steps[1:, Step.RAW] == program.steps[0, Step.TARGET]).all()
