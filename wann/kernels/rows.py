"""Vector code on rows of lanes, and the steps of a program on them.

As in ``forward``, a row is ``LANES`` contiguous numbers of a flat buffer. Here they are float32,
a lane is a sample, and all lanes have the same shared weight. What a function does is said in
NumPy; the LLVM code beside it does the same with all vectors of a row in registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from wann.kernels.activation import activate, emit_activation
from wann.kernels.forward import CHUNK, LANES
from wann.kernels.program import N_COLUMNS, SUM, Step
from wann_envs.elementary import Emitter
from wann_envs.jit import emitted

N_CHUNKS = LANES // CHUNK


def row_of(values, number):
    return values[number * LANES : (number + 1) * LANES]


class Rows:
    """Loads and stores rows of the buffer as lists of vectors.

    Args:
        context, builder: of the function that is being generated.
        values: the flat buffer, an LLVM pointer to float or double.
        index: the LLVM type of row numbers.
    """

    def __init__(self, builder: Any, values: Any, index: Any) -> None:
        self.builder, self.values, self.index = builder, values, index
        self.vector = ir.VectorType(values.type.pointee, CHUNK)
        self.emitter = Emitter(builder, self.vector)

    def _address(self, row: Any, chunk: int) -> Any:
        b = self.builder
        offset = b.add(b.mul(row, self.index(LANES)), self.index(chunk * CHUNK))
        return b.bitcast(b.gep(self.values, [offset]), self.vector.as_pointer())

    def load(self, row: Any) -> list[Any]:
        return [self.builder.load(self._address(row, c), align=4) for c in range(N_CHUNKS)]

    def store(self, row: Any, vectors: list[Any]) -> None:
        for chunk, vector in enumerate(vectors):
            self.builder.store(vector, self._address(row, chunk), align=4)

    def integer(self, array: Any, i: Any) -> Any:
        """An element of an array of int32, as a row number."""
        return self.builder.sext(self.builder.load(self.builder.gep(array, [i])), self.index)

    def loop(self, start: Any, end: Any) -> Any:
        return cgutils.for_range_slice(self.builder, start, end, self.index(1), self.index)

    def splat(self, number: Any) -> Any:
        b = self.builder
        one = b.insert_element(ir.Constant(self.vector, ir.Undefined), number, self.index(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), CHUNK), [0] * CHUNK)
        return b.shuffle_vector(one, ir.Constant(self.vector, ir.Undefined), zeros)

    def fold(self, vector: Any, combine: Callable[[Any, Any], Any]) -> Any:
        """One number from the elements of a vector, by halves: the order is always the same."""
        b, half = self.builder, CHUNK // 2
        undefined = ir.Constant(vector.type, ir.Undefined)
        while half:
            places = [*range(half, 2 * half), *range(half, 2 * half)] * (CHUNK // (2 * half))
            mask = ir.Constant(ir.VectorType(ir.IntType(32), CHUNK), places)
            vector = combine(vector, b.shuffle_vector(vector, undefined, mask))
            half //= 2
        return b.extract_element(vector, self.index(0))


class Totals:
    """The vectors of a row that a loop adds to; LLVM keeps them in registers."""

    def __init__(self, rows: Rows, kind: Any = None) -> None:
        self.builder = rows.builder
        kind = kind or rows.vector
        self.places = [cgutils.alloca_once(self.builder, kind) for _ in range(N_CHUNKS)]

    def set(self, vectors: list[Any]) -> None:
        for place, vector in zip(self.places, vectors, strict=True):
            self.builder.store(vector, place)

    def get(self) -> list[Any]:
        return [self.builder.load(place) for place in self.places]

    def change(self, combine: Callable[[Any, Any], Any], vectors: list[Any]) -> None:
        self.set([combine(t, v) for t, v in zip(self.get(), vectors, strict=True)])


def pointers(context: Any, builder: Any, signature: Any, args: Any, n: int) -> list[Any]:
    """The data of the first n arguments, which are arrays."""
    return [
        context.make_array(kind)(context, builder, value).data
        for kind, value in zip(signature.args[:n], args[:n], strict=True)
    ]


def length(context: Any, builder: Any, signature: Any, args: Any, i: int) -> Any:
    """The length of argument i, which is an array of one dimension."""
    array = context.make_array(signature.args[i])(context, builder, args[i])
    return cgutils.unpack_tuple(builder, array.shape, 1)[0]


# ---- the steps of a program -------------------------------------------------------------------


def run_steps(values, steps, rows, first, end, weight):
    """Runs steps of a ``Program``.

    Args:
        values: flat rows of LANES float32; written.
        steps, rows: of the program.
        first, end: int64, the steps to run.
        weight: float32, the shared weight.
    """
    largest = float(np.finfo(np.float32).max)
    for step in steps[first:end]:
        total = np.zeros(LANES, np.float32)
        for k in range(step[Step.ADDED], step[Step.SUBTRACTED]):
            total = total + row_of(values, rows[k])
        for k in range(step[Step.SUBTRACTED], step[Step.END]):
            total = total - row_of(values, rows[k])
        if step[Step.KEPT] >= 0:
            row_of(values, step[Step.KEPT])[:] = total
        if step[Step.RAW] >= 0:
            total = total + row_of(values, step[Step.RAW])
        if step[Step.ACTIVATION] != SUM:
            total = np.clip(np.nan_to_num(weight * total, nan=-largest), -largest, largest)
            total = activate(total, step[Step.ACTIVATION])
        row_of(values, step[Step.TARGET])[:] = total


@emitted(run_steps)
def _run_steps_llvm(values, steps, rows, first, end, weight):
    def codegen(context, builder, signature, args):
        b = builder
        values, steps, sources = pointers(context, builder, signature, args, 3)
        first, end, weight = args[3:]
        rows = Rows(b, values, first.type)
        index, emitter = rows.index, rows.emitter
        totals = Totals(rows)
        weights = rows.splat(weight)
        with rows.loop(first, end) as (i, _):
            at = b.mul(i, index(N_COLUMNS))
            column = {step: rows.integer(steps, b.add(at, index(int(step)))) for step in Step}
            totals.set([emitter.constant(0.0)] * N_CHUNKS)
            with rows.loop(column[Step.ADDED], column[Step.SUBTRACTED]) as (k, _):
                totals.change(b.fadd, rows.load(rows.integer(sources, k)))
            with rows.loop(column[Step.SUBTRACTED], column[Step.END]) as (k, _):
                totals.change(b.fsub, rows.load(rows.integer(sources, k)))
            with b.if_then(b.icmp_signed(">=", column[Step.KEPT], index(0))):
                rows.store(column[Step.KEPT], totals.get())
            with b.if_then(b.icmp_signed(">=", column[Step.RAW], index(0))):
                totals.change(b.fadd, rows.load(column[Step.RAW]))
            is_sum = b.icmp_signed("==", column[Step.ACTIVATION], index(SUM))
            with b.if_else(is_sum) as (plain, active):
                with plain:
                    rows.store(column[Step.TARGET], totals.get())
                with active:
                    emit_activation(
                        emitter,
                        column[Step.ACTIVATION],
                        [emitter.finite(b.fmul(weights, total)) for total in totals.get()],
                        lambda results: rows.store(column[Step.TARGET], results),
                    )
        return context.get_dummy_value()

    return types.void(values, steps, rows, types.int64, types.int64, types.float32), codegen
