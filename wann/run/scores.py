"""The scores of a champion file, each with the protocol that it was measured by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wann.search.config import Config
from wann.tuning.evaluation import HIGH, LOW, N_PROFILE, SWEEP_STEP

_ROWS = ("random_shared_weight", "tuned_shared_weight", "random_weights", "profile")
_PROTOCOLS = {
    "random_shared_weight": "each fresh episode has one weight from U({low:g}, {high:g}), shared "
    "by all connections; float64; these episodes did not choose the champion",
    "tuned_shared_weight": f"the best shared weight of a sweep of {SWEEP_STEP} over "
    f"[{LOW:g}, {HIGH:g}], chosen on other episodes; float64",
    "random_weights": "in each fresh episode every connection has its own weight from "
    f"U({LOW:g}, {HIGH:g}); float64",
    "profile": f"fresh episodes at {N_PROFILE} shared weights; float64",
}


def scores_with_protocol(
    own: Mapping[str, Any], more: Mapping[str, Any], config: Config
) -> dict[str, Any]:
    """The scores of a champion file.

    Args:
        own: what the champion was chosen for, as ``champions_of`` gives it: the score with random
            shared weights stands as it is, the one with the best weight where nothing finer is.
        more: as ``evaluate_network`` gives it, or nothing.
        config: of the run.
    """
    scores = {name: dict(more.get(name) or own[name]) for name in _ROWS if name in {*own, *more}}
    low, high = LOW, HIGH
    if "random_shared_weight" in own:
        low, high = config.weights.low, config.weights.high
        scores["random_shared_weight"] |= own["random_shared_weight"]
        if (low, high) != (LOW, HIGH):
            # it comes from the profile, which is that of the paper's range
            scores["random_shared_weight"].pop("std_within_weight", None)
    for name in scores:
        scores[name]["protocol"] = _PROTOCOLS[name].format(low=low, high=high)
    return scores
