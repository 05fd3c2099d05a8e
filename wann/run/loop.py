"""The run loop: score, breed, record, save; at the end, choose and measure the champion."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from wann.executors.threads import Threads
from wann.formats.atomic import atomic_path
from wann.formats.champion import save_champion
from wann.genome.network import Network
from wann.run import meta
from wann.run.checkpoint import Checkpoint, fingerprint, save_checkpoint
from wann.run.directory import RunDirectory
from wann.run.fronts import FrontsFile
from wann.run.interrupt import StopRequest
from wann.run.kernels import kernels_of
from wann.run.metrics import MetricsFile, Row, summarise
from wann.run.scores import scores_with_protocol
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
    """

    task: Task
    champions: Champions
    is_complete: bool
    generation: int
    seconds: Mapping[str, float]
    stop_signal: int | None


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
        self.commands = [*_list_of(former.get("commands")), command]
        self.starts = [*_list_of(former.get("started")), meta.now()]
        memory = former.get("memory_mb_at_generation")
        self.memory: dict[str, float] = dict(memory) if isinstance(memory, dict) else {}
        self._last_saved = time.perf_counter()
        self.compiler = Beside(*kernels_of(config, task), is_alone=n_workers < 2)

    def execute(self) -> Outcome:
        """Runs to the last generation, or until somebody asks to stop.

        Raises:
            FormatError, RunError: a file cannot be written; the last checkpoint is kept.
        """
        # an extended run has more generations in its config
        with atomic_path(self.directory.config) as temporary:
            temporary.write_text(config_to_toml(self.config), encoding="utf-8")
            # there is space: the old checkpoints go before the config that they belong to
            if not self.is_resumed:
                self.directory.clear_checkpoints()
        if not self.is_resumed:
            self.directory.clear()
        self._write_meta(is_complete=False)
        n_before = self.search.state.generation
        with (
            closing(MetricsFile(self.directory.metrics, n_before)) as metrics,
            closing(FrontsFile(self.directory.fronts, n_before)) as fronts,
            Threads(self.n_workers) as executor,
            StopRequest() as stop,
            PROGRESS.heard_by(self.reporter.say),
            self.compiler,
        ):
            self.search.executor = executor
            for file, items in ((metrics, "rows"), (fronts, "fronts")):
                if file.n_lost:
                    self.reporter.say(
                        f"warning: {file.path} lacks {file.n_lost} {items} of generations "
                        "before the checkpoint"
                    )
            self._warm_up()
            if not self.is_resumed:
                self._save_state()
            self.reporter.begin(self.config, self.task.measure, self.search.state.generation)
            try:
                # a request during the start still gets one generation: there is a champion then
                while not self.search.is_done and not (
                    stop.is_made and self.search.state.generation
                ):
                    self._generation(executor, metrics, fronts)
                    if time.perf_counter() - self._last_saved >= self.config.checkpoint.seconds:
                        self._save_state()
                        self._save_champion(executor)
                        self._write_meta(is_complete=False)
                self._save_state()
                state = self.search.state
                fronts.append_last(state.generation - 1, state.objectives)
            finally:
                self.reporter.end()
            champions = self._save_champions(executor)
            with self.search.timed("draw"):
                self.draw(self.directory, champions)
            self._write_meta(is_complete=self.search.is_done)
        return Outcome(
            self.task,
            champions,
            self.search.is_done,
            self.search.state.generation,
            dict(sorted(self.search.seconds.items())),
            stop.signal_number,
        )

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
            self.memory[str(self.search.state.generation)] = round(meta.memory_in_use(), 1)

    def _save_state(self) -> None:
        with self.search.timed("record"):
            save_checkpoint(
                Checkpoint(
                    self.search.state,
                    self.totals,
                    dict(sorted(self.search.seconds.items())),
                    fingerprint(self.config),
                ),
                self.directory.checkpoint,
            )
        self._last_saved = time.perf_counter()

    def _save_champion(self, executor: Threads) -> None:
        """Writes the best champion so far."""
        with self.search.timed("validate"):
            champion = champion_of(self.search, executor)
            scores = scores_with_protocol(champion.scores, {}, self.config)
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
                        self.task, network, self.task.episode_numbers.report, self.config.seed
                    )
                more = measured.get(network, {})
                scores = scores_with_protocol(champion.scores, more, self.config)
                scored.append(replace(champion, scores=scores))
            champions = Champions(*scored)
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


def _list_of(value: object) -> list[Any]:
    """The value if it is a list; what a person has edited may be anything."""
    return value if isinstance(value, list) else []
