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
from wann.view.library import Figure
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


def _ends(weights: NDArray[np.float64]) -> tuple[float, float]:
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
    low, high = training_range
    profile = _drawable(profile)
    own, shown = levels or Levels(), levels_in(profile, low, high)
    random_shared = shown.random_shared if own.random_shared is None else own.random_shared
    if own.best_weight is None or own.best_shared is None:
        own = replace(shown, ensemble=own.ensemble)
    axes.axvspan(low, high, color="#eef1f4", lw=0, zorder=0, gid="training range")
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
    axes.set_xlim(*_ends(profile.weights))
    labels = []
    if random_shared is not None:
        axes.hlines(random_shared, low, high, color=BLUE, lw=1.0, gid="random shared weight")
        labels.append(
            Label(random_shared, f"{number(random_shared, decimals)}  random shared weight", BLUE)
        )
    if own.best_weight is not None and own.best_shared is not None:
        axes.plot(own.best_weight, own.best_shared, "o", color=RED, zorder=4, gid="best weight")
        words = (
            f"{number(own.best_shared, decimals)}  best shared weight, "
            f"{number(own.best_weight, 2)}"
        )
        labels.append(Label(own.best_shared, words, RED))
    if own.ensemble is not None:
        axes.axhline(own.ensemble, color=GREEN, lw=1.6, zorder=2, gid="ensemble")
        labels.append(
            Label(own.ensemble, f"{number(own.ensemble, decimals)}  ensemble over weights", GREEN)
        )
    if reference:
        for value, words in (
            (reference.random_shared, "random weight"),
            (reference.best_shared, "best weight"),
            (reference.ensemble, "ensemble"),
        ):
            if value is not None:
                axes.axhline(value, color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=1)
                labels.append(
                    Label(value, f"{number(value, decimals)}  {reference.name}, {words}", GREY)
                )
    axes.text(
        low / 2 + high / 2,
        1.015,
        "weights of the search",
        transform=axes.get_xaxis_transform(),
        ha="center",
        fontsize=small(),
        color=GREY,
    )
    axes.set_xlabel("shared weight")
    axes.set_ylabel(y_label or f"return, mean ± std of {profile.episodes} episodes")
    start_at_zero(axes, profile.mean)
    write_labels(axes, labels)
    write_title(axes, title, distance=22.0)
    return figure


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
