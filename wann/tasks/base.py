"""What a task is: it scores networks with shared weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from wann.checks import array_of, numbers
from wann.errors import InputError
from wann.executor import Executor, Serial
from wann.kernels.forward import NetworkArrays
from wann.tasks.fit import check_fit as check_fit
from wann.tasks.fit import check_network as check_network
from wann.tasks.fit import check_precision
from wann.tasks.fit import check_rollout as check_rollout
from wann.tasks.fit import check_weighted as check_weighted
from wann.tasks.measure import Measure
from wann.tasks.shares import are_few, blocks_of_lanes
from wann.tasks.shares import shares_of_work as shares_of_work
from wann_envs.beside import Variant

Precision = Literal["float32", "float64"]
Floats = NDArray[np.floating[Any]]
# starts of episodes, or whatever else a task gives its networks: only the task reads them
Trials = NDArray[Any]


@dataclass(frozen=True)
class Rollouts:
    """What came of running networks.

    Attributes:
        returns: (P, episodes) sum of rewards.
        steps: (P, episodes) int32, environment steps taken.
    """

    returns: Floats
    steps: NDArray[np.int32]


@dataclass(frozen=True)
class EpisodeNumbers:
    """How many episodes the scores and the tuning of a task take: fewer where one costs more.

    Attributes:
        report: of the scores in champion files and tables.
        sweep: of each weight in the search for the best shared weight.
        sweep_finalists: of each of the best weights of that search.
        grid: of each network and weight, when the champion for one weight is chosen.
        profile: of each weight in the picture of the return over the shared weight.
        refine: of each weight when the best shared weight is refined.
        choice: of the last choice between a few candidates.
        tuning: budget of the individual weights; 0: by the number of connections.
        starts: that are explored while individual weights are tuned.
        exploring: generations of each start then, and again of the better half.
        sigma: first standard deviation of the weights then; None: the optimiser's.
        examination: of an examination then.
        refining: of each generation in the rounds of that tuning.
        structures: the most structures that are tuned together.
    """

    report: int = 1000
    sweep: int = 24
    sweep_finalists: int = 256
    grid: int = 16
    profile: int = 100
    refine: int = 1024
    choice: int = 4096
    tuning: int = 0
    starts: int = 16
    exploring: int = 300
    sigma: float | None = None
    examination: int = 1024
    refining: tuple[int, int, int] = (16, 32, 64)
    structures: int = 16


class Task(Protocol):
    """A problem that networks are scored on.

    Attributes:
        name: as in ``--task``.
        description: one line.
        input_names: a name for each input, without the bias.
        output_names: a name for each output.
        episode_steps: the most steps of an episode.
        env_id: the Gymnasium id of the same environment; "" where there is none.
        episode_numbers: how many episodes its scores take.
        measure: what its scores are.
    """

    name: str
    description: str
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    episode_steps: int
    env_id: str
    episode_numbers: EpisodeNumbers
    measure: Measure

    def prepare(self) -> None:
        """Loads what the task needs, so that an error comes before a run begins.

        Raises:
            TaskError: something is missing.
        """

    def draw_trials(self, n: int, rng: np.random.Generator) -> Trials:
        """Draws (n, ...) starts of episodes."""

    def trials_of_seeds(self, first_seed: int, n: int) -> Trials:
        """The starts that the Gymnasium environment draws with ``reset(seed=first_seed + k)``."""

    def action(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the Gymnasium environment takes, of the outputs of a network."""

    def rollout(
        self,
        networks: NetworkArrays,
        weights: NDArray[np.float64],
        trials: Trials,
        *,
        precision: Precision = "float64",
        executor: Executor | None = None,
    ) -> Rollouts:
        """Runs every network on all episodes; episode e has ``weights[e]`` and ``trials[e]``."""

    def rollout_weighted(
        self,
        network: NetworkArrays,
        edge_weights: NDArray[np.float64],
        trials: Trials,
        *,
        precision: Precision = "float64",
    ) -> Rollouts:
        """Runs one network with (connections, episodes) individual weights."""


@runtime_checkable
class CompiledTask(Task, Protocol):
    """A task that knows which kernels it calls, so that they are compiled in good time."""

    def kernels(self, precision: Precision) -> tuple[list[Variant], list[Variant]]:
        """The kernels that a search in that precision calls in each generation, and at its end."""


@runtime_checkable
class SweepingTask(Task, Protocol):
    """A task with a better way to a sweep than a rollout for each pair of weight and trial."""

    def sweep(
        self,
        networks: NetworkArrays,
        weights: NDArray[np.float64],
        trials: Trials,
        *,
        precision: Precision = "float64",
        executor: Executor | None = None,
    ) -> Rollouts:
        """As the function ``sweep``; but E is 1 where returns are means over the trials."""


def sweep(
    task: Task,
    networks: NetworkArrays,
    weights: NDArray[np.float64],
    trials: Trials,
    *,
    precision: Precision = "float64",
    executor: Executor | None = None,
) -> Rollouts:
    """Runs every network with every shared weight on every trial.

    Args:
        task: the task.
        networks: P networks.
        weights: (W,) shared weights.
        trials: (E, ...) starts of episodes; all weights meet the same.

    Returns:
        ``returns`` and ``steps`` of shape (P, W, E); (P, W, 1) from a task that gives means.

    Raises:
        ValueError: weights or trials are no finite numbers, or of another shape.
        TaskError: the networks are not for this task.
    """
    check_precision(precision)
    weights = numbers(weights, "weights", (None,))
    trials = array_of(trials, "trials", "iuf")
    if trials.ndim == 0 or len(trials) == 0:
        raise InputError(f"trials have shape {trials.shape}: there must be at least one")
    if isinstance(task, SweepingTask):
        return task.sweep(networks, weights, trials, precision=precision, executor=executor)
    n_weights, n_trials = len(weights), len(trials)
    flat = rollout_shared(
        task,
        networks,
        np.repeat(weights, n_trials),
        np.tile(trials, (n_weights,) + (1,) * (trials.ndim - 1)),
        precision=precision,
        executor=executor,
    )
    shape = (-1, n_weights, n_trials)
    return Rollouts(flat.returns.reshape(shape), flat.steps.reshape(shape))


def sweep_weighted(
    task: Task,
    network: NetworkArrays,
    edge_weights: NDArray[np.float64],
    trials: Trials,
    *,
    precision: Precision = "float64",
    executor: Executor | None = None,
) -> Rollouts:
    """Runs one network with K sets of individual weights, each on every trial.

    The (set, trial) pairs are divided among the workers; the result does not depend on how.

    Args:
        task: the task.
        network: one network of C connections.
        edge_weights: (K, C), a row for each set.
        trials: (E, ...) starts of episodes; all sets meet the same.

    Returns:
        ``returns`` and ``steps`` of shape (K, E).
    """
    edge_weights = numbers(edge_weights, "weights", (None, len(network.edge_source)))
    n_sets, n_trials = len(edge_weights), len(trials)
    columns = edge_weights.T

    def run(lanes: slice) -> Rollouts:
        which = np.arange(lanes.start, lanes.stop)
        return task.rollout_weighted(
            network,
            np.ascontiguousarray(columns[:, which // n_trials]),
            trials[which % n_trials],
            precision=precision,
        )

    flat = _on_lanes(n_sets * n_trials, executor or Serial(), run)
    shape = (n_sets, n_trials)
    return Rollouts(flat.returns.reshape(shape), flat.steps.reshape(shape))


def rollout_shared(
    task: Task,
    networks: NetworkArrays,
    weights: NDArray[np.float64],
    trials: Trials,
    *,
    precision: Precision = "float64",
    executor: Executor | None = None,
) -> Rollouts:
    """As ``Task.rollout``; where networks are few, their episodes are divided among the workers.

    The result does not depend on how: episodes know nothing of each other.
    """
    if executor is None or not are_few(networks, executor.n_workers):
        return task.rollout(networks, weights, trials, precision=precision, executor=executor)
    return _on_lanes(
        len(weights),
        executor,
        lambda lanes: task.rollout(networks, weights[lanes], trials[lanes], precision=precision),
    )


def rollout_individual(
    task: Task,
    network: NetworkArrays,
    edge_weights: NDArray[np.float64],
    trials: Trials,
    *,
    precision: Precision = "float64",
    executor: Executor | None = None,
) -> Rollouts:
    """As ``Task.rollout_weighted``; the episodes are divided among the workers."""
    return _on_lanes(
        len(trials),
        executor or Serial(),
        lambda lanes: task.rollout_weighted(
            network,
            np.ascontiguousarray(edge_weights[:, lanes]),
            trials[lanes],
            precision=precision,
        ),
    )


def _on_lanes(n_lanes: int, executor: Executor, run: Callable[[slice], Rollouts]) -> Rollouts:
    """Runs blocks of lanes on the workers, and joins them in their order."""
    blocks = blocks_of_lanes(n_lanes, executor.n_workers) or [slice(0, 0)]
    parts: list[Rollouts] = [None] * len(blocks)  # type: ignore[list-item]

    def run_block(k: int) -> None:
        parts[k] = run(blocks[k])

    executor.run(run_block, range(len(blocks)))
    return Rollouts(
        np.concatenate([part.returns for part in parts], axis=1),
        np.concatenate([part.steps for part in parts], axis=1),
    )
