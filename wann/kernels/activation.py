"""The activation functions, as LLVM code on vectors of lanes.

Every function is finite for every finite input (the square saturates at the largest number) and
agrees with NumPy to 1e-12 (float64) and 1e-6 (float32).

Where a function saturates, the sign of what is left is that of mathematics: a sigmoid and a gauss
are never 0, however small, so that a step after them always rises; sin(pi x) of a whole number is
exactly 0, and so is cos(pi x) between two of them, so that a step after them does not. A sigmoid
and a tanh become exactly 1 where float cannot tell them from it, and a tanh is 0 for numbers below
1e-16. The 2019 release differs in these places: its sigmoid of -37 and its gauss of 39 are 0, its
sin(pi) is 1e-16, its tanh of the smallest numbers is not 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from wann_envs.elementary import Emitter


class Activation(IntEnum):
    """Activation ids of the 2019 release."""

    LINEAR = 1
    STEP = 2
    SIN = 3
    GAUSS = 4
    TANH = 5
    SIGMOID = 6
    INVERSE = 7
    ABS = 8
    RELU = 9
    COS = 10
    SQUARE = 11


ACTIVATION_NAMES = {activation.name.lower(): activation for activation in Activation}


def _step(e: Emitter, x: Any) -> Any:
    one, zero = e.constant(1.0), e.constant(0.0)
    return e.builder.select(e.builder.fcmp_ordered(">", x, zero), one, zero)


def _gauss(e: Emitter, x: Any) -> Any:
    return e.exp(e.builder.fmul(e.builder.fmul(e.constant(-0.5), x), x))


def _tanh(e: Emitter, x: Any) -> Any:
    b = e.builder
    two, one = e.constant(2.0), e.constant(1.0)
    return b.fsub(one, b.fdiv(two, b.fadd(e.exp(b.fmul(two, x)), one)))


def _sigmoid(e: Emitter, x: Any) -> Any:
    b, one = e.builder, e.constant(1.0)
    return b.fdiv(one, b.fadd(one, e.exp(e.negate(x))))


def _square(e: Emitter, x: Any) -> Any:
    x = e.at_most(e.fabs(x), e.largest_root)
    return e.builder.fmul(x, x)


_EMIT: dict[Activation, Callable[[Emitter, Any], Any]] = {
    Activation.LINEAR: lambda _, x: x,
    Activation.STEP: _step,
    Activation.SIN: lambda e, x: e.sinpi(x),
    Activation.GAUSS: _gauss,
    Activation.TANH: _tanh,
    Activation.SIGMOID: _sigmoid,
    Activation.INVERSE: lambda e, x: e.negate(x),
    Activation.ABS: lambda e, x: e.fabs(x),
    Activation.RELU: lambda e, x: e.at_least(x, 0.0),
    Activation.COS: lambda e, x: e.cospi(x),
    Activation.SQUARE: _square,
}


def emit_value(emitter: Emitter, activation: Activation, x: Any) -> Any:
    """The code of one activation of a finite value."""
    return _EMIT[activation](emitter, x)


def emit_activation(
    emitter: Emitter, activation: Any, vectors: Sequence[Any], store: Callable[[list[Any]], None]
) -> None:
    """Writes the code that applies an activation to vectors.

    Args:
        emitter: for the kind of the vectors.
        activation: LLVM integer, an ``Activation`` id.
        vectors: the pre-activations, finite.
        store: writes the code that stores the results.
    """
    b = emitter.builder
    done = b.append_basic_block("activation.done")
    switch = b.switch(activation, done)
    for known, emit in _EMIT.items():
        block = b.append_basic_block(f"activation.{known.name.lower()}")
        switch.add_case(activation.type(int(known)), block)
        b.position_at_end(block)
        store([emit(emitter, vector) for vector in vectors])
        b.branch(done)
    b.position_at_end(done)


def activate(x: Any, activation: int) -> Any:
    """The activation of NumPy values; what the kernels compute, one function at a time.

    Args:
        x: float32 or float64 array, finite.
        activation: an ``Activation`` id.

    Returns:
        An array like ``x``, finite.
    """
    with np.errstate(over="ignore", under="ignore"):
        values = {
            Activation.LINEAR: lambda: x,
            Activation.STEP: lambda: (x > 0).astype(x.dtype),
            Activation.SIN: lambda: _sin_half_turns(_half_turns(x)),
            Activation.GAUSS: lambda: _exp(-x * x / 2),
            Activation.TANH: lambda: 1 - 2 / (_exp(2 * x) + 1),
            Activation.SIGMOID: lambda: 1 / (1 + _exp(-x)),
            Activation.INVERSE: lambda: -x,
            Activation.ABS: lambda: np.abs(x),
            Activation.RELU: lambda: np.maximum(x, 0),
            Activation.COS: lambda: _sin_half_turns(0.5 - np.abs(_half_turns(x))),
            Activation.SQUARE: lambda: np.minimum(x * x, np.finfo(x.dtype).max),
        }[Activation(activation)]()
    return np.asarray(values, x.dtype)


def _exp(x: Any) -> Any:
    """The exponential, clamped as that of ``Emitter``."""
    limit = 87.0 if x.dtype == np.float32 else 708.0
    return np.exp(np.clip(x, -limit, limit))


def _half_turns(x: Any) -> Any:
    """x less the nearest even number, exactly: in [-1, 1]."""
    return x - 2 * np.rint(0.5 * x)


def _sin_half_turns(r: Any) -> Any:
    """sin(pi r) for r in [-1, 1]; exactly 0 for whole numbers."""
    return np.sin(np.pi * np.where(np.abs(r) > 0.5, np.sign(r) - r, r))
