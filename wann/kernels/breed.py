"""Makes children and compiles each at once, while its genes are in the cache."""

from __future__ import annotations

import numpy as np
from numba import njit

from wann.kernels.compile import compile_one
from wann.kernels.room import make_room
from wann.kernels.variation import Operator, vary_one

_CHANGE_ACTIVATION, _COPY = int(Operator.CHANGE_ACTIVATION), int(Operator.COPY)


@njit(cache=True)
def _copy_connections(known, p, networks, first_node, first_edge):
    """Copies the connections of network ``p``; returns its numbers of nodes and edges."""
    begin, end = known.node_start[p], known.node_start[p + 1]
    first, last = known.edge_start[begin], known.edge_start[end]
    old, new = known.edge_start[begin : end + 1], networks.edge_start[first_node:]
    for k in range(len(old)):
        new[k] = old[k] + first_edge - first
    old_source, new_source = known.edge_source[first:last], networks.edge_source[first_edge:]
    for k in range(len(old_source)):
        new_source[k] = old_source[k]
    return end - begin, last - first


@njit(cache=True)
def _copy_network(known, p, networks, first_node, first_edge):
    """Copies network ``p``; returns its numbers of nodes and edges."""
    first = known.node_start[p]
    for k in range(known.node_start[p + 1] - first):
        networks.activation[first_node + k] = known.activation[first + k]
    return _copy_connections(known, p, networks, first_node, first_edge)


@njit(cache=True)
def _write_sibling(children, c, like, order, networks, first_node, first_edge):
    """Writes the network of child ``c``, with the connections of ``like``, a child before it."""
    activation = children.activation[children.node_start[c] : children.node_start[c + 1]]
    first = networks.node_start[like]
    for k in range(networks.node_start[like + 1] - first):
        networks.activation[first_node + k] = activation[order[first + k]]
    return _copy_connections(networks, like, networks, first_node, first_edge)


@njit(cache=True)
def breed(
    population, n_inputs, n_outputs, parents, operators, seeds, odds, choices, innovations,
    known, children, networks,
):  # fmt: skip
    """Makes the children of a generation and compiles them.

    Copies have the networks of their parents, and children that differ from one parent in no more
    than an activation have the same connections: they are worked out once.

    Args:
        population, n_inputs, n_outputs, parents, operators, seeds, odds, choices, innovations,
        children: as of ``vary``.
        known: NetworkArrays, the compiled population, or of no networks.
        networks: NetworkArrays with room for all nodes and enabled genes; written.

    Returns:
        The number of the first child with a cycle, or -1.
    """
    next_id = innovations.counter[0] + len(parents)
    room = make_room(population, next_id, 1 + n_inputs + n_outputs)
    stream = np.empty(1, np.uint64)
    n_known = len(known.node_start) - 1
    # the first child with another activation than its parent, and the order of its nodes
    first_like = np.full(len(population.node_start) - 1, -1, np.int64)
    order = np.empty(len(networks.activation), np.uint32)
    node, edge = np.int64(0), np.int64(0)
    children.node_start[0] = 0
    children.gene_start[0] = 0
    networks.node_start[0] = 0
    networks.edge_start[0] = 0
    for c in range(len(parents)):
        stream[0] = seeds[c]
        vary_one(
            population, n_inputs, n_outputs, parents, c, operators, odds, choices, innovations,
            children, stream, room,
        )  # fmt: skip
        p = parents[c, 0]
        has_one_parent = p == parents[c, 1]
        is_like_parent = has_one_parent and operators[c] == _CHANGE_ACTIVATION
        if has_one_parent and operators[c] == _COPY and p < n_known:
            n_nodes, n_edges = _copy_network(known, p, networks, node, edge)
        elif is_like_parent and first_like[p] >= 0:
            n_nodes, n_edges = _write_sibling(
                children, c, first_like[p], order, networks, node, edge
            )
        else:
            n_nodes, n_edges = compile_one(
                children, c, n_inputs, n_outputs, networks, node, edge, room
            )
            if n_nodes < 0:
                return c
            if is_like_parent:
                first_like[p] = c
                for k in range(n_nodes):
                    order[node + k] = room.place[k]
        node += n_nodes
        edge += n_edges
        networks.node_start[c + 1] = node
    return -1
