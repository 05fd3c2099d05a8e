"""Individual weights of a classifier by an evolution strategy on batches of training samples.

All candidates of a generation meet the same batch, and what counts is their mean cross-entropy.
The centre of the search is examined now and then on a part of the training data that is held back,
and the best centre is the result: the test part of the data is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wann.errors import NetworkError
from wann.executor import Executor, Serial
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.tasks.accuracy import individual_outputs
from wann.tasks.base import Floats
from wann.tasks.classify import ClassifyTask
from wann.tasks.cross_entropy import Samples
from wann.tuning.budget import Budget
from wann.tuning.held_back import hold_back
from wann.tuning.journal import Kind
from wann.tuning.optimiser import MakeOptimiser, Weights
from wann.tuning.plan import Progress, Tuning
from wann.tuning.random import TuningStream, tuning_rng


@dataclass(frozen=True)
class BatchPlan:
    """How a search on batches is laid out.

    Attributes:
        batch: samples of a generation, at most all that are not held back.
        validation: part of the training data that is held back.
        most_validation: samples, at most.
        examined_every: generations from one examination of the centre to the next.
        counts_examinations: whether their samples are part of the budget, and all stays within it.
    """

    batch: int = 1000
    validation: float = 0.1
    most_validation: int = 5000
    examined_every: int = 25
    counts_examinations: bool = False

    def within(self, budget: Budget, n: int, population: int) -> BatchPlan:
        """The plan, or a smaller one for a budget that holds no generation and examinations.

        Args:
            budget: of samples.
            n: training samples.
            population: candidates of a generation.
        """
        limit = budget.evaluations if budget.is_given else None
        if limit is None:
            return self
        n_held = min(self.most_validation, max(1, int(self.validation * n)))
        batch = min(self.batch, max(1, n - n_held))
        if limit >= 2 * n_held + population * batch:
            return self
        return replace(
            self,
            most_validation=max(1, min(n_held, limit // 8)),
            batch=max(1, min(batch, limit // (8 * population))),
            counts_examinations=True,
        )


def mean_cross_entropy(outputs: Floats, labels: NDArray[np.int64]) -> float:
    """Of (n, classes) finite outputs, of which a softmax gives the probabilities."""
    above = outputs - outputs.max(axis=1, keepdims=True)
    logs = np.log(np.exp(above).sum(axis=1)) - above[np.arange(len(labels)), labels]
    return float(logs.mean())


def tune_on_batches(
    task: ClassifyTask,
    network: Network,
    make_optimiser: MakeOptimiser,
    *,
    start_weight: float,
    budget: Budget,
    seed: int,
    executor: Executor | None = None,
    plan: BatchPlan | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Tuning:
    """Searches for the individual weights of the lowest cross-entropy.

    Args:
        task: a classification.
        network: the structure, of at least one connection; it stays as it is.
        make_optimiser: makes an optimiser at given weights.
        start_weight: of all connections: the best shared weight.
        budget: in samples, each with one set of weights, or in seconds.
        seed: of candidates, split and batches. With a budget of samples the same seed gives the
            same bits, whatever the number of workers.
        executor: runs the candidates; None: in this thread.
        plan: how it is laid out; None: the default.
        on_progress: is told after every generation; ``mean`` and ``best`` are the latest accuracy
            on the validation part and that of the best weights so far, in per cent.

    Returns:
        The weights of the highest validation accuracy.

    Raises:
        NetworkError: the network has no connections.
    """
    if network.n_connections == 0:
        raise NetworkError("the network has no connections: there are no weights to tune")
    start = np.full(network.n_connections, start_weight)
    optimiser = make_optimiser(start, tuning_rng(seed, TuningStream.START))
    candidates = optimiser.ask()
    plan = (plan or BatchPlan()).within(budget, len(task.samples.y), len(candidates))
    search = _Search(task, network, budget, seed, executor or Serial(), plan)
    search.examine(start)
    generation = 0
    while budget.fraction < 1.0 and search.affords(len(candidates)):
        if generation:
            candidates = optimiser.ask()
        optimiser.tell(candidates, search.scores(candidates))
        generation += 1
        is_last = budget.fraction >= 1.0 or not search.affords(len(candidates))
        if generation % search.plan.examined_every == 0 or is_last:
            search.examine(optimiser.mean)
        on_progress(
            Progress(
                budget.fraction,
                "training",
                generation,
                budget.used,
                search.accuracy,
                search.best_accuracy,
                "samples",
            )
        )
    ended_by = budget.limit_reached
    return Tuning(
        search.best_weights,
        start_weight,
        generation,
        budget.used,
        budget.seconds,
        "stop" if budget.is_stopped else ended_by,
        merit=search.best_accuracy,
    )


class _Search:
    """The data of a search, and the best weights so far."""

    def __init__(
        self,
        task: ClassifyTask,
        network: Network,
        budget: Budget,
        seed: int,
        executor: Executor,
        plan: BatchPlan,
    ) -> None:
        self.budget, self.executor, self.plan = budget, executor, plan
        self.networks = stack_networks([network])
        self.rng = tuning_rng(seed, TuningStream.TRAINING)
        self.samples = task.samples
        parts = hold_back(len(self.samples.y), plan.validation, plan.most_validation, self.rng)
        self.held, self.training = self._some(parts.validation), parts.training
        self.best_weights = np.empty(0)
        self.best_accuracy, self.best_loss = -1.0, np.inf
        self.accuracy = 0.0

    def _some(self, chosen: NDArray[np.int64]) -> Samples:
        samples = self.samples
        return samples._replace(x=samples.x[chosen], y=samples.y[chosen])

    def scores(self, candidates: Weights) -> NDArray[np.float64]:
        """(K,) minus the cross-entropy of K sets of weights on a new batch."""
        n = min(self.plan.batch, len(self.training))
        batch = self._some(self.rng.choice(self.training, n, replace=False))
        made = np.empty(len(candidates))

        def run(k: int) -> None:
            outputs = individual_outputs(self.networks, candidates[k], batch)
            made[k] = -mean_cross_entropy(outputs, batch.y)

        def computed() -> NDArray[np.float64]:
            self.executor.run(run, range(len(candidates)))
            return made

        self.budget.used += n * len(candidates)
        return self.budget.journal.recall(Kind.SCORES, computed)

    def affords(self, population: int) -> bool:
        """Whether a small budget holds another generation and its examination."""
        n, n_held = min(self.plan.batch, len(self.training)), len(self.held.y)
        needed = n * population + n_held
        return not self.plan.counts_examinations or self.budget.affords(needed) == needed

    def examine(self, weights: Weights) -> None:
        """Keeps the weights if they are the best on the validation part."""
        n = len(self.held.y)
        if self.plan.counts_examinations and self.budget.affords(n) < n and self.best_weights.size:
            return

        def computed() -> list[float]:
            outputs = individual_outputs(self.networks, weights, self.held, executor=self.executor)
            accuracy = 100.0 * float(np.mean(outputs.argmax(axis=1) == self.held.y))
            return [accuracy, mean_cross_entropy(outputs, self.held.y)]

        if self.plan.counts_examinations:
            self.budget.used += n
        self.accuracy, loss = map(float, self.budget.journal.recall(Kind.EXAMINATION, computed))
        if (self.accuracy, -loss) > (self.best_accuracy, -self.best_loss):
            self.best_accuracy, self.best_loss = self.accuracy, loss
            self.best_weights = np.array(weights, np.float64)
