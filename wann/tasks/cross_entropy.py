"""Cross-entropy of a population of classifiers: who shares nodes with whom, and who computes what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann.kernels.classify import network_outputs, separate_losses, shared_losses
from wann.kernels.forward import LANES, NetworkArrays
from wann.kernels.program import Program, make_program
from wann.kernels.sharing import UniqueNodes, unique_nodes
from wann.tasks.base import Executor, Serial

Sharing = Literal["auto", "always", "never"]
# with more different nodes than this share of all, planning does not pay
_FEW = 0.5
# pieces of work for each worker
_PIECES = 2


class Samples(NamedTuple):
    """Samples with labels, for the kernels.

    Attributes:
        x: (samples, inputs) float32, contiguous.
        y: (samples,) int64, below ``n_classes``.
        n_classes: number of outputs.
        largest: the largest magnitude in ``x``.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    n_classes: int
    largest: float

    @property
    def n_fixed(self) -> int:
        """Bias and inputs."""
        return 1 + int(self.x.shape[1])

    @staticmethod
    def of(x: NDArray[Any], y: NDArray[np.int64], n_classes: int) -> Samples:
        """From arrays of any precision."""
        x = np.ascontiguousarray(x, np.float32)
        return Samples(x, np.ascontiguousarray(y, np.int64), n_classes, float(np.abs(x).max()))


def _on_blocks(
    executor: Executor | None, n_samples: int, function: Callable[[NDArray[np.int64]], object]
) -> None:
    """Calls a function with the numbers of blocks, some at a time."""
    executor = executor or Serial()
    blocks = np.arange(-(-n_samples // LANES))
    n_pieces = 1 if executor.n_workers == 1 else min(len(blocks), _PIECES * executor.n_workers)
    executor.run(function, [blocks[k::n_pieces].copy() for k in range(n_pieces)])


def plan(
    networks: NetworkArrays, weights: NDArray[np.float64], samples: Samples
) -> tuple[UniqueNodes, Program]:
    """Finds what the networks share, and plans how to compute it.

    Args:
        networks: P networks.
        weights: (W,) shared weights.
        samples: of the task.
    """
    unique = unique_nodes(networks, samples.n_fixed, samples.n_classes)
    bound = float(np.abs(weights).max(initial=0.0))
    return unique, make_program(unique, samples.n_fixed, bound, samples.largest)


def cross_entropies(
    networks: NetworkArrays,
    weights: NDArray[np.float64],
    samples: Samples,
    chosen: NDArray[np.int64],
    *,
    executor: Executor | None = None,
    sharing: Sharing = "auto",
) -> NDArray[np.float64]:
    """Mean cross-entropy of every network with every shared weight over a batch.

    Args:
        networks: P networks of ``samples.n_fixed - 1`` inputs and ``samples.n_classes`` outputs,
            of which a softmax gives the probabilities.
        weights: (W,) shared weights.
        samples: the data.
        chosen: (n,) the samples of the batch, n >= 1.
        executor: runs blocks of samples; the result does not depend on it.
        sharing: whether equal nodes are computed once: "auto" where that pays, "always", "never".

    Returns:
        (P, W) in nats; at most the largest float32. Arithmetic is float32, sums over blocks are
        float64.
    """
    n_networks, n_blocks = len(networks.node_start) - 1, -(-len(chosen) // LANES)
    shared = weights.astype(np.float32)
    which, individual = np.arange(n_networks), np.arange(n_networks)
    parts = np.full((n_blocks, len(weights), n_networks), np.nan)
    if sharing != "never" and n_networks:
        unique = unique_nodes(networks, samples.n_fixed, samples.n_classes)
        n_computed = networks.node_start[-1] - n_networks * samples.n_fixed
        if sharing == "always" or len(unique.activation) <= _FEW * n_computed:
            bound = float(np.abs(weights).max(initial=0.0))
            program = make_program(unique, samples.n_fixed, bound, samples.largest)
            individual = unique.individual
            which = np.unique(individual, return_index=True)[1]
            parts = np.empty((n_blocks, len(weights), len(which)))
            _on_blocks(
                executor,
                len(chosen),
                lambda blocks: shared_losses(
                    unique,
                    program,
                    samples.n_fixed,
                    shared,
                    samples.x,
                    samples.y,
                    chosen,
                    blocks,
                    parts,
                ),
            )
    if np.isnan(parts).any():
        _on_blocks(
            executor,
            len(chosen),
            lambda blocks: separate_losses(
                networks,
                which,
                samples.n_fixed,
                samples.n_classes,
                shared,
                samples.x,
                samples.y,
                chosen,
                blocks,
                parts,
            ),
        )
    means = parts.sum(axis=0) / len(chosen)
    largest = float(np.finfo(np.float32).max)
    return np.ascontiguousarray(np.minimum(means, largest).T[individual])


def class_outputs(
    networks: NetworkArrays,
    weights: NDArray[np.float64],
    samples: Samples,
    chosen: NDArray[np.int64],
    *,
    executor: Executor | None = None,
) -> NDArray[np.float32]:
    """The outputs of networks, before the softmax.

    Args:
        networks, weights, samples, chosen, executor: as for ``cross_entropies``; few networks, for
            the result is large.

    Returns:
        (P, W, n, n_classes).
    """
    shape = (len(networks.node_start) - 1, len(weights), len(chosen), samples.n_classes)
    outputs = np.empty(shape, np.float32)
    _on_blocks(
        executor,
        len(chosen),
        lambda blocks: network_outputs(
            networks,
            samples.n_fixed,
            samples.n_classes,
            weights.astype(np.float32),
            samples.x,
            chosen,
            blocks,
            outputs,
        ),
    )
    return outputs


def class_probabilities(
    networks: NetworkArrays,
    weights: NDArray[np.float64],
    samples: Samples,
    chosen: NDArray[np.int64],
    *,
    executor: Executor | None = None,
) -> NDArray[np.float64]:
    """The probabilities that networks give to classes; arguments as for ``class_outputs``.

    Returns:
        (P, W, n, n_classes); each row adds up to 1.
    """
    outputs = class_outputs(networks, weights, samples, chosen, executor=executor)
    distance = outputs.astype(np.float64)
    distance -= distance.max(axis=-1, keepdims=True)
    np.exp(distance, out=distance)
    distance /= distance.sum(axis=-1, keepdims=True)
    return distance
