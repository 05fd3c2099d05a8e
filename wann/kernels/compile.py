"""Compiles a population of genomes into networks: prunes dead nodes, sorts topologically."""

from __future__ import annotations

import numpy as np
from numba import njit

from wann.kernels.variation import longest_path_layers


@njit(cache=True)
def _spread(is_live, order, n_sorted, start, by_source, target, is_forward):
    """Marks what is reached from the marked nodes, along the genes or against them."""
    for k in range(n_sorted):
        i = order[k] if is_forward else order[n_sorted - 1 - k]
        for e in range(start[i], start[i + 1]):
            j = target[by_source[e]]
            if is_forward and is_live[i]:
                is_live[j] = True
            elif not is_forward and is_live[j]:
                is_live[i] = True


@njit(cache=True)
def _number_nodes(layer, is_live, n_inputs, n_outputs):
    """Places of the nodes in the network: fixed, live hidden by layer, outputs; -1 for dead."""
    n_nodes = layer.size
    n_first = 1 + n_inputs
    n_fixed = n_first + n_outputs
    place = np.empty(n_nodes, np.int64)
    n_layers = 1
    for i in range(n_nodes):
        place[i] = i if i < n_first else -1
        n_layers = max(n_layers, layer[i] + 1)
    count = np.zeros(n_layers + 1, np.int64)
    for i in range(n_fixed, n_nodes):
        if is_live[i]:
            count[layer[i] + 1] += 1
    for k in range(n_layers):
        count[k + 1] += count[k]
    n_hidden = count[n_layers]
    for i in range(n_fixed, n_nodes):
        if is_live[i]:
            place[i] = n_first + count[layer[i]]
            count[layer[i]] += 1
    for k in range(n_outputs):
        place[n_first + k] = n_first + n_hidden + k
    return place, n_first + n_hidden + n_outputs


@njit(cache=True)
def _sort_sources(sources, begin, end):
    """Insertion sort: a node has few connections."""
    for k in range(begin + 1, end):
        value = sources[k]
        i = k
        while i > begin and sources[i - 1] > value:
            sources[i] = sources[i - 1]
            i -= 1
        sources[i] = value


@njit(cache=True)
def _compile_one(population, p, n_inputs, n_outputs, networks, first_node, first_edge):
    """Compiles genome ``p``; returns its numbers of nodes and edges, (-1, -1) for a cycle."""
    first, last = population.node_start[p], population.node_start[p + 1]
    n_nodes = last - first
    n_first = 1 + n_inputs
    # ids rise: the last is the largest
    position = np.empty(population.node_id[last - 1] + 1, np.int32)
    for k in range(n_nodes):
        position[population.node_id[first + k]] = k
    n_enabled = 0
    begin, end = population.gene_start[p], population.gene_start[p + 1]
    source, target = np.empty(end - begin, np.int32), np.empty(end - begin, np.int32)
    for k in range(begin, end):
        if population.is_enabled[k]:
            source[n_enabled] = position[population.source[k]]
            target[n_enabled] = position[population.target[k]]
            n_enabled += 1
    layer, order = np.empty(n_nodes, np.int64), np.empty(n_nodes, np.int64)
    n_sorted, start, by_source = longest_path_layers(
        source, target, n_enabled, n_nodes, n_first, layer, order
    )
    if n_sorted < n_nodes:
        return -1, -1
    is_fed, is_used = np.zeros(n_nodes, np.bool_), np.zeros(n_nodes, np.bool_)
    for i in range(n_first + n_outputs):
        is_fed[i] = i < n_first
        is_used[i] = i >= n_first
    _spread(is_fed, order, n_sorted, start, by_source, target, True)
    _spread(is_used, order, n_sorted, start, by_source, target, False)
    is_live = is_fed
    for i in range(n_nodes):
        is_live[i] = is_fed[i] and is_used[i]
    place, n_placed = _number_nodes(layer, is_live, n_inputs, n_outputs)
    for k in range(n_nodes):
        if place[k] >= 0:
            networks.activation[first_node + place[k]] = population.activation[first + k]
    degree = np.zeros(n_placed + 1, np.int64)
    for k in range(n_enabled):
        if is_live[source[k]] and is_live[target[k]]:
            degree[place[target[k]] + 1] += 1
    for k in range(n_placed):
        degree[k + 1] += degree[k]
    for k in range(n_placed + 1):
        networks.edge_start[first_node + k] = first_edge + degree[k]
    filled = np.zeros(n_placed, np.int64)
    for k in range(n_enabled):
        if is_live[source[k]] and is_live[target[k]]:
            j = place[target[k]]
            networks.edge_source[first_edge + degree[j] + filled[j]] = place[source[k]]
            filled[j] += 1
    for k in range(n_placed):
        _sort_sources(networks.edge_source, first_edge + degree[k], first_edge + degree[k + 1])
    return n_placed, degree[n_placed]


@njit(cache=True)
def compile_population(population, n_inputs, n_outputs, networks):
    """Compiles all genomes.

    A connection is live when it lies on a path from the bias or an input to an output; nodes
    without a live connection are dropped (bias, inputs and outputs stay).

    Args:
        population: PopulationArrays of P genomes.
        n_inputs, n_outputs: of every genome, without the bias.
        networks: NetworkArrays with room for all nodes and genes; written.

    Returns:
        The number of the first genome with a cycle, or -1.
    """
    node, edge = np.int64(0), np.int64(0)
    networks.node_start[0] = 0
    networks.edge_start[0] = 0
    for p in range(len(population.node_start) - 1):
        n_nodes, n_edges = _compile_one(population, p, n_inputs, n_outputs, networks, node, edge)
        if n_nodes < 0:
            return p
        node += n_nodes
        edge += n_edges
        networks.node_start[p + 1] = node
    return -1
