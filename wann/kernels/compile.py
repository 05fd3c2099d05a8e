"""Compiles a population of genomes into networks: prunes dead nodes, sorts topologically."""

from __future__ import annotations

import numpy as np

from wann.kernels.layers import locate_chosen, locate_nodes, sort_hidden
from wann.kernels.room import make_room
from wann_envs.jit import inner_kernel, kernel


@inner_kernel
def _choose_enabled(is_enabled, room):
    """Writes the numbers of the enabled genes; returns how many there are."""
    n_enabled = 0
    for k in range(len(is_enabled)):
        # no branch, which would be mispredicted
        room.chosen[n_enabled] = k
        n_enabled += is_enabled[k]
    return n_enabled


@inner_kernel
def _mark_live(n_nodes, n_first, n_fixed, room):
    """Marks what is fed and what is used, and counts the live connections into each node."""
    start, reached, order = room.start, room.reached, room.order
    is_fed, is_used, degree = room.is_fed, room.is_used, room.degree
    for i in range(n_nodes):
        is_fed[i] = i < n_first
        is_used[i] = n_first <= i < n_fixed
        degree[i] = 0
    n_hidden = n_nodes - n_fixed
    for e in range(start[n_first]):
        is_fed[reached[e]] = True
    for k in range(n_hidden):
        i = order[k]
        if is_fed[i]:
            for e in range(start[i], start[i + 1]):
                is_fed[reached[e]] = True
    for k in range(n_hidden):
        i = order[n_hidden - 1 - k]
        is_live = False
        for e in range(start[i], start[i + 1]):
            j = reached[e]
            if is_used[j]:
                is_live = True
                degree[j] += is_fed[i]
        is_used[i] = is_live
    for e in range(start[n_first]):
        degree[reached[e]] += 1


@inner_kernel
def _place_nodes(n_nodes, n_first, n_fixed, room):
    """Orders the nodes: fixed, live hidden by layer, outputs; returns their number."""
    layer, place, count = room.layer, room.place, room.in_layer
    n_layers = 0
    for i in range(n_fixed, n_nodes):
        n_layers = max(n_layers, layer[i] + 1)
    for k in range(n_layers + 1):
        count[k] = 0
    for i in range(n_fixed, n_nodes):
        count[layer[i] + 1] += room.is_fed[i] & room.is_used[i]
    for k in range(n_layers):
        count[k + 1] += count[k]
    for i in range(n_first):
        place[i] = i
    n_placed = n_first + count[n_layers]
    for i in range(n_fixed, n_nodes):
        if room.is_fed[i] and room.is_used[i]:
            k = count[layer[i]]
            place[n_first + k] = i
            count[layer[i]] = k + 1
    for i in range(n_first, n_fixed):
        place[n_placed] = i
        n_placed += 1
    return n_placed


@inner_kernel
def _write_network(activation, n_placed, n_first, networks, first_node, first_edge, room):
    """Writes the nodes and the connections into each, by rising source; returns their number."""
    start, reached, place = room.start, room.reached, room.place
    edge = first_edge
    for k in range(n_placed):
        i = place[k]
        networks.activation[first_node + k] = activation[i]
        networks.edge_start[first_node + k] = edge
        n_into = room.degree[i] if k >= n_first else 0
        # from here on where the next connection into the node goes
        room.degree[i] = edge
        edge += n_into
    networks.edge_start[first_node + n_placed] = edge
    # sources in the order of the network: no connections need sorting
    for k in range(n_placed):
        i = place[k]
        for e in range(start[i], start[i + 1]):
            j = reached[e]
            if room.is_used[j]:
                networks.edge_source[room.degree[j]] = k
                room.degree[j] += 1
    return edge - first_edge


@inner_kernel
def compile_one(population, p, n_inputs, n_outputs, networks, first_node, first_edge, room):
    """Compiles genome ``p``; returns its numbers of nodes and edges, (-1, -1) for a cycle."""
    first, last = population.node_start[p], population.node_start[p + 1]
    n_nodes = last - first
    n_first = 1 + n_inputs
    n_fixed = n_first + n_outputs
    begin, end = population.gene_start[p], population.gene_start[p + 1]
    n_enabled = _choose_enabled(population.is_enabled[begin:end], room)
    locate_nodes(population, first, n_nodes, n_fixed, room)
    locate_chosen(population, begin, end - begin, n_enabled, room)
    n_sorted = sort_hidden(n_enabled, n_nodes, n_first, n_fixed, room)
    if n_sorted < n_nodes - n_fixed:
        return -1, -1
    _mark_live(n_nodes, n_first, n_fixed, room)
    n_placed = _place_nodes(n_nodes, n_first, n_fixed, room)
    n_edges = _write_network(
        population.activation[first:last], n_placed, n_first, networks, first_node, first_edge, room
    )
    return n_placed, n_edges


@kernel
def compile_population(population, n_inputs, n_outputs, networks):
    """Compiles all genomes.

    A connection is live when it lies on a path from the bias or an input to an output; nodes
    without a live connection are dropped (bias, inputs and outputs stay).

    Args:
        population: PopulationArrays of P genomes.
        n_inputs, n_outputs: of every genome, without the bias.
        networks: NetworkArrays with room for all nodes and enabled genes; written.

    Returns:
        The number of the first genome with a cycle, or -1.
    """
    room = make_room(population, np.int64(0), 1 + n_inputs + n_outputs)
    node, edge = np.int64(0), np.int64(0)
    networks.node_start[0] = 0
    networks.edge_start[0] = 0
    for p in range(len(population.node_start) - 1):
        n_placed, n_edges = compile_one(
            population, p, n_inputs, n_outputs, networks, node, edge, room
        )
        if n_placed < 0:
            return p
        node += n_placed
        edge += n_edges
        networks.node_start[p + 1] = node
    return -1


@kernel
def count_enabled(population):
    """(P,) int64: the enabled genes of each genome of a population."""
    counts = np.zeros(len(population.gene_start) - 1, np.int64)
    for p in range(len(counts)):
        begin, end = population.gene_start[p], population.gene_start[p + 1]
        is_enabled = population.is_enabled[begin:end].view(np.uint8)
        count = np.uint64(0)
        for k in range(len(is_enabled)):
            count += is_enabled[k]
        counts[p] = count
    return counts
