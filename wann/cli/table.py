"""Scores as a table of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ROWS = ("random_shared_weight", "tuned_shared_weight", "random_weights")


def print_scores(scores: Mapping[str, Any]) -> None:
    """Prints mean and deviation of each score, and the profile over the weight."""
    print(f"  {'':28} {'mean':>7}   {'std':>6}  episodes")
    for name in _ROWS:
        if name in scores:
            score = scores[name]
            label = name.replace("_", " ")
            if "weight" in score:
                label += f" ({score['weight']:.2f})"
            print(f"  {label:28} {score['mean']:7.1f} ± {score['std']:6.1f}  {score['episodes']:8}")
    if "profile" in scores:
        profile = scores["profile"]
        pairs = list(zip(profile["weights"], profile["mean"], strict=True))[::5]
        print("  at weight  " + "".join(f"{weight:7.1f}" for weight, _ in pairs))
        print("  mean       " + "".join(f"{mean:7.0f}" for _, mean in pairs))
