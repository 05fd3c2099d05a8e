"""What a task is: it scores networks with shared weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from wann.errors import TaskError
from wann.executor import Executor, Serial
from wann.kernels.forward import LANES, NetworkArrays
from wann.tasks.measure import Measure
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


def check_fit(networks: NetworkArrays, task: Task) -> None:
    """Raises TaskError for networks that a kernel of the task would read beyond."""
    n_fixed = 1 + len(task.input_names)
    first = networks.node_start[:-1]
    is_too_small = np.diff(networks.node_start) < n_fixed + len(task.output_names)
    if (
        is_too_small.any()
        or (networks.edge_start[first + n_fixed] > networks.edge_start[first]).any()
    ):
        raise TaskError(f"a network does not have the {n_fixed - 1} inputs of task {task.name!r}")


def check_rollout(
    networks: NetworkArrays,
    task: Task,
    weights: NDArray[np.float64],
    trials: Trials,
    start: tuple[int, ...],
) -> None:
    """Raises TaskError as ``check_fit``, and ValueError unless each weight has a trial.

    Args:
        networks, task, weights, trials: of a rollout.
        start: the shape of one trial.
    """
    check_fit(networks, task)
    expected = (len(weights), *start)
    if trials.shape != expected:
        raise ValueError(f"trials have shape {trials.shape}, not {expected}")


def check_weighted(
    network: NetworkArrays,
    task: Task,
    edge_weights: NDArray[np.float64],
    trials: Trials,
    start: tuple[int, ...],
) -> None:
    """As ``check_rollout``, of individual weights."""
    check_fit(network, task)
    expected = (len(network.edge_source), len(trials))
    if edge_weights.shape != expected or trials.shape[1:] != start:
        raise ValueError(
            f"weights have shape {edge_weights.shape} and trials {trials.shape}, "
            f"not {expected} and {(len(trials), *start)}"
        )


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
    """
    if isinstance(task, SweepingTask):
        return task.sweep(networks, weights, trials, precision=precision, executor=executor)
    n_weights, n_trials = len(weights), len(trials)
    flat = task.rollout(
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
    n_sets, n_trials = len(edge_weights), len(trials)
    n_lanes, columns = n_sets * n_trials, edge_weights.T
    returns = np.empty(n_lanes, np.dtype(precision))
    steps = np.empty(n_lanes, np.int32)
    executor = executor or Serial()

    def run(lanes: slice) -> None:
        which = np.arange(lanes.start, lanes.stop)
        part = task.rollout_weighted(
            network,
            np.ascontiguousarray(columns[:, which // n_trials]),
            trials[which % n_trials],
            precision=precision,
        )
        returns[lanes], steps[lanes] = part.returns[0], part.steps[0]

    executor.run(run, blocks_of_lanes(n_lanes, executor.n_workers))
    shape = (n_sets, n_trials)
    return Rollouts(returns.reshape(shape), steps.reshape(shape))


def blocks_of_lanes(n_lanes: int, n_workers: int) -> list[slice]:
    """Divides lanes into a few blocks for each worker, of whole kernel blocks if there are many."""
    size = n_lanes if n_workers == 1 else -(-n_lanes // (4 * n_workers))
    if size > LANES:
        size = -(-size // LANES) * LANES
    return [slice(k, min(k + size, n_lanes)) for k in range(0, n_lanes, max(size, 1))]


def shares_of_work(networks: NetworkArrays, n_workers: int) -> list[NDArray[np.int64]]:
    """Divides networks into shares of like cost, a few for each worker, the heaviest first."""
    n_networks = len(networks.node_start) - 1
    if n_workers == 1:
        return [np.arange(n_networks)]
    cost = np.diff(networks.edge_start[networks.node_start]) + np.diff(networks.node_start)
    heaviest_first = np.argsort(-cost, kind="stable")
    n_shares = min(n_networks, 16 * n_workers)
    return [heaviest_first[k::n_shares].copy() for k in range(n_shares)]
