"""Whether networks, weights and trials fit a task: what a kernel would read beyond is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wann.checks import array_of, described, first_unfit, numbers, shape_in_words
from wann.errors import InputError, TaskError
from wann.genome.network import Network
from wann.kernels.forward import NetworkArrays

if TYPE_CHECKING:
    from wann.tasks.base import Task

_PRECISIONS = ("float32", "float64")


def check_fit(networks: NetworkArrays, task: Task) -> None:
    """Raises TaskError for networks that a kernel of the task would read beyond."""
    if not isinstance(networks, NetworkArrays):
        raise InputError(
            f"networks are {described(networks)}: expected NetworkArrays, "
            "such as stack_networks([network])"
        )
    n_fixed = 1 + len(task.input_names)
    first = networks.node_start[:-1]
    is_too_small = np.diff(networks.node_start) < n_fixed + len(task.output_names)
    if (
        is_too_small.any()
        or (networks.edge_start[first + n_fixed] > networks.edge_start[first]).any()
    ):
        raise TaskError(f"a network does not have the {n_fixed - 1} inputs of task {task.name!r}")


def check_network(network: Network, task: Task) -> None:
    """Raises TaskError for a network with other inputs or outputs than the task's."""
    if not isinstance(network, Network):
        raise InputError(f"network is {described(network)}: expected a Network")
    has = network.n_inputs, network.n_outputs
    wants = len(task.input_names), len(task.output_names)
    if has != wants:
        raise TaskError(
            f"the network has {has[0]} inputs and {has[1]} outputs; "
            f"task {task.name!r} has {wants[0]} and {wants[1]}"
        )


def check_precision(precision: Any) -> None:
    """Raises ValueError unless it is one of the two."""
    if precision not in _PRECISIONS:
        raise InputError(f"precision is {described(precision)}: float32 and float64 are allowed")


def check_trials(trials: Any, start: tuple[int, ...]) -> None:
    """Raises ValueError unless trials are numbers, an array (n, *start) of them.

    Args:
        trials: of a rollout.
        start: the shape of one trial.
    """
    array = array_of(trials, "trials", "iuf")
    if array.shape[1:] != start or array.ndim != 1 + len(start):
        raise InputError(f"trials have shape {array.shape}, not {shape_in_words((None, *start))}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(f"trials hold {first_unfit(array)}: must be finite")


def check_rollout(
    networks: NetworkArrays,
    task: Task,
    weights: NDArray[np.float64],
    trials: NDArray[Any],
    start: tuple[int, ...],
) -> None:
    """Raises TaskError as ``check_fit``, and ValueError unless each finite weight has a trial.

    Args:
        networks, task, weights, trials: of a rollout.
        start: the shape of one trial.
    """
    check_fit(networks, task)
    numbers(weights, "weights", (None,))
    expected = (len(weights), *start)
    if np.shape(trials) != expected:
        raise InputError(f"trials have shape {np.shape(trials)}, not {expected}")
    check_trials(trials, start)


def check_weighted(
    network: NetworkArrays,
    task: Task,
    edge_weights: NDArray[np.float64],
    trials: NDArray[Any],
    start: tuple[int, ...],
) -> None:
    """As ``check_rollout``, of individual weights."""
    check_fit(network, task)
    expected = (len(network.edge_source), len(trials))
    if np.shape(edge_weights) != expected or np.shape(trials)[1:] != start:
        raise InputError(
            f"weights have shape {np.shape(edge_weights)} and trials {np.shape(trials)}, "
            f"not {expected} and {(len(trials), *start)}"
        )
    numbers(edge_weights, "weights")
    check_trials(trials, start)
