"""Layers of hidden nodes by longest path: what compiling and adding a connection both need."""

from __future__ import annotations

import numpy as np

from wann_envs.jit import inner_kernel


@inner_kernel
def locate_nodes(genomes, first_node, n_nodes, n_fixed, room):
    """Writes the positions of a genome's hidden nodes by their ids."""
    node_id = genomes.node_id[first_node : first_node + n_nodes]
    for k in range(n_fixed, n_nodes):
        room.position[node_id[k]] = k


@inner_kernel
def locate_chosen(genomes, first_gene, n_genes, n_chosen, room):
    """Writes the positions of the sources and targets of a genome's chosen genes."""
    source = genomes.source[first_gene : first_gene + n_genes].view(np.uint32)
    target = genomes.target[first_gene : first_gene + n_genes].view(np.uint32)
    for e in range(n_chosen):
        k = room.chosen[e]
        room.source[e] = room.position[source[k]]
        room.target[e] = room.position[target[k]]


@inner_kernel
def sort_hidden(n_genes, n_nodes, n_first, n_fixed, room):
    """Sorts genes by source, and hidden nodes by their longest path from a source.

    Nothing comes after an output and nothing before an input: only hidden nodes need sorting.

    Args:
        n_genes: number of chosen genes, whose sources are no outputs and whose targets are
            neither bias nor inputs.
        n_nodes: number of nodes.
        n_first, n_fixed: number of bias and inputs, and of these and the outputs.
        room: Room with ``source`` and ``target`` of the genes; ``start``, ``reached``, ``layer``
            and ``order`` are written.

    Returns:
        The number of hidden nodes sorted; if not all are, there is a cycle.
    """
    start, reached, layer, order = room.start, room.reached, room.layer, room.order
    source, target, waiting = room.source, room.target, room.waiting
    for i in range(n_nodes + 2):
        start[i] = 0
    for i in range(n_nodes):
        layer[i] = 0
        waiting[i] = 0
    for k in range(n_genes):
        start[source[k] + 2] += 1
        waiting[target[k]] += 1
    for i in range(2, n_nodes + 2):
        start[i] += start[i - 1]
    for k in range(n_genes):
        # each start moves on to the next as its genes fill in
        e = start[source[k] + 1]
        reached[e] = target[k]
        start[source[k] + 1] = e + 1
    for e in range(start[n_first]):
        j = reached[e]
        layer[j] = 1
        waiting[j] -= 1
    n_sorted = 0
    for i in range(n_fixed, n_nodes):
        if waiting[i] == 0:
            order[n_sorted] = i
            n_sorted += 1
    head = 0
    while head < n_sorted:
        i = order[head]
        head += 1
        for e in range(start[i], start[i + 1]):
            j = reached[e]
            layer[j] = max(layer[j], layer[i] + 1)
            waiting[j] -= 1
            if waiting[j] == 0 and j >= n_fixed:
                order[n_sorted] = j
                n_sorted += 1
    return n_sorted
