"""Names the nodes of a population by their structure: what is the same is computed once.

Individuals descend from each other, so that most of their nodes are the same function of the
inputs. The name of a node is a 64-bit hash of its activation and of the names of its sources,
in whatever order; the number of an output enters its name, because its labels are its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann_envs.jit import inner_kernel, kernel

_INCREMENT = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_ZERO, _ONE = np.uint64(0), np.uint64(1)
# where the names of activations and outputs begin, far from the numbers of inputs
_ACTIVATIONS, _OUTPUTS = 1 << 40, 1 << 41
_FIRST_CAPACITY = 1024


class UniqueNodes(NamedTuple):
    """The different nodes of a population, each after its sources; u nodes, e connections.

    A node has an id: that of the bias and the inputs is their number, below ``n_fixed``; that of
    unique node k is ``n_fixed + k``.

    Attributes:
        activation: (u,) int8.
        edge_start: (u + 1,) int64; the connections into node k are
            ``edge_source[edge_start[k]:edge_start[k + 1]]``, those from the bias and inputs first.
        hidden_start: (u,) int64, the first connection from another node.
        edge_source: (e,) int32, ids.
        raw_key: (u,) uint64, a hash of the set of sources among the bias and the inputs.
        hidden_key: (u,) uint64, a hash of the set of the other sources.
        owner: (u,) int32, the different individual that the node was first met in.
        outputs: (q, n_outputs) int32, ids of the outputs of the q different individuals.
        relative: (q,) int32, the latest of the individuals before that were the first to have a
            node that this one has too; -1: there is none.
        individual: (P,) int32, which of the q each individual of the population is.
    """

    activation: NDArray[np.int8]
    edge_start: NDArray[np.int64]
    hidden_start: NDArray[np.int64]
    edge_source: NDArray[np.int32]
    raw_key: NDArray[np.uint64]
    hidden_key: NDArray[np.uint64]
    owner: NDArray[np.int32]
    outputs: NDArray[np.int32]
    relative: NDArray[np.int32]
    individual: NDArray[np.int32]


@inner_kernel(nogil=True)
def mix(x):
    """A hash of a uint64. Source: Steele, Lea & Flood 2014 (SplitMix64)."""
    z = x + _INCREMENT
    z = (z ^ (z >> _S30)) * _MULTIPLIER_1
    z = (z ^ (z >> _S27)) * _MULTIPLIER_2
    return z ^ (z >> _S31)


@inner_kernel(nogil=True)
def empty_table(capacity):
    """A hash table: keys, and the values, -1 where a place is free; a power of 2 of places."""
    return np.empty(capacity, np.uint64), np.full(capacity, -1, np.int32)


@inner_kernel(nogil=True)
def place_of(keys, values, key):
    """The place of a key in a table, or the free place where it belongs."""
    last = np.uint64(len(keys) - 1)
    i = key & last
    while values[i] >= 0 and keys[i] != key:
        i = (i + _ONE) & last
    return i


@inner_kernel(nogil=True)
def grown_table(keys, values):
    """The table with four times as many places."""
    new_keys, new_values = empty_table(4 * len(keys))
    for i in range(len(keys)):
        if values[i] >= 0:
            k = place_of(new_keys, new_values, keys[i])
            new_keys[k], new_values[k] = keys[i], values[i]
    return new_keys, new_values


@inner_kernel(nogil=True)
def _names(n, first):
    """Hashes of n numbers."""
    names = np.empty(n, np.uint64)
    for i in range(n):
        names[i] = mix(np.uint64(first + i))
    return names


@kernel(nogil=True)
def name_nodes(networks, which, n_fixed, n_outputs, names):
    """Names the nodes of networks; networks do not depend on each other.

    Args:
        networks: NetworkArrays of P networks.
        which: (k,) int64, the networks.
        n_fixed: number of nodes that are given: the bias and the inputs.
        n_outputs: the last nodes of each network.
        names: (nodes that are not given,) uint64, network by network; written for these networks.
    """
    of_activation, of_output = _names(128, _ACTIVATIONS), _names(n_outputs, _OUTPUTS)
    longest = n_fixed
    for p in which:
        longest = max(longest, networks.node_start[p + 1] - networks.node_start[p])
    # the names of all nodes of the network at hand
    own = np.empty(longest, np.uint64)
    own[:n_fixed] = _names(n_fixed, 0)
    for p in which:
        first_node = networks.node_start[p]
        n_own = networks.node_start[p + 1] - first_node - n_fixed
        start = first_node - p * n_fixed
        begin = networks.edge_start[first_node + n_fixed]
        for i in range(n_own):
            end = networks.edge_start[first_node + n_fixed + i + 1]
            name = of_activation[networks.activation[first_node + n_fixed + i]]
            for e in range(begin, end):
                name += own[np.uint32(networks.edge_source[e])]
            if i >= n_own - n_outputs:
                name += of_output[i - (n_own - n_outputs)]
            own[n_fixed + i] = names[start + i] = mix(name)
            begin = end


@kernel(nogil=True)
def unique_nodes(networks, n_fixed, n_outputs, names):
    """Finds the different nodes and the different individuals of a population.

    Args:
        networks: NetworkArrays of P networks; the sources of a node rise.
        n_fixed, n_outputs, names: as for ``name_nodes``.

    Returns:
        UniqueNodes, in the order in which they are met.
    """
    n_networks, room = len(networks.node_start) - 1, len(names)
    activation, owner = np.empty(room, np.int8), np.empty(room, np.int32)
    edge_start, hidden_start = np.zeros(room + 1, np.int64), np.empty(room, np.int64)
    raw_key, hidden_key = np.empty(room, np.uint64), np.empty(room, np.uint64)
    edge_source = np.empty(len(networks.edge_source), np.int32)
    outputs = np.empty((n_networks, n_outputs), np.int32)
    relative = np.empty(n_networks, np.int32)
    individual = np.empty(n_networks, np.int32)
    of_fixed = _names(n_fixed, 0)
    longest = n_fixed
    for p in range(n_networks):
        longest = max(longest, networks.node_start[p + 1] - networks.node_start[p])
    # the id of each node of the network at hand
    node_id = np.arange(longest)
    keys, values = empty_table(_FIRST_CAPACITY)
    network_keys, network_values = empty_table(_FIRST_CAPACITY)
    n_unique, n_different = 0, 0
    for p in range(n_networks):
        first_node = networks.node_start[p]
        n_own = networks.node_start[p + 1] - first_node - n_fixed
        start = first_node - p * n_fixed
        n_before, latest = n_unique, np.int32(-1)
        for i in range(n_own):
            place = place_of(keys, values, names[start + i])
            if values[place] >= 0:
                found = values[place]
                if found < n_before:
                    latest = max(latest, owner[found])
                node_id[n_fixed + i] = n_fixed + found
                continue
            keys[place], values[place] = names[start + i], n_unique
            node_id[n_fixed + i] = n_fixed + n_unique
            activation[n_unique] = networks.activation[first_node + n_fixed + i]
            at, n_raw, raw, hidden = edge_start[n_unique], 0, _ZERO, _ZERO
            edges = networks.edge_start[first_node + n_fixed + i : first_node + n_fixed + i + 2]
            for e in range(edges[0], edges[1]):
                source = networks.edge_source[e]
                if source < n_fixed:
                    raw += of_fixed[source]
                    n_raw += 1
                else:
                    hidden += names[start + source - n_fixed]
                edge_source[at + e - edges[0]] = node_id[source]
            raw_key[n_unique], hidden_key[n_unique] = raw, hidden
            hidden_start[n_unique] = at + n_raw
            n_unique += 1
            edge_start[n_unique] = at + edges[1] - edges[0]
            if 2 * n_unique > len(keys):
                keys, values = grown_table(keys, values)
        own = _ZERO
        for k in range(n_outputs):
            outputs[n_different, k] = node_id[n_fixed + n_own - n_outputs + k]
            own += names[start + n_own - n_outputs + k]
        place = place_of(network_keys, network_values, own)
        if network_values[place] < 0:
            network_keys[place], network_values[place] = own, n_different
            relative[n_different] = latest
            n_different += 1
            if 2 * n_different > len(network_keys):
                network_keys, network_values = grown_table(network_keys, network_values)
            individual[p] = n_different - 1
        else:
            individual[p] = network_values[place]
        owner[n_before:n_unique] = individual[p]
    return UniqueNodes(
        activation[:n_unique].copy(),
        edge_start[: n_unique + 1].copy(),
        hidden_start[:n_unique].copy(),
        edge_source[: edge_start[n_unique]].copy(),
        raw_key[:n_unique].copy(),
        hidden_key[:n_unique].copy(),
        owner[:n_unique].copy(),
        outputs[:n_different].copy(),
        relative[:n_different].copy(),
        individual,
    )
