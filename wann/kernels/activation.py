"""The activation functions, as LLVM code on vectors of lanes.

Every function is finite for every finite input (the square saturates at the largest number) and
agrees with NumPy to 1e-12 (float64) and 1e-6 (float32).
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
            Activation.SIN: lambda: np.sin(np.pi * np.remainder(x, 2)),
            Activation.GAUSS: lambda: np.exp(-x * x / 2),
            Activation.TANH: lambda: np.tanh(x),
            Activation.SIGMOID: lambda: (np.tanh(x / 2) + 1) / 2,
            Activation.INVERSE: lambda: -x,
            Activation.ABS: lambda: np.abs(x),
            Activation.RELU: lambda: np.maximum(x, 0),
            Activation.COS: lambda: np.cos(np.pi * np.remainder(x, 2)),
            Activation.SQUARE: lambda: np.minimum(x * x, np.finfo(x.dtype).max),
        }[Activation(activation)]()
    return np.asarray(values, x.dtype)
