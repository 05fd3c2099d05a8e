"""What is reproduced of each task, and what the paper reports of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PaperRow:
    """Scores of the paper's champion, as the paper prints them.

    Attributes:
        scores: (mean, deviation or None) by the names that scores have in champion files.
        connections: of its network.
    """

    scores: Mapping[str, tuple[float, float | None]]
    connections: int


@dataclass(frozen=True)
class Benchmark:
    """What is reproduced of a task.

    Attributes:
        paper: the row beside which the results stand; None: the paper has none.
        seeds: number of runs, from seed 1, where nobody names the seeds.
        trials: what scores are over, in words; "": as the task's measure says.
        note: a sentence for the text below the table.
    """

    paper: PaperRow | None = None
    seeds: int = 3
    trials: str = ""
    note: str = ""

    @property
    def default_seeds(self) -> tuple[int, ...]:
        """The seeds of the runs."""
        return tuple(range(1, self.seeds + 1))


# Gaier & Ha 2019, table 1 and section 4.2; connections of the champions that the 2019 release holds
_BENCHMARKS = {
    "cartpole_swingup": Benchmark(
        PaperRow(
            {
                "random_weights": (57, 121),
                "random_shared_weight": (515, 58),
                "tuned_shared_weight": (723, 16),
                "tuned_weights": (932, 6),
            },
            52,
        ),
        seeds=5,
    ),
    "car_racing": Benchmark(
        PaperRow(
            {
                "random_weights": (-69, 31),
                "random_shared_weight": (375, 177),
                "tuned_shared_weight": (608, 161),
                "tuned_weights": (893, 74),
            },
            245,
        ),
        trials="tracks",
        note="The observation differs from the paper's: 16 numbers of the car's state and the "
        "track instead of 16 latent variables of a VAE, which saw the picture of CarRacing-v0.",
    ),
    "mnist": Benchmark(
        PaperRow(
            {
                "random_shared_weight": (82.0, 18.7),
                "tuned_shared_weight": (91.9, None),
                "ensemble": (91.6, None),
                "tuned_weights": (94.2, None),
            },
            1849,
        ),
        trials="test images",
    ),
    "mnist784": Benchmark(trials="test images"),
    "digits": Benchmark(trials="test images"),
}


def benchmark_of(task: str) -> Benchmark:
    """What is reproduced of a task."""
    return _BENCHMARKS.get(task, Benchmark())
