"""Scores as a table of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wann.output import say
from wann.printable import shown

if TYPE_CHECKING:
    from wann.genome.network import Network

_HEADINGS = {
    "random_shared_weight": "random shared",
    "tuned_shared_weight": "best shared (at)",
    "ensemble": "ensemble",
    "random_weights": "random weights",
    "tuned_weights": "tuned weights",
}
_LONGEST_CLASS = 24  # characters of its name
_MOST_NAMED = 20
_ROWS = ("random_shared_weight", "tuned_shared_weight", "random_weights", "tuned_weights")


def print_scores(scores: Mapping[str, Any]) -> None:
    """Prints mean and deviation of each score, and the profile over the weight."""
    say(f"  {'':28} {'mean':>7}   {'std':>6}  episodes")
    for name in _ROWS:
        if name in scores:
            score = scores[name]
            label = name.replace("_", " ")
            if "weight" in score:
                label += f" ({score['weight']:.2f})"
            say(f"  {label:28} {score['mean']:7.1f} ± {score['std']:6.1f}  {score['episodes']:8}")
    if "profile" in scores:
        profile = scores["profile"]
        pairs = list(zip(profile["weights"], profile["mean"], strict=True))[::5]
        say("  at weight  " + "".join(f"{weight:7.1f}" for weight, _ in pairs))
        say("  mean       " + "".join(f"{mean:7.0f}" for _, mean in pairs))


def print_accuracies(scores: Mapping[str, Any]) -> None:
    """Prints the scores of a classifier, the accuracy of each class, and the confusion matrix."""
    lines = [f"  {'accuracy on the test part, per cent':36} {'mean':>6}   {'std':>5}"]
    for name in ("random_shared_weight", "tuned_shared_weight", "ensemble", "tuned_weights"):
        if name not in scores:
            continue
        score = scores[name]
        label = name.replace("_", " ")
        if "weight" in score:
            label += f" ({score['weight']:.2f})"
        spread = f" ± {score['std']:5.1f}" if "std" in score else ""
        lines.append(f"  {label:36} {score['mean']:6.1f} {spread}")
        if "majority_vote" in score:
            lines.append(f"  {'ensemble, majority vote':36} {score['majority_vote']:6.1f}")
    classes = [shown(name, _LONGEST_CLASS) for name in scores["per_class"]["classes"]]
    width = max(6, *(len(name) + 1 for name in classes))
    heading = "".join(f"{name:>{width}}" for name in classes)
    lines += ["", f"  {'accuracy at weight':20}{'all':>6}{heading}"]
    rows = [*zip(scores["profile"]["weights"], scores["profile"]["mean"], strict=True)]
    for (weight, mean), values in [*zip(rows, scores["per_class"]["accuracy"], strict=True)][::5]:
        lines.append(f"  {weight:<20.1f}{mean:6.1f}{_numbers(values, width, 1)}")
    for name in ("tuned_shared_weight", "ensemble"):
        values = _numbers(scores["per_class"][name], width, 1)
        lines.append(f"  {name.replace('_', ' '):20}{scores[name]['mean']:6.1f}{values}")
    for name in ("tuned_shared_weight", "ensemble"):
        about = f"confusion, {name.replace('_', ' ')}: a row for each label"
        lines += ["", f"  {about}", f"  {'':20}{'':6}{heading}"]
        for label, counts in zip(classes, scores["confusion"][name], strict=True):
            lines.append(f"  {label:>20}{'':6}{_numbers(counts, width, 0)}")
    untested = [
        name
        for name, value in zip(classes, scores["per_class"]["ensemble"], strict=True)
        if value is None
    ]
    if untested:
        names = ", ".join(untested[:_MOST_NAMED]) + (", ..." if untested[_MOST_NAMED:] else "")
        word = "class" if len(untested) == 1 else "classes"
        lines += ["", f"  -: no samples in the test part of {word} {names}"]
    say(*(line.rstrip() for line in lines))


def _numbers(values: Sequence[float | None], width: int, digits: int) -> str:
    return "".join(
        f"{'-':>{width}}" if value is None else f"{value:{width}.{digits}f}" for value in values
    )


def print_champions(champions: Mapping[str, tuple[Network, Mapping[str, Any]]]) -> None:
    """Prints the sizes and scores of several champions side by side.

    Args:
        champions: file name to network and scores, as in a champion file.
    """
    columns = [
        name for name in _HEADINGS if any(name in scores for _, scores in champions.values())
    ]
    width = max(map(len, champions))
    lines = [
        f"  {'':{width}}  "
        + "".join(f"{_HEADINGS[name]:>22}" for name in columns)
        + f"{'hidden':>8}{'connections':>13}"
    ]
    for file, (network, scores) in champions.items():
        cells = "".join(f"{_cell(scores.get(name)):>22}" for name in columns)
        lines.append(f"  {file:{width}}  {cells}{network.n_hidden:8}{network.n_connections:13}")
    profiles = {file: s["profile"] for file, (_, s) in champions.items() if "profile" in s}
    if profiles:
        weights = next(iter(profiles.values()))["weights"][::5]
        lines.append(f"  {'mean at weight':{width}}  " + "".join(f"{w:7.1f}" for w in weights))
        for file, profile in profiles.items():
            means = "".join(f"{mean:7.0f}" for mean in profile["mean"][::5])
            lines.append(f"  {file:{width}}  {means}")
    say(*(line.rstrip() for line in lines))


def _cell(score: Mapping[str, Any] | None) -> str:
    if score is None:
        return "-"
    at = f" ({score['weight']:.2f})" if "weight" in score else ""
    spread = f" ± {score['std']:.1f}" if "std" in score else ""
    return f"{score['mean']:.1f}{spread}{at}"
