"""The scores of a champion file, each with the protocol that it was measured by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wann.search.config import Config
from wann.tuning.evaluation import HIGH, LOW, N_PROFILE, SWEEP_STEP


def _protocols(config: Config) -> dict[str, str]:
    """How each score was measured."""
    low, high = config.weights.low, config.weights.high
    return {
        "random_shared_weight": f"each fresh episode has one weight from U({low:g}, {high:g}), "
        "shared by all connections; float64; these episodes did not choose the champion",
        "tuned_shared_weight": f"the best shared weight of a sweep of {SWEEP_STEP} over "
        f"[{LOW:g}, {HIGH:g}], chosen on other episodes; float64",
        "random_weights": "in each fresh episode every connection has its own weight from "
        f"U({LOW:g}, {HIGH:g}); float64",
        "profile": f"fresh episodes at {N_PROFILE} shared weights; float64",
    }


def scores_with_protocol(
    own: Mapping[str, Any], more: Mapping[str, Any], config: Config
) -> dict[str, Any]:
    """The scores of the champion file.

    Args:
        own: as ``champion_of`` gives it.
        more: as ``evaluate_network`` gives it, or nothing.
        config: of the run.
    """
    shared = dict(own["random_shared_weight"])
    # the profile, which it comes from, is that of the paper's range
    if "random_shared_weight" in more and (config.weights.low, config.weights.high) == (LOW, HIGH):
        shared["std_within_weight"] = more["random_shared_weight"]["std_within_weight"]
    scores = {"random_shared_weight": shared} | {
        name: dict(more[name])
        for name in ("tuned_shared_weight", "random_weights", "profile")
        if name in more
    }
    for name, protocol in _protocols(config).items():
        if name in scores:
            scores[name]["protocol"] = protocol
    return scores
