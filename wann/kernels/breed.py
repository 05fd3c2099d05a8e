"""Makes children and compiles each at once, while its genes are in the cache.

The children of a generation are made in any order, some here, some there. How large a network is
shows when it is compiled: networks are first written with gaps between them.
"""

from __future__ import annotations

import numpy as np

from wann.kernels.compile import compile_one
from wann.kernels.room import make_room
from wann.kernels.variation import Operator, write_child
from wann_envs.jit import inner_kernel, kernel

_CHANGE_ACTIVATION, _COPY = int(Operator.CHANGE_ACTIVATION), int(Operator.COPY)


@kernel
def find_origins(population, changes, n_known):
    """Finds out which children have connections that need not be worked out.

    Copies have the networks of their parents, and children that differ from one parent in no more
    than an activation have the same connections.

    Args:
        population: PopulationArrays of the parents.
        changes: Changes, decided.
        n_known: so many of the parents' networks are known.

    Returns:
        (C,) int64: the child that has the same connections and is compiled; -1: the network is
        that of the parent.
    """
    first_like = np.full(len(population.node_start) - 1, -1, np.int64)
    origin = np.empty(len(changes.parents), np.int64)
    for c in range(len(origin)):
        p, operator = changes.parents[c, 0], changes.operator[c]
        has_one_parent = p == changes.parents[c, 1]
        origin[c] = c
        if has_one_parent and operator == _COPY and p < n_known:
            origin[c] = -1
        elif has_one_parent and operator in (_COPY, _CHANGE_ACTIVATION):
            if first_like[p] < 0:
                first_like[p] = c
            origin[c] = first_like[p]
    return origin


@kernel(nogil=True)
def write_and_compile(
    population, n_inputs, n_outputs, changes, which, origin, next_id, children, edge_start,
    networks, order, sizes,
):  # fmt: skip
    """Writes children to their places, and compiles those that have connections of their own.

    Args:
        population, changes, which, children: as of ``write_children``.
        n_inputs, n_outputs: of every genome, without the bias.
        origin: as of ``find_origins``.
        next_id: larger than all ids of nodes.
        edge_start: (C,) int64, where the connections of each child have room.
        networks: NetworkArrays with room for each child's connections there, and for its nodes
            and one more at ``children.node_start[c] + c``; written for these children.
        order: (nodes of all children,) uint32, written for these children: their nodes in the
            order of their networks.
        sizes: (C, 2) int64, written for these children: the numbers of nodes and of connections;
            -1 if there is a cycle.
    """
    room = make_room(population, next_id, 1 + n_inputs + n_outputs)
    stream = np.empty(1, np.uint64)
    for c in which:
        write_child(population, changes, c, children, stream)
        if origin[c] != c:
            continue
        first = children.node_start[c]
        n_nodes, n_edges = compile_one(
            children, c, n_inputs, n_outputs, networks, first + c, edge_start[c], room
        )
        sizes[c, 0] = n_nodes
        sizes[c, 1] = n_edges
        if changes.operator[c] == _CHANGE_ACTIVATION or changes.operator[c] == _COPY:
            for k in range(n_nodes):
                order[first + k] = room.place[k]


@kernel
def start_networks(changes, origin, known, sizes):
    """Where the networks of the children begin, without gaps.

    Args:
        changes: Changes.
        origin: as of ``find_origins``.
        known: NetworkArrays of parents.
        sizes: as of ``write_and_compile``.

    Returns:
        (C + 1,) int64 the first node, (C + 1,) int64 the first connection of each.
    """
    node_start = np.zeros(len(origin) + 1, np.int64)
    edge_start = np.zeros(len(origin) + 1, np.int64)
    for c in range(len(origin)):
        if origin[c] < 0:
            p = changes.parents[c, 0]
            first, last = known.node_start[p], known.node_start[p + 1]
            n_nodes, n_edges = last - first, known.edge_start[last] - known.edge_start[first]
        else:
            n_nodes, n_edges = sizes[origin[c], 0], sizes[origin[c], 1]
        node_start[c + 1] = node_start[c] + n_nodes
        edge_start[c + 1] = edge_start[c] + n_edges
    return node_start, edge_start


@inner_kernel
def _copy_connections(networks, first, target, first_node, n_nodes, first_edge):
    """Copies the connections into the nodes from ``first`` on."""
    begin = networks.edge_start[first]
    last = networks.edge_start[first + n_nodes]
    old, new = networks.edge_start[first : first + n_nodes], target.edge_start[first_node:]
    for k in range(len(old)):
        new[k] = old[k] + first_edge - begin
    old_source, new_source = networks.edge_source[begin:last], target.edge_source[first_edge:]
    for k in range(len(old_source)):
        new_source[k] = old_source[k]


@inner_kernel
def _copy_activations(networks, first, target, first_node, n_nodes):
    """Copies the activations of the nodes from ``first`` on."""
    old, new = networks.activation[first : first + n_nodes], target.activation[first_node:]
    for k in range(len(old)):
        new[k] = old[k]


@kernel(nogil=True)
def join_networks(changes, which, origin, known, children, gapped, order, edge_start, networks):
    """Writes the networks of children to their places.

    Args:
        changes: Changes.
        which: (k,) int64, the children.
        origin: as of ``find_origins``.
        known: NetworkArrays of parents.
        children: PopulationArrays.
        gapped, order: ``networks`` and ``order`` of ``write_and_compile``.
        edge_start: (C,) int64, the first connection of each.
        networks: NetworkArrays; all but ``node_start`` and the last of ``edge_start`` is written
            for these children.
    """
    for c in which:
        node, n_nodes = networks.node_start[c], networks.node_start[c + 1] - networks.node_start[c]
        like = origin[c]
        if like < 0:
            first = known.node_start[changes.parents[c, 0]]
            _copy_connections(known, first, networks, node, n_nodes, edge_start[c])
            _copy_activations(known, first, networks, node, n_nodes)
            continue
        first = children.node_start[like]
        _copy_connections(gapped, first + like, networks, node, n_nodes, edge_start[c])
        if like == c:
            _copy_activations(gapped, first + like, networks, node, n_nodes)
        else:
            own = children.node_start[c]
            for k in range(n_nodes):
                networks.activation[node + k] = children.activation[own + order[first + k]]
