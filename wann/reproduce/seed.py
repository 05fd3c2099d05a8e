"""One seed of a reproduction: a run, its champions on fresh episodes, and tuned weights."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from wann.errors import ConfigError, FormatError, RunError
from wann.executors.threads import Threads
from wann.formats.champion import load_champion, save_champion
from wann.formats.parsing import parsing
from wann.genome.network import Network
from wann.limits import LARGEST_CHAMPION
from wann.printable import printable
from wann.reproduce.record import (
    RESULT,
    Record,
    changed_files,
    hashes_of,
    read_record,
    write_record,
)
from wann.reproduce.tuned import tune_the_best
from wann.run import meta
from wann.run.directory import RunDirectory
from wann.run.interrupt import StopRequest
from wann.run.loop import Reporter
from wann.run.start import RunRequest, available_cores, execute, resolve_config
from wann.run.structures import structures_of_run
from wann.search.champion import Champions
from wann.search.config import Config, DataConfig
from wann.search.config_file import config_from_table, read_table
from wann.tasks.data import USUAL_PLACE, DataPlace
from wann.tasks.registry import make_task
from wann.tuning.champion import task_of_champion
from wann.tuning.evaluation import evaluate_network, scorer_of
from wann.tuning.tune import METHOD_NAMES, TunedChampion, TuneSettings, tunes_structures
from wann.view.pictures import save_run_pictures
from wann_envs.classify import MNIST_SHA256
from wann_envs.files import read_regular

# of the content of that file
_VERSION = 2
TUNED_WEIGHTS = "champion_tuned_weights.json"


@dataclass(frozen=True)
class Protocol:
    """How the champions of a run are measured.

    Attributes:
        episodes: fresh episodes of each score.
        evaluation_seed: of these episodes; other than any that a search or a tuning meets.
        tuning_evaluations: budget of the tuning in episodes or samples; None: its default.
    """

    episodes: int = 1000
    evaluation_seed: int = 12345
    tuning_evaluations: int | None = None


class Interrupted(Exception):  # noqa: N818 - it is no error
    """A run was asked to stop; what it has done so far is saved."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.signal_number = signal_number


@dataclass(frozen=True)
class SeedResult:
    """What came of one seed.

    Attributes:
        seed: of the run.
        directory: of the run.
        scores: of ``champion.json``, ``champion_tuned.json`` and ``champion_small.json``, as
            ``evaluate_network`` gives them.
        tuned_weights: the score of the tuned weights, and the ``connections`` that they are of.
        merits: by which champions of several seeds are compared, by the stems of their files, tuned
            weights among them; of classifiers on training data.
        seconds: wall time of evolve, evaluate and tune.
        workers: threads of the search.
        machine, versions: as in ``meta.json``.
        digest: of the figures; "": nobody knows whether they are as they were measured.
        notes: what a table has to say about them.
    """

    seed: int
    directory: Path
    scores: Mapping[str, Mapping[str, Any]]
    tuned_weights: Mapping[str, Any]
    merits: Mapping[str, float]
    seconds: Mapping[str, float]
    workers: int
    machine: Mapping[str, Any]
    versions: Mapping[str, Any]
    digest: str = ""
    notes: tuple[str, ...] = ()


def reproduce_seed(
    preset: str,
    seed: int,
    directory: Path,
    protocol: Protocol,
    reporter: Reporter,
    *,
    n_workers: int | None,
    overwrite: bool,
    command: str,
    place: DataPlace = USUAL_PLACE,
) -> SeedResult:
    """Evolves, evaluates and tunes; what has been done already is taken as it is.

    Args:
        preset: the config, by its name or path.
        seed: of the run.
        directory: of the run; one that is complete is not run again, one that was stopped goes on.
        protocol: how the champions are measured.
        reporter: is told how the run goes on.
        n_workers: threads; None: all cores.
        overwrite: whether a run with other settings may be replaced.
        command: the command line, for the record.
        place: of the task's data.

    Raises:
        Interrupted: somebody asked to stop.
        RunError: the directory holds a run with other settings.
    """
    request = RunRequest(config=preset, seed=seed, n_workers=n_workers, data=place, command=command)
    config = resolve_config(request)
    has_run = _evolve(request, config, directory, reporter, overwrite)
    run = RunDirectory(directory)
    known = None if has_run else _known(run, config, reporter)
    key = _key(run, protocol)
    record, changed = known or (None, [])
    # what another version wrote, or a person has edited, is measured anew
    if record is None or record.content.get("key") != key or changed:
        made = {"key": key} | _measure(run, protocol, reporter, n_workers, place)
        made["files"] = hashes_of([*run.champions, directory / TUNED_WEIGHTS])
        foreign = {*changed, *(record.content.get("changed", []) if record else [])}
        if foreign - {TUNED_WEIGHTS}:
            made["changed"] = sorted(foreign - {TUNED_WEIGHTS})
        record = write_record(directory / RESULT, made)
    about, content = meta.read_meta(run.meta), record.content
    return SeedResult(
        seed,
        directory,
        content["scores"],
        content["tuned_weights"],
        content["merits"],
        {"evolve": float(about.get("wall_seconds", 0.0)), **content["seconds"]},
        int(about.get("workers", 0)),
        about.get("machine", {}),
        about.get("versions", {}),
        record.digest,
        record.notes,
    )


def _known(
    run: RunDirectory, config: Config, reporter: Reporter
) -> tuple[Record, list[str]] | None:
    """What has been measured already, and the names of files that have been changed since.

    None where nothing has been, or what is there is not as it was written.
    """
    try:
        record = read_record(run.path / RESULT, make_task(config.task).measure.kind)
    except FormatError as error:
        reporter.say(f"warning: {error}: the champions are measured anew")
        return None
    if record is None:
        return None
    changed = changed_files(record, [*run.champions, run.path / TUNED_WEIGHTS])
    for name in changed:
        reporter.say(
            f"warning: {run.path / name} is missing or not the file that was measured: "
            "the champions are measured anew"
        )
    return record, changed


def _evolve(
    request: RunRequest, config: Config, directory: Path, reporter: Reporter, overwrite: bool
) -> bool:
    """Runs the search, goes on with one that was stopped, or leaves one that is complete.

    Returns:
        Whether it has run: what had been measured is then of other champions.
    """
    run = RunDirectory(directory)
    is_same = False
    if run.is_run:
        try:
            is_same = _content_of(config_from_table(read_table(run.config))) == _content_of(config)
        except ConfigError:
            is_same = False
        if not is_same and not overwrite:
            raise RunError(
                f"{directory} holds a run with other settings: "
                "replace it with --overwrite, or choose another --runs"
            )
    if is_same and meta.read_meta(run.meta).get("is_complete") is True:
        _require_champions(run)
        reporter.say(f"{directory} is complete already")
        return False
    if is_same:
        request = RunRequest(
            resume=directory,
            n_workers=request.n_workers,
            data=request.data,
            command=request.command,
        )
    else:
        request = replace(request, out=directory, overwrite=run.is_run)
    _, outcome = execute(
        request,
        reporter,
        lambda made, champions: save_run_pictures(made.path, champions, request.data),
    )
    if not outcome.is_complete:
        raise Interrupted(outcome.stop_signal or 0)
    return True


def _content_of(config: Config) -> Config:
    """The config without the place of its data, which may have moved.

    MNIST itself counts for nothing: runs did not always remember it.
    """
    data = config.data.content
    return replace(config, data=DataConfig() if data.sha256 == MNIST_SHA256 else data)


def _require_champions(run: RunDirectory) -> None:
    missing = [path.name for path in run.champions if not path.exists()]
    if missing:
        raise RunError(
            f"{run.path} is complete but holds no {missing[0]}: run it again with --overwrite, "
            "or choose another --runs"
        )


def _key(run: RunDirectory, protocol: Protocol) -> str:
    """What a measurement depends on: the champions, and how they are measured."""
    digest = hashlib.sha256(json.dumps([_VERSION, asdict(protocol)]).encode())
    for path in run.champions:
        with parsing(f"cannot read {printable(path)}", RunError):
            digest.update(read_regular(path, LARGEST_CHAMPION))
    return digest.hexdigest()


def _measure(
    run: RunDirectory,
    protocol: Protocol,
    reporter: Reporter,
    n_workers: int | None,
    place: DataPlace,
) -> dict[str, Any]:
    champions = Champions(*map(load_champion, run.champions))
    task = task_of_champion(champions.best, place)
    method = task.measure.method
    lineages = _lineages(run, place, reporter) if tunes_structures(task, method) else []
    start = time.perf_counter()
    about = "the test part" if task.measure.is_per_cent else f"{protocol.episodes} fresh episodes"
    reporter.say(f"evaluating on {about}")
    with Threads(n_workers or available_cores()) as executor:
        scores = {
            path.stem: evaluate_network(
                task,
                champion.network,
                protocol.episodes,
                protocol.evaluation_seed,
                executor=executor,
            )
            for path, champion in zip(run.champions, champions, strict=True)
        }
        merits = {
            stem: scorer_of(task).merit(
                champions[k].network, score, is_one_weight=k == 1, executor=executor
            )
            for k, (stem, score) in enumerate(scores.items())
        }
    evaluated = time.perf_counter()
    reporter.say(f"tuning individual weights by {METHOD_NAMES[method]}")
    settings = TuneSettings(
        method=method,
        evaluations=protocol.tuning_evaluations,
        seed=protocol.evaluation_seed,
        episodes=protocol.episodes,
    )
    with Threads(n_workers or available_cores()) as executor, StopRequest() as stop:
        made = tune_the_best(
            task,
            dict(zip(scores, champions, strict=True)),
            settings,
            executor=executor,
            lineages=lineages,
            place=place,
            should_stop=lambda: stop.is_made,
        )
    if stop.signal_number is not None:
        raise Interrupted(stop.signal_number)
    save_champion(made.champion, run.path / TUNED_WEIGHTS)
    return {
        "scores": scores,
        "tuned_weights": made.after.to_dict()
        | {"connections": made.champion.network.n_connections},
        "merits": merits | {Path(TUNED_WEIGHTS).stem: _merit_of(made)},
        "seconds": {
            "evaluate": round(evaluated - start, 3),
            "tune": round(time.perf_counter() - evaluated, 3),
        },
    }


def _lineages(run: RunDirectory, place: DataPlace, reporter: Reporter) -> list[list[Network]]:
    """The structures of a run; none, and a word about it, if its checkpoint has gone."""
    try:
        return structures_of_run(run.path, place, reporter.say)
    except RunError as error:
        reporter.say(f"warning: {error}; only its champion is tuned")
        return []


def _merit_of(made: TunedChampion) -> float:
    """On the data that chose the weights; else, where there are always fresh ones, their score."""
    return made.after.mean if math.isnan(made.merit) else made.merit
