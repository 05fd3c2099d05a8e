"""Decides what becomes of children: which operator applies, and to what.

Each child has random numbers of its own, so that children do not depend on each other.
"""

from __future__ import annotations

import numpy as np

from wann.kernels.free_pair import count_equal, find_equal, find_free_pair
from wann.kernels.random import below, uniform
from wann.kernels.room import make_room
from wann.kernels.variation import N_MUTATIONS, Operator, copy_piece, cross_over
from wann_envs.jit import inner_kernel, kernel

_ADD_CONNECTION, _ADD_NODE, _ENABLE, _CHANGE_ACTIVATION, _COPY, _DRAW = map(int, Operator)
# a bare constant would be a type of its own, for which what is called is compiled once more
_ZERO, _NO, _YES = np.int64(0), np.bool_(False), np.bool_(True)


@inner_kernel
def _pick(flags, wanted, stream):
    """Index of a random element of ``flags`` that equals ``wanted``, or -1."""
    count = count_equal(flags, wanted, _ZERO, len(flags))
    if count == 0:
        return -1
    return find_equal(flags, wanted, _ZERO, len(flags), below(stream, count))


@inner_kernel
def _pick_activation(activation, n_fixed, choices, stream):
    """A hidden node, and an activation that it does not have; (-1, -1) if there are none."""
    n_hidden = len(activation) - n_fixed
    if n_hidden == 0:
        return -1, -1
    k = n_fixed + below(stream, n_hidden)
    is_other = np.empty(choices.size, np.bool_)
    for i in range(choices.size):
        is_other[i] = choices[i] != activation[k]
    chosen = _pick(is_other, _YES, stream)
    if chosen < 0:
        return -1, -1
    return k, np.int64(choices[chosen])


@inner_kernel
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


@inner_kernel
def _decide_one(
    population, p, activation, is_enabled, n_inputs, n_outputs, operator, odds, choices, stream,
    room,
):  # fmt: skip
    """The operator that applies, the place and the value as of ``Changes``.

    Args:
        population, p: what the child is a copy of.
        activation, is_enabled: those of the child.
        n_inputs, n_outputs, odds, choices: as of ``decide``.
        operator: to be applied; DRAW: by the odds.
        stream: (1,) uint64, the random numbers.
        room: Room.
    """
    first_node, first_gene = population.node_start[p], population.gene_start[p]
    left = odds.copy()
    is_drawn = operator == _DRAW
    while True:
        drawn = _draw_operator(left, stream) if is_drawn else np.int64(operator)
        place, value = np.int64(-1), np.int64(-1)
        if drawn == _ADD_CONNECTION:
            place, value = find_free_pair(
                population, first_node, len(activation), first_gene, len(is_enabled), n_inputs,
                n_outputs, stream, room,
            )  # fmt: skip
        elif drawn == _ADD_NODE:
            place = _pick(is_enabled, _YES, stream)
            if place >= 0:
                value = np.int64(choices[below(stream, choices.size)])
        elif drawn == _ENABLE:
            place = _pick(is_enabled, _NO, stream)
        elif drawn == _CHANGE_ACTIVATION:
            n_fixed = 1 + n_inputs + n_outputs
            place, value = _pick_activation(activation, n_fixed, choices, stream)
        if place >= 0:
            return drawn, place, value
        if not is_drawn or drawn < 0:
            return _COPY, place, value
        left[drawn] = 0.0


@kernel(nogil=True)
def decide(population, n_inputs, n_outputs, odds, choices, which, changes):
    """Decides what becomes of children.

    Args:
        population: PopulationArrays of the parents.
        n_inputs, n_outputs: of every genome, without the bias.
        odds: (4,) float64, of the first four operators.
        choices: (k,) int8, the activations that hidden nodes may have.
        which: (k,) int64, the children.
        changes: Changes with ``parents``, ``seed`` and ``operator``, which may be DRAW: by the
            odds, again among those that can apply when the one drawn cannot. ``operator``,
            ``place`` and ``value`` are written for these children: the operator that is applied,
            COPY when none can.
    """
    room = make_room(population, _ZERO, 1 + n_inputs + n_outputs)
    stream = np.empty(1, np.uint64)
    for c in which:
        p, other, operator = changes.parents[c, 0], changes.parents[c, 1], changes.operator[c]
        stream[0] = changes.seed[c]
        activation = population.activation[population.node_start[p] : population.node_start[p + 1]]
        is_enabled = population.is_enabled[population.gene_start[p] : population.gene_start[p + 1]]
        if other != p:
            crossed, is_on = room.activation[: len(activation)], room.is_enabled[: len(is_enabled)]
            # not crossed[:] = ..., which compiles the text of an error about shapes
            copy_piece(activation, _ZERO, len(activation), crossed, _ZERO)
            copy_piece(is_enabled, _ZERO, len(is_enabled), is_on, _ZERO)
            cross_over(population, p, other, stream, crossed, is_on)
            applied, place, value = _decide_one(
                population, p, crossed, is_on, n_inputs, n_outputs, operator, odds, choices, stream,
                room,
            )  # fmt: skip
        else:
            applied, place, value = _decide_one(
                population, p, activation, is_enabled, n_inputs, n_outputs, operator, odds,
                choices, stream, room,
            )  # fmt: skip
        changes.operator[c] = applied
        changes.place[c] = place
        changes.value[c] = value
