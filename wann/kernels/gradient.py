"""The cross-entropy of one network with individual weights, and its gradient (reverse mode).

Samples come in blocks of LANES; as in ``forward`` a node on all samples of a block is one row. The
way forward keeps the value of a node and its slope (the derivative of its activation), the way
back turns the derivative of the loss with respect to the node into those of its connections.
Every block has a gradient of its own, so that a caller adds them up in a fixed order.

Source: Rumelhart, Hinton & Williams 1986, "Learning representations by back-propagating errors".
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from wann.kernels.activation import activate
from wann.kernels.forward import LANES, lane_rows
from wann.kernels.rows import N_CHUNKS, Rows, Totals, pointers, row_of
from wann.kernels.slope import emit_with_slope, slope
from wann_envs.elementary import exp
from wann_envs.jit import emitted, inner_kernel, kernel


class Blocks(NamedTuple):
    """Samples in blocks of LANES, for the kernels.

    Attributes:
        x: (blocks, n_fixed * LANES) float32 or float64: the rows of the bias and the inputs.
        y: (blocks, LANES) int64: labels; -1 in lanes without a sample.
    """

    x: NDArray[np.floating[Any]]
    y: NDArray[np.int64]


# ---- forward ----------------------------------------------------------------------------------


def _values_and_slopes(values, slopes, edge_start, edge_source, activation, weights, first, end):
    """Computes the values of nodes in turn, and the slopes of their activations.

    A pre-activation is clamped to the finite range; NaN becomes its lower end.

    Args:
        values, slopes: flat rows of LANES numbers; node i is row i.
        edge_start, edge_source, activation: of the network, as in ``NetworkArrays``.
        weights: (C,) in the same precision.
        first, end: int64, first and last + 1 of the nodes to compute.
    """
    limit = np.finfo(values.dtype).max
    for i in range(first, end):
        total = np.zeros(LANES, values.dtype)
        for edge in range(edge_start[i], edge_start[i + 1]):
            total = total + weights[edge] * row_of(values, edge_source[edge])
        finite = np.clip(np.nan_to_num(total, nan=-limit), -limit, limit)
        row_of(values, i)[:] = activate(finite, activation[i])
        row_of(slopes, i)[:] = slope(finite, activation[i])


@emitted(_values_and_slopes)
def _values_and_slopes_llvm(
    values, slopes, edge_start, edge_source, activation, weights, first, end
):
    def codegen(context, builder, signature, args):
        b = builder
        data = pointers(context, builder, signature, args, 6)
        values, slopes, edge_start, edge_source, activation, weights = data
        first, end = args[6:]
        rows, slope_rows = Rows(b, values, first.type), Rows(b, slopes, first.type)
        index, emitter, totals = rows.index, rows.emitter, Totals(rows)
        with rows.loop(first, end) as (i, _):
            totals.set([emitter.constant(0.0)] * N_CHUNKS)
            begin, stop = (b.load(b.gep(edge_start, [k])) for k in (i, b.add(i, index(1))))
            with rows.loop(begin, stop) as (edge, _):
                weight = rows.splat(b.load(b.gep(weights, [edge])))
                source = rows.load(rows.integer(edge_source, edge))
                totals.set(
                    [emitter.fma(weight, x, t) for x, t in zip(source, totals.get(), strict=True)]
                )

            def store(results: list[Any], derivatives: list[Any]) -> None:
                rows.store(i, results)
                slope_rows.store(i, derivatives)

            finite = [emitter.finite(total) for total in totals.get()]
            emit_with_slope(emitter, rows.integer(activation, i), finite, store)
        return context.get_dummy_value()

    arrays = (values, slopes, edge_start, edge_source, activation, weights)
    return types.void(*arrays, types.int64, types.int64), codegen


# ---- softmax ----------------------------------------------------------------------------------


def _softmax(values, adjoints, scratch, first, end):
    """Writes the softmax of the outputs.

    Args:
        values: flat rows of LANES numbers.
        adjoints: rows like these; those of the outputs are written.
        scratch: two rows; written: the largest output, and the sum of exponentials.
        first, end: int64, first and last + 1 of the outputs.
    """
    outputs = values[first * LANES : end * LANES].reshape(-1, LANES)
    highest = outputs.max(axis=0)
    powers = np.array([[exp(x) for x in row] for row in outputs - highest], values.dtype)
    row_of(scratch, 0)[:], row_of(scratch, 1)[:] = highest, powers.sum(axis=0)
    adjoints[first * LANES : end * LANES] = (powers / row_of(scratch, 1)).ravel()


@emitted(_softmax)
def _softmax_llvm(values, adjoints, scratch, first, end):
    def codegen(context, builder, signature, args):
        b = builder
        first, end = args[3:]
        rows, adjoint_rows, scratch_rows = (
            Rows(b, data, first.type) for data in pointers(context, builder, signature, args, 3)
        )
        emitter, highest, totals = rows.emitter, Totals(rows), Totals(rows)
        highest.set(rows.load(first))
        totals.set([emitter.constant(0.0)] * N_CHUNKS)
        with rows.loop(first, end) as (k, _):
            highest.change(
                lambda high, x: b.select(b.fcmp_ordered(">", x, high), x, high), rows.load(k)
            )
        with rows.loop(first, end) as (k, _):
            pairs = zip(rows.load(k), highest.get(), strict=True)
            powers = [emitter.exp(b.fsub(x, high)) for x, high in pairs]
            totals.change(b.fadd, powers)
            adjoint_rows.store(k, powers)
        with rows.loop(first, end) as (k, _):
            pairs = zip(adjoint_rows.load(k), totals.get(), strict=True)
            adjoint_rows.store(k, [b.fdiv(power, total) for power, total in pairs])
        scratch_rows.store(rows.index(0), highest.get())
        scratch_rows.store(rows.index(1), totals.get())
        return context.get_dummy_value()

    return types.void(values, adjoints, scratch, types.int64, types.int64), codegen


@inner_kernel(error_model="numpy", nogil=True)
def _score(values, adjoints, scratch, labels, first, end):
    """Turns the softmax into the derivatives of the loss with respect to the outputs.

    Returns:
        The sum over the block of the cross-entropy, and the number of samples that are named right:
        their output is the first of the largest.
    """
    loss, n_right = 0.0, 0
    for lane in range(LANES):
        label = labels[lane]
        if label < 0:
            for k in range(first, end):
                adjoints[k * LANES + lane] = 0.0
            continue
        highest, right = scratch[lane], (first + label) * LANES + lane
        loss += math.log(np.float64(scratch[LANES + lane]))
        loss += np.float64(highest) - np.float64(values[right])
        adjoints[right] -= type(highest)(1.0)
        best = first
        while values[best * LANES + lane] != highest:
            best += 1
        n_right += best == first + label
    return loss, n_right


# ---- backward ---------------------------------------------------------------------------------


def _backward(values, slopes, adjoints, edge_start, edge_source, weights, gradient, first, end):
    """Turns the derivatives with respect to the outputs into those with respect to the weights.

    Args:
        values, slopes: rows of all nodes.
        adjoints: rows of the derivatives of the loss with respect to the nodes: given for the
            outputs, 0 for hidden nodes; written.
        edge_start, edge_source, weights: of the network.
        gradient: (C,); written.
        first, end: int64, first and last + 1 of the hidden and output nodes.
    """
    for i in range(end - 1, first - 1, -1):
        delta = row_of(adjoints, i) * row_of(slopes, i)
        for edge in range(edge_start[i], edge_start[i + 1]):
            source = edge_source[edge]
            gradient[edge] = np.sum(delta * row_of(values, source))
            if source >= first:
                row_of(adjoints, source)[:] += weights[edge] * delta


@emitted(_backward)
def _backward_llvm(
    values, slopes, adjoints, edge_start, edge_source, weights, gradient, first, end
):
    def codegen(context, builder, signature, args):
        b = builder
        data = pointers(context, builder, signature, args, 7)
        edge_start, edge_source, weights, gradient = data[3:]
        first, end = args[7:]
        rows, slope_rows, adjoint_rows = (Rows(b, array, first.type) for array in data[:3])
        index, emitter, deltas = rows.index, rows.emitter, Totals(rows)
        with rows.loop(first, end) as (k, _):
            # from the last node to the first
            i = b.sub(b.add(first, b.sub(end, index(1))), k)
            pairs = zip(adjoint_rows.load(i), slope_rows.load(i), strict=True)
            deltas.set([b.fmul(adjoint, derivative) for adjoint, derivative in pairs])
            begin, stop = (b.load(b.gep(edge_start, [j])) for j in (i, b.add(i, index(1))))
            with rows.loop(begin, stop) as (edge, _):
                source, total = rows.integer(edge_source, edge), emitter.constant(0.0)
                for x, delta in zip(rows.load(source), deltas.get(), strict=True):
                    total = emitter.fma(x, delta, total)
                b.store(rows.fold(total, b.fadd), b.gep(gradient, [edge]))
                with b.if_then(b.icmp_signed(">=", source, first)):
                    weight = rows.splat(b.load(b.gep(weights, [edge])))
                    pairs = zip(adjoint_rows.load(source), deltas.get(), strict=True)
                    adjoint_rows.store(source, [emitter.fma(weight, d, a) for a, d in pairs])
        return context.get_dummy_value()

    arrays = (values, slopes, adjoints, edge_start, edge_source, weights, gradient)
    return types.void(*arrays, types.int64, types.int64), codegen


# ---- blocks -----------------------------------------------------------------------------------


@kernel(error_model="numpy", nogil=True)
def block_gradients(network, n_fixed, n_outputs, weights, data, blocks, places, gradients, scores):
    """The loss of one network on blocks of samples, and its gradient.

    Args:
        network: NetworkArrays of one network.
        n_fixed: number of given nodes: the bias and the inputs.
        n_outputs: number of outputs.
        weights: (C,) float32 or float64 individual weights; the precision of everything here.
        data: Blocks.
        blocks: (batch,) int64, the blocks of the batch.
        places: (k,) int64, which of them to compute.
        gradients: (batch, C) in the same precision; written in these places: the gradient of the
            sum of the cross-entropy over the samples of the block. With no columns: not computed.
        scores: (batch, 2) float64; written in these places: that sum, and the number of samples
            that are named right.
    """
    n_nodes = len(network.activation)
    first, end, output = np.int64(n_fixed), np.int64(n_nodes), np.int64(n_nodes - n_outputs)
    edge_start, edge_source = network.edge_start, network.edge_source
    values, slopes = lane_rows(n_nodes, weights), lane_rows(n_nodes, weights)
    adjoints, scratch = lane_rows(n_nodes, weights), lane_rows(2, weights)
    for place in places:
        block = blocks[place]
        values[: n_fixed * LANES] = data.x[block]
        _values_and_slopes(
            values, slopes, edge_start, edge_source, network.activation, weights, first, end
        )
        _softmax(values, adjoints, scratch, output, end)
        labels = data.y[block]
        scores[place, 0], scores[place, 1] = _score(values, adjoints, scratch, labels, output, end)
        if gradients.shape[1]:
            adjoints[n_fixed * LANES : output * LANES] = 0.0
            gradient = gradients[place]
            _backward(
                values, slopes, adjoints, edge_start, edge_source, weights, gradient, first, end
            )
