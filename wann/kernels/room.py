"""Memory for the work on one genome after another: fresh arrays would cost as much as their use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann_envs.jit import inner_kernel


class Room(NamedTuple):
    """Arrays for genomes of up to n nodes and g genes.

    Nodes go by their position among the node genes. What is an index is unsigned: of a signed one
    numba would ask each time whether it counts from the end.

    Attributes:
        position: (largest id + 1,) uint32, by node id; the bias, inputs and outputs have theirs.
        chosen: (g,) uint32, numbers of genes within the genome.
        source, target: (g,) uint32, of chosen genes.
        start: (n + 2,) uint32; the chosen genes from node i lead to
            ``reached[start[i]:start[i + 1]]``.
        reached: (g,) uint32, the targets sorted by source.
        layer: (n,) uint32; 0 for bias and inputs, of no meaning for outputs.
        order: (n,) uint32, the hidden nodes in topological order.
        waiting: (n,) uint32, genes into each node that are still to be followed.
        is_fed: (n,) bool, whether a path from the bias or an input leads to the node.
        is_used: (n,) bool, whether a path leads from it to an output.
        is_taken: (n,) bool, whether a node cannot be the target of a new gene.
        degree: (n,) int64, live connections into each node; genes from each, where all are counted.
        place: (n,) uint32, nodes in the order of the network.
        in_layer: (n + 2,) uint32, hidden nodes in each layer.
        activation: (n,) int8, of a child of two parents.
        is_enabled: (g,) bool, of a child of two parents.
    """

    position: NDArray[np.uint32]
    chosen: NDArray[np.uint32]
    source: NDArray[np.uint32]
    target: NDArray[np.uint32]
    start: NDArray[np.uint32]
    reached: NDArray[np.uint32]
    layer: NDArray[np.uint32]
    order: NDArray[np.uint32]
    waiting: NDArray[np.uint32]
    is_fed: NDArray[np.bool_]
    is_used: NDArray[np.bool_]
    is_taken: NDArray[np.bool_]
    degree: NDArray[np.int64]
    place: NDArray[np.uint32]
    in_layer: NDArray[np.uint32]
    activation: NDArray[np.int8]
    is_enabled: NDArray[np.bool_]


@inner_kernel(nogil=True)
def make_room(population, next_id, n_fixed):
    """A Room for the genomes of a population and their children.

    Args:
        population: PopulationArrays.
        next_id: larger than every node id that the children may be given; 0 without children.
        n_fixed: number of bias, inputs and outputs, whose ids are their positions.
    """
    # a child has a node and two genes more than its parent
    n_ids, n_nodes, n_genes = np.int64(next_id), np.int64(1), np.int64(2)
    for p in range(len(population.node_start) - 1):
        first, last = population.node_start[p], population.node_start[p + 1]
        # ids rise: the last is the largest
        n_ids = max(n_ids, np.int64(population.node_id[last - 1]) + 1)
        n_nodes = max(n_nodes, last - first + 1)
        n_genes = max(n_genes, population.gene_start[p + 1] - population.gene_start[p] + 2)
    room = Room(
        np.empty(n_ids, np.uint32),
        np.empty(n_genes, np.uint32),
        np.empty(n_genes, np.uint32),
        np.empty(n_genes, np.uint32),
        np.empty(n_nodes + 2, np.uint32),
        np.empty(n_genes, np.uint32),
        np.empty(n_nodes, np.uint32),
        np.empty(n_nodes, np.uint32),
        np.empty(n_nodes, np.uint32),
        np.empty(n_nodes, np.bool_),
        np.empty(n_nodes, np.bool_),
        np.empty(n_nodes, np.bool_),
        np.empty(n_nodes, np.int64),
        np.empty(n_nodes, np.uint32),
        np.empty(n_nodes + 2, np.uint32),
        np.empty(n_nodes, np.int8),
        np.empty(n_genes, np.bool_),
    )
    for k in range(min(n_fixed, n_ids)):
        room.position[k] = k
    return room
