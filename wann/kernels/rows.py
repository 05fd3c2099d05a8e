"""Vector code on rows of lanes: the steps of a program, the softmax, sums of logarithms.

As in ``forward``, a row is ``LANES`` contiguous numbers of a flat buffer. Here they are float32,
a lane is a sample, and all lanes have the same shared weight. What the functions do is said in
NumPy; the LLVM code beside it does the same with all vectors of a row in registers.

A logarithm for each lane would cost as much as the exponentials. A float32 is a mantissa in [1, 2)
times a power of 2: the mantissas of a row are multiplied, their exponents added, and the logarithm
of the product is taken once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from wann.kernels.activation import activate, emit_activation
from wann.kernels.forward import CHUNK, LANES
from wann.kernels.program import N_COLUMNS, SUM, Step
from wann_envs.elementary import Emitter, exp

N_CHUNKS = LANES // CHUNK
# sums of exponentials outside are not trusted: the exponential is clamped at +-87
LOW_SUM, HIGH_SUM = 1e-30, 1e30


def _row(values, number):
    return values[number * LANES : (number + 1) * LANES]


def _log_parts(total):
    """The product of the mantissas of positive numbers, and the sum of their exponents."""
    mantissa, exponent = np.frexp(total)
    return np.float32(np.prod(2.0 * mantissa)), int(np.sum(exponent - 1))


class _Rows:
    """Loads and stores rows of the buffer as lists of vectors.

    Args:
        context, builder: of the function that is being generated.
        values: the flat buffer, an LLVM pointer to float.
        index: the LLVM type of row numbers.
    """

    def __init__(self, builder: Any, values: Any, index: Any) -> None:
        self.builder, self.values, self.index = builder, values, index
        self.vector = ir.VectorType(ir.FloatType(), CHUNK)
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


class _Totals:
    """The vectors of a row that a loop adds to; LLVM keeps them in registers."""

    def __init__(self, rows: _Rows, kind: Any = None) -> None:
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


def _pointers(context: Any, builder: Any, signature: Any, args: Any, n: int) -> list[Any]:
    """The data of the first n arguments, which are arrays."""
    return [
        context.make_array(kind)(context, builder, value).data
        for kind, value in zip(signature.args[:n], args[:n], strict=True)
    ]


# ---- the steps of a program -------------------------------------------------------------------


def run_steps(values, steps, rows, first, end, weight):
    """Runs steps of a ``Program``.

    Args:
        values: flat rows of LANES float32; written.
        steps, rows: of the program.
        first, end: int64, the steps to run.
        weight: float32, the shared weight.
    """
    largest = np.finfo(np.float32).max
    for step in steps[first:end]:
        total = np.zeros(LANES, np.float32)
        for k in range(step[Step.ADDED], step[Step.SUBTRACTED]):
            total = total + _row(values, rows[k])
        for k in range(step[Step.SUBTRACTED], step[Step.END]):
            total = total - _row(values, rows[k])
        if step[Step.KEPT] >= 0:
            _row(values, step[Step.KEPT])[:] = total
        if step[Step.RAW] >= 0:
            total = total + _row(values, step[Step.RAW])
        if step[Step.ACTIVATION] != SUM:
            total = np.clip(np.nan_to_num(weight * total, nan=-largest), -largest, largest)
            total = activate(total, step[Step.ACTIVATION])
        _row(values, step[Step.TARGET])[:] = total


@intrinsic
def _run_steps_llvm(typingctx, values, steps, rows, first, end, weight):
    def codegen(context, builder, signature, args):
        b = builder
        values, steps, sources = _pointers(context, builder, signature, args, 3)
        first, end, weight = args[3:]
        rows = _Rows(b, values, first.type)
        index, emitter = rows.index, rows.emitter
        totals = _Totals(rows)
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


@overload(run_steps, inline="always")
def _run_steps(values, steps, rows, first, end, weight):
    return lambda values, steps, rows, first, end, weight: _run_steps_llvm(
        values, steps, rows, first, end, weight
    )


# ---- shared exponentials ----------------------------------------------------------------------


def exponentials(values, outputs, label_rows, reference, label_sums):
    """Replaces outputs by the exponentials of their distances from a reference.

    Args:
        values: flat rows of LANES float32; the rows of the outputs are written.
        outputs: (o,) int32, rows.
        label_rows: (o,) int32, for each output the row that is 1 where it is the right answer.
        reference: int64, the row to subtract.
        label_sums: (o,) float32; written: the sum of the distances where the output is right.
    """
    for k in range(len(outputs)):
        row = _row(values, outputs[k])
        distance = row - _row(values, reference)
        label_sums[k] = np.sum(_row(values, label_rows[k]) * distance)
        row[:] = [exp(x) for x in distance]


@intrinsic
def _exponentials_llvm(typingctx, values, outputs, label_rows, reference, label_sums, n):
    def codegen(context, builder, signature, args):
        b = builder
        values, outputs, label_rows = _pointers(context, builder, signature, args, 3)
        sums = context.make_array(signature.args[4])(context, builder, args[4]).data
        rows = _Rows(b, values, args[3].type)
        with rows.loop(rows.index(0), args[5]) as (k, _):
            row = rows.integer(outputs, k)
            pairs = zip(rows.load(row), rows.load(args[3]), strict=True)
            distance = [b.fsub(x, c) for x, c in pairs]
            labels = rows.load(rows.integer(label_rows, k))
            total = rows.emitter.constant(0.0)
            for label, x in zip(labels, distance, strict=True):
                total = rows.emitter.fma(label, x, total)
            b.store(rows.fold(total, b.fadd), b.gep(sums, [k]))
            rows.store(row, [rows.emitter.exp(x) for x in distance])
        return context.get_dummy_value()

    signature = types.void(values, outputs, label_rows, types.int64, label_sums, types.int64)
    return signature, codegen


@overload(exponentials, inline="always")
def _exponentials(values, outputs, label_rows, reference, label_sums):
    return lambda values, outputs, label_rows, reference, label_sums: _exponentials_llvm(
        values, outputs, label_rows, reference, label_sums, len(outputs)
    )


def log_sums(values, outputs, n_outputs, padding, products, exponents):
    """The parts of the sums of the logarithms of sums of exponentials.

    Args:
        values: flat rows of LANES float32.
        outputs: (individuals * n_outputs,) int32, rows of exponentials.
        n_outputs: int64.
        padding: int64, a row that is 1 in the lanes that do not count, else 0.
        products: (individuals,) float32; written: the product over the lanes of the mantissas;
            NaN where a sum may not be trusted.
        exponents: (individuals,) int32; written: the sum of the exponents.
    """
    is_padding = _row(values, padding) > 0
    for i in range(len(products)):
        total = np.zeros(LANES, np.float32)
        for k in range(n_outputs):
            total = total + _row(values, outputs[i * n_outputs + k])
        total = np.where(is_padding, np.float32(1.0), total)
        is_trusted = ((total > np.float32(LOW_SUM)) & (total < np.float32(HIGH_SUM))).all()
        products[i], exponents[i] = _log_parts(total) if is_trusted else (np.nan, 0)


def _emit_log_parts(rows: _Rows, totals: list[Any]) -> tuple[Any, Any]:
    """The code of ``_log_parts``."""
    b = rows.builder
    integers = ir.VectorType(ir.IntType(32), CHUNK)

    def same(number: int) -> Any:
        return ir.Constant(integers, [number] * CHUNK)

    product, exponent = None, None
    for total in totals:
        bits = b.bitcast(total, integers)
        power = b.sub(b.lshr(bits, same(23)), same(127))
        mantissa = b.bitcast(
            b.or_(b.and_(bits, same(0x7FFFFF)), same(0x3F800000)), rows.vector
        )
        product = mantissa if product is None else b.fmul(product, mantissa)
        exponent = power if exponent is None else b.add(exponent, power)
    return rows.fold(product, b.fmul), rows.fold(exponent, b.add)


@intrinsic
def _log_sums_llvm(typingctx, values, outputs, n_outputs, padding, products, exponents, n):
    def codegen(context, builder, signature, args):
        b = builder
        values, outputs = _pointers(context, builder, signature, args, 2)
        n_outputs, padding = args[2:4]
        products, exponents = (
            context.make_array(signature.args[i])(context, builder, args[i]).data for i in (4, 5)
        )
        rows = _Rows(b, values, n_outputs.type)
        one, totals = rows.emitter.constant(1.0), _Totals(rows)
        zero = rows.emitter.constant(0.0)
        with rows.loop(rows.index(0), args[6]) as (i, _):
            at = b.mul(i, n_outputs)
            totals.set([zero] * N_CHUNKS)
            with rows.loop(at, b.add(at, n_outputs)) as (k, _):
                totals.change(b.fadd, rows.load(rows.integer(outputs, k)))
            sums = [
                b.select(b.fcmp_ordered(">", pad, zero), one, total)
                for pad, total in zip(rows.load(padding), totals.get(), strict=True)
            ]
            trusted = ir.Constant(ir.VectorType(ir.IntType(1), CHUNK), [1] * CHUNK)
            for total in sums:
                above = b.fcmp_ordered(">", total, rows.emitter.constant(float(np.float32(LOW_SUM))))
                below = b.fcmp_ordered("<", total, rows.emitter.constant(float(np.float32(HIGH_SUM))))
                trusted = b.and_(trusted, b.and_(above, below))
            product, exponent = _emit_log_parts(rows, sums)
            mask = b.bitcast(trusted, ir.IntType(CHUNK))
            is_trusted = b.icmp_unsigned("==", mask, mask.type((1 << CHUNK) - 1))
            nan = ir.Constant(ir.FloatType(), float("nan"))
            b.store(b.select(is_trusted, product, nan), b.gep(products, [i]))
            b.store(exponent, b.gep(exponents, [i]))
        return context.get_dummy_value()

    signature = types.void(
        values, outputs, types.int64, types.int64, products, exponents, types.int64
    )
    return signature, codegen


@overload(log_sums, inline="always")
def _log_sums(values, outputs, n_outputs, padding, products, exponents):
    return lambda values, outputs, n_outputs, padding, products, exponents: _log_sums_llvm(
        values, outputs, n_outputs, padding, products, exponents, len(products)
    )


# ---- one individual's softmax, exact ----------------------------------------------------------


def log_softmax(values, first, n_outputs, labels, padding, products, exponents, label_sums):
    """The parts of the cross-entropy of one individual, shifted by its own largest output.

    Args:
        values: flat rows of LANES float32.
        first: int64, the row of the first output; the others follow.
        n_outputs: int64.
        labels: int64, the first of n_outputs rows, 1 where the output is the right answer.
        padding: int64, a row that is 1 in the lanes that do not count, else 0.
        products, exponents: (1,) float32 and int32; written as by ``log_sums``.
        label_sums: (1,) float32; written: the sum of the right outputs' distances from the largest.
    """
    largest = -np.finfo(np.float32).max
    outputs = values[first * LANES : (first + n_outputs) * LANES].reshape(n_outputs, LANES)
    right = values[labels * LANES : (labels + n_outputs) * LANES].reshape(n_outputs, LANES)
    distance = np.maximum(outputs - outputs.max(axis=0), largest)
    total = np.array([[exp(x) for x in row] for row in distance], np.float32).sum(axis=0)
    total = np.where(_row(values, padding) > 0, np.float32(1.0), total)
    label_sums[0] = (right * distance).sum()
    products[0], exponents[0] = _log_parts(total)


@intrinsic
def _log_softmax_llvm(
    typingctx, values, first, n_outputs, labels, padding, products, exponents, label_sums
):
    def codegen(context, builder, signature, args):
        b = builder
        (values,) = _pointers(context, builder, signature, args, 1)
        first, n_outputs, labels, padding = args[1:5]
        products, exponents, label_sums = (
            context.make_array(signature.args[i])(context, builder, args[i]).data for i in (5, 6, 7)
        )
        rows = _Rows(b, values, first.type)
        emitter, index = rows.emitter, rows.index
        zero, one = emitter.constant(0.0), emitter.constant(1.0)
        highest, totals, right = _Totals(rows), _Totals(rows), _Totals(rows)
        highest.set(rows.load(first))
        totals.set([zero] * N_CHUNKS)
        right.set([zero] * N_CHUNKS)
        with rows.loop(index(0), n_outputs) as (k, _):
            highest.change(
                lambda high, x: b.select(b.fcmp_ordered(">", x, high), x, high),
                rows.load(b.add(first, k)),
            )
        with rows.loop(index(0), n_outputs) as (k, _):
            pairs = zip(rows.load(b.add(first, k)), highest.get(), strict=True)
            distance = [emitter.at_least(b.fsub(x, high), -emitter.largest) for x, high in pairs]
            totals.change(b.fadd, [emitter.exp(x) for x in distance])
            marks = rows.load(b.add(labels, k))
            products_ = [b.fmul(mark, x) for mark, x in zip(marks, distance, strict=True)]
            right.change(b.fadd, products_)
        sums = [
            b.select(b.fcmp_ordered(">", pad, zero), one, total)
            for pad, total in zip(rows.load(padding), totals.get(), strict=True)
        ]
        product, exponent = _emit_log_parts(rows, sums)
        b.store(product, products)
        b.store(exponent, exponents)
        label = zero
        for vector in right.get():
            label = b.fadd(label, vector)
        b.store(rows.fold(label, b.fadd), label_sums)
        return context.get_dummy_value()

    integer = types.int64
    signature = types.void(
        values, integer, integer, integer, integer, products, exponents, label_sums
    )
    return signature, codegen


@overload(log_softmax, inline="always")
def _log_softmax(values, first, n_outputs, labels, padding, products, exponents, label_sums):
    return lambda values, first, n_outputs, labels, padding, products, exponents, label_sums: (
        _log_softmax_llvm(
            values, first, n_outputs, labels, padding, products, exponents, label_sums
        )
    )
