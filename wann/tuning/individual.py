"""The search for individual weights, whatever the optimiser: explore from many starts, then refine.

Exploring: short searches on few episodes, all from shared weights. From anywhere else, or with
large steps, most searches end where every activation is saturated: a controller that switches,
does well soon and stays there for good. The small weights are those that can still be bettered.

Refining: rounds on ever more episodes, each for the more promising contenders. A strategy that is
good but seldom fails is wanted, for the failures can be cured later and a slow strategy cannot be
made fast: a contender is judged by the return that its best tenth of the episodes reach
(successive halving, Jamieson & Talwalkar 2016). A quarter of the episodes of a generation are the
hardest that were met lately: rare failures would else be seen too seldom to be cured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wann.errors import NetworkError
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.tasks.base import Executor, Precision, Serial, Task, sweep_weighted
from wann.tuning.budget import Budget
from wann.tuning.random import TuningStream, tuning_rng

Weights = NDArray[np.float64]
OnProgress = Callable[["Progress"], None]


class Optimiser(Protocol):
    """Maximises the return by ask and tell; its state is its own."""

    @property
    def mean(self) -> Weights:
        """(C,) the centre of the search."""

    def ask(self) -> Weights:
        """(K, C) candidates."""

    def tell(self, candidates: Weights, scores: NDArray[np.float64]) -> None:
        """Takes the (K,) scores of the candidates, the higher the better."""


MakeOptimiser = Callable[[Weights, np.random.Generator], Optimiser]


@dataclass(frozen=True)
class Plan:
    """How a tuning is laid out.

    Attributes:
        starts: the most starts that are explored.
        start_factors: by which the best shared weight is multiplied, start for start in turn.
        exploring_generations: of each start.
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
    """

    starts: int = 16
    start_factors: tuple[float, ...] = (1.0, -1.0, 0.5, -0.5)
    exploring_generations: int = 300
    exploring_share: float = 0.15
    exploring_episodes: int = 4
    contenders: tuple[int, ...] = (8, 3, 1)
    refining_shares: tuple[float, ...] = (0.45, 0.7, 1.0)
    refining_episodes: tuple[int, ...] = (16, 32, 64)
    hard_part: float = 0.25
    hard_memory: int = 64
    examined_every: int = 16
    examination: int = 1024
    promise: float = 0.9
    finalists: int = 16
    choice: int = 4096


def plan_for(task: Task) -> Plan:
    """The default plan with the task's numbers of episodes."""
    numbers = task.episode_numbers
    return Plan(
        exploring_generations=numbers.exploring,
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
    """

    fraction: float
    stage: str
    generation: int
    evaluations: int
    mean: float
    best: float


@dataclass(frozen=True)
class Tuning:
    """What came of a tuning.

    Attributes:
        weights: (C,) in the order of the network's connections.
        start_weight: the shared weight of the first start.
        generations: number of generations.
        evaluations: episodes.
        seconds: wall time.
        ended_by: "evaluations", "seconds" or "stop".
    """

    weights: Weights
    start_weight: float
    generations: int
    evaluations: int
    seconds: float
    ended_by: str


def tune_individual(
    task: Task,
    network: Network,
    make_optimiser: MakeOptimiser,
    *,
    start_weight: float,
    budget: Budget,
    seed: int,
    executor: Executor | None = None,
    plan: Plan | None = None,
    on_progress: OnProgress = lambda _: None,
) -> Tuning:
    """Searches for the individual weights of the highest mean return.

    Args:
        task: the task.
        network: the structure, of at least one connection; it stays as it is.
        make_optimiser: makes an optimiser at given weights.
        start_weight: the shared weight of the first start: the best one.
        budget: ends the search.
        seed: of starts, candidates and episodes. With a budget of evaluations the same seed gives
            the same bits, whatever the number of workers.
        executor: runs the rollouts; None: in this thread.
        plan: how it is laid out; None: ``plan_for``.
        on_progress: is told after every generation.

    Returns:
        The weights that did best on episodes of their own, among the best means met and the start.

    Raises:
        NetworkError: the network has no connections.
    """
    if network.n_connections == 0:
        raise NetworkError("the network has no connections: there are no weights to tune")
    search = _Search(
        task, network, budget, seed, executor or Serial(), plan or plan_for(task), on_progress
    )
    start = np.full(network.n_connections, start_weight)
    # matrices this small are slower with more threads, and those may round differently
    with threadpool_limits(limits=1, user_api="blas"):
        search.remember(-np.inf, start)
        search.refine(search.explore(make_optimiser, start))
        weights = search.choose()
    ended_by = "seconds" if budget.has_run_out_of_time else "evaluations"
    return Tuning(
        weights,
        start_weight,
        search.generation,
        budget.used,
        budget.seconds,
        "stop" if budget.is_stopped else ended_by,
    )


class _Search:
    """The parts of a tuning, and what they share."""

    def __init__(
        self,
        task: Task,
        network: Network,
        budget: Budget,
        seed: int,
        executor: Executor,
        plan: Plan,
        on_progress: OnProgress,
    ) -> None:
        self.task, self.budget, self.seed = task, budget, seed
        self.executor, self.plan, self.on_progress = executor, plan, on_progress
        self.networks = stack_networks([network])
        self.trials_rng = tuning_rng(seed, TuningStream.TRIALS)
        self.generation = 0
        self.candidates: list[tuple[float, Weights]] = []

    def remember(self, score: float, weights: Weights) -> None:
        """Keeps weights for the choice at the end: the first, and the best of the others."""
        first, *others = [*self.candidates, (score, weights.copy())]
        best = sorted(others, key=lambda pair: -pair[0])[: self.plan.finalists]
        self.candidates = [first, *best]

    @property
    def best(self) -> float:
        """The best score remembered; NaN if there is none."""
        scores = [score for score, _ in self.candidates[1:]]
        return max(scores) if scores else float("nan")

    def returns(
        self, weights: Weights, trials: NDArray[Any], precision: Precision = "float32"
    ) -> NDArray[np.float64]:
        """(K, E) returns of K sets of weights on E trials."""
        rollouts = sweep_weighted(
            self.task,
            self.networks,
            weights,
            trials,
            precision=precision,
            executor=self.executor,
        )
        self.budget.used += rollouts.returns.size
        return rollouts.returns.astype(np.float64)

    def step(self, optimiser: Optimiser, trials: NDArray[Any], stage: str) -> None:
        """One generation; all candidates meet the same episodes."""
        candidates = optimiser.ask()
        scores = self.returns(candidates, trials).mean(axis=1)
        optimiser.tell(candidates, scores)
        self.generation += 1
        self.tell_progress(stage, float(scores.mean()))

    def tell_progress(self, stage: str, mean: float) -> None:
        """Tells how it goes on."""
        budget = self.budget
        self.on_progress(
            Progress(budget.fraction, stage, self.generation, budget.used, mean, self.best)
        )

    def explore(self, make_optimiser: MakeOptimiser, start: Weights) -> list[Optimiser]:
        """Short searches, each from a shared weight; the most promising first."""
        plan = self.plan
        made: list[Optimiser] = []
        for k in range(plan.starts):
            if made and self.budget.fraction >= plan.exploring_share:
                break
            rng = tuning_rng(self.seed, TuningStream.START, k)
            factor = plan.start_factors[k % len(plan.start_factors)]
            made.append(make_optimiser(factor * start, rng))
            for _ in range(plan.exploring_generations):
                if self.budget.fraction >= plan.exploring_share:
                    break
                trials = self.task.draw_trials(plan.exploring_episodes, self.trials_rng)
                self.step(made[-1], trials, "exploring")
        return [made[k] for k in self.by_promise(made)]

    def by_promise(self, optimisers: list[Optimiser]) -> list[int]:
        """The order of the optimisers, the most promising first."""
        if len(optimisers) == 1:
            return [0]
        trials = self.task.draw_trials(self.plan.examination, self.trials_rng)
        returns = self.returns(np.stack([o.mean for o in optimisers]), trials)
        promise = np.quantile(returns, self.plan.promise, axis=1)
        order: list[int] = np.argsort(-promise, kind="stable").tolist()
        return order

    def refine(self, going: list[Optimiser]) -> None:
        """Rounds in which each contender in turn is refined; the most promising go on."""
        plan = self.plan
        hard = [self.task.draw_trials(0, self.trials_rng) for _ in going]
        rounds = zip(plan.contenders, plan.refining_shares, plan.refining_episodes, strict=True)
        for number, (n, share, episodes) in enumerate(rounds):
            order = self.by_promise(going) if number else list(range(len(going)))
            going, hard = [going[k] for k in order[:n]], [hard[k] for k in order[:n]]
            begin = self.budget.fraction
            for k, optimiser in enumerate(going):
                until = begin + (k + 1) / len(going) * max(share - begin, 0.0)
                hard[k] = self.refine_one(optimiser, hard[k], until, episodes)

    def refine_one(
        self, optimiser: Optimiser, hard: NDArray[Any], until: float, episodes: int
    ) -> NDArray[Any]:
        """Refines until that part of the budget is used; returns what is hard for the mean."""
        plan = self.plan
        hard = self.examine(optimiser, hard)
        count = 0
        while self.budget.fraction < until:
            n_hard = min(len(hard), round(episodes * plan.hard_part))
            fresh = self.task.draw_trials(episodes - n_hard, self.trials_rng)
            chosen = self.trials_rng.choice(len(hard), n_hard, replace=False)
            self.step(optimiser, np.concatenate([fresh, hard[chosen]]), "refining")
            count += 1
            if count % plan.examined_every == 0:
                hard = self.examine(optimiser, hard)
        return hard

    def examine(self, optimiser: Optimiser, hard: NDArray[Any]) -> NDArray[Any]:
        """Scores the mean on fresh episodes and remembers it; returns the hardest episodes."""
        fresh = self.task.draw_trials(self.plan.examination, self.trials_rng)
        trials = np.concatenate([hard, fresh])
        returns = self.returns(optimiser.mean[None], trials)[0]
        self.remember(float(returns[len(hard) :].mean()), optimiser.mean)
        return trials[np.argsort(returns, kind="stable")[: self.plan.hard_memory]]

    def choose(self) -> Weights:
        """The best of the remembered weights, on the same fresh episodes, in float64."""
        rng = tuning_rng(self.seed, TuningStream.CHOICE)
        trials = self.task.draw_trials(self.plan.choice, rng)
        weights = np.stack([weights for _, weights in self.candidates])
        means = self.returns(weights, trials, "float64").mean(axis=1)
        self.tell_progress("choosing", float(means.max()))
        best: Weights = weights[np.argmax(means)]
        return best
