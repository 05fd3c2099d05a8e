"""The return of a champion over its shared weight: ``profile.png``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.formats.champion import Champion
from wann.tasks.registry import make_task, task_names
from wann.tuning.score import HIGH, LOW, Profile
from wann.view.library import Axes, Figure
from wann.view.panels import (
    BLUE,
    GREEN,
    GREY,
    LARGEST,
    RED,
    Label,
    drawable,
    new_figure,
    save_figure,
    small,
    start_at_zero,
    write_labels,
    write_title,
)
from wann.view.words import number

Range = tuple[float, float]

# of the axis: how far from its ends words fit that are centred
_LEAST_SHARE = 0.16


@dataclass(frozen=True)
class Levels:
    """Returns to compare a profile with.

    Attributes:
        random_shared: mean with a random shared weight; None: not known.
        best_shared: mean with the best shared weight; None: not known.
        best_weight: that weight; None: not known.
        ensemble: accuracy of an ensemble over shared weights; None: not known, or no classifier.
        name: whose they are.
    """

    random_shared: float | None = None
    best_shared: float | None = None
    best_weight: float | None = None
    ensemble: float | None = None
    name: str = ""


# Gaier & Ha 2019, table 1
PAPER = {
    "cartpole_swingup": Levels(515.0, 723.0, name="Gaier & Ha 2019"),
    "car_racing": Levels(375.0, 608.0, name="Gaier & Ha 2019, 16 latents"),
    "mnist": Levels(82.0, 91.9, ensemble=91.6, name="Gaier & Ha 2019"),
}


def _number(value: Any) -> float | None:
    """A number that axes can show, or None."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    # an integer may be beyond what a float holds
    return float(drawable(np.array(float(max(min(value, LARGEST), -LARGEST)))))


def levels_of(champion: Champion) -> Levels:
    """The levels that a champion file tells."""
    scores: list[Mapping[str, Any]] = []
    for name in ("random_shared_weight", "tuned_shared_weight", "ensemble"):
        score = champion.scores.get(name)
        scores.append(score if isinstance(score, Mapping) else {})
    shared, tuned, ensemble = scores
    return Levels(
        _number(shared.get("mean")),
        _number(tuned.get("mean")),
        _number(tuned.get("weight")),
        _number(ensemble.get("mean")),
    )


def has_accuracies(champion: Champion) -> bool:
    """Whether what a champion does is measured in per cent; not where its task is unknown."""
    return champion.task in task_names() and make_task(champion.task).measure.is_per_cent


def training_range_of(champion: Champion) -> tuple[float, float]:
    """The range of shared weights that a champion was evolved with; the paper's if unknown."""
    value: Any = champion.provenance
    for key in ("config", "weights"):
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        ends = [value.get("low"), value.get("high")]
        if value.get("sweep") == "fixed" and isinstance(value.get("values"), list):
            ends = value["values"]
        numbers = [number for number in map(_number, ends) if number is not None]
        if len(numbers) >= 2:
            return min(numbers), max(numbers)
    return LOW, HIGH


def levels_in(profile: Profile, low: float, high: float) -> Levels:
    """The levels that a profile itself shows in a range: its mean and its highest point."""
    inside = np.flatnonzero((profile.weights >= low) & (profile.weights <= high))
    inside = inside[np.isfinite(profile.mean[inside])]
    if len(inside) == 0:
        return Levels()
    weights, mean = profile.weights[inside], profile.mean[inside]
    width = weights[-1] - weights[0]
    best = int(mean.argmax())
    return Levels(
        float((np.diff(weights) * (mean[:-1] + mean[1:])).sum() / 2 / width)
        if width > 0
        else float(mean[0]),
        float(mean[best]),
        float(weights[best]),
    )


def _drawable(profile: Profile) -> Profile:
    """A profile of numbers that axes can show; what is no number is a gap."""
    return replace(
        profile,
        weights=drawable(profile.weights),
        mean=drawable(profile.mean),
        std=drawable(profile.std),
    )


def _shown(levels: Levels) -> Levels:
    """Levels of numbers that axes can show; what is no number is not known."""
    return Levels(
        _number(levels.random_shared),
        _number(levels.best_shared),
        _number(levels.best_weight),
        _number(levels.ensemble),
        levels.name,
    )


def _ends(weights: NDArray[np.float64]) -> Range:
    """The ends of the horizontal axis, which differ."""
    low, high = float(weights[0]), float(weights[-1])
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    margin = 0.5 * abs(low) or 1.0
    return low - margin, high + margin


def draw_profile(
    profile: Profile,
    *,
    training_range: tuple[float, float] = (LOW, HIGH),
    levels: Levels | None = None,
    reference: Levels | None = None,
    title: str | None = None,
    y_label: str | None = None,
    decimals: int = 0,
) -> Figure:
    """Draws mean and standard deviation of the return over the shared weight.

    Args:
        profile: what is drawn.
        training_range: shaded: lowest and highest weight of the search.
        levels: the champion's; those that are missing are taken from the profile.
        reference: others' levels, as dashed lines.
        title: above the panel.
        y_label: what is drawn; None: the return.
        decimals: of the numbers beside the panel.
    """
    figure = new_figure(8.0, 4.2)
    axes = figure.subplots()
    profile = _drawable(profile)
    own, shown = _shown(levels or Levels()), levels_in(profile, *training_range)
    if own.random_shared is None:
        own = replace(own, random_shared=shown.random_shared)
    if own.best_weight is None or own.best_shared is None:
        own = replace(own, best_weight=shown.best_weight, best_shared=shown.best_shared)
    ends = _ends(profile.weights)
    _mark_range(axes, _seen(training_range, ends), ends)
    axes.fill_between(
        profile.weights,
        profile.mean - profile.std,
        profile.mean + profile.std,
        color=BLUE,
        alpha=0.18,
        lw=0,
        gid="standard deviation",
    )
    axes.plot(profile.weights, profile.mean, color=BLUE, lw=2.0, gid="mean")
    axes.set_xlim(*ends)
    labels = _draw_levels(axes, own, _seen(training_range, ends), ends, decimals)
    if reference:
        labels += _draw_reference(axes, _shown(reference), decimals)
    axes.set_xlabel("shared weight")
    axes.set_ylabel(y_label or f"return, mean ± std of {profile.episodes} episodes")
    start_at_zero(axes, profile.mean)
    write_labels(axes, labels)
    write_title(axes, title, distance=22.0)
    return figure


def _seen(training_range: Range, ends: Range) -> Range | None:
    """The part of the training range between the ends of the axis; None: there is none."""
    low, high = max(training_range[0], ends[0]), min(training_range[1], ends[1])
    return (low, high) if low < high else None


def _mark_range(axes: Axes, seen: Range | None, ends: Range) -> None:
    """Shades what can be seen of the training range, and says what it is."""
    if seen is None:
        return
    axes.axvspan(*seen, color="#eef1f4", lw=0, zorder=0, gid="training range")
    middle = seen[0] / 2 + seen[1] / 2
    share = (middle - ends[0]) / (ends[1] - ends[0])
    # beside an end there is no room on both sides
    x, across = middle, "center"
    if share < _LEAST_SHARE:
        x, across = ends[0], "left"
    elif share > 1 - _LEAST_SHARE:
        x, across = ends[1], "right"
    axes.text(
        x,
        1.015,
        "weights of the search",
        transform=axes.get_xaxis_transform(),
        ha=across,
        fontsize=small(),
        color=GREY,
    )


def _draw_levels(
    axes: Axes, own: Levels, seen: Range | None, ends: Range, decimals: int
) -> list[Label]:
    """Draws the champion's levels; returns what to write beside them."""
    labels = []
    if own.random_shared is not None:
        value = own.random_shared
        if seen is not None:
            axes.hlines(value, *seen, color=BLUE, lw=1.0, gid="random shared weight")
        labels.append(Label(value, f"{number(value, decimals)}  random shared weight", BLUE))
    if own.best_weight is not None and own.best_shared is not None:
        value, weight = own.best_shared, own.best_weight
        if ends[0] <= weight <= ends[1]:
            axes.plot(weight, value, "o", color=RED, zorder=4, gid="best weight")
        words = f"{number(value, decimals)}  best shared weight, {number(weight, 2)}"
        labels.append(Label(value, words, RED))
    if own.ensemble is not None:
        value = own.ensemble
        axes.axhline(value, color=GREEN, lw=1.6, zorder=2, gid="ensemble")
        labels.append(Label(value, f"{number(value, decimals)}  ensemble over weights", GREEN))
    return labels


def _draw_reference(axes: Axes, reference: Levels, decimals: int) -> list[Label]:
    """Draws others' levels; returns what to write beside them."""
    labels = []
    for value, words in (
        (reference.random_shared, "random weight"),
        (reference.best_shared, "best weight"),
        (reference.ensemble, "ensemble"),
    ):
        if value is not None:
            axes.axhline(value, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=1)
            text = f"{number(value, decimals)}  {reference.name}, {words}"
            labels.append(Label(value, text, GREY))
    return labels


def save_profile(
    profile: Profile,
    path: Path,
    *,
    training_range: tuple[float, float] = (LOW, HIGH),
    levels: Levels | None = None,
    reference: Levels | None = None,
    title: str | None = None,
    y_label: str | None = None,
    decimals: int = 0,
) -> None:
    """Writes the drawing of ``draw_profile`` as a PNG, SVG or PDF, atomically.

    Raises:
        FormatError: the name ends in something else, or the file cannot be written.
    """
    save_figure(
        lambda: draw_profile(
            profile,
            training_range=training_range,
            levels=levels,
            reference=reference,
            title=title,
            y_label=y_label,
            decimals=decimals,
        ),
        path,
    )


def save_champion_profile(
    champion: Champion,
    profile: Profile,
    path: Path,
    name: str,
    ensemble: float | None = None,
) -> None:
    """Writes the profile of a champion with all that its file and the paper tell.

    Args:
        champion: whose profile it is.
        profile: measured, or as in its file.
        path: ends in .png, .svg or .pdf.
        name: begins the title.
        ensemble: accuracy of the ensemble where it was measured anew; else as the file tells.

    Raises:
        FormatError: the name ends in something else, or the file cannot be written.
    """
    levels = levels_of(champion)
    if ensemble is not None:
        levels = replace(levels, ensemble=ensemble)
    is_accuracy = has_accuracies(champion)
    save_profile(
        profile,
        path,
        training_range=training_range_of(champion),
        levels=levels,
        reference=PAPER.get(champion.task),
        title=f"{name}, {champion.network.n_connections} connections",
        y_label=f"accuracy in %, ± standard error,\n{profile.episodes:,} test samples"
        if is_accuracy
        else None,
        decimals=1 if is_accuracy else 0,
    )
