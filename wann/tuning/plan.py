"""How a tuning of individual weights is laid out, how it goes on, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wann.tasks.base import Task
from wann.tuning.optimiser import Weights

OnProgress = Callable[["Progress"], None]


@dataclass(frozen=True)
class Plan:
    """How a tuning is laid out.

    Attributes:
        starts: the most starts that are explored; of several structures at least one each.
        start_factors: by which the best shared weight is multiplied, start for start in turn.
        sigma: first standard deviation of the weights; None: the optimiser's.
        exploring_generations: of each start; then, if there is more than one number, as many more
            as the second says of the more promising half, and so on.
        exploring_share: of the budget, at which exploring ends.
        exploring_episodes: of each generation while exploring.
        contenders: that are refined in each round; the most promising go on.
        refining_shares: of the budget, at which the rounds end.
        refining_episodes: of each generation in each round.
        hard_part: of the episodes of refining, those that are hard.
        hard_memory: number of hard episodes that are kept.
        examined_every: generations from one examination of the mean to the next.
        examination: episodes of an examination.
        promise: quantile of the returns by which contenders are judged.
        finalists: the best means by their examinations, which flatter the lucky; the choice at the
            end is between them and the start.
        choice: episodes of that choice.
        reserved: of the budget, for that choice; 0: it comes on top.
    """

    starts: int = 16
    start_factors: tuple[float, ...] = (0.5, -0.5, 1.0, -1.0)
    sigma: float | None = None
    exploring_generations: tuple[int, ...] = (300, 300)
    exploring_share: float = 0.3
    exploring_episodes: int = 4
    contenders: tuple[int, ...] = (4, 2, 1)
    refining_shares: tuple[float, ...] = (0.5, 0.75, 1.0)
    refining_episodes: tuple[int, ...] = (16, 32, 64)
    hard_part: float = 0.25
    hard_memory: int = 64
    examined_every: int = 16
    examination: int = 1024
    promise: float = 0.9
    finalists: int = 16
    choice: int = 4096
    reserved: int = 0


def plan_for(task: Task) -> Plan:
    """The default plan with the numbers of the task."""
    numbers = task.episode_numbers
    return Plan(
        starts=numbers.starts,
        sigma=numbers.sigma,
        exploring_generations=(numbers.exploring, numbers.exploring),
        examination=numbers.examination,
        refining_episodes=numbers.refining,
        choice=numbers.choice,
    )


@dataclass(frozen=True)
class Progress:
    """How a tuning goes on.

    Attributes:
        fraction: of the budget, 0 to 1.
        stage: "exploring", "refining" or "choosing".
        generation: number of generations so far.
        evaluations: episodes so far.
        mean: of the returns of the latest generation.
        best: the best mean return of an examination so far; NaN before the first.
        unit: of ``evaluations``.
    """

    fraction: float
    stage: str
    generation: int
    evaluations: int
    mean: float
    best: float
    unit: str = "episodes"


@dataclass(frozen=True)
class Tuning:
    """What came of a tuning.

    Attributes:
        weights: (C,) in the order of the network's connections.
        start_weight: the best shared weight of the network.
        generations: number of generations.
        evaluations: episodes.
        seconds: wall time.
        ended_by: "evaluations", "seconds" or "stop".
        structure: the place of the network among those that were given.
        merit: by which the weights were chosen, on what was tuned on: the mean return, or the
            accuracy in per cent; NaN: not told.
    """

    weights: Weights
    start_weight: float
    generations: int
    evaluations: int
    seconds: float
    ended_by: str
    structure: int = 0
    merit: float = float("nan")
