"""The operators on genomes, over a whole population: copy, cross, mutate.

Nodes of a genome lie in the order bias, inputs, outputs, hidden nodes by id; genes by innovation
number. New ids and innovation numbers are larger than all before, so that both orders are kept by
appending. All genes, also disabled ones, count when layers are computed: enabling a gene can
never close a cycle.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wann.kernels.random import below, uniform


class Operator(IntEnum):
    """What is done to a child."""

    ADD_CONNECTION = 0
    ADD_NODE = 1
    ENABLE = 2
    CHANGE_ACTIVATION = 3
    COPY = 4
    DRAW = 5


N_MUTATIONS = 4
_ADD_CONNECTION, _ADD_NODE, _ENABLE, _CHANGE_ACTIVATION, _COPY, _DRAW = map(int, Operator)
_LINEAR = 1


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


class Innovations(NamedTuple):
    """What arose in this generation; the same gene gets the same number.

    Attributes:
        counter: (4,) int64: next node id, next innovation, number of splits, number of additions.
        split: (children, 2) int64: innovation of the split gene, id of the new node.
        split_innovation: (children,) int64: innovation of the gene into the new node.
        added: (children, 3) int64: source, target, innovation.
    """

    counter: NDArray[np.int64]
    split: NDArray[np.int64]
    split_innovation: NDArray[np.int64]
    added: NDArray[np.int64]


@njit(cache=True)
def _number_split(innovations, gene_innovation):
    """Returns the new node's id and the innovation of the gene into it."""
    counter = innovations.counter
    for k in range(counter[2]):
        if innovations.split[k, 0] == gene_innovation:
            return innovations.split[k, 1], innovations.split_innovation[k]
    k = counter[2]
    innovations.split[k, 0] = gene_innovation
    innovations.split[k, 1] = counter[0]
    innovations.split_innovation[k] = counter[1]
    counter[0] += 1
    counter[1] += 2
    counter[2] += 1
    return innovations.split[k, 1], innovations.split_innovation[k]


@njit(cache=True)
def _number_added(innovations, source, target):
    """Returns the innovation of a new gene between existing nodes."""
    counter = innovations.counter
    for k in range(counter[3]):
        if innovations.added[k, 0] == source and innovations.added[k, 1] == target:
            return innovations.added[k, 2]
    k = counter[3]
    innovations.added[k, 0] = source
    innovations.added[k, 1] = target
    innovations.added[k, 2] = counter[1]
    counter[1] += 1
    counter[3] += 1
    return innovations.added[k, 2]


@njit(cache=True)
def _copy_genome(population, p, children, first_node, first_gene):
    """Copies genome ``p`` into the children's arrays; returns its numbers of nodes and genes."""
    n_nodes = population.node_start[p + 1] - population.node_start[p]
    n_genes = population.gene_start[p + 1] - population.gene_start[p]
    for k in range(n_nodes):
        i = population.node_start[p] + k
        children.node_id[first_node + k] = population.node_id[i]
        children.activation[first_node + k] = population.activation[i]
    for k in range(n_genes):
        i = population.gene_start[p] + k
        children.innovation[first_gene + k] = population.innovation[i]
        children.source[first_gene + k] = population.source[i]
        children.target[first_gene + k] = population.target[i]
        children.is_enabled[first_gene + k] = population.is_enabled[i]
    return n_nodes, n_genes


@njit(cache=True)
def _mix_in(population, p, children, first_node, n_nodes, first_gene, n_genes, stream):
    """Crossover: genes and nodes that genome ``p`` shares with the child come from either.

    Disjoint and excess genes stay those of the fitter parent, which the child is a copy of.

    Source: Stanley & Miikkulainen 2002, section 3.2.
    """
    i, end = population.node_start[p], population.node_start[p + 1]
    for k in range(first_node, first_node + n_nodes):
        while i < end and population.node_id[i] < children.node_id[k]:
            i += 1
        is_shared = i < end and population.node_id[i] == children.node_id[k]
        if is_shared and uniform(stream) < 0.5:
            children.activation[k] = population.activation[i]
    i, end = population.gene_start[p], population.gene_start[p + 1]
    for k in range(first_gene, first_gene + n_genes):
        while i < end and population.innovation[i] < children.innovation[k]:
            i += 1
        is_shared = i < end and population.innovation[i] == children.innovation[k]
        if is_shared and uniform(stream) < 0.5:
            children.is_enabled[k] = population.is_enabled[i]


@njit(cache=True)
def _pick(flags, wanted, first, n, stream):
    """Index of a random element of ``flags[first:first + n]`` that equals ``wanted``, or -1."""
    count = 0
    for k in range(first, first + n):
        count += flags[k] == wanted
    if count == 0:
        return -1
    rank = below(stream, count)
    for k in range(first, first + n):
        if flags[k] == wanted:
            if rank == 0:
                return k
            rank -= 1
    return -1


@njit(cache=True)
def longest_path_layers(source, target, n_genes, n_nodes, n_first, layer, queue):
    """Layers by longest path; nodes that are not reached by the sort keep layer -1.

    Args:
        source, target: node positions of the genes.
        n_genes: number of genes; the arrays may be longer.
        n_nodes: number of nodes.
        n_first: the first positions, bias and inputs, lie in layer 0.
        layer: (n_nodes,) int64, written.
        queue: (n_nodes,) int64, written: the nodes in topological order.

    Returns:
        The number of nodes sorted (smaller than ``n_nodes``: there is a cycle), and the genes
        sorted by source as (n_nodes + 1,) starts and (g,) indices.
    """
    waiting = np.zeros(n_nodes, np.int64)
    start = np.zeros(n_nodes + 1, np.int64)
    by_source = np.empty(n_genes, np.int64)
    for k in range(n_genes):
        waiting[target[k]] += 1
        start[source[k] + 1] += 1
    for i in range(n_nodes):
        start[i + 1] += start[i]
    filled = np.zeros(n_nodes, np.int64)
    for k in range(n_genes):
        by_source[start[source[k]] + filled[source[k]]] = k
        filled[source[k]] += 1
    n_sorted = 0
    for i in range(n_nodes):
        layer[i] = 0 if i < n_first else -1
        if waiting[i] == 0:
            layer[i] = 0
            queue[n_sorted] = i
            n_sorted += 1
    head = 0
    while head < n_sorted:
        i = queue[head]
        head += 1
        for e in range(start[i], start[i + 1]):
            j = target[by_source[e]]
            layer[j] = max(layer[j], layer[i] + 1)
            waiting[j] -= 1
            if waiting[j] == 0:
                queue[n_sorted] = j
                n_sorted += 1
    return n_sorted, start, by_source


@njit(cache=True)
def _find_free_pair(source, target, n_nodes, n_inputs, n_outputs, stream):
    """A random source, then a random free target in a strictly higher layer; (-1, -1) if none.

    Hidden nodes may be sources and targets; outputs lie above all others.
    """
    n_first = 1 + n_inputs
    n_fixed = n_first + n_outputs
    layer, queue = np.empty(n_nodes, np.int64), np.empty(n_nodes, np.int64)
    _, start, by_source = longest_path_layers(
        source, target, source.size, n_nodes, n_first, layer, queue
    )
    candidates = np.empty(n_nodes - n_outputs, np.int64)
    for k in range(candidates.size):
        candidates[k] = k if k < n_first else k + n_outputs
    is_taken = np.empty(n_nodes, np.bool_)
    for k in range(candidates.size):
        swap = k + below(stream, candidates.size - k)
        chosen = candidates[swap]
        candidates[swap] = candidates[k]
        for j in range(n_nodes):
            is_output = n_first <= j < n_fixed
            is_taken[j] = not is_output and (j < n_first or layer[j] <= layer[chosen])
        for e in range(start[chosen], start[chosen + 1]):
            is_taken[target[by_source[e]]] = True
        found = _pick(is_taken, False, 0, n_nodes, stream)
        if found >= 0:
            return chosen, found
    return -1, -1


@njit(cache=True)
def _add_connection(
    children, first_node, n_nodes, first_gene, n_genes, n_inputs, n_outputs, innovations, stream
):
    """Appends a gene between two existing nodes; returns whether there was a free pair."""
    # ids rise: the last is the largest
    position = np.empty(children.node_id[first_node + n_nodes - 1] + 1, np.int32)
    for k in range(n_nodes):
        position[children.node_id[first_node + k]] = k
    source, target = np.empty(n_genes, np.int32), np.empty(n_genes, np.int32)
    for k in range(n_genes):
        source[k] = position[children.source[first_gene + k]]
        target[k] = position[children.target[first_gene + k]]
    i, j = _find_free_pair(source, target, n_nodes, n_inputs, n_outputs, stream)
    if i < 0:
        return False
    new = first_gene + n_genes
    children.source[new] = children.node_id[first_node + i]
    children.target[new] = children.node_id[first_node + j]
    children.is_enabled[new] = True
    children.innovation[new] = _number_added(
        innovations, children.source[new], children.target[new]
    )
    return True


@njit(cache=True)
def _add_node(children, first_node, n_nodes, first_gene, n_genes, choices, innovations, stream):
    """Splits an enabled gene; returns whether there was one."""
    k = _pick(children.is_enabled, True, first_gene, n_genes, stream)
    if k < 0:
        return False
    node, innovation = _number_split(innovations, children.innovation[k])
    children.is_enabled[k] = False
    children.node_id[first_node + n_nodes] = node
    children.activation[first_node + n_nodes] = choices[below(stream, choices.size)]
    new = first_gene + n_genes
    for offset in range(2):
        children.innovation[new + offset] = innovation + offset
        children.source[new + offset] = children.source[k] if offset == 0 else node
        children.target[new + offset] = node if offset == 0 else children.target[k]
        children.is_enabled[new + offset] = True
    return True


@njit(cache=True)
def _enable(children, first_gene, n_genes, stream):
    """Enables a disabled gene; returns whether there was one."""
    k = _pick(children.is_enabled, False, first_gene, n_genes, stream)
    if k < 0:
        return False
    children.is_enabled[k] = True
    return True


@njit(cache=True)
def _change_activation(children, first_node, n_nodes, n_fixed, choices, stream):
    """Gives a hidden node another activation; returns whether there was a node and another."""
    if n_nodes == n_fixed:
        return False
    k = first_node + n_fixed + below(stream, n_nodes - n_fixed)
    is_other = np.empty(choices.size, np.bool_)
    for i in range(choices.size):
        is_other[i] = choices[i] != children.activation[k]
    chosen = _pick(is_other, True, 0, choices.size, stream)
    if chosen < 0:
        return False
    children.activation[k] = choices[chosen]
    return True


@njit(cache=True)
def _draw_operator(odds, stream):
    """An operator by its odds, which need not add up to 1; -1 if all are zero."""
    total = 0.0
    for k in range(N_MUTATIONS):
        total += odds[k]
    if not total > 0.0:
        return -1
    rest = uniform(stream) * total
    last = -1
    for k in range(N_MUTATIONS):
        if odds[k] > 0.0:
            last = k
            if rest < odds[k]:
                return k
            rest -= odds[k]
    return last


@njit(cache=True)
def vary(
    population, n_inputs, n_outputs, parents, operators, seeds, odds, choices, innovations, children
):
    """Makes the children of a generation.

    Args:
        population: PopulationArrays of the parents.
        n_inputs, n_outputs: of every genome, without the bias.
        parents: (C, 2) int64, the fitter first; the same twice: no crossover.
        operators: (C,) int8, an ``Operator`` each; DRAW: by the odds, again among those that can
            apply when the one drawn cannot. Replaced by the operator that was applied (COPY when
            none can).
        seeds: (C,) uint64, of the children's random streams.
        odds: (4,) float64, of the first four operators.
        choices: (k,) int8, the activations that hidden nodes may have.
        innovations: Innovations, brought up to date.
        children: PopulationArrays with room for all parents and, for each child, one node and two
            genes more; written.
    """
    n_fixed = 1 + n_inputs + n_outputs
    stream = np.empty(1, np.uint64)
    left = np.empty(N_MUTATIONS)
    node, gene = np.int64(0), np.int64(0)
    children.node_start[0] = 0
    children.gene_start[0] = 0
    for c in range(len(parents)):
        stream[0] = seeds[c]
        n_nodes, n_genes = _copy_genome(population, parents[c, 0], children, node, gene)
        if parents[c, 1] != parents[c, 0]:
            _mix_in(population, parents[c, 1], children, node, n_nodes, gene, n_genes, stream)
        for k in range(N_MUTATIONS):
            left[k] = odds[k]
        is_drawn = operators[c] == _DRAW
        while True:
            operator = _draw_operator(left, stream) if is_drawn else np.int64(operators[c])
            is_applied = True
            if operator == _ADD_CONNECTION:
                is_applied = _add_connection(
                    children, node, n_nodes, gene, n_genes, n_inputs, n_outputs, innovations, stream
                )
                n_genes += is_applied
            elif operator == _ADD_NODE:
                is_applied = _add_node(
                    children, node, n_nodes, gene, n_genes, choices, innovations, stream
                )
                n_nodes += is_applied
                n_genes += 2 * is_applied
            elif operator == _ENABLE:
                is_applied = _enable(children, gene, n_genes, stream)
            elif operator == _CHANGE_ACTIVATION:
                is_applied = _change_activation(children, node, n_nodes, n_fixed, choices, stream)
            if is_applied or not is_drawn:
                break
            left[operator] = 0.0
        operators[c] = operator if is_applied and operator >= 0 else _COPY
        node += n_nodes
        gene += n_genes
        children.node_start[c + 1] = node
        children.gene_start[c + 1] = gene
