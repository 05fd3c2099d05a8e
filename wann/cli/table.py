"""Scores as a table of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wann.genome.network import Network

_HEADINGS = {
    "random_shared_weight": "random shared",
    "tuned_shared_weight": "best shared (at)",
    "random_weights": "random weights",
    "tuned_weights": "tuned weights",
}
_ROWS = ("random_shared_weight", "tuned_shared_weight", "random_weights", "tuned_weights")


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
    print("\n".join(line.rstrip() for line in lines))


def _cell(score: Mapping[str, Any] | None) -> str:
    if score is None:
        return "-"
    at = f" ({score['weight']:.2f})" if "weight" in score else ""
    return f"{score['mean']:.1f} ± {score['std']:.1f}{at}"
