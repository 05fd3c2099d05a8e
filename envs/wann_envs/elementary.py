"""Elementary functions that LLVM can vectorise, for scalars of either precision.

``math.sin`` and ``math.exp`` stay scalar calls inside a loop over lanes (PyPI's llvmlite ships no
vector math library), so the functions here are branch-free polynomials. A float32 argument is
computed in float32 throughout, a float64 argument in float64. No fast-math flag is used, and a
fused multiply-add is always explicit: one lane and sixty-four lanes give the same bits.

Coefficients: interpolation at Chebyshev nodes, computed with 60 digits.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

__all__ = ["cospi", "exp", "fma", "largest", "largest_root", "like", "rint", "sinpi"]

# sin(pi r) = r (1 - r^2) P(r^2) on [-1, 1]; error of P 1e-8 and 2e-17
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
_S0, _S1, _S2, _S3, _S4, _S5 = (
    np.float32(c)
    for c in (
        3.1415926443388464724,
        -2.0261194600461031558,
        0.52403611770641858247,
        -0.075187169214328490584,
        0.0068600798491140259797,
        -0.00038589475405223848586,
    )
)
# exp(r) on [-ln 2 / 2, ln 2 / 2]; errors 2e-9 and 3e-18
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
_E0, _E1, _E2, _E3, _E4, _E5, _E6 = (
    np.float32(c)
    for c in (
        1.0,
        1.0000000377162138425,
        0.50000000471177576744,
        0.16666415514653275427,
        0.041666352896775156786,
        0.008375126398153335682,
        0.0013941108433972674608,
    )
)
# ln 2 in two parts; the first has trailing zeros, so that n * part is exact
_LN2_HIGH64, _LN2_LOW64 = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LN2_HIGH32, _LN2_LOW32 = np.float32(0.693359375), np.float32(-2.12194440e-4)
_LOG2E64, _LOG2E32 = 1.4426950408889634, np.float32(1.4426950408889634)
# exp is clamped to arguments whose result is a normal number
_EXP_MAX64, _EXP_MAX32 = 708.0, np.float32(87.0)
_MAX32, _MAX64 = np.finfo(np.float32).max, float(np.finfo(np.float64).max)
_ROOT32 = np.float32(2.0**64 * (1.0 - 2.0**-24))
_ROOT64 = 2.0**512 * (1.0 - 2.0**-53)
_ONE32, _TWO32, _HALF32 = np.float32(1.0), np.float32(2.0), np.float32(0.5)


def _unary_llvm(name):
    """An intrinsic that calls the LLVM intrinsic ``name`` on one float."""

    @intrinsic
    def call(typingctx, x):
        if not isinstance(x, types.Float):
            return None

        def codegen(context, builder, signature, args):
            function = builder.module.declare_intrinsic(name, [args[0].type])
            return builder.call(function, args)

        return x(x), codegen

    return call


_rint_llvm = _unary_llvm("llvm.rint")


@intrinsic
def _fma_llvm(typingctx, a, b, c):
    if not (isinstance(a, types.Float) and a == b == c):
        return None

    def codegen(context, builder, signature, args):
        return builder.fma(*args)

    return a(a, b, c), codegen


@intrinsic
def _power_of_two_llvm(typingctx, n):
    """2**n for a float n that is an integer in the normal exponent range."""
    if not isinstance(n, types.Float):
        return None
    integer, bias, shift = (
        (ir.IntType(32), 127, 23) if n == types.float32 else (ir.IntType(64), 1023, 52)
    )

    def codegen(context, builder, signature, args):
        exponent = builder.fptosi(args[0], integer)
        biased = builder.add(exponent, integer(bias))
        return builder.bitcast(builder.shl(biased, integer(shift)), args[0].type)

    return n(n), codegen


def like(x, value):
    """The constant ``value`` in the precision of ``x`` (a bare literal would promote to float64)."""
    return type(x)(value)


@overload(like, inline="always")
def _like(x, value):
    if x == types.float32:
        return lambda x, value: np.float32(value)
    return lambda x, value: np.float64(value)


def largest(x):
    """The largest finite number in the precision of ``x``."""
    return _MAX32 if isinstance(x, np.float32) else _MAX64


@overload(largest, inline="always")
def _largest(x):
    return (lambda x: _MAX32) if x == types.float32 else (lambda x: _MAX64)


def largest_root(x):
    """The largest number whose square is finite, in the precision of ``x``."""
    return _ROOT32 if isinstance(x, np.float32) else _ROOT64


@overload(largest_root, inline="always")
def _largest_root(x):
    return (lambda x: _ROOT32) if x == types.float32 else (lambda x: _ROOT64)


def rint(x):
    """Rounds to the nearest integer, ties to even, as a float."""
    return np.rint(x)


@overload(rint, inline="always")
def _rint(x):
    return lambda x: _rint_llvm(x)


def fma(a, b, c):
    """a * b + c with one rounding (two where the JIT is disabled)."""
    return a * b + c


@overload(fma, inline="always")
def _fma(a, b, c):
    return lambda a, b, c: _fma_llvm(a, b, c)


def _power_of_two(n):
    return type(n)(math.ldexp(1.0, int(n)))


@overload(_power_of_two, inline="always")
def _power_of_two_overload(n):
    return lambda n: _power_of_two_llvm(n)


def _sin_half_turns64(r):
    """sin(pi r) for |r| <= 1."""
    u = r * r
    c = _SINPI64
    p = fma(c[9], u, c[8])
    p = fma(p, u, c[7])
    p = fma(p, u, c[6])
    p = fma(p, u, c[5])
    p = fma(p, u, c[4])
    p = fma(p, u, c[3])
    p = fma(p, u, c[2])
    p = fma(p, u, c[1])
    p = fma(p, u, c[0])
    return r * (1.0 - u) * p


def _sin_half_turns32(r):
    """sin(pi r) for |r| <= 1."""
    u = r * r
    p = fma(_S5, u, _S4)
    p = fma(p, u, _S3)
    p = fma(p, u, _S2)
    p = fma(p, u, _S1)
    p = fma(p, u, _S0)
    return r * (_ONE32 - u) * p


def _sin_half_turns(r):
    return _sin_half_turns32(r) if isinstance(r, np.float32) else _sin_half_turns64(r)


@overload(_sin_half_turns)
def _sin_half_turns_overload(r):
    return _sin_half_turns32 if r == types.float32 else _sin_half_turns64


def _sinpi64(x):
    return _sin_half_turns(x - 2.0 * rint(0.5 * x))


def _sinpi32(x):
    return _sin_half_turns(x - _TWO32 * rint(_HALF32 * x))


def _cospi64(x):
    return _sin_half_turns(0.5 - abs(x - 2.0 * rint(0.5 * x)))


def _cospi32(x):
    return _sin_half_turns(_HALF32 - abs(x - _TWO32 * rint(_HALF32 * x)))


def _exp64(x):
    x = x if x < _EXP_MAX64 else _EXP_MAX64
    x = x if x > -_EXP_MAX64 else -_EXP_MAX64
    n = rint(_LOG2E64 * x)
    r = fma(n, -_LN2_HIGH64, x)
    r = fma(n, -_LN2_LOW64, r)
    c = _EXP64
    p = fma(c[11], r, c[10])
    p = fma(p, r, c[9])
    p = fma(p, r, c[8])
    p = fma(p, r, c[7])
    p = fma(p, r, c[6])
    p = fma(p, r, c[5])
    p = fma(p, r, c[4])
    p = fma(p, r, c[3])
    p = fma(p, r, c[2])
    p = fma(p, r, c[1])
    p = fma(p, r, c[0])
    return p * _power_of_two(n)


def _exp32(x):
    x = x if x < _EXP_MAX32 else _EXP_MAX32
    x = x if x > -_EXP_MAX32 else -_EXP_MAX32
    n = rint(_LOG2E32 * x)
    r = fma(n, -_LN2_HIGH32, x)
    r = fma(n, -_LN2_LOW32, r)
    p = fma(_E6, r, _E5)
    p = fma(p, r, _E4)
    p = fma(p, r, _E3)
    p = fma(p, r, _E2)
    p = fma(p, r, _E1)
    p = fma(p, r, _E0)
    return p * _power_of_two(n)


def sinpi(x):
    """sin(pi x); absolute error below 3e-7 (float32) and 1e-15 (float64) for every finite x."""
    return _sinpi32(x) if isinstance(x, np.float32) else _sinpi64(x)


def cospi(x):
    """cos(pi x); absolute error below 3e-7 (float32) and 1e-15 (float64) for every finite x."""
    return _cospi32(x) if isinstance(x, np.float32) else _cospi64(x)


def exp(x):
    """exp(x), x clamped to +-87 (float32) or +-708 (float64); relative error 2e-7 and 4e-16."""
    return _exp32(x) if isinstance(x, np.float32) else _exp64(x)


@overload(sinpi)
def _sinpi(x):
    return _sinpi32 if x == types.float32 else _sinpi64


@overload(cospi)
def _cospi(x):
    return _cospi32 if x == types.float32 else _cospi64


@overload(exp)
def _exp(x):
    return _exp32 if x == types.float32 else _exp64
