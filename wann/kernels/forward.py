"""The forward pass of one network on a block of lanes.

A lane is one (weight, episode) pair. The value of a node on all lanes of the block is one
contiguous row of ``LANES`` numbers in a flat buffer, so that a connection is a vector addition.
Lanes are worked on in chunks of ``CHUNK``; chunks past the last active lane are left alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from wann.kernels.activation import activate, emit_activation
from wann_envs.elementary import Emitter

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


def _node(values, sources, place, is_weighted):
    """Computes a node: target = activation(weight * sum of the source rows).

    The pre-activation is clamped to the finite range; NaN (0 times an overflowed sum) becomes its
    lower end.

    Args:
        values: flat rows of LANES numbers.
        sources: node numbers; the rows ``first_row + sources[e]`` for e in [begin, end) are added.
        place: int64: begin, end, first_row, weight_row, target_row, n_chunks, activation.
        is_weighted: bool; each connection e has a weight of its own in row ``weight_row + e``.
    """
    begin, end, first_row, weight_row, target_row, n_chunks, activation = place
    width = n_chunks * CHUNK

    def row(number):
        return values[number * LANES : number * LANES + width]

    total = np.zeros(width, values.dtype)
    for edge in range(begin, end):
        term = row(first_row + sources[edge])
        total = total + (row(weight_row + edge) * term if is_weighted else term)
    if not is_weighted:
        total = row(weight_row) * total
    limit = np.finfo(values.dtype).max
    finite = np.clip(np.nan_to_num(total, nan=-limit), -limit, limit)
    row(target_row)[:] = activate(finite, activation)


class _NodeEmitter:
    """Writes the LLVM code of ``_node``: values stay in vector registers up to the result."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        self.builder = builder
        self.values, self.sources = (
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[:2], args[:2], strict=True)
        )
        place, self.is_weighted = args[2:]
        (
            self.begin,
            self.end,
            self.first_row,
            self.weight_row,
            self.target_row,
            self.n_chunks,
            self.activation,
        ) = cgutils.unpack_tuple(builder, place)
        self.index = self.begin.type
        self.vector = ir.VectorType(self.values.type.pointee, CHUNK)
        self.align = context.get_abi_sizeof(self.values.type.pointee)
        self.emitter = Emitter(builder, self.vector)

    def _address(self, row: Any, chunk: int) -> Any:
        b = self.builder
        offset = b.add(b.mul(row, self.index(LANES)), self.index(chunk * CHUNK))
        return b.bitcast(b.gep(self.values, [offset]), self.vector.as_pointer())

    def _load(self, row: Any, chunk: int) -> Any:
        return self.builder.load(self._address(row, chunk), align=self.align)

    def _sum(self, totals: list[Any], is_weighted: bool) -> None:
        """Adds the source rows to the accumulators, perhaps each times its own weights."""
        b = self.builder
        with cgutils.for_range_slice(b, self.begin, self.end, self.index(1), self.index) as loop:
            edge = loop[0]
            source = b.sext(b.load(b.gep(self.sources, [edge])), self.index)
            row = b.add(self.first_row, source)
            for chunk, total in enumerate(totals):
                term = self._load(row, chunk)
                if is_weighted:
                    term = b.fmul(self._load(b.add(self.weight_row, edge), chunk), term)
                b.store(b.fadd(b.load(total), term), total)
        if not is_weighted:
            for chunk, total in enumerate(totals):
                b.store(b.fmul(self._load(self.weight_row, chunk), b.load(total)), total)

    def _store(self, results: list[Any]) -> None:
        for chunk, result in enumerate(results):
            address = self._address(self.target_row, chunk)
            self.builder.store(result, address, align=self.align)

    def _emit_chunks(self, count: int) -> None:
        """The code for the first ``count`` chunks."""
        b = self.builder
        totals = [cgutils.alloca_once(b, self.vector) for _ in range(count)]
        for total in totals:
            b.store(self.emitter.constant(0.0), total)
        with b.if_else(self.is_weighted) as (weighted, shared):
            with weighted:
                self._sum(totals, is_weighted=True)
            with shared:
                self._sum(totals, is_weighted=False)
        vectors = [self.emitter.finite(b.load(total)) for total in totals]
        emit_activation(self.emitter, self.activation, vectors, self._store)

    def emit(self) -> None:
        """A branch for each number of chunks."""
        b = self.builder
        done = b.append_basic_block("node.done")
        switch = b.switch(self.n_chunks, done)
        for count in range(1, _MAX_CHUNKS + 1):
            block = b.append_basic_block(f"node.{count}")
            switch.add_case(self.index(count), block)
            b.position_at_end(block)
            self._emit_chunks(count)
            b.branch(done)
        b.position_at_end(done)


@intrinsic
def _node_llvm(typingctx, values, sources, place, is_weighted):
    def codegen(context, builder, signature, args):
        _NodeEmitter(context, builder, signature, args).emit()
        return context.get_dummy_value()

    return types.void(values, sources, types.UniTuple(types.int64, 7), types.boolean), codegen


@overload(_node, inline="always")
def _node_overload(values, sources, place, is_weighted):
    return lambda values, sources, place, is_weighted: _node_llvm(
        values, sources, place, is_weighted
    )


@njit(cache=True, error_model="numpy", nogil=True)
def lane_rows(n_rows, dtype_of):
    """Returns ``n_rows`` flat rows of zeros in the precision of the array ``dtype_of``.

    They start at a cache line: a vector load that crosses two lines costs twice as much.
    """
    spare = 64 // dtype_of.itemsize
    raw = np.zeros(n_rows * LANES + spare, dtype_of.dtype)
    start = (-raw.ctypes.data % 64) // dtype_of.itemsize
    return raw[start : start + n_rows * LANES]


@njit(cache=True, error_model="numpy", nogil=True)
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
    for i in range(n_fixed, n_nodes):
        place = (
            networks.edge_start[first_node + i],
            networks.edge_start[first_node + i + 1],
            np.int64(first_row),
            np.int64(weight_row),
            np.int64(first_row + i),
            np.int64(n_chunks),
            np.int64(networks.activation[first_node + i]),
        )
        _node(values, networks.edge_source, place, is_weighted)
