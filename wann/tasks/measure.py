"""What the scores of a task are, for those who measure, choose and show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Measure:
    """What the scores of a task are.

    Attributes:
        kind: "return": sums of rewards over episodes; "accuracy": how many samples are classified
            right. Whoever measures, chooses or tunes networks has a way for each kind.
        unit: what a score is over, as in champion files.
        is_per_cent: whether scores are per cent.
        is_loss: whether a search maximises minus a loss, the cross-entropy.
        tuned_on: what individual weights are tuned on, in words.
        method: of ``wann tune`` that suits the kind best.
    """

    kind: Literal["return", "accuracy"]
    unit: Literal["episodes", "samples"]
    is_per_cent: bool
    is_loss: bool
    tuned_on: str
    method: Literal["cma", "adam"]

    def over(self, n: int) -> dict[str, Any]:
        """What a score says of itself, as in champion files: over how many of what."""
        return {self.unit: n} | ({"unit": "per cent"} if self.is_per_cent else {})


RETURN = Measure("return", "episodes", False, False, "other episodes", "cma")
ACCURACY = Measure("accuracy", "samples", True, True, "the training samples", "adam")
