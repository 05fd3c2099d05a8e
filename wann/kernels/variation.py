"""Children of a population: what becomes of each is decided, then numbered, then written.

Only the numbers depend on the children before: the children of a generation are decided on and
written in any order, some here, some there.

Nodes of a genome lie in the order bias, inputs, outputs, hidden nodes by id; genes by innovation
number. New ids and innovation numbers are larger than all before, so that both orders are kept by
appending. All genes, also disabled ones, count when layers are computed: enabling a gene can
never close a cycle.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann.kernels.innovation import number_added, number_split
from wann.kernels.random import uniform
from wann_envs.jit import inner_kernel, kernel


class Operator(IntEnum):
    """What is done to a child."""

    ADD_CONNECTION = 0
    ADD_NODE = 1
    ENABLE = 2
    CHANGE_ACTIVATION = 3
    COPY = 4
    DRAW = 5


N_MUTATIONS = 4
_ADD_CONNECTION, _ADD_NODE, _ENABLE, _CHANGE_ACTIVATION = map(int, list(Operator)[:N_MUTATIONS])


class PopulationArrays(NamedTuple):
    """P genomes for the kernels, ragged; n node genes and g connection genes over all of them.

    Attributes:
        node_start: (P + 1,) int64; the node genes of genome p.
        node_id: (n,) int32.
        activation: (n,) int8.
        gene_start: (P + 1,) int64; the connection genes of genome p.
        innovation: (g,) int32, rising within a genome.
        source: (g,) int32, node ids.
        target: (g,) int32, node ids.
        is_enabled: (g,) bool.
    """

    node_start: NDArray[np.int64]
    node_id: NDArray[np.int32]
    activation: NDArray[np.int8]
    gene_start: NDArray[np.int64]
    innovation: NDArray[np.int32]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    is_enabled: NDArray[np.bool_]


class Changes(NamedTuple):
    """What becomes of C children. Genes and nodes go by their place in the fitter parent.

    Attributes:
        parents: (C, 2) int64, the fitter first; the same twice: no crossover.
        seed: (C,) uint64, of the children's random streams.
        operator: (C,) int8, an ``Operator`` each; not DRAW once it is decided.
        place: (C,) int64, the gene that is split or enabled, the node with another activation, or
            the source of a new gene.
        value: (C,) int64, the activation of the new or changed node, or the target of a new gene.
        new_node: (C,) int64, the id of the new node.
        new_gene: (C,) int64, the innovation of the new gene; the second one's is one more.
    """

    parents: NDArray[np.int64]
    seed: NDArray[np.uint64]
    operator: NDArray[np.int8]
    place: NDArray[np.int64]
    value: NDArray[np.int64]
    new_node: NDArray[np.int64]
    new_gene: NDArray[np.int64]


@inner_kernel
def copy_piece(source, begin, end, target, first):
    """Copies ``source[begin:end]`` to ``target[first:]``: a loop of its own becomes vector code."""
    piece, room = source[begin:end], target[first : first + end - begin]
    for k in range(len(piece)):
        room[k] = piece[k]


@inner_kernel
def cross_over(population, p, other, stream, activation, is_enabled):
    """Crossover: what genes and nodes of genome ``p`` share with the other come from either.

    Disjoint and excess genes stay those of the fitter parent, ``p``.

    Args:
        population: PopulationArrays.
        p, other: genomes.
        stream: (1,) uint64, the random numbers.
        activation: those of the nodes of ``p``; some are replaced.
        is_enabled: whether the genes of ``p`` are; some are replaced.

    Source: Stanley & Miikkulainen 2002, section 3.2.
    """
    first = population.node_start[p]
    i, end = population.node_start[other], population.node_start[other + 1]
    for k in range(len(activation)):
        own = population.node_id[first + k]
        while i < end and population.node_id[i] < own:
            i += 1
        if i < end and population.node_id[i] == own:
            # no branch, which would be mispredicted
            mine, theirs = activation[k], population.activation[i]
            activation[k] = theirs if uniform(stream) < 0.5 else mine
    first = population.gene_start[p]
    i, end = population.gene_start[other], population.gene_start[other + 1]
    for k in range(len(is_enabled)):
        own = population.innovation[first + k]
        while i < end and population.innovation[i] < own:
            i += 1
        if i < end and population.innovation[i] == own:
            mine, theirs = is_enabled[k], population.is_enabled[i]
            is_enabled[k] = theirs if uniform(stream) < 0.5 else mine


@kernel
def number_changes(population, changes, innovations):
    """Gives new nodes and genes their numbers, and children their places, in their order.

    Args:
        population: PopulationArrays of the parents.
        changes: Changes, decided; ``new_node`` and ``new_gene`` are written.
        innovations: Innovations, brought up to date.

    Returns:
        (C + 1,) int64 ``node_start`` and ``gene_start`` of the children.
    """
    node_start = np.zeros(len(changes.parents) + 1, np.int64)
    gene_start = np.zeros(len(changes.parents) + 1, np.int64)
    for c in range(len(changes.parents)):
        p, operator = changes.parents[c, 0], changes.operator[c]
        node, gene = population.node_start[p], population.gene_start[p]
        n_nodes = population.node_start[p + 1] - node
        n_genes = population.gene_start[p + 1] - gene
        if operator == _ADD_CONNECTION:
            source = population.node_id[node + changes.place[c]]
            target = population.node_id[node + changes.value[c]]
            changes.new_gene[c] = number_added(innovations, source, target)
            n_genes += 1
        elif operator == _ADD_NODE:
            split = population.innovation[gene + changes.place[c]]
            changes.new_node[c], changes.new_gene[c] = number_split(innovations, split)
            n_nodes += 1
            n_genes += 2
        node_start[c + 1] = node_start[c] + n_nodes
        gene_start[c + 1] = gene_start[c] + n_genes
    return node_start, gene_start


@inner_kernel
def _append_gene(children, gene, innovation, source, target):
    """Writes an enabled gene."""
    children.innovation[gene] = innovation
    children.source[gene] = source
    children.target[gene] = target
    children.is_enabled[gene] = True


@inner_kernel
def write_child(population, changes, c, children, stream):
    """Writes child ``c`` to its place."""
    p, other, operator = changes.parents[c, 0], changes.parents[c, 1], changes.operator[c]
    begin, end, node = (
        population.node_start[p],
        population.node_start[p + 1],
        children.node_start[c],
    )
    copy_piece(population.node_id, begin, end, children.node_id, node)
    copy_piece(population.activation, begin, end, children.activation, node)
    new_node = node + end - begin
    begin, end, gene = (
        population.gene_start[p],
        population.gene_start[p + 1],
        children.gene_start[c],
    )
    copy_piece(population.innovation, begin, end, children.innovation, gene)
    copy_piece(population.source, begin, end, children.source, gene)
    copy_piece(population.target, begin, end, children.target, gene)
    copy_piece(population.is_enabled, begin, end, children.is_enabled, gene)
    new_gene = gene + end - begin
    if other != p:
        stream[0] = changes.seed[c]
        activation = children.activation[node:new_node]
        cross_over(population, p, other, stream, activation, children.is_enabled[gene:new_gene])
    place, value, innovation = changes.place[c], changes.value[c], changes.new_gene[c]
    if operator == _ADD_CONNECTION:
        source, target = children.node_id[node + place], children.node_id[node + value]
        _append_gene(children, new_gene, innovation, np.int64(source), np.int64(target))
    elif operator == _ADD_NODE:
        k, added = gene + place, changes.new_node[c]
        children.is_enabled[k] = False
        children.node_id[new_node] = added
        children.activation[new_node] = value
        source, target = np.int64(children.source[k]), np.int64(children.target[k])
        _append_gene(children, new_gene, innovation, source, added)
        _append_gene(children, new_gene + 1, innovation + 1, added, target)
    elif operator == _ENABLE:
        children.is_enabled[gene + place] = True
    elif operator == _CHANGE_ACTIVATION:
        children.activation[node + place] = value


@kernel(nogil=True)
def write_children(population, changes, which, children):
    """Writes children to their places.

    Args:
        population: PopulationArrays of the parents.
        changes: Changes, numbered.
        which: (k,) int64, the children.
        children: PopulationArrays with their places; written for these children.
    """
    stream = np.empty(1, np.uint64)
    for c in which:
        write_child(population, changes, c, children, stream)
