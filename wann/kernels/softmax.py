"""The softmax and its logarithm, as vector code on rows of lanes.

A logarithm for each lane would cost as much as the exponentials. A float32 is a mantissa in [1, 2)
times a power of 2: the mantissas of a row are multiplied, their exponents added, and the logarithm
of the product is taken once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from wann.kernels.forward import CHUNK, LANES
from wann.kernels.rows import N_CHUNKS, Rows, Totals, length, pointers, row_of
from wann_envs.elementary import exp
from wann_envs.jit import emitted

# sums of exponentials outside are not trusted: the exponential is clamped at +-87
LOW_SUM, HIGH_SUM = 1e-30, 1e30


def _log_parts(total):
    """The product of the mantissas of positive numbers, and the sum of their exponents."""
    mantissa, exponent = np.frexp(total)
    return np.float32(np.prod(2.0 * mantissa)), int(np.sum(exponent - 1))


# ---- shared exponentials ----------------------------------------------------------------------


def exponentials(values, outputs, label_rows, reference, scale, label_sums):
    """Replaces outputs by the exponentials of their scaled distances from a reference.

    Args:
        values: flat rows of LANES float32; the rows of the outputs are written.
        outputs: (o,) int32, rows.
        label_rows: (o,) int32, for each output the row that is 1 where it is the right answer.
        reference: int64, the row to subtract.
        scale: float32, what the distances are multiplied by.
        label_sums: (o,) float32; written: the sum of the distances where the output is right.
    """
    for k in range(len(outputs)):
        row = row_of(values, outputs[k])
        distance = (row - row_of(values, reference)) * scale
        label_sums[k] = np.sum(row_of(values, label_rows[k]) * distance)
        row[:] = [exp(x) for x in distance]


@emitted(exponentials)
def _exponentials_llvm(values, outputs, label_rows, reference, scale, label_sums):
    def codegen(context, builder, signature, args):
        b = builder
        n = length(context, builder, signature, args, 1)
        values, outputs, label_rows = pointers(context, builder, signature, args, 3)
        sums = context.make_array(signature.args[5])(context, builder, args[5]).data
        rows = Rows(b, values, args[3].type)
        scale = rows.splat(args[4])
        with rows.loop(rows.index(0), n) as (k, _):
            row = rows.integer(outputs, k)
            pairs = zip(rows.load(row), rows.load(args[3]), strict=True)
            distance = [b.fmul(b.fsub(x, c), scale) for x, c in pairs]
            labels = rows.load(rows.integer(label_rows, k))
            total = rows.emitter.constant(0.0)
            for label, x in zip(labels, distance, strict=True):
                total = rows.emitter.fma(label, x, total)
            b.store(rows.fold(total, b.fadd), b.gep(sums, [k]))
            rows.store(row, [rows.emitter.exp(x) for x in distance])
        return context.get_dummy_value()

    integer = types.int64
    signature = types.void(values, outputs, label_rows, integer, types.float32, label_sums)
    return signature, codegen


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
    is_padding = row_of(values, padding) > 0
    for i in range(len(products)):
        total = np.zeros(LANES, np.float32)
        for k in range(n_outputs):
            total = total + row_of(values, outputs[i * n_outputs + k])
        total = np.where(is_padding, np.float32(1.0), total)
        is_trusted = ((total > np.float32(LOW_SUM)) & (total < np.float32(HIGH_SUM))).all()
        products[i], exponents[i] = _log_parts(total) if is_trusted else (np.nan, 0)


def _emit_log_parts(rows: Rows, totals: list[Any]) -> tuple[Any, Any]:
    """The code of ``_log_parts``."""
    b = rows.builder
    integers = ir.VectorType(ir.IntType(32), CHUNK)

    def same(number: int) -> Any:
        return ir.Constant(integers, [number] * CHUNK)

    product, exponent = None, None
    for total in totals:
        bits = b.bitcast(total, integers)
        power = b.sub(b.lshr(bits, same(23)), same(127))
        mantissa = b.bitcast(b.or_(b.and_(bits, same(0x7FFFFF)), same(0x3F800000)), rows.vector)
        product = mantissa if product is None else b.fmul(product, mantissa)
        exponent = power if exponent is None else b.add(exponent, power)
    return rows.fold(product, b.fmul), rows.fold(exponent, b.add)


@emitted(log_sums)
def _log_sums_llvm(values, outputs, n_outputs, padding, products, exponents):
    def codegen(context, builder, signature, args):
        b = builder
        n = length(context, builder, signature, args, 4)
        values, outputs = pointers(context, builder, signature, args, 2)
        n_outputs, padding = args[2:4]
        products, exponents = (
            context.make_array(signature.args[i])(context, builder, args[i]).data for i in (4, 5)
        )
        rows = Rows(b, values, n_outputs.type)
        one, totals = rows.emitter.constant(1.0), Totals(rows)
        zero = rows.emitter.constant(0.0)
        with rows.loop(rows.index(0), n) as (i, _):
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
                above = b.fcmp_ordered(
                    ">", total, rows.emitter.constant(float(np.float32(LOW_SUM)))
                )
                below = b.fcmp_ordered(
                    "<", total, rows.emitter.constant(float(np.float32(HIGH_SUM)))
                )
                trusted = b.and_(trusted, b.and_(above, below))
            product, exponent = _emit_log_parts(rows, sums)
            mask = b.bitcast(trusted, ir.IntType(CHUNK))
            is_trusted = b.icmp_unsigned("==", mask, mask.type((1 << CHUNK) - 1))
            nan = ir.Constant(ir.FloatType(), float("nan"))
            b.store(b.select(is_trusted, product, nan), b.gep(products, [i]))
            b.store(exponent, b.gep(exponents, [i]))
        return context.get_dummy_value()

    signature = types.void(values, outputs, types.int64, types.int64, products, exponents)
    return signature, codegen


# ---- one individual's softmax, exact ----------------------------------------------------------


def log_softmax(values, first, n_outputs, labels, padding, scale, products, exponents, label_sums):
    """The parts of the cross-entropy of one individual, shifted by its own largest output.

    Args:
        values: flat rows of LANES float32.
        first: int64, the row of the first output; the others follow.
        n_outputs: int64.
        labels: int64, the first of n_outputs rows, 1 where the output is the right answer.
        padding: int64, a row that is 1 in the lanes that do not count, else 0.
        scale: float32, what the outputs are multiplied by.
        products, exponents: (1,) float32 and int32; written as by ``log_sums``.
        label_sums: (1,) float32; written: the sum of the right outputs' distances from the largest.
    """
    largest = -np.finfo(np.float32).max
    outputs = values[first * LANES : (first + n_outputs) * LANES].reshape(n_outputs, LANES)
    right = values[labels * LANES : (labels + n_outputs) * LANES].reshape(n_outputs, LANES)
    distance = np.maximum((outputs - outputs.max(axis=0)) * scale, largest)
    total = np.array([[exp(x) for x in row] for row in distance], np.float32).sum(axis=0)
    total = np.where(row_of(values, padding) > 0, np.float32(1.0), total)
    label_sums[0] = (right * distance).sum()
    products[0], exponents[0] = _log_parts(total)


@emitted(log_softmax)
def _log_softmax_llvm(
    values, first, n_outputs, labels, padding, scale, products, exponents, label_sums
):
    def codegen(context, builder, signature, args):
        b = builder
        (values,) = pointers(context, builder, signature, args, 1)
        first, n_outputs, labels, padding = args[1:5]
        products, exponents, label_sums = (
            context.make_array(signature.args[i])(context, builder, args[i]).data for i in (6, 7, 8)
        )
        rows = Rows(b, values, first.type)
        emitter, index = rows.emitter, rows.index
        zero, one, scale = emitter.constant(0.0), emitter.constant(1.0), rows.splat(args[5])
        highest, totals, right = Totals(rows), Totals(rows), Totals(rows)
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
            distance = [
                emitter.at_least(b.fmul(b.fsub(x, high), scale), -emitter.largest)
                for x, high in pairs
            ]
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
        values, integer, integer, integer, integer, types.float32, products, exponents, label_sums
    )
    return signature, codegen
