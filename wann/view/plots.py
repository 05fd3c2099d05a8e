"""The plots of a run: which of them, from which files, and where they go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wann.errors import FormatError
from wann.formats.champion import Champion, load_champion
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tuning.champion import task_of_champion
from wann.tuning.evaluation import weight_profile
from wann.tuning.score import Profile
from wann.view.curves import LEARNING_COLUMNS, read_columns, save_learning_curve
from wann.view.fronts import marks_of, read_fronts, save_fronts
from wann.view.panels import check_plot_path
from wann.view.pictures import heat_starts_of
from wann.view.profile import save_champion_profile, training_range_of

# the name of the picture, and the file of the run that it is drawn from
PLOTS = {
    "learning": ("fitness", "metrics.csv"),
    "front": ("fronts", "fronts.csv"),
    "profile": ("profile", "champion.json"),
}
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
    """

    source: Path
    what: str = "all"
    output: Path | None = None
    format: str | None = None
    overwrite: bool = False
    episodes: int | None = None
    data: DataPlace = USUAL_PLACE


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
    low, high = training_range_of(champion)
    margin = (high - low) * _MARGIN or 1.0
    return weight_profile(
        task,
        champion.network,
        episodes or task.episode_numbers.profile,
        seed,
        low=low - margin,
        high=high + margin,
        n=N_WEIGHTS,
    )


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
        request.output.mkdir(parents=True, exist_ok=True)
    for name, path in zip(names, paths, strict=True):
        _draw(request, name, path)
    return paths, notes


def _drawable(request: PlotRequest) -> tuple[list[str], list[str]]:
    """The plots that can be drawn, and why others cannot."""
    source = request.source
    wanted = list(PLOTS) if request.what == "all" else [request.what]
    if not source.is_dir():
        load_champion(source)
        if request.what in ("all", "profile"):
            notes = [f"{source} is a champion file, not a run directory: it has only a profile"]
            return ["profile"], notes if request.what == "all" else []
        raise FormatError(
            f"{source} is a champion file, of which only the profile can be drawn: "
            "name a run directory"
        )
    lacking = {name: _lack(source, name) for name in wanted}
    notes = [words for words in lacking.values() if words]
    names = [name for name in wanted if not lacking[name]]
    if not names:
        raise FormatError(notes[0])
    return names, notes


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


def _draw(request: PlotRequest, name: str, path: Path) -> None:
    source = request.source
    title = source.resolve().name if source.is_dir() else source.stem
    if name == "learning":
        columns = read_columns(source / "metrics.csv", LEARNING_COLUMNS)
        save_learning_curve(columns, path, title, heat_starts_of(source))
    elif name == "front":
        files = [source / file for file in CHAMPION_FILES]
        champions = [load_champion(file) for file in files if file.exists()]
        save_fronts(read_fronts(source / "fronts.csv"), path, marks_of(champions), title)
    else:
        champion = load_champion(source)
        profile = measure_profile(champion, request.episodes, place=request.data)
        save_champion_profile(champion, profile, path, title)
