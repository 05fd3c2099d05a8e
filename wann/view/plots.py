"""The plots of a run: which of them, from which files, and where they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wann.errors import FormatError, TaskError
from wann.formats.champion import Champion, load_champion
from wann.printable import printable
from wann.tasks.classify import ClassifyTask
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tuning.champion import task_of_champion
from wann.tuning.evaluation import weight_profile
from wann.tuning.score import Profile
from wann.view.class_scores import ClassScores, measure_class_scores
from wann.view.curves import LEARNING_COLUMNS, read_columns, save_learning_curve
from wann.view.fronts import marks_of, read_fronts, save_fronts
from wann.view.pictures import course_of, save_champion_classes, save_champion_confusion
from wann.view.profile import has_accuracies, save_champion_profile, training_range_of
from wann.view.saving import check_picture, check_plot_path
from wann.view.sizes import USUAL_SIZES, Sizes, using_sizes

# the name of the picture, and the file of the run that it is drawn from
PLOTS = {
    "learning": ("fitness", "metrics.csv"),
    "front": ("fronts", "fronts.csv"),
    "profile": ("profile", "champion.json"),
    "classes": ("classes", "champion.json"),
    "confusion": ("confusion", "champion.json"),
}
# those of a champion file, and those of classifiers alone
OF_CHAMPION = ("profile", "classes", "confusion")
OF_CLASSIFIER = ("classes", "confusion")
CHAMPION_FILES = ("champion.json", "champion_tuned.json", "champion_small.json")
N_WEIGHTS = 61
# how far a profile goes beyond the training range: this share of its width on either side
_MARGIN = 0.25


@dataclass(frozen=True)
class PlotRequest:
    """What a person asks for.

    Attributes:
        source: a run directory or a champion file.
        what: of ``PLOTS``, or "all".
        output: a file for one plot, or a directory; None: the run directory, or beside the file.
        format: "png", "svg" or "pdf"; None: as the output's name says, else "png".
        overwrite: whether pictures that are not the run's own may be replaced.
        episodes: of the profile, at each weight; None: the task's number.
        data: where the data of the task lie.
        sizes: of the pictures.
    """

    source: Path
    what: str = "all"
    output: Path | None = None
    format: str | None = None
    overwrite: bool = False
    episodes: int | None = None
    data: DataPlace = USUAL_PLACE
    sizes: Sizes = USUAL_SIZES


def measure_profile(
    champion: Champion,
    episodes: int | None = None,
    seed: int = 0,
    place: DataPlace = USUAL_PLACE,
) -> Profile:
    """The profile of a champion over its training range and a quarter of it on either side.

    Args:
        champion: of a known task.
        episodes: at each of 61 weights, in float64; None: the task's number.
        seed: of the episodes.
        place: of the task's data.

    Raises:
        TaskError: the task is unknown or does not fit the network.
    """
    task = task_of_champion(champion, place)
    low, high = _range(champion)
    return weight_profile(
        task,
        champion.network,
        episodes or task.episode_numbers.profile,
        seed,
        low=low,
        high=high,
        n=N_WEIGHTS,
    )


def _range(champion: Champion) -> tuple[float, float]:
    """The lowest and the highest weight of a profile."""
    low, high = training_range_of(champion)
    margin = (high - low) * _MARGIN or 1.0
    return low - margin, high + margin


def measure_classes(champion: Champion, place: DataPlace = USUAL_PLACE) -> ClassScores:
    """The accuracies of a classifier by class, at the weights of ``measure_profile``.

    Args:
        champion: of a classification.
        place: of the task's data.

    Raises:
        TaskError: the task is unknown, is no classification, or does not fit the network.
    """
    task = task_of_champion(champion, place)
    if not isinstance(task, ClassifyTask):
        raise TaskError(f"task {task.name!r} has no classes: it has only a profile")
    weights = np.round(np.linspace(*_range(champion), N_WEIGHTS), 10)
    return measure_class_scores(task, champion, weights)


def save_plots(request: PlotRequest) -> tuple[list[Path], list[str]]:
    """Draws the plots.

    Returns:
        The files that were written, and what could not be drawn, in words.

    Raises:
        FormatError: there is nothing to draw from, a file is damaged or cannot be written, or it
            exists and may not be replaced.
        TaskError: the champion's task is unknown or does not fit its network.
    """
    names, notes = _drawable(request)
    paths = [_place(request, name, len(names)) for name in names]
    for path in paths:
        _refuse_others(request, path)
    if request.output is not None and request.output not in paths:
        _make_folder(request.output)
    for path in paths:
        check_picture(path, [request.source])
    of_run = [name for name in names if name not in OF_CHAMPION]
    with using_sizes(request.sizes):
        for name, path in zip(names, paths, strict=True):
            if name in of_run:
                _draw_course(request, name, path)
        if len(of_run) < len(names):
            places = dict(zip(names, paths, strict=True))
            _draw_champion(request, {name: places[name] for name in names if name in OF_CHAMPION})
    return paths, notes


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = printable(getattr(error, "strerror", None) or error)
        raise FormatError(f"cannot make the folder {printable(path)}: {reason}") from error


def _drawable(request: PlotRequest) -> tuple[list[str], list[str]]:
    """The plots that can be drawn, and why others cannot."""
    source = request.source
    wanted = list(PLOTS) if request.what == "all" else [request.what]
    if not source.is_dir():
        if request.what not in ("all", *OF_CHAMPION):
            load_champion(source)
            raise FormatError(
                f"{source} is a champion file, of which only {', '.join(OF_CHAMPION)} can be "
                "drawn: name a run directory"
            )
        names = list(OF_CHAMPION)
        if not has_accuracies(load_champion(source)):
            names = [name for name in names if name not in OF_CLASSIFIER]
        only = "only a profile" if len(names) == 1 else f"only {', '.join(names)}"
        notes = [f"{source} is a champion file, not a run directory: it has {only}"]
        return (names, notes) if request.what == "all" else ([request.what], [])
    if request.what == "all" and not _holds_classifier(source):
        wanted = [name for name in wanted if name not in OF_CLASSIFIER]
    lacking = {name: _lack(source, name) for name in wanted}
    notes = [words for words in lacking.values() if words]
    names = [name for name in wanted if not lacking[name]]
    if not names:
        raise FormatError(notes[0])
    return names, notes


def _holds_classifier(run: Path) -> bool:
    """Whether the champion of a run is a classifier; what cannot be read is told later."""
    try:
        return has_accuracies(load_champion(run))
    except FormatError:
        return False


def _lack(run: Path, name: str) -> str:
    """Why a plot of a run cannot be drawn; empty if it can."""
    picture, file = PLOTS[name]
    if (run / file).exists():
        return ""
    words = f"no {picture}: {run} holds no {file}"
    if name == "front" and (run / "metrics.csv").exists():
        return f"{words}: the run was made before runs recorded their fronts"
    return f"{words}: is it a run directory?"


def _place(request: PlotRequest, name: str, n_plots: int) -> Path:
    """Where a plot goes."""
    output, source = request.output, request.source
    suffix = f".{request.format or 'png'}"
    if output is not None and output.suffix and not output.is_dir():
        if n_plots > 1:
            raise FormatError(
                f"cannot draw {n_plots} plots into {output}: choose one with --what, "
                "or name a directory"
            )
        check_plot_path(output)
        if request.format and output.suffix.lower() != suffix:
            raise FormatError(f"{output} does not end in {suffix}, as --format says")
        return output
    picture = PLOTS[name][0]
    if source.is_dir():
        return (output or source) / f"{picture}{suffix}"
    return (output or source.parent) / f"{source.stem}_{picture}{suffix}"


def _refuse_others(request: PlotRequest, path: Path) -> None:
    """Raises FormatError if there is a file that nobody said may be replaced."""
    is_own = path.suffix == ".png" and path.parent.resolve() == request.source.resolve()
    if path.exists() and not (request.overwrite or is_own or path == request.output):
        raise FormatError(
            f"{path} exists: replace it with --overwrite, or name another place with -o"
        )


def _title(source: Path) -> str:
    return source.resolve().name if source.is_dir() else source.stem


def _draw_course(request: PlotRequest, name: str, path: Path) -> None:
    """Draws a plot of a run."""
    source, title = request.source, _title(request.source)
    starts, measure = course_of(source)
    if name == "learning":
        columns = read_columns(source / "metrics.csv", LEARNING_COLUMNS)
        save_learning_curve(columns, path, title, starts, measure)
    else:
        files = [source / file for file in CHAMPION_FILES]
        champions = [load_champion(file) for file in files if file.exists()]
        save_fronts(read_fronts(source / "fronts.csv"), path, marks_of(champions), title, measure)


def _draw_champion(request: PlotRequest, places: Mapping[str, Path]) -> None:
    """Draws plots of a champion; a classifier is measured once for all of them."""
    champion, title = load_champion(request.source), _title(request.source)
    if not has_accuracies(champion) and not {*places} & {*OF_CLASSIFIER}:
        profile = measure_profile(champion, request.episodes, place=request.data)
        save_champion_profile(champion, profile, places["profile"], title)
        return
    scores = measure_classes(champion, request.data)
    if "profile" in places:
        profile = scores.profile()
        save_champion_profile(champion, profile, places["profile"], title, scores.ensemble)
    if "classes" in places:
        save_champion_classes(champion, scores, places["classes"], title)
    if "confusion" in places:
        save_champion_confusion(scores, places["confusion"], title)
