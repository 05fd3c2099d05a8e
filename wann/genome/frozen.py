"""Records whose arrays stay read-only when they are copied and pickled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.checks import integers


class ReadOnlyArrays:
    """The base of frozen records with arrays: NumPy copies and unpickles these as writeable."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        vars(self).update(state)

    def _freeze(self, **arrays: NDArray[Any]) -> None:
        """Sets fields to arrays that nobody else may write to."""
        for name, array in arrays.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)


def integer_row(values: Any, name: str, dtype: Any) -> NDArray[Any]:
    """A copy of a row of integers.

    Raises:
        ValueError: these are no integers, more than a row, or too large for the type.
    """
    made = integers(values, name, dtype)
    if made.ndim != 1:
        raise ValueError(f"{name} has shape {made.shape}, not (n,)")
    return made
