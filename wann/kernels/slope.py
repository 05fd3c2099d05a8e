"""The activation functions with their slopes (derivatives), as LLVM code on vectors of lanes.

At a kink the slope is 0 (step, abs, relu); so is that of the square where it saturates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wann.kernels.activation import Activation, activate, emit_value
from wann_envs.elementary import Emitter


def _where(e: Emitter, order: str, x: Any, bound: float, yes: Any, no: Any) -> Any:
    return e.builder.select(e.builder.fcmp_ordered(order, x, e.constant(bound)), yes, no)


def _abs(e: Emitter, x: Any, _: Any) -> Any:
    zero, one, less = e.constant(0.0), e.constant(1.0), e.constant(-1.0)
    return _where(e, ">", x, 0.0, one, _where(e, "<", x, 0.0, less, zero))


def _sigmoid(e: Emitter, _: Any, value: Any) -> Any:
    return e.builder.fmul(value, e.builder.fsub(e.constant(1.0), value))


def _tanh(e: Emitter, _: Any, value: Any) -> Any:
    return e.builder.fsub(e.constant(1.0), e.builder.fmul(value, value))


def _square(e: Emitter, x: Any, _: Any) -> Any:
    zero, slope = e.constant(0.0), e.builder.fmul(e.constant(2.0), x)
    return _where(e, "<", e.fabs(x), e.largest_root, slope, zero)


# slopes from pre-activations and values
_EMIT: dict[Activation, Callable[[Emitter, Any, Any], Any]] = {
    Activation.LINEAR: lambda e, x, value: e.constant(1.0),
    Activation.STEP: lambda e, x, value: e.constant(0.0),
    Activation.SIN: lambda e, x, value: e.builder.fmul(e.constant(math.pi), e.cospi(x)),
    Activation.GAUSS: lambda e, x, value: e.negate(e.builder.fmul(x, value)),
    Activation.TANH: _tanh,
    Activation.SIGMOID: _sigmoid,
    Activation.INVERSE: lambda e, x, value: e.constant(-1.0),
    Activation.ABS: _abs,
    Activation.RELU: lambda e, x, value: _where(e, ">", x, 0.0, e.constant(1.0), e.constant(0.0)),
    Activation.COS: lambda e, x, value: e.builder.fmul(e.constant(-math.pi), e.sinpi(x)),
    Activation.SQUARE: _square,
}


def emit_with_slope(
    emitter: Emitter,
    activation: Any,
    vectors: Sequence[Any],
    store: Callable[[list[Any], list[Any]], None],
) -> None:
    """Writes the code that applies an activation to vectors, and gives its slopes.

    Args:
        emitter: for the kind of the vectors.
        activation: LLVM integer, an ``Activation`` id.
        vectors: the pre-activations, finite.
        store: writes the code that stores the values and the slopes.
    """
    b = emitter.builder
    done = b.append_basic_block("slope.done")
    switch = b.switch(activation, done)
    for known, emit in _EMIT.items():
        block = b.append_basic_block(f"slope.{known.name.lower()}")
        switch.add_case(activation.type(int(known)), block)
        b.position_at_end(block)
        values = [emit_value(emitter, known, x) for x in vectors]
        slopes = [emit(emitter, x, value) for x, value in zip(vectors, values, strict=True)]
        store(values, slopes)
        b.branch(done)
    b.position_at_end(done)


def slope(x: Any, activation: int) -> Any:
    """The slope of an activation at NumPy values; what the kernels compute.

    Args:
        x: float32 or float64 array, finite.
        activation: an ``Activation`` id.
    """
    value = activate(x, activation)
    root = np.sqrt(np.finfo(x.dtype).max)
    with np.errstate(over="ignore", under="ignore"):
        slopes = {
            Activation.LINEAR: lambda: np.ones_like(x),
            Activation.STEP: lambda: np.zeros_like(x),
            Activation.SIN: lambda: np.pi * np.cos(np.pi * np.remainder(x, 2)),
            Activation.GAUSS: lambda: -x * value,
            Activation.TANH: lambda: 1 - value * value,
            Activation.SIGMOID: lambda: value * (1 - value),
            Activation.INVERSE: lambda: -np.ones_like(x),
            Activation.ABS: lambda: np.sign(x),
            Activation.RELU: lambda: (x > 0).astype(x.dtype),
            Activation.COS: lambda: -np.pi * np.sin(np.pi * np.remainder(x, 2)),
            Activation.SQUARE: lambda: np.where(np.abs(x) < root, 2 * x, 0),
        }[Activation(activation)]()
    return np.asarray(slopes, x.dtype)
