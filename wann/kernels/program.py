"""From the unique nodes of a population to the steps that compute them on a block of lanes."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann.kernels.activation import Activation
from wann.kernels.sharing import empty_table, grown_table, mix, place_of
from wann_envs.jit import inner_kernel, kernel

_FIRST_CAPACITY = 1024
_LINEAR, _INVERSE, _ABS, _RELU, _SQUARE = (
    int(Activation.LINEAR),
    int(Activation.INVERSE),
    int(Activation.ABS),
    int(Activation.RELU),
    int(Activation.SQUARE),
)
# the most that may have been added up, in all, along a chain of sums: rounding is below 1e-7 of it
_MOST_REACH = 1024.0


class Step(IntEnum):
    """The columns of a step."""

    ADDED = 0
    SUBTRACTED = 1
    END = 2
    KEPT = 3
    RAW = 4
    ACTIVATION = 5
    TARGET = 6


N_COLUMNS = 8
# the activation of a step that is a sum of inputs, without a weight
SUM = 0
_ADDED, _SUBTRACTED, _END, _KEPT, _RAW, _ACTIVATION, _TARGET = map(int, Step)


class Program(NamedTuple):
    """Steps on rows of lanes.

    Rows are numbered: the bias and the inputs, the unique nodes by their ids, the sums that
    several steps need. A step adds rows ``rows[ADDED:SUBTRACTED]`` up, subtracts
    ``rows[SUBTRACTED:END]``, keeps the sum in row KEPT, adds row RAW (both unless negative), and
    writes ``activation(weight * sum)`` to row TARGET.

    Attributes:
        steps: (s, 8) int32, columns as in ``Step``. The first ``n_raw`` are sums of the bias and
            inputs, the same for all weights.
        rows: (r,) int32.
        n_raw: number of sums of inputs.
        n_rows: number of rows.
    """

    steps: NDArray[np.int32]
    rows: NDArray[np.int32]
    n_raw: int
    n_rows: int


@inner_kernel(nogil=True)
def _magnitude(activation, total):
    """A bound of a node's value from one of its weighted sum."""
    if activation == _SQUARE:
        return total * total
    is_unbounded = activation in (_LINEAR, _INVERSE, _ABS, _RELU)
    return total if is_unbounded else 1.0


@inner_kernel(nogil=True)
def _difference(edge_source, own, other, count, rows, at):
    """Writes what a node adds to the sources of another, then what it lacks, to rows[at:].

    Args:
        edge_source: of UniqueNodes.
        own, other: begin and end of two spans of connections.
        count: zeros, one for each id; left so.

    Returns:
        Number of added sources, number of lacking ones.
    """
    for e in range(other[0], other[1]):
        count[edge_source[e]] += 1
    n_added = 0
    for e in range(own[0], own[1]):
        source = edge_source[e]
        if count[source] > 0:
            count[source] -= 1
        else:
            rows[at + n_added] = source
            n_added += 1
    n_lacking = 0
    for e in range(other[0], other[1]):
        source = edge_source[e]
        if count[source] > 0:
            count[source] -= 1
            rows[at + n_added + n_lacking] = source
            n_lacking += 1
    return n_added, n_lacking


@kernel(nogil=True)
def make_program(unique, n_fixed, weight_bound, input_bound):
    """Plans how to compute the unique nodes with few additions.

    Sums of inputs are computed once for all weights, and equal sums once. The sum of an output
    starts from that of the same output of a relative, where that takes fewer terms. What is taken
    away leaves a rounding error behind: harmless in an output, but not in a hidden node, where a
    step function tells a sum of zeros from almost zero; and not where sums may be large.

    Args:
        unique: UniqueNodes.
        n_fixed: number of given nodes.
        weight_bound, input_bound: the largest magnitudes of shared weights and inputs.

    Returns:
        Program.
    """
    n_unique, n_outputs = len(unique.activation), unique.outputs.shape[1]
    n_edges = len(unique.edge_source)
    steps = np.full((n_unique, N_COLUMNS), -1, np.int32)
    raw_steps = np.full((n_unique, N_COLUMNS), -1, np.int32)
    rows = np.empty(2 * n_edges + 2 * n_unique + 2, np.int32)
    magnitude = np.full(n_fixed + n_unique, max(1.0, input_bound))
    reach = np.zeros(n_unique)
    # the node whose step computes the sum over the hidden sources of each node
    holder = np.arange(n_unique)
    count = np.zeros(n_fixed + n_unique, np.int32)
    keys, values = empty_table(_FIRST_CAPACITY)
    hidden_keys, hidden_values = empty_table(_FIRST_CAPACITY)
    output_of = np.full(n_unique, -1, np.int64)
    for q in range(len(unique.outputs)):
        for k in range(n_outputs):
            output_of[unique.outputs[q, k] - n_fixed] = k
    n_raw, n_rows, at = 0, n_fixed + n_unique, 0
    for u in range(n_unique):
        begin, middle = unique.edge_start[u], unique.hidden_start[u]
        end = unique.edge_start[u + 1]
        total = 0.0
        for e in range(begin, end):
            total += magnitude[unique.edge_source[e]]
        magnitude[n_fixed + u] = _magnitude(unique.activation[u], total * weight_bound)
        step = steps[u]
        step[_ACTIVATION], step[_TARGET] = unique.activation[u], n_fixed + u
        # the inputs
        if middle - begin == 1:
            step[_RAW] = unique.edge_source[begin]
        elif middle > begin:
            place = place_of(keys, values, unique.raw_key[u])
            if values[place] < 0:
                keys[place], values[place] = unique.raw_key[u], n_rows
                raw = raw_steps[n_raw]
                raw[_ADDED] = at
                for e in range(begin, middle):
                    rows[at] = unique.edge_source[e]
                    at += 1
                raw[_SUBTRACTED] = raw[_END] = at
                raw[_ACTIVATION], raw[_TARGET] = SUM, n_rows
                step[_RAW] = n_rows
                n_raw += 1
                n_rows += 1
                if 2 * n_raw > len(keys):
                    keys, values = grown_table(keys, values)
            else:
                step[_RAW] = values[place]
        # the other nodes
        step[_ADDED] = at
        step[_SUBTRACTED] = step[_END] = at
        n_terms = end - middle
        if n_terms == 0:
            continue
        if n_terms > 1:
            # sums of outputs may have lost terms: they are not for hidden nodes
            key = unique.hidden_key[u]
            if output_of[u] >= 0:
                key = mix(key)
            place = place_of(hidden_keys, hidden_values, key)
            if hidden_values[place] >= 0:
                holder[u] = hidden_values[place]
                kept = steps[holder[u]]
                if kept[_KEPT] < 0:
                    kept[_KEPT] = n_rows
                    n_rows += 1
                rows[at] = kept[_KEPT]
                at += 1
                step[_SUBTRACTED] = step[_END] = at
                continue
            hidden_keys[place], hidden_values[place] = key, u
            if 4 * u > len(hidden_keys):
                hidden_keys, hidden_values = grown_table(hidden_keys, hidden_values)
        for e in range(middle, end):
            reach[u] += magnitude[unique.edge_source[e]]
        relative = np.int64(unique.relative[unique.owner[u]]) if output_of[u] >= 0 else -1
        if relative >= 0 and n_terms > 2:
            other = np.int64(unique.outputs[relative, output_of[u]]) - n_fixed
            base = holder[other]
            span = (unique.hidden_start[other], unique.edge_start[other + 1])
            n_added, n_lacking = _difference(
                unique.edge_source, (middle, end), span, count, rows, at + 1
            )
            along = reach[base]
            for k in range(n_added + n_lacking):
                along += magnitude[rows[at + 1 + k]]
            is_shorter = span[1] - span[0] > 1 and 1 + n_added + n_lacking < n_terms
            if is_shorter and (n_lacking == 0 or along <= _MOST_REACH):
                reach[u] = along
                if steps[base, _KEPT] < 0:
                    steps[base, _KEPT] = n_rows
                    n_rows += 1
                rows[at] = steps[base, _KEPT]
                step[_SUBTRACTED] = at + 1 + n_added
                at += 1 + n_added + n_lacking
                step[_END] = at
                continue
        for e in range(middle, end):
            rows[at] = unique.edge_source[e]
            at += 1
        step[_SUBTRACTED] = step[_END] = at
    return Program(np.concatenate((raw_steps[:n_raw], steps)), rows[:at].copy(), n_raw, n_rows)
