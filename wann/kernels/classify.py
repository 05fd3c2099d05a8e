"""Cross-entropy of networks that classify: a population at once, or one network after another.

Samples come in blocks of LANES, and blocks do not depend on each other. The loss of a block is a
sum over its samples; a caller adds blocks up in their order, so that the result is the same
whoever computed them.
"""

from __future__ import annotations

import math

import numpy as np

from wann.kernels.forward import CHUNK, LANES, forward, lane_rows
from wann.kernels.rows import run_steps
from wann.kernels.softmax import exponentials, log_softmax, log_sums
from wann_envs.jit import inner_kernel, kernel

_LOG_2 = math.log(2.0)


@inner_kernel(error_model="numpy", nogil=True)
def _fill_block(values, n_fixed, x, y, chosen, block, marks, n_outputs):
    """Sets the rows of a block: bias and inputs, a row of marks for each label, the padding.

    Lanes behind the last sample are zeros with no label, and marked in the row behind the labels.
    """
    first = block * LANES
    n = min(LANES, len(chosen) - first)
    values[: n_fixed * LANES] = np.float32(0.0)
    values[marks * LANES : (marks + n_outputs + 1) * LANES] = np.float32(0.0)
    for lane in range(n):
        sample = chosen[first + lane]
        values[lane] = np.float32(1.0)
        for i in range(n_fixed - 1):
            values[(1 + i) * LANES + lane] = x[sample, i]
        values[(marks + y[sample]) * LANES + lane] = np.float32(1.0)
    values[(marks + n_outputs) * LANES + n : (marks + n_outputs + 1) * LANES] = np.float32(1.0)


@inner_kernel(error_model="numpy", nogil=True)
def _set_reference(values, reference, outputs):
    """Writes the largest output of one individual in each lane to a row."""
    row = values[reference * LANES : (reference + 1) * LANES]
    row[:] = values[outputs[0] * LANES : (outputs[0] + 1) * LANES]
    for k in range(1, len(outputs)):
        output = values[outputs[k] * LANES : (outputs[k] + 1) * LANES]
        for lane in range(LANES):
            row[lane] = max(row[lane], output[lane])


@kernel(error_model="numpy", nogil=True)
def shared_losses(unique, program, n_fixed, weights, scales, x, y, chosen, blocks, losses):
    """Computes the unique nodes of a population on blocks of samples, and all losses from them.

    The exponential of an output is computed once for all who have it, shifted by the largest
    output of the first individual. Where that does not fit somebody, the loss is NaN.

    Args:
        unique: UniqueNodes of q different individuals.
        program: Program for them.
        n_fixed: number of given nodes: the bias and the inputs.
        weights: (W,) float32 shared weights.
        scales: (W,) float32, what the softmax multiplies the outputs by.
        x: (samples, n_fixed - 1) float32.
        y: (samples,) int64, labels below n_outputs.
        chosen: (n,) int64, the samples of the batch.
        blocks: (k,) int64, the blocks of the batch to compute.
        losses: (all blocks, W, q) float64; written for these blocks: sums over the samples.
    """
    n_different, n_outputs = unique.outputs.shape
    marks = np.int64(program.n_rows)
    padding = marks + n_outputs
    reference = padding + 1
    values = lane_rows(reference + 1, weights)
    # each different output once
    place = np.full(n_fixed + len(unique.activation), -1, np.int32)
    outputs = np.empty(unique.outputs.size, np.int32)
    label_rows = np.empty(unique.outputs.size, np.int32)
    n = 0
    for q in range(n_different):
        for k in range(n_outputs):
            node = unique.outputs[q, k]
            if place[node] < 0:
                place[node], outputs[n], label_rows[n] = n, node, marks + k
                n += 1
    outputs, label_rows = outputs[:n], label_rows[:n]
    everybody = unique.outputs.ravel()
    places = place[everybody]
    label_sums = np.empty(n, np.float32)
    products, exponents = np.empty(n_different, np.float32), np.empty(n_different, np.int32)
    n_raw, n_steps = np.int64(program.n_raw), np.int64(len(program.steps))
    for block in blocks:
        _fill_block(values, n_fixed, x, y, chosen, block, marks, n_outputs)
        run_steps(values, program.steps, program.rows, np.int64(0), n_raw, np.float32(0.0))
        for w in range(len(weights)):
            run_steps(values, program.steps, program.rows, n_raw, n_steps, weights[w])
            _set_reference(values, reference, unique.outputs[0])
            exponentials(values, outputs, label_rows, reference, scales[w], label_sums)
            log_sums(values, everybody, np.int64(n_outputs), padding, products, exponents)
            for q in range(n_different):
                total = math.log(np.float64(products[q])) + _LOG_2 * exponents[q]
                for k in range(q * n_outputs, (q + 1) * n_outputs):
                    total -= np.float64(label_sums[places[k]])
                losses[block, w, q] = total


@kernel(error_model="numpy", nogil=True)
def separate_losses(
    networks, which, n_fixed, n_outputs, weights, scales, x, y, chosen, blocks, losses
):
    """Computes the losses that are NaN, one network after another.

    Args:
        networks: NetworkArrays.
        which: (q,) int64, the networks.
        n_fixed, n_outputs: numbers of given nodes and of outputs.
        weights, scales, x, y, chosen, blocks: as for ``shared_losses``.
        losses: (all blocks, W, q) float64; those of these blocks that are NaN are written.
    """
    longest = 0
    for p in which:
        longest = max(longest, networks.node_start[p + 1] - networks.node_start[p])
    weight_row, marks = np.int64(longest), np.int64(longest + 1)
    padding = marks + n_outputs
    values = lane_rows(padding + 1, weights)
    products, exponents = np.empty(1, np.float32), np.empty(1, np.int32)
    label_sums = np.empty(1, np.float32)
    for block in blocks:
        _fill_block(values, n_fixed, x, y, chosen, block, marks, n_outputs)
        for w in range(len(weights)):
            values[weight_row * LANES : (weight_row + 1) * LANES] = weights[w]
            for q in range(len(which)):
                if not math.isnan(losses[block, w, q]):
                    continue
                p = which[q]
                first = networks.node_start[p + 1] - networks.node_start[p] - n_outputs
                forward(networks, p, n_fixed, values, 0, weight_row, False, LANES // CHUNK)
                log_softmax(
                    values,
                    np.int64(first),
                    np.int64(n_outputs),
                    marks,
                    padding,
                    scales[w],
                    products,
                    exponents,
                    label_sums,
                )
                total = math.log(np.float64(products[0])) + _LOG_2 * exponents[0]
                losses[block, w, q] = total - np.float64(label_sums[0])


@kernel(error_model="numpy", nogil=True)
def network_outputs(networks, n_fixed, n_outputs, weights, x, chosen, blocks, outputs):
    """Computes the outputs of networks, one after another.

    Args:
        networks: NetworkArrays of P networks.
        n_fixed, n_outputs, weights, x, chosen, blocks: as for ``separate_losses``.
        outputs: (P, W, n, n_outputs) float32; written for the samples of these blocks.
    """
    longest = 0
    for p in range(len(networks.node_start) - 1):
        longest = max(longest, networks.node_start[p + 1] - networks.node_start[p])
    weight_row, marks = np.int64(longest), np.int64(longest + 1)
    values = lane_rows(marks + n_outputs + 1, weights)
    no_labels = np.zeros(len(x), np.int64)
    for block in blocks:
        _fill_block(values, n_fixed, x, no_labels, chosen, block, marks, n_outputs)
        for w in range(len(weights)):
            values[weight_row * LANES : (weight_row + 1) * LANES] = weights[w]
            for p in range(len(networks.node_start) - 1):
                first = networks.node_start[p + 1] - networks.node_start[p] - n_outputs
                forward(networks, p, n_fixed, values, 0, weight_row, False, LANES // CHUNK)
                for lane in range(min(LANES, len(chosen) - block * LANES)):
                    for k in range(n_outputs):
                        value = values[(first + k) * LANES + lane]
                        outputs[p, w, block * LANES + lane, k] = value


@kernel(error_model="numpy", nogil=True)
def pair_losses(
    networks, which, n_fixed, n_outputs, weights, scales, edge_weights, x, y, pairs, losses
):
    """Computes the loss of networks on (weight, sample) pairs, one network after another.

    Args:
        networks: NetworkArrays.
        which: (k,) int64, the networks to compute.
        n_fixed, n_outputs, x, y: as for ``separate_losses``.
        weights: (n,) the shared weight of each pair, float32 or float64: the precision.
        scales: (n,) float64, what the softmax multiplies the outputs of each pair by.
        edge_weights: (connections of the network, n) in the same precision, for one network whose
            connections have weights of their own; (0, 0) for shared weights.
        pairs: (n,) int64, the sample of each pair.
        losses: (P, n) in the same precision; written for these networks.
    """
    n, is_weighted, n_weight_rows = len(pairs), edge_weights.shape[1] > 0, edge_weights.shape[0]
    longest = 0
    for p in which:
        longest = max(longest, networks.node_start[p + 1] - networks.node_start[p])
    values = lane_rows(longest + 1 + n_weight_rows, weights)
    weight_row = np.int64(longest + is_weighted)
    for begin in range(0, n, LANES):
        n_lanes = min(LANES, n - begin)
        values[:] = type(weights[0])(0.0)
        for lane in range(n_lanes):
            values[lane] = 1.0
            for i in range(n_fixed - 1):
                values[(1 + i) * LANES + lane] = x[pairs[begin + lane], i]
            values[longest * LANES + lane] = weights[begin + lane]
            for e in range(n_weight_rows):
                values[(weight_row + e) * LANES + lane] = edge_weights[e, begin + lane]
        for p in which:
            first = networks.node_start[p + 1] - networks.node_start[p] - n_outputs
            n_chunks = (n_lanes + CHUNK - 1) // CHUNK
            forward(networks, p, n_fixed, values, 0, weight_row, is_weighted, n_chunks)
            for lane in range(n_lanes):
                largest = np.float64(values[first * LANES + lane])
                for k in range(1, n_outputs):
                    largest = max(largest, np.float64(values[(first + k) * LANES + lane]))
                total = 0.0
                for k in range(n_outputs):
                    distance = np.float64(values[(first + k) * LANES + lane]) - largest
                    total += math.exp(distance * scales[begin + lane])
                right = np.float64(values[(first + y[pairs[begin + lane]]) * LANES + lane])
                lead = (largest - right) * scales[begin + lane]
                losses[p, begin + lane] = math.log(total) + lead


@kernel(error_model="numpy", nogil=True)
def weighted_outputs(network, n_fixed, edge_weights, x, outputs):
    """Computes the outputs of one network whose connections have weights of their own.

    Args:
        network: NetworkArrays of one network.
        n_fixed: number of given nodes: the bias and the inputs.
        edge_weights: (connections,) float64.
        x: (samples, n_fixed - 1) float32.
        outputs: (samples, n_outputs) float64; written.
    """
    n, n_outputs = outputs.shape
    n_nodes, n_edges = network.node_start[1] - network.node_start[0], len(edge_weights)
    first = n_nodes - n_outputs
    values = lane_rows(n_nodes + n_edges + 1, edge_weights)
    for e in range(n_edges):
        values[(n_nodes + e) * LANES : (n_nodes + e + 1) * LANES] = edge_weights[e]
    for begin in range(0, n, LANES):
        n_lanes = min(LANES, n - begin)
        for lane in range(n_lanes):
            values[lane] = 1.0
            for i in range(n_fixed - 1):
                values[(1 + i) * LANES + lane] = x[begin + lane, i]
        forward(network, 0, n_fixed, values, 0, np.int64(n_nodes), True, LANES // CHUNK)
        for lane in range(n_lanes):
            for k in range(n_outputs):
                outputs[begin + lane, k] = values[(first + k) * LANES + lane]
