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

from wann.kernels.free_pair import count_equal, find_equal, find_free_pair
from wann.kernels.innovation import number_added, number_split
from wann.kernels.random import below, uniform
from wann.kernels.room import make_room


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


@njit(cache=True)
def _copy(source, begin, end, target, first):
    """Copies ``source[begin:end]`` to ``target[first:]``: a loop of its own becomes vector code."""
    piece, room = source[begin:end], target[first : first + end - begin]
    for k in range(len(piece)):
        room[k] = piece[k]


@njit(cache=True)
def _copy_genome(population, p, children, first_node, first_gene):
    """Copies genome ``p`` into the children's arrays; returns its numbers of nodes and genes."""
    begin, end = population.node_start[p], population.node_start[p + 1]
    _copy(population.node_id, begin, end, children.node_id, first_node)
    _copy(population.activation, begin, end, children.activation, first_node)
    n_nodes = end - begin
    begin, end = population.gene_start[p], population.gene_start[p + 1]
    _copy(population.innovation, begin, end, children.innovation, first_gene)
    _copy(population.source, begin, end, children.source, first_gene)
    _copy(population.target, begin, end, children.target, first_gene)
    _copy(population.is_enabled, begin, end, children.is_enabled, first_gene)
    return n_nodes, end - begin


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
    count = count_equal(flags, wanted, first, n)
    if count == 0:
        return -1
    return find_equal(flags, wanted, first, n, below(stream, count))


@njit(cache=True)
def _add_connection(
    children, first_node, n_nodes, first_gene, n_genes, n_inputs, n_outputs, innovations, stream,
    room,
):  # fmt: skip
    """Appends a gene between two existing nodes; returns whether there was a free pair."""
    i, j = find_free_pair(
        children, first_node, n_nodes, first_gene, n_genes, n_inputs, n_outputs, stream, room
    )
    if i < 0:
        return False
    new = first_gene + n_genes
    children.source[new] = children.node_id[first_node + i]
    children.target[new] = children.node_id[first_node + j]
    children.is_enabled[new] = True
    children.innovation[new] = number_added(innovations, children.source[new], children.target[new])
    return True


@njit(cache=True)
def _add_node(children, first_node, n_nodes, first_gene, n_genes, choices, innovations, stream):
    """Splits an enabled gene; returns whether there was one."""
    k = _pick(children.is_enabled, True, first_gene, n_genes, stream)
    if k < 0:
        return False
    node, innovation = number_split(innovations, children.innovation[k])
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
def _mutate(
    children, node, n_nodes, gene, n_genes, n_inputs, n_outputs, operator, odds, choices,
    innovations, stream, room,
):  # fmt: skip
    """Mutates the child that lies last; returns the operator applied, COPY when none can."""
    left = odds.copy()
    is_drawn = operator == _DRAW
    while True:
        drawn = _draw_operator(left, stream) if is_drawn else np.int64(operator)
        is_applied = drawn >= 0
        if drawn == _ADD_CONNECTION:
            is_applied = _add_connection(
                children, node, n_nodes, gene, n_genes, n_inputs, n_outputs, innovations, stream,
                room,
            )  # fmt: skip
        elif drawn == _ADD_NODE:
            is_applied = _add_node(
                children, node, n_nodes, gene, n_genes, choices, innovations, stream
            )
        elif drawn == _ENABLE:
            is_applied = _enable(children, gene, n_genes, stream)
        elif drawn == _CHANGE_ACTIVATION:
            n_fixed = 1 + n_inputs + n_outputs
            is_applied = _change_activation(children, node, n_nodes, n_fixed, choices, stream)
        if is_applied:
            return drawn
        if not is_drawn or drawn < 0:
            return _COPY
        left[drawn] = 0.0


@njit(cache=True)
def vary_one(
    population, n_inputs, n_outputs, parents, c, operators, odds, choices, innovations, children,
    stream, room,
):  # fmt: skip
    """Makes child ``c`` after those before it; see ``vary``."""
    node, gene = children.node_start[c], children.gene_start[c]
    n_nodes, n_genes = _copy_genome(population, parents[c, 0], children, node, gene)
    if parents[c, 1] != parents[c, 0]:
        _mix_in(population, parents[c, 1], children, node, n_nodes, gene, n_genes, stream)
    applied = _mutate(
        children, node, n_nodes, gene, n_genes, n_inputs, n_outputs, operators[c], odds, choices,
        innovations, stream, room,
    )  # fmt: skip
    operators[c] = applied
    n_more_genes = 2 if applied == _ADD_NODE else 1 if applied == _ADD_CONNECTION else 0
    children.node_start[c + 1] = node + n_nodes + (applied == _ADD_NODE)
    children.gene_start[c + 1] = gene + n_genes + n_more_genes


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
    next_id = innovations.counter[0] + len(parents)
    room = make_room(population, next_id, 1 + n_inputs + n_outputs)
    stream = np.empty(1, np.uint64)
    children.node_start[0] = 0
    children.gene_start[0] = 0
    for c in range(len(parents)):
        stream[0] = seeds[c]
        vary_one(
            population, n_inputs, n_outputs, parents, c, operators, odds, choices, innovations,
            children, stream, room,
        )  # fmt: skip
