"""Individual weights of a classifier by gradient descent: Adam on batches of training samples.

All weights start at half the best shared weight. The learning rate falls with the cosine of the
part of the budget that is used. What is judged, on a part of the training data that is held back,
is the moving average of the weights, and the best average is the result: the test part of the data
is never looked at.

Samples are dealt into blocks once; a batch is some blocks, drawn anew in each epoch. Blocks are
computed in parallel and added up in their order: the result does not depend on the workers.

Sources: Kingma & Ba 2015, https://arxiv.org/abs/1412.6980; Loshchilov & Hutter 2017, "SGDR",
https://arxiv.org/abs/1608.03983 (cosine); Polyak & Juditsky 1992 (averages).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.errors import NetworkError
from wann.executor import Executor, Serial
from wann.formats.parsing import parsing
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.kernels.adam import adam_step
from wann.kernels.forward import LANES, NetworkArrays
from wann.kernels.gradient import Blocks, block_gradients
from wann.tasks.classify import ClassifyTask
from wann.tuning.budget import Budget
from wann.tuning.held_back import hold_back
from wann.tuning.journal import State
from wann.tuning.plan import Progress, Tuning
from wann.tuning.random import TuningStream, tuning_rng

# blocks that are worth handing to another thread
_LEAST_PIECE = 8


@dataclass(frozen=True)
class AdamPlan:
    """How a training is laid out.

    Attributes:
        start_factor: by which the best shared weight is multiplied: from smaller weights, where the
            activations are less wild, training comes a little further.
        learning_rate: at the start.
        last_rate: part of the learning rate that is left at the end.
        batch_blocks: blocks of LANES samples in a batch; fewer if an epoch would have few batches.
        least_batches: of an epoch.
        averaged_epochs: time constant of the moving average of the weights.
        validation: part of the training data that is held back.
        most_validation: samples, at most.
        patience: part of the budget without a better validation accuracy, after which it ends;
            compiling the kernels takes time too, so that some epochs must have passed as well.
        patient_epochs: how many.
        counts_examinations: whether their samples are part of the budget, and all stays within it.
    """

    start_factor: float = 0.5
    learning_rate: float = 0.02
    last_rate: float = 0.01
    batch_blocks: int = 8
    least_batches: int = 12
    averaged_epochs: float = 2.0
    validation: float = 0.1
    most_validation: int = 5000
    patience: float = 0.4
    patient_epochs: int = 10
    counts_examinations: bool = False

    def within(self, budget: Budget, n: int) -> AdamPlan:
        """The plan, or a smaller one for a budget that holds no batch and examinations.

        Args:
            budget: of samples.
            n: training samples.
        """
        limit = budget.evaluations if budget.is_given else None
        n_held = min(self.most_validation, max(1, int(self.validation * n)))
        if limit is None or limit >= 2 * n_held + LANES * self.batch_blocks:
            return self
        return replace(
            self,
            most_validation=max(1, min(n_held, limit // 8)),
            batch_blocks=1,
            counts_examinations=True,
        )


def make_blocks(x: NDArray[Any], y: NDArray[np.int64], dtype: Any) -> Blocks:
    """Deals (n, inputs) samples with (n,) labels into blocks, in their order."""
    n, n_inputs = x.shape
    n_blocks = -(-n // LANES)
    rows = np.zeros((n_blocks * LANES, 1 + n_inputs), dtype)
    rows[:n, 0], rows[:n, 1:] = 1.0, x
    labels = np.full(n_blocks * LANES, -1, np.int64)
    labels[:n] = y
    blocks = rows.reshape(n_blocks, LANES, 1 + n_inputs).transpose(0, 2, 1)
    return Blocks(
        np.ascontiguousarray(blocks).reshape(n_blocks, -1), labels.reshape(n_blocks, LANES)
    )


class _Model:
    """A network and blocks of samples.

    Args:
        network: the structure.
        data: the samples.
        executor: runs blocks.
    """

    def __init__(self, network: Network, data: Blocks, executor: Executor) -> None:
        self.networks: NetworkArrays = stack_networks([network])
        self.n_fixed, self.n_outputs = 1 + network.n_inputs, network.n_outputs
        self.data, self.executor = data, executor
        self.samples_of = (data.y >= 0).sum(axis=1)

    def gradients(
        self, weights: NDArray[Any], blocks: NDArray[np.int64], is_scored_only: bool = False
    ) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """(blocks, C) gradients and (blocks, 2) scores; see ``block_gradients``."""
        n = len(blocks)
        gradients = np.empty((n, 0 if is_scored_only else len(weights)), weights.dtype)
        scores = np.empty((n, 2))
        n_pieces = max(1, min(self.executor.n_workers, n // _LEAST_PIECE))
        self.executor.run(
            lambda places: block_gradients(
                self.networks,
                self.n_fixed,
                self.n_outputs,
                weights,
                self.data,
                blocks,
                places,
                gradients,
                scores,
            ),
            [np.arange(k, n, n_pieces) for k in range(n_pieces)],
        )
        return gradients, scores

    def score(self, weights: NDArray[Any]) -> tuple[float, float]:
        """Mean cross-entropy of all samples, and accuracy in per cent."""
        blocks = np.arange(len(self.samples_of))
        totals = self.gradients(weights, blocks, is_scored_only=True)[1].sum(axis=0)
        n = int(self.samples_of.sum())
        return float(totals[0]) / n, 100.0 * float(totals[1]) / n


def tune_adam(
    task: ClassifyTask,
    network: Network,
    *,
    start_weight: float,
    budget: Budget,
    seed: int,
    executor: Executor | None = None,
    plan: AdamPlan | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Tuning:
    """Trains individual weights on the training part of the data of a task.

    Args:
        task: a classification.
        network: the structure, of at least one connection; it stays as it is.
        start_weight: of all connections: the best shared weight.
        budget: in samples or seconds.
        seed: of the split, of blocks and batches. With a budget of samples the same seed gives the
            same bits, whatever the number of workers.
        executor: runs the blocks; None: in this thread.
        plan: how it is laid out; None: the default.
        on_progress: is told after every epoch; ``generation`` is the epoch, ``mean`` and ``best``
            are the latest accuracy on the validation part and that of the best weights so far.

    Returns:
        The weights of the highest validation accuracy; ``generations`` are epochs, ``evaluations``
        samples, and ``ended_by`` may be "patience".

    Raises:
        NetworkError: the network has no connections.
    """
    if network.n_connections == 0:
        raise NetworkError("the network has no connections: there are no weights to tune")
    plan = (plan or AdamPlan()).within(budget, len(task.samples.y))
    training = _Training(task, network, start_weight, budget, seed, executor or Serial(), plan)
    budget.is_noted = False  # the state says it all
    if budget.journal.state is not None:
        training.restore(budget.journal.state)
    while not training.is_over:
        training.run_epoch()
        budget.journal.keep(training.state())
        on_progress(training.progress)
    ended_by = budget.limit_reached
    if budget.is_stopped:
        ended_by = "stop"
    elif training.has_lost_patience:
        ended_by = "patience"
    return Tuning(
        training.best_weights,
        start_weight,
        training.epoch,
        budget.used,
        budget.seconds,
        ended_by,
        merit=training.best_accuracy,
    )


# of a training, what its epochs change
_STATE = (
    *("weights", "average", "first", "second", "best_weights"),
    *("step", "epoch", "best_epoch", "improved_at", "best_loss", "best_accuracy", "accuracy"),
)


class _Training:
    """The state of a training."""

    def __init__(
        self,
        task: ClassifyTask,
        network: Network,
        start_weight: float,
        budget: Budget,
        seed: int,
        executor: Executor,
        plan: AdamPlan,
    ) -> None:
        self.budget, self.plan = budget, plan
        self.rng = tuning_rng(seed, TuningStream.TRAINING)
        samples = task.samples
        self.validation, self.training = (
            _Model(network, make_blocks(samples.x[part], samples.y[part], np.float32), executor)
            for part in hold_back(len(samples.y), plan.validation, plan.most_validation, self.rng)
        )
        n_blocks = len(self.training.samples_of)
        self.batch = min(plan.batch_blocks, max(1, n_blocks // plan.least_batches))
        self.decay = math.exp(-self.batch / (n_blocks * plan.averaged_epochs))
        start = np.full(network.n_connections, start_weight)
        self.weights = (plan.start_factor * start).astype(np.float32)
        self.average = self.weights.astype(np.float64)
        self.first, self.second = np.zeros_like(self.average), np.zeros_like(self.average)
        self.step = self.epoch = self.best_epoch = 0
        self.best_weights, self.improved_at = start, 0.0
        self.best_loss, self.best_accuracy = self.examine(start.astype(np.float32))
        self.accuracy = self.best_accuracy

    def examine(self, weights: NDArray[Any]) -> tuple[float, float]:
        """Loss and accuracy on the validation part."""
        if self.plan.counts_examinations:
            self.budget.used += int(self.validation.samples_of.sum())
        return self.validation.score(weights)

    def affords(self, blocks: NDArray[np.int64]) -> bool:
        """Whether a small budget holds a step on these blocks and an examination."""
        samples = int(self.training.samples_of[blocks].sum() + self.validation.samples_of.sum())
        return not self.plan.counts_examinations or self.budget.affords(samples) == samples

    def state(self) -> dict[str, NDArray[Any]]:
        """All that changes, between two epochs."""
        arrays = {name: np.array(getattr(self, name)) for name in _STATE}
        rng = json.dumps(self.rng.bit_generator.state)
        return arrays | {"rng": np.array(rng), "used": np.array(self.budget.used)}

    def restore(self, state: State) -> None:
        """Goes on where a state was.

        Raises:
            FormatError: it is not that of such a training.
        """
        with parsing("the unfinished tuning is damaged"):
            for name in _STATE:
                mine, value = np.array(getattr(self, name)), state[name]
                if value.shape != mine.shape or value.dtype != mine.dtype:
                    raise ValueError(f"{name} has shape {value.shape} and type {value.dtype}")
                if value.ndim and not np.isfinite(value).all():
                    raise ValueError(f"{name} is not finite")
                setattr(self, name, value.copy() if value.ndim else value.item())
            self.rng.bit_generator.state = json.loads(str(state["rng"]))
            self.budget.used = int(state["used"])

    @property
    def has_lost_patience(self) -> bool:
        """Whether nothing has become better for too long."""
        return (
            self.epoch - self.best_epoch >= self.plan.patient_epochs
            and self.budget.fraction - self.improved_at > self.plan.patience
        )

    @property
    def is_over(self) -> bool:
        """Whether the budget is used, or patience is lost."""
        is_spent = self.budget.fraction >= 1.0 or not self.affords(np.arange(1))
        return is_spent or self.has_lost_patience

    @property
    def progress(self) -> Progress:
        """How it goes on."""
        budget = self.budget
        return Progress(
            budget.fraction,
            "training",
            self.epoch,
            budget.used,
            self.accuracy,
            self.best_accuracy,
            "samples",
        )

    def run_epoch(self) -> None:
        """All training samples once, or as many as the budget allows; then the validation."""
        order = self.rng.permutation(len(self.training.samples_of))
        for begin in range(0, len(order), self.batch):
            fraction = self.budget.fraction
            batch = order[begin : begin + self.batch]
            if fraction >= 1.0 or not self.affords(batch):
                break
            self.take_step(batch, fraction)
        self.epoch += 1
        loss, self.accuracy = self.examine(self.average.astype(np.float32))
        # the loss of a network that is too sure of itself rises while its accuracy still does
        if (self.accuracy, -loss) > (self.best_accuracy, -self.best_loss):
            self.best_loss, self.best_accuracy = loss, self.accuracy
            self.best_weights, self.best_epoch = self.average.copy(), self.epoch
            self.improved_at = self.budget.fraction

    def take_step(self, blocks: NDArray[np.int64], fraction: float) -> None:
        """One step on a batch, at a part of the budget."""
        low = self.plan.last_rate
        cosine = low + (1.0 - low) * 0.5 * (1.0 + math.cos(math.pi * fraction))
        n_samples = int(self.training.samples_of[blocks].sum())
        gradients, _ = self.training.gradients(self.weights, blocks)
        self.step += 1
        # while there is little to average, the average is that of all steps so far
        decay = min(self.decay, self.step / (self.step + 9.0))
        adam_step(
            gradients,
            n_samples,
            self.step,
            self.plan.learning_rate * cosine,
            decay,
            self.weights,
            self.first,
            self.second,
            self.average,
        )
        self.budget.used += n_samples
