"""The forward pass of one network on a block of lanes.

A lane is one (weight, episode) pair. The value of a node on all lanes of the block is one
contiguous row of ``LANES`` numbers in a flat buffer, so that a connection is a vector addition.
Lanes are worked on in chunks of ``CHUNK``; chunks past the last active lane are left alone.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numpy.typing import NDArray

from wann.kernels.activation import activate, emit_activation
from wann_envs.elementary import Emitter
from wann_envs.jit import emitted, kernel

LANES = 64
CHUNK = 16
_MAX_CHUNKS = LANES // CHUNK


class NetworkArrays(NamedTuple):
    """P networks for the kernels, ragged; n nodes and e connections over all of them.

    Attributes:
        node_start: (P + 1,) int64; the nodes of network p are [node_start[p], node_start[p + 1]).
        edge_start: (n + 1,) int64; the connections into node i are
            ``edge_source[edge_start[i]:edge_start[i + 1]]``.
        edge_source: (e,) int32, node numbers within the network.
        activation: (n,) int8.
    """

    node_start: NDArray[np.int64]
    edge_start: NDArray[np.int64]
    edge_source: NDArray[np.int32]
    activation: NDArray[np.int8]


def _compute_nodes(values, edge_start, edge_source, activation, place, is_weighted):
    """Computes nodes in turn: row = activation(weight * sum of the source rows).

    A pre-activation is clamped to the finite range; NaN (0 times an overflowed sum) becomes its
    lower end.

    Args:
        values: flat rows of LANES numbers.
        edge_start, edge_source, activation: as in ``NetworkArrays``.
        place: int64: first_node, first and last + 1 of the nodes to compute, first_row,
            weight_row, n_chunks. Node i of the network has number ``first_node + i`` among all and
            lies in row ``first_row + i``.
        is_weighted: bool; connection e has weights of its own in row ``weight_row + e``.
    """
    first_node, first, end, first_row, weight_row, n_chunks = place
    width = n_chunks * CHUNK
    limit = np.finfo(values.dtype).max

    def row(number):
        return values[number * LANES : number * LANES + width]

    for i in range(first, end):
        total = np.zeros(width, values.dtype)
        for edge in range(edge_start[first_node + i], edge_start[first_node + i + 1]):
            term = row(first_row + edge_source[edge])
            total = total + (row(weight_row + edge) * term if is_weighted else term)
        if not is_weighted:
            total = row(weight_row) * total
        finite = np.clip(np.nan_to_num(total, nan=-limit), -limit, limit)
        row(first_row + i)[:] = activate(finite, activation[first_node + i])


class _NodesEmitter:
    """Writes the LLVM code of ``_compute_nodes``.

    The values of a node stay in vector registers from the sum to the result.
    """

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.builder = builder
        self.values, self.edge_start, self.edge_source, self.activation = (
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[:4], args[:4], strict=True)
        )
        place, self.is_weighted = args[4:]
        (
            self.first_node,
            self.first,
            self.end,
            self.first_row,
            self.weight_row,
            self.n_chunks,
        ) = cgutils.unpack_tuple(builder, place)
        self.index = self.first.type
        self.vector = ir.VectorType(self.values.type.pointee, CHUNK)
        self.align = context.get_abi_sizeof(self.values.type.pointee)
        self.emitter = Emitter(builder, self.vector)

    def _address(self, row: Any, chunk: int) -> Any:
        b = self.builder
        offset = b.add(b.mul(row, self.index(LANES)), self.index(chunk * CHUNK))
        return b.bitcast(b.gep(self.values, [offset]), self.vector.as_pointer())

    def _load(self, row: Any, chunk: int) -> Any:
        return self.builder.load(self._address(row, chunk), align=self.align)

    def _load_integer(self, array: Any, i: Any) -> Any:
        return self.builder.sext(self.builder.load(self.builder.gep(array, [i])), self.index)

    def _range(self, start: Any, end: Any) -> Any:
        return cgutils.for_range_slice(self.builder, start, end, self.index(1), self.index)

    def _sum(self, node: Any, totals: list[Any], is_weighted: bool) -> None:
        """Adds the source rows of a node up, perhaps each times its own weights."""
        b = self.builder
        for total in totals:
            b.store(self.emitter.constant(0.0), total)
        begin, end = (
            b.load(b.gep(self.edge_start, [i])) for i in (node, b.add(node, self.index(1)))
        )
        with self._range(begin, end) as (edge, _):
            row = b.add(self.first_row, self._load_integer(self.edge_source, edge))
            for chunk, total in enumerate(totals):
                term = self._load(row, chunk)
                if is_weighted:
                    term = b.fmul(self._load(b.add(self.weight_row, edge), chunk), term)
                b.store(b.fadd(b.load(total), term), total)

    def _emit_chunks(self, count: int, is_weighted: bool) -> None:
        """The code for all nodes on the first ``count`` chunks."""
        b = self.builder
        totals = [cgutils.alloca_once(b, self.vector) for _ in range(count)]
        with self._range(self.first, self.end) as (i, _):
            node, target = b.add(self.first_node, i), b.add(self.first_row, i)
            self._sum(node, totals, is_weighted)
            vectors = [b.load(total) for total in totals]
            if not is_weighted:
                weights = [self._load(self.weight_row, chunk) for chunk in range(count)]
                vectors = [b.fmul(w, v) for w, v in zip(weights, vectors, strict=True)]

            def store(results: list[Any]) -> None:
                for chunk, result in enumerate(results):
                    b.store(result, self._address(target, chunk), align=self.align)

            emit_activation(
                self.emitter,
                self._load_integer(self.activation, node),
                [self.emitter.finite(vector) for vector in vectors],
                store,
            )

    def emit(self) -> None:
        """A branch for each number of chunks, with shared and with individual weights."""
        b = self.builder
        done = b.append_basic_block("nodes.done")
        n_kinds = self.index(2 * _MAX_CHUNKS)
        kind = b.add(self.n_chunks, b.select(self.is_weighted, n_kinds, self.index(0)))
        switch = b.switch(kind, done)
        for is_weighted in (False, True):
            for count in range(1, _MAX_CHUNKS + 1):
                block = b.append_basic_block(f"nodes.{count}")
                switch.add_case(self.index(count + 2 * _MAX_CHUNKS * is_weighted), block)
                b.position_at_end(block)
                self._emit_chunks(count, is_weighted)
                b.branch(done)
        b.position_at_end(done)


@emitted(_compute_nodes)
def _compute_nodes_llvm(values, edge_start, edge_source, activation, place, is_weighted):
    def codegen(context, builder, signature, args):
        _NodesEmitter(context, builder, signature, args).emit()
        return context.get_dummy_value()

    signature = types.void(
        values,
        edge_start,
        edge_source,
        activation,
        types.UniTuple(types.int64, 6),
        types.boolean,
    )
    return signature, codegen


@kernel(error_model="numpy", nogil=True)
def lane_rows(n_rows, dtype_of):
    """Returns ``n_rows`` flat rows of zeros in the precision of the array ``dtype_of``.

    They start at a cache line: a vector load that crosses two lines costs twice as much.
    """
    spare = 64 // dtype_of.itemsize
    raw = np.zeros(n_rows * LANES + spare, dtype_of.dtype)
    start = (-raw.ctypes.data % 64) // dtype_of.itemsize
    return raw[start : start + n_rows * LANES]


@kernel(error_model="numpy", nogil=True)
def forward(networks, p, n_fixed, values, first_row, weight_row, is_weighted, n_chunks):
    """Computes the hidden and output nodes of network ``p`` on the first lanes of a block.

    Args:
        networks: NetworkArrays.
        p: number of the network.
        n_fixed: number of nodes whose rows are given: the bias and the inputs.
        values: flat rows of LANES float32 or float64; node i lies in row ``first_row + i``.
        first_row: row of the bias.
        weight_row: row of the shared weights; with ``is_weighted`` the first of one row for each
            connection of the network.
        is_weighted: whether connections have weights of their own.
        n_chunks: number of chunks of CHUNK lanes, 1 to LANES // CHUNK.
    """
    first_node = networks.node_start[p]
    n_nodes = networks.node_start[p + 1] - first_node
    if is_weighted:
        weight_row -= networks.edge_start[first_node]
    place = (
        np.int64(first_node),
        np.int64(n_fixed),
        np.int64(n_nodes),
        np.int64(first_row),
        np.int64(weight_row),
        np.int64(n_chunks),
    )
    _compute_nodes(
        values,
        networks.edge_start,
        networks.edge_source,
        networks.activation,
        place,
        is_weighted,
    )


@kernel(error_model="numpy", nogil=True)
def forward_once(
    edge_start, edge_source, activation, n_fixed, values, first_row, weight_row, is_weighted
):
    """Computes one network on the first chunk of lanes, if the inputs of the first lane are finite.

    Who calls it once for each observation wants it quick: its arguments are arrays, because a
    named tuple of them takes longer to pass than the network to compute.

    Args:
        edge_start, edge_source, activation: of a ``NetworkArrays`` of one network.
        n_fixed, values, first_row, weight_row, is_weighted: as for ``forward``.

    Returns:
        Whether the inputs are finite.
    """
    for i in range(1, n_fixed):
        if not math.isfinite(values[(first_row + i) * LANES]):
            return False
    place = (
        np.int64(0),
        np.int64(n_fixed),
        np.int64(len(activation)),
        np.int64(first_row),
        np.int64(weight_row),
        np.int64(1),
    )
    _compute_nodes(values, edge_start, edge_source, activation, place, is_weighted)
    return True
