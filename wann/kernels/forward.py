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

from wann.kernels.activation import activate

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


def _finite(x):
    limit = np.finfo(x.dtype).max
    return np.clip(np.nan_to_num(x, nan=-limit), -limit, limit)


def _sum_rows(values, sources, begin, end, first_row, weight_row, target_row, n_chunks):
    """target = weight * (sum of the source rows), on ``n_chunks`` chunks of lanes.

    The result is clamped to the finite range; NaN (0 times an overflowed sum) becomes its lower
    end.

    Args:
        values: flat rows of LANES numbers.
        sources: node numbers; the rows ``first_row + sources[e]`` for e in [begin, end) are added.
        begin, end, first_row, weight_row, target_row, n_chunks: int64.
    """
    width = n_chunks * CHUNK
    total = np.zeros(width, values.dtype)
    for edge in range(begin, end):
        row = (first_row + sources[edge]) * LANES
        total = total + values[row : row + width]
    weight, target = weight_row * LANES, target_row * LANES
    values[target : target + width] = _finite(values[weight : weight + width] * total)


def _sum_weighted_rows(values, sources, begin, end, first_row, weight_row, target_row, n_chunks):
    """As ``_sum_rows``, but connection e has a weight of its own in row ``weight_row + e``."""
    width = n_chunks * CHUNK
    total = np.zeros(width, values.dtype)
    for edge in range(begin, end):
        row, weight = (first_row + sources[edge]) * LANES, (weight_row + edge) * LANES
        total = total + values[weight : weight + width] * values[row : row + width]
    target = target_row * LANES
    values[target : target + width] = _finite(total)


class _RowSum:
    """Emits the LLVM code of ``_sum_rows``: the accumulators stay in vector registers."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any, is_weighted: bool):
        self.builder = builder
        self.values, self.sources = (
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[:2], args[:2], strict=True)
        )
        self.begin, self.end, self.first_row, self.weight_row, self.target_row, self.n_chunks = (
            args[2:]
        )
        self.is_weighted = is_weighted
        self.index = self.begin.type
        self.vector = ir.VectorType(self.values.type.pointee, CHUNK)
        dtype = np.float32 if self.vector.element == ir.FloatType() else np.float64
        self.limit = float(np.finfo(dtype).max)
        self.align = context.get_abi_sizeof(self.values.type.pointee)

    def _address(self, row: Any, chunk: int) -> Any:
        b = self.builder
        offset = b.add(b.mul(row, self.index(LANES)), self.index(chunk * CHUNK))
        return b.bitcast(b.gep(self.values, [offset]), self.vector.as_pointer())

    def _load(self, row: Any, chunk: int) -> Any:
        return self.builder.load(self._address(row, chunk), align=self.align)

    def _add_edge(self, edge: Any, totals: list[Any]) -> None:
        b = self.builder
        source = b.sext(b.load(b.gep(self.sources, [edge])), self.index)
        row = b.add(self.first_row, source)
        for chunk, total in enumerate(totals):
            term = self._load(row, chunk)
            if self.is_weighted:
                term = b.fmul(self._load(b.add(self.weight_row, edge), chunk), term)
            b.store(b.fadd(b.load(total), term), total)

    def emit(self, count: int) -> None:
        """The code for the first ``count`` chunks."""
        b = self.builder
        totals = [cgutils.alloca_once(b, self.vector) for _ in range(count)]
        for total in totals:
            b.store(self.vector(None), total)
        one = self.index(1)
        with cgutils.for_range_slice(b, self.begin, self.end, one, self.index) as (edge, _):
            self._add_edge(edge, totals)
        highest, lowest = (self.vector([sign * self.limit] * CHUNK) for sign in (1.0, -1.0))
        for chunk, total in enumerate(totals):
            result = b.load(total)
            if not self.is_weighted:
                result = b.fmul(self._load(self.weight_row, chunk), result)
            result = b.select(b.fcmp_ordered(">", result, lowest), result, lowest)
            result = b.select(b.fcmp_ordered("<", result, highest), result, highest)
            b.store(result, self._address(self.target_row, chunk), align=self.align)

    def emit_all(self) -> None:
        """A branch for each number of chunks."""
        b = self.builder
        done = b.append_basic_block("rows.done")
        switch = b.switch(self.n_chunks, done)
        for count in range(1, _MAX_CHUNKS + 1):
            block = b.append_basic_block(f"rows.{count}")
            switch.add_case(self.index(count), block)
            b.position_at_end(block)
            self.emit(count)
            b.branch(done)
        b.position_at_end(done)


def _row_sum_intrinsic(is_weighted: bool) -> Any:
    @intrinsic
    def sum_rows(
        typingctx, values, sources, begin, end, first_row, weight_row, target_row, n_chunks
    ):
        def codegen(context, builder, signature, args):
            _RowSum(context, builder, signature, args, is_weighted).emit_all()
            return context.get_dummy_value()

        return types.void(values, sources, *([types.int64] * 6)), codegen

    return sum_rows


_sum_rows_llvm = _row_sum_intrinsic(is_weighted=False)
_sum_weighted_rows_llvm = _row_sum_intrinsic(is_weighted=True)


@overload(_sum_rows, inline="always")
def _sum_rows_overload(values, sources, begin, end, first_row, weight_row, target_row, n_chunks):
    return lambda values, sources, begin, end, first_row, weight_row, target_row, n_chunks: (
        _sum_rows_llvm(values, sources, begin, end, first_row, weight_row, target_row, n_chunks)
    )


@overload(_sum_weighted_rows, inline="always")
def _sum_weighted_rows_overload(
    values, sources, begin, end, first_row, weight_row, target_row, n_chunks
):
    return lambda values, sources, begin, end, first_row, weight_row, target_row, n_chunks: (
        _sum_weighted_rows_llvm(
            values, sources, begin, end, first_row, weight_row, target_row, n_chunks
        )
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
    width = n_chunks * CHUNK
    own_row = weight_row - networks.edge_start[first_node]
    for i in range(n_fixed, n_nodes):
        begin = networks.edge_start[first_node + i]
        end = networks.edge_start[first_node + i + 1]
        row = first_row + i
        if is_weighted:
            _sum_weighted_rows(
                values, networks.edge_source, begin, end, first_row, own_row, row, n_chunks
            )
        else:
            _sum_rows(
                values, networks.edge_source, begin, end, first_row, weight_row, row, n_chunks
            )
        activate(values, np.uint64(row * LANES), width, networks.activation[first_node + i])
