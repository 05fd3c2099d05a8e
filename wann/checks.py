"""Checks of the numbers that Python users give: an error says what was given and is allowed.

It is a ``ValueError`` and a ``WannError``: scripts catch the one, the command line the other.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.errors import InputError

_LONGEST = 60


def described(value: object) -> str:
    """A value as messages show it: short, on one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def number(value: Any, name: str) -> float:
    """A finite number as a float.

    Args:
        value: an integer or a float, of Python or NumPy, or an array without dimensions.
        name: for the message.

    Raises:
        InputError: it is something else (a truth value, text, None), or not finite.
    """
    array = None if isinstance(value, (bool, str, bytes)) or value is None else np.asarray(value)
    is_number = array is not None and array.ndim == 0 and array.dtype.kind in "fiu"
    # a Python integer may be too large for NumPy's
    if not is_number and not (isinstance(value, int) and not isinstance(value, bool)):
        raise InputError(f"{name} = {described(value)}: must be a number")
    try:
        made = float(value)
    except OverflowError:
        made = math.inf
    if not math.isfinite(made):
        raise InputError(f"{name} = {described(value)}: must be finite")
    return made


def whole_number(value: Any, name: str, low: int, high: int | None = None) -> int:
    """An integer in a range.

    Args:
        value: an integer of Python or NumPy.
        name: for the message.
        low, high: the ends of the range; None: there is none.

    Raises:
        InputError: it is no integer (a truth value is none), or beyond the range.
    """
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        made = operator.index(value)
    except TypeError:
        raise InputError(f"{name} = {described(value)}: must be an integer") from None
    if made < low or (high is not None and made > high):
        allowed = f"at least {low}" if high is None else f"from {low} to {high}"
        raise InputError(f"{name} = {described(made)}: must be {allowed}")
    return made


def numbers(
    values: Any, name: str, shape: Sequence[int | None] | None = None, *, is_finite: bool = True
) -> NDArray[np.float64]:
    """Numbers as a float64 array; an array of this kind is returned as it is.

    Args:
        values: an array, or lists of numbers.
        name: for the message.
        shape: that it must have; None in it: any length; None: any shape.
        is_finite: whether infinities and NaN are refused.

    Raises:
        InputError: these are no numbers, of another shape, or not finite.
    """
    array = array_of(values, name, "fiu")
    if shape is not None:
        is_right = array.ndim == len(shape) and all(
            wanted in (None, has) for wanted, has in zip(shape, array.shape, strict=True)
        )
        if not is_right:
            has = "have" if name.endswith("s") else "has"
            raise InputError(f"{name} {has} shape {array.shape}, not {shape_in_words(shape)}")
    made = array.astype(np.float64, copy=False)
    if is_finite and not np.isfinite(made).all():
        holds = "hold" if name.endswith("s") else "holds"
        raise InputError(f"{name} {holds} {first_unfit(made)}: must be finite")
    return made


def integers(values: Any, name: str, dtype: Any) -> NDArray[Any]:
    """Integers as an array of a type that can hold them; what was given is copied.

    Floats that are whole numbers pass for integers.

    Raises:
        InputError: these are no integers, or too large for the type.
    """
    array = array_of(values, name, "iuf")
    if array.dtype.kind == "f" and not (np.isfinite(array) & (np.trunc(array) == array)).all():
        raise InputError(f"{name} = {described(values)}: must be integers")
    limits = np.iinfo(dtype)
    for extreme in (array.min(), array.max()) if array.size else ():
        if not limits.min <= int(extreme) <= limits.max:
            raise InputError(
                f"{name} holds {int(extreme)}: must be from {limits.min} to {limits.max}"
            )
    return np.array(array, dtype)


def truth_values(values: Any, name: str) -> NDArray[np.bool_]:
    """Truth values as an array; 0 and 1 pass for them, and what was given is copied.

    Raises:
        InputError: these are none.
    """
    array = array_of(values, name, "biuf")
    if not np.isin(array, (0, 1)).all():
        raise InputError(f"{name} = {described(values)}: must be true or false")
    return np.array(array, np.bool_)


def array_of(values: Any, name: str, kinds: str) -> NDArray[Any]:
    """Values as an array of one of NumPy's kinds: "f", "i", "u", "b".

    Raises:
        InputError: they are of another, or no array.
    """
    if isinstance(values, np.ndarray):
        array = values
    else:
        try:
            array = np.asarray(values)
        except Exception:  # ragged lists, and whatever objects with arrays of their own raise
            raise InputError(f"{name} = {described(values)}: must be an array") from None
    if array.dtype.kind not in kinds:
        raise InputError(f"{name} = {described(values)}: must be numbers")
    return array


def first_unfit(array: NDArray[np.floating[Any]]) -> str:
    """The first value that is not finite, with its place."""
    place = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
    at = f" at {place[0] if len(place) == 1 else place}" if place else ""
    return f"{float(array[place])}{at}"


def shape_in_words(shape: Sequence[int | None]) -> str:
    """A shape with ``n`` for any length: ``(n, 3)``."""
    parts = ["n" if length is None else str(length) for length in shape]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
