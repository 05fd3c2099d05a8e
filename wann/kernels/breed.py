"""Makes children and compiles each at once, while its genes are in the cache."""

from __future__ import annotations

import numpy as np
from numba import njit

from wann.kernels.compile import compile_one
from wann.kernels.room import make_room
from wann.kernels.variation import Operator, vary_one

_CHANGE_ACTIVATION, _COPY = int(Operator.CHANGE_ACTIVATION), int(Operator.COPY)


@njit(cache=True)
def _write_sibling(activation, order, like, networks, first_node, first_edge):
    """Writes a network with the connections of network ``like`` and activations of its own."""
    begin, end = networks.node_start[like], networks.node_start[like + 1]
    networks.edge_start[first_node] = first_edge
    first, last = networks.edge_start[begin], networks.edge_start[end]
    shift = first_edge - first
    for k in range(end - begin):
        networks.activation[first_node + k] = activation[order[begin + k]]
        networks.edge_start[first_node + k + 1] = networks.edge_start[begin + k + 1] + shift
    for k in range(last - first):
        networks.edge_source[first_edge + k] = networks.edge_source[first + k]
    return end - begin, last - first


@njit(cache=True)
def breed(
    population, n_inputs, n_outputs, parents, operators, seeds, odds, choices, innovations,
    children, networks,
):  # fmt: skip
    """Makes the children of a generation and compiles them.

    Children that differ from one parent in no more than an activation have the same connections:
    they are worked out once.

    Args:
        population, n_inputs, n_outputs, parents, operators, seeds, odds, choices, innovations,
        children: as of ``vary``.
        networks: NetworkArrays with room for all nodes and enabled genes; written.

    Returns:
        The number of the first child with a cycle, or -1.
    """
    next_id = innovations.counter[0] + len(parents)
    room = make_room(population, next_id, 1 + n_inputs + n_outputs)
    stream = np.empty(1, np.uint64)
    # the first child with the connections of a parent, and the order of its nodes
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
        is_like_parent = p == parents[c, 1] and (
            operators[c] == _COPY or operators[c] == _CHANGE_ACTIVATION
        )
        if is_like_parent and first_like[p] >= 0:
            activation = children.activation[children.node_start[c] : children.node_start[c + 1]]
            n_nodes, n_edges = _write_sibling(
                activation, order, first_like[p], networks, node, edge
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
