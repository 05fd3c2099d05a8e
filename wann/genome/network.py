"""The compiled form of a genome: a flat feedforward network without weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wann.checks import whole_number
from wann.errors import CycleError, NetworkError
from wann.genome.frozen import ReadOnlyArrays, integer_row
from wann.kernels.activation import Activation


@dataclass(frozen=True, eq=False)
class Network(ReadOnlyArrays):
    """A feedforward network whose nodes lie in topological order.

    Node 0 is the bias (always 1), nodes 1 to ``n_inputs`` are the inputs, then follow the hidden
    nodes, and the last ``n_outputs`` nodes are the outputs. With a shared weight w a node computes
    ``activation(w * sum(inputs))``.

    Attributes:
        n_inputs: number of inputs, without the bias.
        n_outputs: number of outputs.
        activation: (n_nodes,) int8, ids of ``Activation``; LINEAR for bias and inputs.
        edge_start: (n_nodes + 1,) int64; the connections into node i are
            ``edge_source[edge_start[i]:edge_start[i + 1]]``.
        edge_source: (n_connections,) int32, each smaller than its target.

    Raises:
        NetworkError: an array does not fit the others, or an activation is unknown.
        CycleError: a connection does not lead to a later node.

    Source: Gaier & Ha 2019, section 3.
    """

    n_inputs: int
    n_outputs: int
    activation: NDArray[np.int8]
    edge_start: NDArray[np.int64]
    edge_source: NDArray[np.int32]

    def __post_init__(self) -> None:
        try:
            for name, low in (("n_inputs", 0), ("n_outputs", 1)):
                value = whole_number(getattr(self, name), name, low)
                object.__setattr__(self, name, value)
            self._freeze(
                activation=integer_row(self.activation, "activation", np.int64),
                edge_start=integer_row(self.edge_start, "edge_start", np.int64),
                edge_source=integer_row(self.edge_source, "edge_source", np.int32),
            )
        except ValueError as error:
            raise NetworkError(str(error)) from None
        known = sorted(map(int, Activation))
        unknown = sorted(set(self.activation.tolist()) - set(known))
        if unknown:
            raise NetworkError(f"unknown activation id {unknown[0]}; allowed: {known}")
        self._freeze(activation=self.activation.astype(np.int8))
        n_fixed = 1 + self.n_inputs
        if self.n_nodes < n_fixed + self.n_outputs:
            raise NetworkError(
                f"{self.n_nodes} nodes cannot hold a bias, {self.n_inputs} inputs "
                f"and {self.n_outputs} outputs"
            )
        if (
            self.edge_start.shape != (self.n_nodes + 1,)
            or self.edge_start[0] != 0
            or self.edge_start[-1] != self.n_connections
            or np.any(np.diff(self.edge_start) < 0)
        ):
            raise NetworkError("edge_start does not rise from 0 to the number of connections")
        if self.edge_start[n_fixed] != 0:
            raise NetworkError("a connection leads into the bias or an input")
        if np.any(self.edge_source < 0) or np.any(
            self.edge_source >= self.n_nodes - self.n_outputs
        ):
            raise NetworkError("a connection comes from an output or from no node")
        if np.any(self.edge_source >= self.edge_target):
            raise CycleError("a connection leads to an earlier node")
        same_target = np.diff(self.edge_target) == 0
        if np.any(same_target & (np.diff(self.edge_source) <= 0)):
            raise NetworkError("the sources of a node must rise, and none may occur twice")

    @property
    def n_nodes(self) -> int:
        """Bias, inputs, hidden nodes and outputs."""
        return len(self.activation)

    @property
    def n_hidden(self) -> int:
        """Nodes that are neither bias, input nor output."""
        return self.n_nodes - 1 - self.n_inputs - self.n_outputs

    @property
    def n_connections(self) -> int:
        """Number of connections."""
        return len(self.edge_source)

    @cached_property
    def edge_target(self) -> NDArray[np.int32]:
        """(n_connections,) int32: the node that each connection leads to."""
        target = np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.edge_start))
        target.flags.writeable = False
        return target

    @cached_property
    def layer(self) -> NDArray[np.int32]:
        """(n_nodes,) int32: longest path from the inputs; all outputs lie in the last layer."""
        layer = np.zeros(self.n_nodes, np.int32)
        for source, target in zip(self.edge_source, self.edge_target, strict=True):
            layer[target] = max(layer[target], layer[source] + 1)
        hidden = layer[: self.n_nodes - self.n_outputs]
        layer[self.n_nodes - self.n_outputs :] = hidden.max(initial=0) + 1
        layer.flags.writeable = False
        return layer

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return (
            (self.n_inputs, self.n_outputs) == (other.n_inputs, other.n_outputs)
            and np.array_equal(self.activation, other.activation)
            and np.array_equal(self.edge_start, other.edge_start)
            and np.array_equal(self.edge_source, other.edge_source)
        )

    def __hash__(self) -> int:
        return hash(
            (
                self.n_inputs,
                self.n_outputs,
                self.activation.tobytes(),
                self.edge_start.tobytes(),
                self.edge_source.tobytes(),
            )
        )

    def __repr__(self) -> str:
        return (
            f"Network({self.n_inputs} inputs, {self.n_hidden} hidden, "
            f"{self.n_outputs} outputs, {self.n_connections} connections)"
        )


def network_from_connections(
    n_inputs: int,
    n_outputs: int,
    activation: Sequence[int],
    connections: Sequence[tuple[int, int]],
) -> Network:
    """Builds a network from (source, target) pairs, in any order.

    Args:
        n_inputs, n_outputs: without the bias.
        activation: an activation id per node, in the node order of ``Network``.
        connections: pairs of node numbers.

    Raises:
        NetworkError: a pair names no node, or occurs twice.
        CycleError: a connection does not lead to a later node.
    """
    n_nodes = len(activation)
    ordered = sorted((target, source) for source, target in connections)
    for target, source in ordered:
        if not (0 <= source < n_nodes and 0 <= target < n_nodes):
            raise NetworkError(
                f"connection {source} -> {target} names no node; nodes are 0 to {n_nodes - 1}"
            )
    for first, second in pairwise(ordered):
        if first == second:
            raise NetworkError(f"connection {first[1]} -> {first[0]} occurs twice")
    targets = np.array([target for target, _ in ordered], np.int64)
    edge_start = np.searchsorted(targets, np.arange(n_nodes + 1))
    return Network(
        n_inputs,
        n_outputs,
        np.array(activation, np.int8),
        edge_start,
        np.array([source for _, source in ordered], np.int32),
    )
