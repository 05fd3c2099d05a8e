"""The search for individual weights, whatever the optimiser: explore from many starts, then refine.

Exploring: short searches on few episodes, all from shared weights. From anywhere else, or with
large steps, most searches end where every activation is saturated: a controller that switches,
does well soon and stays there for good. The small weights are those that can still be bettered.
Several structures may be explored, for each has a ceiling of its own, whatever the starts.

Refining: rounds on ever more episodes, each for the more promising contenders. A strategy that is
good but seldom fails is wanted, for the failures can be cured later and a slow strategy cannot be
made fast: a contender is judged by the return that its best tenth of the episodes reach
(successive halving, Jamieson & Talwalkar 2016). A quarter of the episodes of a generation are the
hardest that were met lately: rare failures would else be seen too seldom to be cured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wann.errors import NetworkError
from wann.executor import Executor, Serial
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.tasks.base import Precision, Task, sweep_weighted
from wann.tuning.budget import Budget
from wann.tuning.journal import Kind
from wann.tuning.optimiser import MakeOptimiser, Optimiser, Weights
from wann.tuning.plan import OnProgress, Plan, Progress, Tuning, plan_for
from wann.tuning.random import TuningStream, tuning_rng


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
    return tune_structures(
        task,
        [network],
        make_optimiser,
        start_weights=[start_weight],
        budget=budget,
        seed=seed,
        executor=executor,
        plan=plan,
        on_progress=on_progress,
    )


def tune_structures(
    task: Task,
    structures: Sequence[Network],
    make_optimiser: MakeOptimiser,
    *,
    start_weights: Sequence[float],
    budget: Budget,
    seed: int,
    executor: Executor | None = None,
    plan: Plan | None = None,
    on_progress: OnProgress = lambda _: None,
    incumbent: tuple[Network, float] | None = None,
) -> Tuning:
    """As ``tune_individual``, of that structure which does best.

    Args:
        structures: at least one, each of at least one connection.
        start_weights: the best shared weight of each.
        incumbent: a network and its best shared weight; it takes part in the last choice, so that
            the result does at least as well on its episodes. It may be none of the structures: its
            place is then ``len(structures)``.
    """
    everyone = [*structures, *([incumbent[0]] if incumbent else [])]
    if any(network.n_connections == 0 for network in everyone):
        raise NetworkError("the network has no connections: there are no weights to tune")
    plan = plan or plan_for(task)
    search = _Search(task, everyone, budget, seed, executor or Serial(), plan, on_progress)
    starts = [
        np.full(network.n_connections, weight)
        for network, weight in zip(structures, start_weights, strict=True)
    ]
    if incumbent:
        search.defend(structures, starts[0], *incumbent)
    # matrices this small are slower with more threads, and those may round differently
    with threadpool_limits(limits=1, user_api="blas"):
        search.remember(-np.inf, 0, starts[0])
        search.refine(search.explore(make_optimiser, starts))
        structure, weights, mean = search.choose()
    ended_by = budget.limit_reached
    start_weight = float(weights[0]) if structure == len(starts) else start_weights[structure]
    return Tuning(
        weights,
        start_weight,
        search.generation,
        budget.used,
        budget.seconds,
        "stop" if budget.is_stopped else ended_by,
        structure,
        merit=mean,
    )


@dataclass
class _Contender:
    """A search from one start.

    Attributes:
        structure: its place.
        optimiser: the search.
        hard: trials that were hard for its mean.
    """

    structure: int
    optimiser: Optimiser
    hard: NDArray[Any]


class _Search:
    """The parts of a tuning, and what they share."""

    def __init__(
        self,
        task: Task,
        structures: Sequence[Network],
        budget: Budget,
        seed: int,
        executor: Executor,
        plan: Plan,
        on_progress: OnProgress,
    ) -> None:
        self.task, self.budget, self.seed = task, budget, seed
        self.executor, self.plan, self.on_progress = executor, plan, on_progress
        self.structures = [stack_networks([network]) for network in structures]
        self.trials_rng = tuning_rng(seed, TuningStream.TRIALS)
        self.generation = 0
        self.candidates: list[tuple[float, int, Weights]] = []
        self.incumbent: list[tuple[int, Weights]] = []

    def remember(self, score: float, structure: int, weights: Weights) -> None:
        """Keeps weights for the choice at the end: the first, and the best of the others."""
        first, *others = [*self.candidates, (score, structure, weights.copy())]
        best = sorted(others, key=lambda candidate: -candidate[0])[: self.plan.finalists]
        self.candidates = [first, *best]

    def defend(
        self, structures: Sequence[Network], first: Weights, network: Network, weight: float
    ) -> None:
        """Lets a network with a shared weight take part in the last choice, after all others."""
        places = [k for k, structure in enumerate(structures) if structure == network]
        place = places[0] if places else len(structures)
        weights = np.full(network.n_connections, weight)
        # the first structure with its start is there already
        if place > 0 or not np.array_equal(weights, first):
            self.incumbent = [(place, weights)]

    @property
    def best(self) -> float:
        """The best score remembered; NaN if there is none."""
        scores = [score for score, _, _ in self.candidates[1:]]
        return max(scores) if scores else float("nan")

    def returns(
        self,
        structure: int,
        weights: Weights,
        trials: NDArray[Any],
        precision: Precision = "float32",
    ) -> NDArray[np.float64]:
        """(K, E) returns of K sets of weights for a structure on E trials."""
        rollouts = sweep_weighted(
            self.task,
            self.structures[structure],
            weights,
            trials,
            precision=precision,
            executor=self.executor,
        )
        return rollouts.returns.astype(np.float64)

    def recall(
        self, kind: Kind, n_evaluations: int, compute: Callable[[], NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """What the journal knows of these evaluations, or what they give now; they are counted."""
        values = self.budget.journal.recall(kind, compute)
        self.budget.used += n_evaluations
        return values

    def affordable(self, trials: NDArray[Any], n_sets: int) -> NDArray[Any]:
        """As many of the trials as a small budget allows for that many sets of weights."""
        if not self.plan.reserved:
            return trials
        n = self.budget.affords(len(trials) * n_sets, self.plan.reserved)
        return trials[: n // n_sets]

    def returns_of_all(
        self, sets: Sequence[tuple[int, Weights]], trials: NDArray[Any], precision: Precision
    ) -> NDArray[np.float64]:
        """(K, E) returns of K pairs of a structure and a set of weights on E trials."""
        returns = np.empty((len(sets), len(trials)))
        for structure in sorted({structure for structure, _ in sets}):
            places = [k for k, (other, _) in enumerate(sets) if other == structure]
            weights = np.stack([sets[k][1] for k in places])
            returns[places] = self.returns(structure, weights, trials, precision)
        return returns

    def step(self, contender: _Contender, trials: NDArray[Any], stage: str) -> bool:
        """One generation; all candidates meet the same episodes. Tells whether it was afforded."""
        candidates = contender.optimiser.ask()
        trials = self.affordable(trials, len(candidates))
        if len(trials) == 0:
            return False
        scores = self.recall(
            Kind.SCORES,
            len(candidates) * len(trials),
            lambda: self.returns(contender.structure, candidates, trials).mean(axis=1),
        )
        contender.optimiser.tell(candidates, scores)
        self.generation += 1
        self.tell_progress(stage, float(scores.mean()))
        return True

    def tell_progress(self, stage: str, mean: float) -> None:
        """Tells how it goes on."""
        budget = self.budget
        self.on_progress(
            Progress(budget.fraction, stage, self.generation, budget.used, mean, self.best)
        )

    def explore(self, make_optimiser: MakeOptimiser, starts: Sequence[Weights]) -> list[_Contender]:
        """Short searches, each from a shared weight; the most promising first."""
        plan, n = self.plan, len(starts)
        rounds, n_starts = len(plan.exploring_generations), max(plan.starts // n, 1) * n
        sigma = {} if plan.sigma is None else {"sigma": plan.sigma}
        going: list[_Contender] = []
        for k in range(n_starts):
            if going and self.budget.fraction >= plan.exploring_share / rounds:
                break
            number, structure = divmod(k, n)
            factor = plan.start_factors[number % len(plan.start_factors)]
            rng = tuning_rng(self.seed, TuningStream.START, k)
            optimiser = make_optimiser(factor * starts[structure], rng, **sigma)
            contender = _Contender(structure, optimiser, self.task.draw_trials(0, self.trials_rng))
            going.append(contender)
            # none of several structures goes without its part of a small budget
            part = 1.0 if n == 1 else (k + 1) / n_starts
            generations = plan.exploring_generations[0]
            self.explore_one(contender, generations, part * plan.exploring_share / rounds)
        going = self.by_promise(going)
        for number, generations in enumerate(plan.exploring_generations[1:], 2):
            going = going[: -(-len(going) // 2)]
            begin = self.budget.fraction
            left = max(plan.exploring_share * number / rounds - begin, 0.0)
            for k, contender in enumerate(going):
                self.explore_one(contender, generations, begin + (k + 1) / len(going) * left)
            going = self.by_promise(going)
        return going

    def explore_one(self, contender: _Contender, generations: int, until: float) -> None:
        """Some generations, or until that part of the budget is used."""
        plan = self.plan
        for _ in range(generations):
            if self.budget.fraction >= until:
                break
            trials = self.task.draw_trials(plan.exploring_episodes, self.trials_rng)
            if not self.step(contender, trials, "exploring"):
                break

    def by_promise(self, contenders: list[_Contender]) -> list[_Contender]:
        """The contenders, the most promising first."""
        if len(contenders) == 1:
            return contenders
        trials = self.task.draw_trials(self.plan.examination, self.trials_rng)
        trials = self.affordable(trials, len(contenders))
        if len(trials) == 0:
            return contenders
        means = [(c.structure, c.optimiser.mean) for c in contenders]
        promise = self.recall(
            Kind.PROMISE,
            len(means) * len(trials),
            lambda: np.quantile(
                self.returns_of_all(means, trials, "float32"), self.plan.promise, axis=1
            ),
        )
        return [contenders[k] for k in np.argsort(-promise, kind="stable")]

    def refine(self, going: list[_Contender]) -> None:
        """Rounds in which each contender in turn is refined; the most promising go on."""
        plan = self.plan
        rounds = zip(plan.contenders, plan.refining_shares, plan.refining_episodes, strict=True)
        for number, (n, share, episodes) in enumerate(rounds):
            going = (self.by_promise(going) if number else going)[:n]
            begin = self.budget.fraction
            for k, contender in enumerate(going):
                until = begin + (k + 1) / len(going) * max(share - begin, 0.0)
                self.refine_one(contender, until, episodes)

    def refine_one(self, contender: _Contender, until: float, episodes: int) -> None:
        """Refines until that part of the budget is used."""
        plan = self.plan
        self.examine(contender)
        count = 0
        while self.budget.fraction < until:
            hard = contender.hard
            n_hard = min(len(hard), round(episodes * plan.hard_part))
            fresh = self.task.draw_trials(episodes - n_hard, self.trials_rng)
            chosen = self.trials_rng.choice(len(hard), n_hard, replace=False)
            if not self.step(contender, np.concatenate([fresh, hard[chosen]]), "refining"):
                break
            count += 1
            if count % plan.examined_every == 0:
                self.examine(contender)

    def examine(self, contender: _Contender) -> None:
        """Scores the mean on fresh episodes and remembers it, and what was hardest for it."""
        n_hard, mean = len(contender.hard), contender.optimiser.mean
        fresh = self.task.draw_trials(self.plan.examination, self.trials_rng)
        trials = np.concatenate([contender.hard, fresh])
        if len(self.affordable(trials, 1)) < len(trials):
            return

        def examined() -> NDArray[np.float64]:
            returns = self.returns(contender.structure, mean[None], trials)[0]
            hardest = np.argsort(returns, kind="stable")[: self.plan.hard_memory]
            return np.array([returns[n_hard:].mean(), *hardest])

        score, *hardest = self.recall(Kind.EXAMINATION, len(trials), examined)
        self.remember(float(score), contender.structure, mean)
        contender.hard = trials[np.array(hardest, np.int64)]

    def choose(self) -> tuple[int, Weights, float]:
        """The best of the remembered weights, on the same fresh episodes, in float64.

        Their structure, themselves and their mean return there.
        """
        rng = tuning_rng(self.seed, TuningStream.CHOICE)
        trials = self.task.draw_trials(self.choice_episodes(), rng)
        sets = [(structure, weights) for _, structure, weights in self.candidates]
        sets += self.incumbent
        if len(trials) == 0:
            return *(self.incumbent or sets)[0], float("nan")
        means = self.recall(
            Kind.CHOICE,
            len(sets) * len(trials),
            lambda: self.returns_of_all(sets, trials, "float64").mean(axis=1),
        )
        self.tell_progress("choosing", float(means.max()))
        best = int(np.argmax(means))
        return *sets[best], float(means[best])

    def choice_episodes(self) -> int:
        """Of each candidate in the last choice: of a small budget what is left of it."""
        plan, budget = self.plan, self.budget
        if not plan.reserved:
            return plan.choice
        n_sets = len(self.candidates) + len(self.incumbent)
        return budget.affords(plan.choice * n_sets) // n_sets
