"""What the known scores of a champion file must look like; people may add others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wann.printable import shown

# scores that verbs read, each an object
_KNOWN = (
    "random_weights",
    "random_shared_weight",
    "tuned_shared_weight",
    "tuned_weights",
    "ensemble",
    "profile",
    "per_class",
    "confusion",
)
_NUMBERS = ("mean", "std", "std_within_weight", "weight", "majority_vote")
_COUNTS = ("episodes", "samples", "n_weights")
_MOST = 2**63 - 1


def check_scores(scores: Mapping[str, Any]) -> None:
    """Raises ValueError for a known score of another form; names it, and what is allowed.

    Args:
        scores: plain values, see ``check_plain``; null and what is missing are fine.
    """
    for name in _KNOWN:
        score = scores.get(name)
        if score is None:
            continue
        if not isinstance(score, Mapping):
            raise ValueError(f"scores.{name} is {_described(score)}, must be an object")
        for key, value in score.items():
            where = f"scores.{name}.{key}"
            if key in _NUMBERS and name != "profile":
                _check_number(value, where)
            elif key in _COUNTS:
                _check_count(value, where)
    if scores.get("profile") is not None:
        _check_profile(scores["profile"])


def _check_number(value: Any, where: str) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise ValueError(f"{where} is {_described(value)}, must be a number")


def _check_count(value: Any, where: str) -> None:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (is_integer and 0 <= value <= _MOST):
        raise ValueError(f"{where} is {_described(value)}, must be a number of them")


def _check_profile(profile: Mapping[str, Any]) -> None:
    """Weights, means and deviations are as many numbers."""
    lengths = set()
    for key in ("weights", "mean", "std"):
        values = profile.get(key)
        if not isinstance(values, list):
            raise ValueError(f"scores.profile.{key} is {_described(values)}, must be a list")
        for k, value in enumerate(values):
            if value is None:
                raise ValueError(f"scores.profile.{key}[{k}] is null, must be a number")
            _check_number(value, f"scores.profile.{key}[{k}]")
        lengths.add(len(values))
    if len(lengths) > 1:
        raise ValueError("scores.profile has not as many weights as means and deviations")


def _described(value: Any) -> str:
    return "null" if value is None else shown(repr(value), 40)
