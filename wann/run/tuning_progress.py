"""Shows how a tuning goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from wann import output
from wann.run.progress import console_of
from wann.tuning.plan import Progress as TuningProgress

_SECONDS_BETWEEN_LINES = 5.0


def _numbers(progress: TuningProgress) -> str:
    best = "" if math.isnan(progress.best) else f"  best {progress.best:.1f}"
    return (
        f"{progress.stage}  generation {progress.generation}  mean {progress.mean:.1f}{best}  "
        f"{progress.evaluations / 1e6:.1f} M {progress.unit}"
    )


@contextmanager
def make_tuning_reporter(
    is_quiet: bool, is_json: bool
) -> Iterator[Callable[[TuningProgress], None]]:
    """What a tuning tells its progress to; with JSON on stdout, it is shown on stderr."""
    stream = output.Stream("stderr" if is_json else "stdout")
    if is_quiet:
        yield lambda _: None
    elif stream.isatty():
        bar = Progress(
            TextColumn("tuning"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            TextColumn("{task.fields[numbers]}", markup=False),
            console=console_of(stream),
            expand=True,
            refresh_per_second=4,
        )
        task = bar.add_task("tune", total=1.0, numbers="")
        with bar:
            yield lambda p: bar.update(task, completed=p.fraction, numbers=_numbers(p))
    else:
        last = -math.inf

        def tell(progress: TuningProgress) -> None:
            nonlocal last
            if time.perf_counter() - last >= _SECONDS_BETWEEN_LINES:
                last = time.perf_counter()
                percent = f"{100 * progress.fraction:.0f} %"
                output.say(f"{percent:>5}  {_numbers(progress)}", to=stream.name)

        yield tell
