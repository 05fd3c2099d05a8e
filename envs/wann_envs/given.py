"""Checks of what people give to environments."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONGEST = 60


def described(value: object) -> str:
    """A value as messages show it: short, on one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def numbers_of(values: Any, what: str, expected: str) -> NDArray[np.float64]:
    """Numbers as a float64 array of any shape.

    Args:
        values: an array, or lists of numbers; neither truth values nor text.
        what, expected: for the message.

    Raises:
        ValueError: these are no numbers.
    """
    try:
        array = values if isinstance(values, np.ndarray) else np.asarray(values)
    except (TypeError, ValueError):
        array = np.empty(0, object)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{what} {described(values)}: expected {expected}")
    return array.astype(np.float64, copy=False)


def checked_seed(seed: Any) -> int | None:
    """A seed of ``reset`` as a Python integer; None stays None.

    Raises:
        ValueError: it is no integer of at least 0.
    """
    if seed is None:
        return None
    try:
        if isinstance(seed, (bool, np.bool_)):
            raise TypeError
        made = operator.index(seed)
    except TypeError:
        made = -1
    if made < 0:
        raise ValueError(f"seed {described(seed)}: expected an integer of at least 0, or None")
    return made


def checked_options(options: Any, allowed: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """The options of ``reset``; None stands for none.

    Raises:
        ValueError: these are none, or one is unknown.
    """
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise ValueError(f"reset options {described(options)}: expected a dictionary")
    for name in options:
        if name not in allowed:
            known = f"allowed: {', '.join(map(repr, allowed))}" if allowed else "there are none"
            raise ValueError(f"reset option {described(name)} is unknown; {known}")
    return options


def steer_gas_brake(action: Any) -> tuple[float, float, float]:
    """The three numbers of an action of car racing.

    Raises:
        ValueError: these are not three numbers, or there is a NaN.
    """
    array = numbers_of(action, "action", "an array of shape (3,)")
    if array.shape != (3,):
        raise ValueError(f"action has shape {array.shape}: expected (3,)")
    if np.isnan(array).any():
        raise ValueError(f"action {array.tolist()} has a NaN: expected steer, gas and brake")
    steer, gas, brake = array.tolist()
    return steer, gas, brake
