"""Where a connection may be added to a genome."""

from __future__ import annotations

import numpy as np

from wann.kernels.layers import locate_chosen, locate_nodes, sort_hidden
from wann.kernels.random import below
from wann_envs.jit import inner_kernel

_BLOCK = 64
# candidates whose genes are counted one by one; where more are tried, all are counted at once
_SINGLY = 8


@inner_kernel
def count_equal(flags, wanted, first, n):
    """How many of ``flags[first:first + n]`` equal ``wanted``."""
    piece = flags[first : first + n]
    count = np.uint64(0)
    for k in range(len(piece)):
        count += np.uint64(piece[k] == wanted)
    return np.int64(count)


@inner_kernel
def find_equal(flags, wanted, first, n, rank):
    """Index of the element with that rank among those of ``flags[first:first + n]`` that equal
    ``wanted``, or -1.
    """
    end = first + n
    # counting a block takes no branches, and most blocks need no more
    while first < end:
        size = min(_BLOCK, end - first)
        count = count_equal(flags, wanted, first, size)
        if rank < count:
            break
        rank -= count
        first += size
    for k in range(first, end):
        if flags[k] == wanted:
            if rank == 0:
                return k
            rank -= 1
    return -1


@inner_kernel
def _sort_layers(genomes, first_node, n_nodes, first_gene, n_genes, n_first, n_fixed, room):
    """Layers of the hidden nodes over all genes, enabled or not."""
    target = genomes.target[first_gene : first_gene + n_genes]
    n_chosen = np.int64(0)  # a bare 0 would be a type of its own
    # nothing comes after an output: what leads into one says nothing about layers
    for k in range(n_genes):
        room.chosen[n_chosen] = k
        n_chosen += target[k] >= n_fixed
    locate_nodes(genomes, first_node, n_nodes, n_fixed, room)
    locate_chosen(genomes, first_gene, n_genes, n_chosen, room)
    sort_hidden(n_chosen, n_nodes, n_first, n_fixed, room)


@inner_kernel
def _mark_taken(genomes, source_id, layer, n_nodes, first_gene, n_genes, n_first, n_fixed, room):
    """Marks the nodes to which a gene from a node of that id and layer may not lead."""
    is_taken = room.is_taken
    for j in range(n_nodes):
        is_taken[j] = j < n_first or (j >= n_fixed and room.layer[j] <= layer)
    source = genomes.source[first_gene : first_gene + n_genes]
    for k in range(n_genes):
        if source[k] == source_id:
            is_taken[room.position[genomes.target[first_gene + k]]] = True


@inner_kernel
def _count_sources(source, n_nodes, room):
    """Counts the genes from each node, by its position."""
    for i in range(n_nodes):
        room.degree[i] = 0
    for k in range(len(source)):
        room.degree[room.position[source[k]]] += 1


@inner_kernel
def find_free_pair(
    genomes, first_node, n_nodes, first_gene, n_genes, n_inputs, n_outputs, stream, room
):
    """A random source, then a random free target in a strictly higher layer.

    Hidden nodes may be sources and targets; outputs lie above all others.

    Args:
        genomes: PopulationArrays.
        first_node, n_nodes, first_gene, n_genes: where the genome lies in them.
        n_inputs, n_outputs: without the bias.
        stream: (1,) uint64, the random numbers.
        room: Room, written.

    Returns:
        Positions of the two nodes; (-1, -1) if every pair is taken.
    """
    n_first = 1 + n_inputs
    n_fixed = n_first + n_outputs
    _sort_layers(genomes, first_node, n_nodes, first_gene, n_genes, n_first, n_fixed, room)
    n_candidates = n_nodes - n_outputs
    candidates = room.place
    for k in range(n_candidates):
        candidates[k] = k if k < n_first else k + n_outputs
    source = genomes.source[first_gene : first_gene + n_genes]
    for k in range(n_candidates):
        swap = k + below(stream, n_candidates - k)
        chosen = candidates[swap]
        candidates[swap] = candidates[k]
        layer = room.layer[chosen]
        source_id = genomes.node_id[first_node + np.int64(chosen)]
        n_above = n_outputs
        for j in range(n_fixed, n_nodes):
            n_above += room.layer[j] > layer
        # genes lead upwards, and none occurs twice
        if k < _SINGLY:
            n_free = n_above - count_equal(source, source_id, np.int64(0), n_genes)
        else:
            if k == _SINGLY:
                _count_sources(source, n_nodes, room)
            n_free = n_above - room.degree[chosen]
        if n_free > 0:
            _mark_taken(
                genomes, source_id, layer, n_nodes, first_gene, n_genes, n_first, n_fixed, room
            )
            rank = below(stream, n_free)
            return np.int64(chosen), find_equal(
                room.is_taken, np.bool_(False), np.int64(0), n_nodes, rank
            )
    return -1, -1
