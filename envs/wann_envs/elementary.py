"""Elementary functions on scalars and vectors of either precision, as LLVM code.

``math.sin`` and ``math.exp`` stay scalar calls inside a loop over lanes (PyPI's llvmlite ships no
vector math library), so the functions here are branch-free polynomials. ``Emitter`` writes them
for a float, a double or a vector of these; jitted code calls ``sinpi``, ``cospi``, ``exp`` and
``like`` on scalars, and a loop of such calls is vectorised. No fast-math flag is used, and a fused
multiply-add is always explicit: one lane and sixty-four lanes give the same bits.

Coefficients: interpolation at Chebyshev nodes, computed with 60 digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from wann_envs.jit import emitted

__all__ = ["Emitter", "cospi", "exp", "like", "sinpi"]

# sin(pi r) = r (1 - r^2) P(r^2) on [-1, 1]; error of P 1e-8 and 2e-17
_SINPI32 = (
    3.1415926443388464724,
    -2.0261194600461031558,
    0.52403611770641858247,
    -0.075187169214328490584,
    0.0068600798491140259797,
    -0.00038589475405223848586,
)
_SINPI64 = (
    3.1415926535897932203,
    -2.0261201264601731557,
    0.524043913417048644,
    -0.075220615902086081593,
    0.0069252706974994467311,
    -0.00044516020078506173532,
    0.000021142482257621262955,
    -7.7266536265284339667e-7,
    2.2316263150901133681e-8,
    -4.7955852997749207988e-10,
)
# exp(r) on [-ln 2 / 2, ln 2 / 2]; error 2e-9 and 3e-18
_EXP32 = (
    1.0,
    1.0000000377162138425,
    0.50000000471177576744,
    0.16666415514653275427,
    0.041666352896775156786,
    0.008375126398153335682,
    0.0013941108433972674608,
)
_EXP64 = (
    0.99999999999999999693,
    0.99999999999999999976,
    0.50000000000000183855,
    0.16666666666666680806,
    0.041666666666488095495,
    0.0083333333333196006109,
    0.0013888888952314774652,
    0.00019841269890047113707,
    0.000024801485482328492419,
    2.7557240918578969823e-6,
    2.7632639639041029749e-7,
    2.5110037605963777712e-8,
)
_LOG2E = 1.4426950408889634
# ln 2 in two parts; the first has trailing zeros, so that n times it is exact
_LN2_32 = (0.693359375, -2.12194440e-4)
_LN2_64 = (6.93147180369123816490e-01, 1.90821492927058770002e-10)
# exp is clamped to arguments whose result is a normal number
_EXP_LIMIT32, _EXP_LIMIT64 = 87.0, 708.0


class Emitter:
    """Writes the LLVM code of functions on one kind of value.

    Args:
        builder: of the function that is being generated.
        kind: the LLVM type of the values: float, double or a vector of these.

    Attributes:
        largest: the largest finite number of the precision.
        largest_root: the largest number whose square is finite.
    """

    def __init__(self, builder: Any, kind: Any) -> None:
        self.builder, self.kind = builder, kind
        self.n = kind.count if isinstance(kind, ir.VectorType) else 0
        self.is_single = (kind.element if self.n else kind) == ir.FloatType()
        self.largest = float(np.finfo(np.float32 if self.is_single else np.float64).max)
        self.largest_root = (
            2.0**64 * (1 - 2.0**-24) if self.is_single else 2.0**512 * (1 - 2.0**-53)
        )

    def constant(self, value: float) -> Any:
        """The constant, in every element."""
        return ir.Constant(self.kind, [value] * self.n if self.n else value)

    def _call(self, name: str, *args: Any) -> Any:
        suffix = (f"v{self.n}" if self.n else "") + ("f32" if self.is_single else "f64")
        kind = ir.FunctionType(self.kind, [self.kind] * len(args))
        module = self.builder.module
        function = cgutils.get_or_insert_function(module, kind, f"llvm.{name}.{suffix}")
        return self.builder.call(function, args)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a * b + c with one rounding."""
        return self._call("fma", a, b, c)

    def rint(self, x: Any) -> Any:
        """The nearest integer, ties to even."""
        return self._call("rint", x)

    def fabs(self, x: Any) -> Any:
        """The absolute value."""
        return self._call("fabs", x)

    def negate(self, x: Any) -> Any:
        """-x."""
        return self.builder.fneg(x)

    def at_least(self, x: Any, low: float) -> Any:
        """x, or ``low`` where x is smaller or NaN."""
        bound = self.constant(low)
        return self.builder.select(self.builder.fcmp_ordered(">", x, bound), x, bound)

    def at_most(self, x: Any, high: float) -> Any:
        """x, or ``high`` where x is larger or NaN."""
        bound = self.constant(high)
        return self.builder.select(self.builder.fcmp_ordered("<", x, bound), x, bound)

    def finite(self, x: Any) -> Any:
        """x clamped to the finite range; NaN becomes its lower end."""
        return self.at_most(self.at_least(x, -self.largest), self.largest)

    def _polynomial(self, x: Any, coefficients: Sequence[float]) -> Any:
        value = self.constant(coefficients[-1])
        for coefficient in coefficients[-2::-1]:
            value = self.fma(value, x, self.constant(coefficient))
        return value

    def _reduce(self, x: Any) -> Any:
        """x minus the nearest even integer: in [-1, 1], exact."""
        b = self.builder
        nearest = self.rint(b.fmul(self.constant(0.5), x))
        return b.fsub(x, b.fmul(self.constant(2.0), nearest))

    def _sin_half_turns(self, r: Any) -> Any:
        """sin(pi r) for |r| <= 1."""
        b = self.builder
        u = b.fmul(r, r)
        p = self._polynomial(u, _SINPI32 if self.is_single else _SINPI64)
        return b.fmul(b.fmul(r, b.fsub(self.constant(1.0), u)), p)

    def sinpi(self, x: Any) -> Any:
        """sin(pi x); see the function of that name."""
        return self._sin_half_turns(self._reduce(x))

    def cospi(self, x: Any) -> Any:
        """cos(pi x); see the function of that name."""
        distance = self.fabs(self._reduce(x))
        return self._sin_half_turns(self.builder.fsub(self.constant(0.5), distance))

    def exp(self, x: Any) -> Any:
        """exp(x); see the function of that name."""
        limit = _EXP_LIMIT32 if self.is_single else _EXP_LIMIT64
        high, low = _LN2_32 if self.is_single else _LN2_64
        x = self.at_least(self.at_most(x, limit), -limit)
        n = self.rint(self.builder.fmul(self.constant(_LOG2E), x))
        r = self.fma(n, self.constant(-high), x)
        r = self.fma(n, self.constant(-low), r)
        p = self._polynomial(r, _EXP32 if self.is_single else _EXP64)
        return self.builder.fmul(p, self._power_of_two(n))

    def _power_of_two(self, n: Any) -> Any:
        """2**n for an integer n in the range of normal exponents: written into the exponent."""
        b = self.builder
        width, bias, shift = (32, 127, 23) if self.is_single else (64, 1023, 52)
        integer = ir.IntType(width)
        kind = ir.VectorType(integer, self.n) if self.n else integer

        def splat(value: int) -> Any:
            return ir.Constant(kind, [value] * self.n if self.n else value)

        exponent = b.add(b.fptosi(n, kind), splat(bias))
        return b.bitcast(b.shl(exponent, splat(shift)), self.kind)


def _on_one_number(name: str) -> Any:
    """A method of ``Emitter`` on one number, as ``emitted`` wants it."""

    def define(x: Any) -> Any:
        if not isinstance(x, types.Float):
            return None

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(Emitter(builder, args[0].type), name)(args[0])

        return x(x), codegen

    return define


def like(x, value):
    """The constant ``value`` in the precision of ``x``; a bare literal would promote to float64."""
    return type(x)(value)


@emitted(like)
def _like_llvm(x: Any, value: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.cast(builder, args[1], signature.args[1], signature.return_type)

    return (types.float32 if x == types.float32 else types.float64)(x, value), codegen


def sinpi(x):
    """sin(pi x); absolute error below 3e-7 (float32) and 1e-15 (float64) for every finite x."""
    return type(x)(np.sin(np.pi * np.remainder(np.float64(x), 2.0)))


emitted(sinpi)(_on_one_number("sinpi"))


def cospi(x):
    """cos(pi x); absolute error below 3e-7 (float32) and 1e-15 (float64) for every finite x."""
    return type(x)(np.cos(np.pi * np.remainder(np.float64(x), 2.0)))


emitted(cospi)(_on_one_number("cospi"))


def exp(x):
    """The exponential, x clamped to +-87 (float32) or +-708 (float64).

    The relative error is below 2e-7 and 4e-16.
    """
    limit = _EXP_LIMIT32 if isinstance(x, np.float32) else _EXP_LIMIT64
    return type(x)(np.exp(np.clip(np.float64(x), -limit, limit)))


emitted(exp)(_on_one_number("exp"))
