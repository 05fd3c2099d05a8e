"""Shows how a run goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import IO, cast

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from wann import output
from wann.printable import printable
from wann.run.metrics import Row
from wann.search.config import Config
from wann.search.heats import heat_of
from wann.tasks.measure import RETURN, Measure

_SECONDS_BETWEEN_LINES = 5.0


class Quiet:
    """Says nothing."""

    def begin(self, config: Config, measure: Measure, first_generation: int) -> None:
        """Before the first generation."""

    def generation(self, row: Row, steps_per_second: float) -> None:
        """After each generation."""

    def say(self, text: str) -> None:
        """Something worth a line."""

    def end(self) -> None:
        """After the last generation."""


class PlainLines(Quiet):
    """A line every few seconds, and one for the first and last generation."""

    def __init__(self, stream: output.Stream) -> None:
        self.stream = stream
        self._n_generations = 0
        self._config: Config | None = None
        self._measure = RETURN
        self._first = 0
        self._started = self._last = 0.0

    def begin(self, config: Config, measure: Measure, first_generation: int) -> None:
        """Before the first generation."""
        self._n_generations = config.search.generations
        self._config, self._measure = config, measure
        self._first = first_generation
        self._started = time.perf_counter()
        self._last = self._started - _SECONDS_BETWEEN_LINES

    def generation(self, row: Row, steps_per_second: float) -> None:
        """After each generation."""
        now, done = time.perf_counter(), row.generation + 1
        if now - self._last < _SECONDS_BETWEEN_LINES and done < self._n_generations:
            return
        self._last = now
        pace = (now - self._started) / (done - self._first)
        left = pace * (self._n_generations - done)
        self.say(
            f"generation {done}/{self._n_generations}{_heat_words(row, self._config)}  "
            f"{_numbers(row, self._measure, steps_per_second, 1)}  {_clock(left)} left"
        )

    def say(self, text: str) -> None:
        """Something worth a line."""
        output.say(text, to=self.stream.name)


def _heat_words(row: Row, config: Config | None) -> str:
    """Which heat a generation belongs to, if there are heats."""
    if config is None or config.search.heats <= 1:
        return ""
    heat = heat_of(row.generation, config.search)
    return f" (heat {heat}/{config.search.heats})" if heat else " (after the heats)"


def _numbers(row: Row, measure: Measure, steps_per_second: float, digits: int) -> str:
    """What a generation found, and how fast; returns with so many digits behind the point."""
    pace = f"{steps_per_second / 1e6:.3g} M"
    size = f"connections {row.connections_best}"
    if measure.is_loss:
        return (
            f"loss {-row.mean_best:.3g} (median {-row.mean_median:.3g})  least {-row.max_max:.3g}  "
            f"{size}  {pace} predictions/s"
        )
    return (
        f"mean {row.mean_best:.{digits}f} (median {row.mean_median:.{digits}f})  "
        f"max {row.max_max:.{digits}f}  {size} (median {row.connections_median:.0f})  "
        f"{pace} steps/s"
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def console_of(stream: output.Stream) -> Console:
    """A terminal for progress bars that may go away while the work goes on."""
    return Console(file=cast("IO[str]", stream), emoji=False, markup=False, highlight=False)


class _BarAboveNumbers(Progress):
    """A bar, and a line of numbers below it: both fit a terminal of 80 columns."""

    numbers = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        yield Text(self.numbers, style="cyan", no_wrap=True, overflow="ellipsis")


class Bar(Quiet):
    """A progress bar on a terminal."""

    def __init__(self, stream: output.Stream) -> None:
        self.progress = _BarAboveNumbers(
            TextColumn("generation"),
            MofNCompleteColumn(),
            TextColumn("{task.fields[heat]}", markup=False),
            BarColumn(bar_width=None),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console_of(stream),
            expand=True,
            refresh_per_second=4,
        )
        self._task = self.progress.add_task("evolve", total=None, visible=False, heat="")
        self._config: Config | None = None
        self._measure = RETURN

    def begin(self, config: Config, measure: Measure, first_generation: int) -> None:
        """Before the first generation."""
        self._config, self._measure = config, measure
        self.progress.update(
            self._task,
            total=config.search.generations,
            completed=first_generation,
            visible=True,
        )
        self.progress.start()

    def generation(self, row: Row, steps_per_second: float) -> None:
        """After each generation."""
        self.progress.numbers = _numbers(row, self._measure, steps_per_second, 0)
        heat = _heat_words(row, self._config).strip()
        self.progress.update(self._task, completed=row.generation + 1, heat=heat)

    def say(self, text: str) -> None:
        """Something worth a line."""
        self.progress.console.print(Text(printable(text)), soft_wrap=True)

    def end(self) -> None:
        """After the last generation."""
        self.progress.stop()


def make_reporter(is_quiet: bool, is_json: bool) -> Quiet:
    """The reporter that fits the output; with JSON on stdout, progress goes to stderr."""
    if is_quiet:
        return Quiet()
    stream = output.Stream("stderr" if is_json else "stdout")
    return Bar(stream) if stream.isatty() else PlainLines(stream)
