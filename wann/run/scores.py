"""The scores of a champion file, each with the protocol that it was measured by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wann.search.config import Config
from wann.tuning.classification import FINE_STEP, N_ENSEMBLE, N_RANDOM
from wann.tuning.returns import SWEEP_STEP
from wann.tuning.score import HIGH, LOW, N_PROFILE

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


_CLASSIFIER_PROTOCOLS = {
    "random_shared_weight": f"accuracy on the test part; mean and deviation over {N_RANDOM} "
    f"weights from U({LOW:g}, {HIGH:g}), shared by all connections",
    "tuned_shared_weight": "accuracy on the test part with the shared weight of the highest "
    f"accuracy on training samples, of steps of {FINE_STEP:g} over [{LOW:g}, {HIGH:g}]",
    "ensemble": f"accuracy on the test part of the mean probabilities over {N_ENSEMBLE} equally "
    "spaced shared weights, and of their majority",
    "profile": "accuracy on the test part and its standard error at each shared weight",
    "per_class": "accuracy on the test part for each class, in per cent",
    "confusion": "numbers of test samples; a row for each label, a column for each answer",
}
_ON_TRAINING_SAMPLES = "accuracy on training samples, some of which chose the champion"


def scores_with_protocol(
    own: Mapping[str, Any], more: Mapping[str, Any], config: Config
) -> dict[str, Any]:
    """The scores of a champion file.

    Args:
        own: what the champion was chosen for, as ``champions_of`` gives it: the score with random
            shared weights stands as it is, the one with the best weight where nothing finer is.
        more: as ``evaluate_network`` gives it, or nothing. Of a classifier these scores, which
            are of the test part, stand instead of ``own``.
        config: of the run.
    """
    if any(score.get("unit") == "per cent" for score in own.values()):
        return _scores_of_classifier(own, more)
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


def _scores_of_classifier(own: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    if not more:
        return {name: dict(own[name]) | {"protocol": _ON_TRAINING_SAMPLES} for name in own}
    protocols = _CLASSIFIER_PROTOCOLS
    return {name: dict(more[name]) | {"protocol": protocols[name]} for name in protocols}
