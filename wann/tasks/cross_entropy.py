"""Cross-entropy of a population of classifiers: nodes that networks share are computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann.executor import Executor, Serial, pieces
from wann.genome.compile import room_for_networks
from wann.kernels.classify import network_outputs, separate_losses, shared_losses
from wann.kernels.forward import LANES, NetworkArrays
from wann.kernels.program import Program, make_program
from wann.kernels.sharing import UniqueNodes, name_nodes, unique_nodes
from wann_envs.beside import Variant

# weights: below it a temperature falls no faster than the weight; what stands for zero
_LINEAR_BELOW, _SMALLEST = 0.03, 1e-6
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


def _on_pieces(
    executor: Executor | None,
    numbers: NDArray[np.int64],
    function: Callable[[NDArray[np.int64]], object],
) -> None:
    """Calls a function with the numbers of blocks or networks, some at a time."""
    executor = executor or Serial()
    executor.run(function, pieces(numbers, executor, _PIECES))


def plan(
    networks: NetworkArrays,
    weights: NDArray[np.float64],
    samples: Samples,
    executor: Executor | None = None,
) -> tuple[UniqueNodes, Program]:
    """Finds what networks share, and how to compute it; arguments as for ``cross_entropies``."""
    n_networks, n_fixed = len(networks.node_start) - 1, samples.n_fixed
    names = np.empty(networks.node_start[-1] - n_networks * n_fixed, np.uint64)
    _on_pieces(
        executor,
        np.arange(n_networks),
        lambda which: name_nodes(networks, which, n_fixed, samples.n_classes, names),
    )
    unique = unique_nodes(networks, n_fixed, samples.n_classes, names)
    bound = float(np.abs(weights).max(initial=0.0))
    return unique, make_program(unique, n_fixed, bound, samples.largest)


@dataclass(frozen=True)
class Temperature:
    """The temperature of the softmax: outputs are divided by ``at_one * abs(w) ** power``.

    A small shared weight w makes the outputs of a network small, whatever they say: by about w for
    every connection on the way. Their softmax is then nearly uniform, its cross-entropy says next
    to nothing about the network, and what it does with small weights does not evolve. With the
    power 2 a network of one hidden layer is judged alike with all weights.

    Below 0.03 the temperature falls no faster than the weight. Otherwise the losses of the smallest
    weights had no bounds, and a generation that drew one ranked by it alone: what an output adds up
    whatever the inputs are falls as w does, and would be divided by w ** 2.

    Attributes:
        at_one: with the weight 1.
        power: of the weight; 0: the same for all weights. The defaults are the paper's softmax.
    """

    at_one: float = 1.0
    power: float = 0.0

    def of(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The temperatures for weights of any shape."""
        size = np.maximum(np.abs(weights), _SMALLEST)
        linear = min(self.power, 1.0)
        rest = np.maximum(size, _LINEAR_BELOW) ** (self.power - linear)
        return self.at_one * size**linear * rest


PAPER_SOFTMAX = Temperature()


def cross_entropies(
    networks: NetworkArrays,
    weights: NDArray[np.float64],
    samples: Samples,
    chosen: NDArray[np.int64],
    *,
    executor: Executor | None = None,
    is_shared: bool = True,
    temperature: Temperature = PAPER_SOFTMAX,
) -> NDArray[np.float64]:
    """Mean cross-entropy of every network with every shared weight over a batch.

    Args:
        networks: P networks of ``samples.n_fixed - 1`` inputs and ``samples.n_classes`` outputs,
            of which a softmax gives the probabilities.
        weights: (W,) shared weights.
        samples: the data.
        chosen: (n,) the samples of the batch, n >= 1.
        executor: runs blocks of samples; the result does not depend on it.
        is_shared: whether equal nodes are computed once; to compare with. It pays even where
            nothing is equal, because all weights share the sums of inputs.
        temperature: of the softmax.

    Returns:
        (P, W) in nats; at most the largest float32, which may also stand for a mean above 1e36.
        Arithmetic is float32, sums over blocks are float64.
    """
    n_networks, n_blocks = len(networks.node_start) - 1, -(-len(chosen) // LANES)
    n_fixed, n_classes = samples.n_fixed, samples.n_classes
    shared, x, y = weights.astype(np.float32), samples.x, samples.y
    scales = (1.0 / temperature.of(weights)).astype(np.float32)
    which, individual = np.arange(n_networks), np.arange(n_networks)
    if is_shared and n_networks:
        unique, program = plan(networks, weights, samples, executor)
        individual = unique.individual.astype(np.int64)
        which = np.unique(individual, return_index=True)[1]
        losses = np.empty((n_blocks, len(weights), len(which)))
        _on_pieces(
            executor,
            np.arange(n_blocks),
            lambda blocks: shared_losses(
                unique, program, n_fixed, shared, scales, x, y, chosen, blocks, losses
            ),
        )
    else:
        losses = np.full((n_blocks, len(weights), n_networks), np.nan)
    left = np.flatnonzero(np.isnan(losses).any(axis=(1, 2)))
    if len(left):
        _on_pieces(
            executor,
            left,
            lambda blocks: separate_losses(
                networks, which, n_fixed, n_classes, shared, scales, x, y, chosen, blocks, losses
            ),
        )
    means = losses.sum(axis=0) / len(chosen)
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
    _on_pieces(
        executor,
        np.arange(-(-len(chosen) // LANES)),
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


def _example() -> tuple[UniqueNodes, Program]:
    """Of no networks; to tell the types."""
    i32, i64, u64 = np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.uint64)
    table = np.empty((0, 0), np.int32)
    unique = UniqueNodes(np.empty(0, np.int8), i64, i64, i32, u64, u64, i32, table, i32, i32)
    return unique, Program(table, i32, 0, 0)


def cross_entropy_kernels(samples: Samples) -> list[Variant]:
    """What ``cross_entropies`` calls, the most costly last."""
    networks, (unique, program) = room_for_networks(0, 0, 0), _example()
    numbers, names = np.empty(0, np.int64), np.empty(0, np.uint64)
    weights, losses = np.empty(0, np.float32), np.empty((0, 0, 0))
    arrays = (weights, weights, samples.x, samples.y, numbers, numbers, losses)
    return [
        Variant.of(name_nodes, networks, numbers, 1, 1, names),
        Variant.of(unique_nodes, networks, 1, 1, names),
        Variant.of(make_program, unique, 1, 1.0, 1.0),
        Variant.of(shared_losses, unique, program, 1, *arrays),
    ]


def outputs_kernel(samples: Samples) -> Variant:
    """What ``class_outputs`` calls."""
    numbers, outputs = np.empty(0, np.int64), np.empty((0, 0, 0, 0), np.float32)
    weights, networks = np.empty(0, np.float32), room_for_networks(0, 0, 0)
    return Variant.of(
        network_outputs, networks, 1, 1, weights, samples.x, numbers, numbers, outputs
    )
