"""The pictures of a run."""

from __future__ import annotations

from pathlib import Path

from wann.errors import ConfigError, FormatError
from wann.search.champion import Champions
from wann.search.config import config_from_table, read_table
from wann.search.heats import heat_starts
from wann.tuning.score import Profile
from wann.view.curves import read_columns, save_learning_curve
from wann.view.fronts import marks_of, read_fronts, save_fronts
from wann.view.graph import save_network
from wann.view.profile import save_champion_profile


def picture_beside(champion: Path) -> Path:
    """Where the picture of a champion goes that nobody named a place for.

    Args:
        champion: a run directory, whose own picture is made anew, or a champion file.

    Raises:
        FormatError: there is such a file already.
    """
    if champion.is_dir():
        return champion / "champion.png"
    path = champion.with_suffix(".png")
    if path.exists():
        raise FormatError(f"{path} exists: name the picture with -o FILE")
    return path


def heat_starts_of(directory: Path) -> tuple[int, ...]:
    """As ``heat_starts``, of the run in a directory; none if its config cannot be read."""
    try:
        return heat_starts(config_from_table(read_table(directory / "config.toml")).search)
    except ConfigError:
        return ()


def save_run_pictures(directory: Path, champions: Champions) -> None:
    """Writes the pictures of a run into its directory.

    The champions as ``champion``, ``champion_tuned`` and ``champion_small``, each ``.png`` and
    ``.svg``, the learning curve as ``fitness.png``, the Pareto fronts as ``fronts.png``, and, if
    its scores hold one, the profile of the best champion as ``profile.png``.
    """
    names = ("champion", "champion_tuned", "champion_small")
    for name, champion in zip(names, champions, strict=True):
        save_network(
            champion.network,
            [directory / f"{name}.png", directory / f"{name}.svg"],
            champion.input_names,
            champion.output_names,
        )
    title = directory.resolve().name
    save_learning_curve(
        read_columns(directory / "metrics.csv"),
        directory / "fitness.png",
        title,
        heat_starts_of(directory),
    )
    save_fronts(
        read_fronts(directory / "fronts.csv"), directory / "fronts.png", marks_of(champions), title
    )
    profile = champions.best.scores.get("profile")
    if profile is None:
        # that of an earlier champion
        (directory / "profile.png").unlink(missing_ok=True)
    else:
        save_champion_profile(
            champions.best, Profile.from_dict(profile), directory / "profile.png", title
        )
