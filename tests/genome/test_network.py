"""The network record: what it refuses, that it cannot be changed, equality and layers."""

import dataclasses
import itertools

import numpy as np
import pytest

from tests import naive
from wann.errors import CycleError, NetworkError
from wann.genome.network import Network, network_from_connections

# bias, two inputs, hidden 3 and 4, output 5
CONNECTIONS = [(0, 3), (1, 3), (3, 4), (2, 4), (4, 5), (1, 5)]
ACTIVATION = [1, 1, 1, 3, 5, 1]


def network():
    return network_from_connections(2, 1, ACTIVATION, CONNECTIONS)


def fields(**changes):
    made = network()
    return {f.name: getattr(made, f.name) for f in dataclasses.fields(Network)} | changes


def test_connections_are_grouped_by_target_and_sorted_by_source():
    made = network()
    assert made.edge_start.tolist() == [0, 0, 0, 0, 2, 4, 6]
    assert made.edge_source.tolist() == [0, 1, 2, 3, 1, 4]
    assert made.edge_target.tolist() == [3, 3, 4, 4, 5, 5]


def test_the_order_of_the_connections_does_not_matter():
    for order in itertools.islice(itertools.permutations(CONNECTIONS), 0, 720, 60):
        assert network_from_connections(2, 1, ACTIVATION, order) == network()


def test_counts():
    made = network()
    assert (made.n_nodes, made.n_hidden, made.n_connections) == (6, 2, 6)
    assert repr(made) == "Network(2 inputs, 2 hidden, 1 outputs, 6 connections)"
    empty = network_from_connections(0, 1, [1, 1], [])
    assert (empty.n_nodes, empty.n_hidden, empty.n_connections) == (2, 0, 0)


@pytest.mark.parametrize("name", ["activation", "edge_start", "edge_source"])
def test_arrays_are_read_only_copies(name):
    given = {
        field: np.array(value) for field, value in fields().items() if field.startswith("edge")
    }
    given["activation"] = np.array(ACTIVATION, np.int8)
    made = Network(2, 1, **given)
    with pytest.raises(ValueError, match="read-only"):
        getattr(made, name)[0] = 1
    given[name][:] = 0
    assert made == network()


def test_fields_cannot_be_replaced():
    with pytest.raises(dataclasses.FrozenInstanceError):
        network().n_inputs = 3


def test_arrays_have_the_types_of_the_kernels():
    made = Network(2, 1, ACTIVATION, [0, 0, 0, 0, 2, 4, 6], [0, 1, 2, 3, 1, 4])
    assert made == network()
    types = (made.activation.dtype, made.edge_start.dtype, made.edge_source.dtype)
    assert types == (np.int8, np.int64, np.int32)
    assert made.edge_target.dtype == np.int32


def test_equal_networks_have_equal_hashes_and_others_differ():
    made = network()
    same = network_from_connections(2, 1, ACTIVATION, CONNECTIONS[::-1])
    others = [
        network_from_connections(2, 1, [1, 1, 1, 3, 6, 1], CONNECTIONS),
        network_from_connections(2, 1, ACTIVATION, CONNECTIONS[:-1]),
        network_from_connections(2, 1, ACTIVATION, [*CONNECTIONS[:-1], (0, 5)]),
        network_from_connections(3, 1, ACTIVATION, [(2, 4), (4, 5)]),
        network_from_connections(2, 1, ACTIVATION, [(2, 4), (4, 5)]),
        network_from_connections(2, 2, ACTIVATION, [(2, 4), (3, 5)]),
    ]
    assert made == same
    assert hash(made) == hash(same)
    assert len({made, same, *others}) == 1 + len(others)
    assert made != "network"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_inputs": -1}, "must be at least"),
        ({"n_outputs": 0}, "must be at least"),
        ({"n_inputs": 5}, "cannot hold"),
        ({"activation": [1, 1, 1]}, "cannot hold"),
        ({"activation": [1, 1, 1, 3, 5]}, "edge_start does not rise"),
        ({"edge_start": [0, 0, 0, 0, 2, 4]}, "edge_start does not rise"),
        ({"edge_start": [1, 1, 1, 1, 2, 4, 6]}, "edge_start does not rise"),
        ({"edge_start": [0, 0, 0, 0, 2, 4, 5]}, "edge_start does not rise"),
        ({"edge_start": [0, 0, 0, 0, 2, 7, 6]}, "edge_start does not rise"),
        ({"edge_start": [0, 0, 0, 0, 4, 2, 6]}, "edge_start does not rise"),
        ({"edge_start": [0, 0, 0, 1, 2, 4, 6]}, "into the bias or an input"),
        ({"activation": [1, 1, 1, 12, 5, 1]}, "unknown activation id 12"),
        ({"activation": [1, 1, 1, 0, 5, 1]}, "unknown activation id 0"),
        ({"activation": [1, 1, 1, -1, 5, 1]}, "unknown activation id -1"),
        ({"edge_source": [0, 1, 2, -1, 1, 4]}, "from an output or from no node"),
        ({"edge_source": [0, 1, 2, 3, 1, 5]}, "from an output or from no node"),
        ({"edge_source": [0, 1, 2, 3, 1, 99]}, "from an output or from no node"),
    ],
)
def test_arrays_that_are_no_network_are_an_error(changes, message):
    with pytest.raises(NetworkError, match=message):
        Network(**fields(**changes))


@pytest.mark.parametrize("sources", [[0, 3, 2, 3, 1, 4], [0, 4, 2, 3, 1, 4], [0, 1, 2, 4, 1, 4]])
def test_a_connection_that_leads_back_is_a_cycle_error(sources):
    with pytest.raises(CycleError, match="earlier node"):
        Network(**fields(edge_source=sources))
    assert issubclass(CycleError, NetworkError)


def test_a_pair_twice_is_an_error():
    with pytest.raises(NetworkError, match=r"2 -> 4 occurs twice"):
        network_from_connections(2, 1, ACTIVATION, [*CONNECTIONS, (2, 4)])


@pytest.mark.parametrize("pair", [(6, 5), (-1, 5), (0, 6), (0, -2)])
def test_a_pair_of_no_node_is_an_error(pair):
    with pytest.raises(NetworkError, match=rf"{pair[0]} -> {pair[1]} names no node; .* 0 to 5"):
        network_from_connections(2, 1, ACTIVATION, [*CONNECTIONS, pair])


@pytest.mark.parametrize("pair", [(0, 1), (0, 0), (2, 1)])
def test_a_pair_into_an_input_is_an_error(pair):
    with pytest.raises(NetworkError, match="into the bias or an input"):
        network_from_connections(2, 1, ACTIVATION, [*CONNECTIONS, pair])


@pytest.mark.parametrize("pair", [(4, 3), (3, 3)])
def test_a_pair_that_leads_back_is_a_cycle_error(pair):
    with pytest.raises(CycleError):
        network_from_connections(2, 1, ACTIVATION, [*CONNECTIONS, pair])


def test_a_pair_between_outputs_is_an_error():
    with pytest.raises(NetworkError, match="from an output"):
        network_from_connections(1, 2, [1, 1, 1, 1], [(0, 2), (2, 3)])


def test_layers_are_longest_paths_with_all_outputs_last():
    made = network_from_connections(
        2, 2, [1] * 8, [(0, 3), (3, 4), (1, 4), (4, 6), (1, 7), (2, 5), (5, 6)]
    )
    assert made.layer.tolist() == [0, 0, 0, 1, 2, 1, 3, 3]
    assert network().layer.tolist() == [0, 0, 0, 1, 2, 3]
    assert network_from_connections(2, 2, [1] * 5, []).layer.tolist() == [0, 0, 0, 1, 1]


def test_layers_rise_along_every_connection():
    rng = np.random.default_rng(1)
    for _ in range(20):
        made = naive.random_network(rng, 4, 2, 20, 70)
        layer = made.layer
        assert (layer[made.edge_source] < layer[made.edge_target]).all()
        for node in range(5, made.n_nodes - 2):
            sources = made.edge_source[made.edge_target == node]
            assert layer[node] == (1 + layer[sources].max() if len(sources) else 0)
        assert layer[-2] == layer[-1] == 1 + layer[:-2].max()
