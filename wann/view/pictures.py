"""The pictures of a run.

What draws them is imported when they are drawn: a run that starts need not wait for matplotlib.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wann.errors import ConfigError, FormatError, TaskError
from wann.formats.champion import Champion
from wann.search.champion import Champions
from wann.search.config_file import config_from_table, read_table
from wann.search.heats import heat_starts
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tasks.measure import RETURN, Measure
from wann.tasks.registry import make_task
from wann.tuning.score import Profile
from wann.view.forked import run_both

if TYPE_CHECKING:
    from wann.view.class_scores import ClassScores


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


def course_of(directory: Path) -> tuple[tuple[int, ...], Measure]:
    """Of the run in a directory, what ``heat_starts`` gives, and what its scores are.

    If its config cannot be read, it is taken to have no heats, and returns.
    """
    try:
        config = config_from_table(read_table(directory / "config.toml"))
        return heat_starts(config.search), make_task(config.task).measure
    except (ConfigError, TaskError):
        return (), RETURN


def save_champion_classes(champion: Champion, scores: ClassScores, path: Path, name: str) -> None:
    """Writes the accuracies of a champion's classes by weight.

    Args:
        champion: whose they are.
        scores: measured, or as in its file.
        path: ends in .png, .svg or .pdf.
        name: begins the title.
    """
    from wann.view.class_plots import save_class_accuracies
    from wann.view.profile import levels_of, training_range_of

    save_class_accuracies(
        scores,
        path,
        training_range=training_range_of(champion),
        tuned_weight=levels_of(champion).best_weight,
        title=f"{name}, accuracy of each class",
    )


def save_champion_confusion(scores: ClassScores, path: Path, name: str) -> None:
    """Writes the confusion of a champion's ensemble; arguments as ``save_champion_classes``."""
    from wann.view.class_plots import save_confusion

    save_confusion(scores, path, title=f"{name}, ensemble over weights: {scores.ensemble:.1f} %")


def save_run_pictures(
    directory: Path, champions: Champions, place: DataPlace = USUAL_PLACE
) -> None:
    """Writes the pictures of a run into its directory.

    The champions as ``champion``, ``champion_tuned`` and ``champion_small``, each ``.png`` and
    ``.svg``, the learning curve as ``fitness.png``, the Pareto fronts as ``fronts.png``, and, if
    its scores hold them, profile, accuracies of classes and confusion of the best champion as
    ``profile.png``, ``classes.png`` and ``confusion.png``.

    Args:
        directory: of the run.
        champions: its own.
        place: of the task's data.
    """
    run_both(
        lambda: _save_plots(directory, champions),
        lambda: _save_drawings(directory, champions, place),
    )


def _save_drawings(directory: Path, champions: Champions, place: DataPlace) -> None:
    from wann.view.drawing import mean_images_of, save_drawing

    names = ("champion", "champion_tuned", "champion_small")
    try:
        means = mean_images_of(champions.best, place)
    except TaskError:
        means = None  # the data of a long run may have gone meanwhile
    for name, champion in zip(names, champions, strict=True):
        save_drawing(
            champion,
            [directory / f"{name}.png", directory / f"{name}.svg"],
            mean_images=means,
        )


def _save_plots(directory: Path, champions: Champions) -> None:
    from wann.view.class_scores import class_scores_of
    from wann.view.curves import read_columns, save_learning_curve
    from wann.view.fronts import marks_of, read_fronts, save_fronts
    from wann.view.profile import save_champion_profile

    title = directory.resolve().name
    starts, measure = course_of(directory)
    columns = read_columns(directory / "metrics.csv")
    save_learning_curve(columns, directory / "fitness.png", title, starts, measure)
    fronts = read_fronts(directory / "fronts.csv")
    save_fronts(fronts, directory / "fronts.png", marks_of(champions), title, measure)
    # those of an earlier champion
    for name in ("profile", "classes", "confusion"):
        (directory / f"{name}.png").unlink(missing_ok=True)
    profile, by_class = champions.best.scores.get("profile"), class_scores_of(champions.best)
    if profile is not None:
        save_champion_profile(
            champions.best, Profile.from_dict(profile), directory / "profile.png", title
        )
    if by_class is not None:
        save_champion_classes(champions.best, by_class, directory / "classes.png", title)
        save_champion_confusion(by_class, directory / "confusion.png", title)
