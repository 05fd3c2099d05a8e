"""Reproduces the results of a task: seeds, table, and the best champions with their pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wann.errors import RunError
from wann.formats.atomic import atomic_path, write_atomically
from wann.formats.champion import load_champion
from wann.formats.output import check_folder, check_output
from wann.reproduce.seed import TUNED_WEIGHTS, Protocol, SeedResult, reproduce_seed
from wann.reproduce.table import table_of
from wann.run.loop import Reporter
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tasks.measure import Measure
from wann.tasks.registry import make_task
from wann.view.drawing import mean_images_of, save_drawing
from wann.view.pictures import save_champion_classes, save_champion_confusion
from wann.view.plots import measure_classes, measure_profile
from wann.view.profile import save_champion_profile

TABLE = "table.md"
_CHAMPIONS = ("champion", "champion_tuned", "champion_small", "champion_tuned_weights")


@dataclass(frozen=True)
class ReproduceRequest:
    """What a person asks for.

    Attributes:
        task: name of the task.
        preset: the config of the runs.
        seeds: of the runs.
        protocol: how the champions are measured.
        out: where the table and the best champions go.
        runs: where the run directories go, one for each seed.
        n_workers: threads; None: all cores.
        overwrite: whether what is there may be replaced.
        command: the command line, for the record.
        data: where the data of the task lie.
    """

    task: str
    preset: str
    seeds: tuple[int, ...]
    protocol: Protocol
    out: Path
    runs: Path
    n_workers: int | None = None
    overwrite: bool = False
    command: str = ""
    data: DataPlace = USUAL_PLACE

    def run_directory(self, seed: int) -> Path:
        """Where the run of a seed lies."""
        return self.runs / f"{Path(self.preset).stem}-seed{seed}"


def output_names(measure: Measure) -> list[str]:
    """Names of the files that a reproduction writes."""
    ends = [".svg", "_profile.png"]
    if measure.kind == "accuracy":
        ends += ["_classes.png", "_confusion.png"]
    pictures = [f"{name}{end}" for name in _CHAMPIONS[:3] for end in ends]
    return [TABLE, *(f"{name}.json" for name in _CHAMPIONS), *pictures]


def reproduce(request: ReproduceRequest, reporter: Reporter) -> tuple[str, list[SeedResult]]:
    """Does all of it, or what is left of it.

    Args:
        request: what is asked for.
        reporter: is told how it goes on.

    Returns:
        The table in Markdown, and the results of the seeds.

    Raises:
        Interrupted: somebody asked to stop; the same command goes on.
        RunError: there is something that may not be replaced, or the results cannot be written.
    """
    task = make_task(request.task, request.data)
    if not task.output_names:
        task.prepare()  # tells what is missing
    measure = task.measure
    _check_outputs(request, output_names(measure))
    results = []
    for k, seed in enumerate(request.seeds):
        reporter.say(f"seed {seed} ({k + 1} of {len(request.seeds)})")
        results.append(
            reproduce_seed(
                request.preset,
                seed,
                request.run_directory(seed),
                request.protocol,
                reporter,
                n_workers=request.n_workers,
                overwrite=request.overwrite,
                command=request.command,
                place=request.data,
            )
        )
    table = table_of(
        request.task, results, request.protocol.episodes, request.command, measure.kind
    )
    _write(request, table, results, measure)
    return table, results


def _check_outputs(request: ReproduceRequest, names: Sequence[str]) -> None:
    """Finds out whether all can be written, before there is work that could be lost.

    Raises:
        RunError: there is something that may not be replaced, or it cannot be written.
    """
    out = request.out
    existing = [name for name in names if os.path.lexists(out / name)]
    if existing and not request.overwrite:
        raise RunError(
            f"{out} holds {existing[0]}: replace it with --overwrite, or choose another --out"
        )
    for folder in (out, request.runs):
        check_folder(folder)
    for name in existing:
        check_output(out / name, request.overwrite)


def _best(results: Sequence[SeedResult], champion: str) -> SeedResult:
    """The seed whose champion is the best for what it was chosen for."""
    if champion == "champion_small":
        return min(results, key=lambda r: r.scores[champion]["network"]["connections"])
    return max(results, key=lambda result: result.merits[champion])


def _write(
    request: ReproduceRequest, table: str, results: Sequence[SeedResult], measure: Measure
) -> None:
    """The table, and over all seeds the best champion of each kind with its pictures."""
    out = request.out
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot create {out}: {error.strerror}") from error
    for name in _CHAMPIONS[:3]:
        source = _best(results, name).directory / f"{name}.json"
        _copy(source, out / source.name)
        champion = load_champion(source)
        means = mean_images_of(champion, request.data)
        save_drawing(champion, [out / f"{name}.svg"], mean_images=means)
        profile = measure_profile(
            champion, seed=request.protocol.evaluation_seed, place=request.data
        )
        save_champion_profile(champion, profile, out / f"{name}_profile.png", name)
        if measure.kind == "accuracy":
            by_class = measure_classes(champion, place=request.data)
            save_champion_classes(champion, by_class, out / f"{name}_classes.png", name)
            save_champion_confusion(by_class, out / f"{name}_confusion.png", name)
    tuned = _best(results, Path(TUNED_WEIGHTS).stem)
    _copy(tuned.directory / TUNED_WEIGHTS, out / TUNED_WEIGHTS)
    write_atomically(out / TABLE, table)


def _copy(source: Path, target: Path) -> None:
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)
