"""The run loop: score, breed, record, save; at the end, choose and measure the champion."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from wann.errors import WannError
from wann.executors.threads import Threads
from wann.formats.atomic import atomic_path
from wann.formats.champion import save_champion
from wann.genome.network import Network
from wann.printable import shown
from wann.run import meta
from wann.run.checkpoint import Checkpoint, save_checkpoint
from wann.run.directory import RunDirectory
from wann.run.earlier import set_aside_all, set_aside_outdated
from wann.run.fronts import FrontsFile
from wann.run.interrupt import StopRequest
from wann.run.kernels import kernels_of
from wann.run.metrics import MetricsFile, Row, summarise
from wann.run.scores import scores_with_protocol
from wann.run.settings import fingerprint
from wann.run.structures import structures_of
from wann.search.champion import Champions, champion_of, champions_of
from wann.search.config import Config
from wann.search.config_file import config_to_toml
from wann.search.search import Search
from wann.tasks.base import Task, sweep
from wann.tasks.measure import Measure
from wann.tuning.evaluation import evaluate_network
from wann_envs.beside import Beside
from wann_envs.compiling import PROGRESS

_MEMORY_GENERATIONS = (1, 100, 1000, 10_000)
_LONGEST_REASON = 160


class Reporter(Protocol):
    """Is told how a run goes on."""

    def begin(self, config: Config, measure: Measure, first_generation: int) -> None:
        """Before the first generation."""

    def generation(self, row: Row, steps_per_second: float) -> None:
        """After each generation."""

    def say(self, text: str) -> None:
        """Something worth a line."""

    def end(self) -> None:
        """After the last generation."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        task: of the run.
        champions: the champions.
        is_complete: whether all generations were run.
        generation: number of generations so far.
        seconds: wall time by part, over all starts.
        stop_signal: number of the signal that asked to stop, or None.
        lacking: why there are no pictures, in a line; "": there are.
    """

    task: Task
    champions: Champions
    is_complete: bool
    generation: int
    seconds: Mapping[str, float]
    stop_signal: int | None
    lacking: str = ""


class Run:
    """A search in a run directory that this process has claimed.

    Args:
        config: the settings.
        task: the task.
        directory: claimed.
        n_workers: threads that run rollouts.
        reporter: is told how it goes on.
        draw: makes the pictures of the run.
        command: the command line, for ``meta.json``.
        checkpoint: where to go on; None: a new run.
    """

    def __init__(
        self,
        config: Config,
        task: Task,
        directory: RunDirectory,
        *,
        n_workers: int,
        reporter: Reporter,
        draw: Callable[[RunDirectory, Champions], None],
        command: str,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.config, self.task, self.directory = config, task, directory
        self.n_workers, self.reporter, self.draw = n_workers, reporter, draw
        self.search = Search(config, task, state=checkpoint.state if checkpoint else None)
        self.totals = checkpoint.totals if checkpoint else (0, 0, 0)
        if checkpoint:
            self.search.seconds.update(checkpoint.seconds or {})
        self.is_resumed = checkpoint is not None
        former = meta.read_meta(directory.meta) if checkpoint else {}
        self.commands = [*former.get("commands", ()), command]
        self.starts = [*former.get("started", ()), meta.now()]
        self.memory: dict[str, float] = dict(former.get("memory_mb_at_generation", {}))
        self._last_saved = time.perf_counter()
        self.compiler = Beside(*kernels_of(config, task), is_alone=n_workers < 2)
        self._checkpoint = checkpoint
        self._n_before = self.search.state.generation

    def execute(self) -> Outcome:
        """Runs to the last generation, or until somebody asks to stop.

        Raises:
            FormatError, RunError: a file cannot be written; the last checkpoint is kept.
        """
        self.directory.check_files()
        self._begin()
        known = self._checkpoint or Checkpoint(self.search.state)
        with (
            closing(MetricsFile(self.directory.metrics, self._n_before, known.metrics)) as metrics,
            closing(FrontsFile(self.directory.fronts, self._n_before, known.fronts)) as fronts,
            Threads(self.n_workers) as executor,
            StopRequest() as stop,
            PROGRESS.heard_by(self.reporter.say),
            self.compiler,
        ):
            self.search.executor = executor
            self._tell_of_damage(metrics, fronts)
            self._warm_up()
            if not self.is_resumed:
                self._save_state(metrics, fronts)
            self.reporter.begin(self.config, self.task.measure, self.search.state.generation)
            try:
                # a request during the start still gets one generation: there is a champion then
                while not self.search.is_done and not (
                    stop.is_made and self.search.state.generation
                ):
                    self._generation(executor, metrics, fronts)
                    if time.perf_counter() - self._last_saved >= self.config.checkpoint.seconds:
                        self._save_state(metrics, fronts)
                        self._save_champion(executor)
                        self._write_meta(is_complete=False)
                state = self.search.state
                fronts.append_last(state.generation - 1, state.objectives)
                self._save_state(metrics, fronts)
            finally:
                self.reporter.end()
            champions = self._save_champions(executor)
            self._write_meta(is_complete=self.search.is_done)
            lacking = self._draw(champions)
        return Outcome(
            self.task,
            champions,
            self.search.is_done,
            self.search.state.generation,
            dict(sorted(self.search.seconds.items())),
            stop.signal_number,
            lacking,
        )

    def _begin(self) -> None:
        """Writes the config and, of a new run, removes the files of an earlier one.

        Each step is on the disk before the next: wherever the power fails, what lies here goes on
        as the earlier run, starts that one anew, or starts this one.
        """
        # an extended run has more generations in its config
        with atomic_path(self.directory.config) as temporary:
            temporary.write_text(config_to_toml(self.config), encoding="utf-8")
            # there is space: the earlier run goes before its config does
            if not self.is_resumed:
                self._tell(set_aside_all(self.directory))
                self.directory.clear()
                self.directory.clear_checkpoints()
        self._write_meta(is_complete=False)

    def _tell(self, note: str) -> None:
        if note:
            self.reporter.say(f"note: {note}")

    def _tell_of_damage(self, metrics: MetricsFile, fronts: FrontsFile) -> None:
        for file, items in ((metrics, "rows"), (fronts, "fronts")):
            if file.n_lost:
                self.reporter.say(
                    f"warning: {file.path} lacks {file.n_lost} {items} of generations "
                    "before the checkpoint"
                )
            elif file.was_damaged:
                self.reporter.say(
                    f"warning: {file.path} was damaged; its {items} come from the checkpoint"
                )

    def _draw(self, champions: Champions) -> str:
        """Draws the pictures, without which a run is complete too; returns why there are none."""
        lacking = ""
        try:
            with self.search.timed("draw"):
                self.draw(self.directory, champions)
        except Exception as error:  # of a library for fonts, images or plots
            reason = str(error).partition("\n")[0] or type(error).__name__
            lacking = f"the pictures cannot be drawn: {shown(reason, _LONGEST_REASON)}"
            self.reporter.say(f"warning: {lacking}; all else is saved")
        else:
            # its time is known now; what counts is written
            with suppress(WannError):
                self._write_meta(is_complete=self.search.is_done)
        return lacking

    def _warm_up(self) -> None:
        """Compiles the kernels that are not in the cache; the others are loaded when called."""
        with self.search.timed("start"):
            self.compiler.compile()

    def _generation(self, executor: Threads, metrics: MetricsFile, fronts: FrontsFile) -> None:
        generation = self.search.ask()
        start = time.perf_counter()
        with self.search.timed("evaluate"):
            rollouts = sweep(
                self.task,
                generation.networks,
                generation.weights,
                generation.trials,
                precision=self.config.episodes.precision,
                executor=executor,
            )
            scores = rollouts.returns.mean(axis=2, dtype=np.float64)
        rate = rollouts.steps.sum() / (time.perf_counter() - start)
        objectives = self.search.tell(scores)
        with self.search.timed("record"):
            n_individuals, n_episodes, n_steps = self.totals
            self.totals = (
                n_individuals + len(scores),
                n_episodes + rollouts.steps.size,
                n_steps + int(rollouts.steps.sum()),
            )
            row = summarise(
                generation.number,
                objectives,
                generation.networks,
                self.totals,
                sum(self.search.seconds.values()),
            )
            metrics.append(row)
            fronts.append(generation.number, objectives)
            self.reporter.generation(row, rate)
        if self.search.state.generation in _MEMORY_GENERATIONS:
            memory = meta.memory_in_use()
            if math.isfinite(memory):
                self.memory[str(self.search.state.generation)] = round(memory, 1)

    def _save_state(self, metrics: MetricsFile, fronts: FrontsFile) -> None:
        with self.search.timed("record"):
            # who only looks at the tables after a power cut finds what the checkpoint has
            metrics.sync()
            fronts.sync()
            save_checkpoint(
                Checkpoint(
                    self.search.state,
                    self.totals,
                    dict(sorted(self.search.seconds.items())),
                    fingerprint(self.config),
                    config_to_toml(self.config),
                    metrics.rows,
                    fronts.rows,
                ),
                self.directory.checkpoint,
            )
        self._last_saved = time.perf_counter()

    def _set_aside(self, champions: Sequence[tuple[Path, Network]]) -> None:
        """What will not belong to these champions any more does not lie there as if it did."""

        def structures() -> set[Network]:
            return {network for lineage in structures_of(self.search) for network in lineage}

        has_gone_on = self.search.state.generation > self._n_before
        self._tell(set_aside_outdated(self.directory, champions, structures, has_gone_on))

    def _save_champion(self, executor: Threads) -> None:
        """Writes the best champion so far."""
        with self.search.timed("validate"):
            champion = champion_of(self.search, executor)
            scores = scores_with_protocol(champion.scores, {}, self.config)
            self._set_aside([(self.directory.champion, champion.network)])
            save_champion(replace(champion, scores=scores), self.directory.champion)

    def _save_champions(self, executor: Threads) -> Champions:
        """Chooses and writes the champions; those of a complete run with all their scores."""
        with self.search.timed("validate"):
            measured: dict[Network, dict[str, Any]] = {}
            scored = []
            for champion in champions_of(self.search, executor):
                network = champion.network
                if self.search.is_done and network not in measured:
                    measured[network] = evaluate_network(
                        self.task,
                        network,
                        self.task.episode_numbers.report,
                        self.config.seed,
                        executor=executor,
                    )
                more = measured.get(network, {})
                scores = scores_with_protocol(champion.scores, more, self.config)
                scored.append(replace(champion, scores=scores))
            champions = Champions(*scored)
            self._set_aside(
                [
                    (path, champion.network)
                    for champion, path in zip(champions, self.directory.champions, strict=True)
                ]
            )
            for champion, path in zip(champions, self.directory.champions, strict=True):
                save_champion(champion, path)
        return champions

    def _write_meta(self, is_complete: bool) -> None:
        seconds = self.search.seconds
        n_individuals, n_episodes, n_steps = self.totals
        meta.write_meta(
            self.directory.meta,
            {
                "task": self.task.name,
                "seed": self.config.seed,
                "commands": self.commands,
                "started": self.starts,
                "written": meta.now(),
                "is_complete": is_complete,
                "generations": self.search.state.generation,
                "evaluations": n_individuals,
                "episodes": n_episodes,
                "steps": n_steps,
                "workers": self.n_workers,
                "wall_seconds": round(sum(seconds.values()), 3),
                "seconds": {part: round(value, 3) for part, value in sorted(seconds.items())},
                "memory_mb_at_generation": self.memory,
                "versions": meta.versions(),
                "machine": meta.machine(),
            },
        )
