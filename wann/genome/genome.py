"""The genome: node genes and connection genes, as in NEAT but without weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wann.checks import truth_values, whole_number
from wann.errors import NetworkError
from wann.genome.frozen import ReadOnlyArrays, integer_row
from wann.kernels.activation import Activation


def _integer_rows(record: Any, **dtypes: type) -> dict[str, NDArray[Any]]:
    try:
        return {
            name: integer_row(getattr(record, name), name, dtype) for name, dtype in dtypes.items()
        }
    except ValueError as error:
        raise NetworkError(str(error)) from None


@dataclass(frozen=True, eq=False)
class NodeGenes(ReadOnlyArrays):
    """Node genes in the order bias, inputs, outputs, hidden nodes by rising id.

    Attributes:
        node_id: (n,) int32; 0 is the bias, then the inputs, then the outputs.
        activation: (n,) int8, ids of ``Activation``.
    """

    node_id: NDArray[np.int32]
    activation: NDArray[np.int8]

    def __post_init__(self) -> None:
        self._freeze(**_integer_rows(self, node_id=np.int32, activation=np.int8))
        if len(self.node_id) != len(self.activation):
            raise NetworkError("node genes have arrays of different lengths")

    def __len__(self) -> int:
        return len(self.node_id)


@dataclass(frozen=True, eq=False)
class ConnectionGenes(ReadOnlyArrays):
    """Connection genes by rising innovation number.

    Attributes:
        innovation: (c,) int32.
        source: (c,) int32, a node id.
        target: (c,) int32, a node id.
        is_enabled: (c,) bool; a disabled gene is not expressed.
    """

    innovation: NDArray[np.int32]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    is_enabled: NDArray[np.bool_]

    def __post_init__(self) -> None:
        rows = _integer_rows(self, innovation=np.int32, source=np.int32, target=np.int32)
        try:
            is_enabled = truth_values(self.is_enabled, "is_enabled")
        except ValueError as error:
            raise NetworkError(str(error)) from None
        self._freeze(**rows, is_enabled=is_enabled)
        if len({array.shape for array in vars(self).values()}) > 1:
            raise NetworkError("connection genes have arrays of different lengths")

    def __len__(self) -> int:
        return len(self.innovation)


@dataclass(frozen=True, eq=False)
class Genome:
    """A topology: nodes with activations, connections without weights.

    Attributes:
        n_inputs: number of inputs, without the bias.
        n_outputs: number of outputs.
        nodes: node genes.
        connections: connection genes.

    Raises:
        NetworkError: ids or innovations are out of order, or a gene cannot be.
    """

    n_inputs: int
    n_outputs: int
    nodes: NodeGenes
    connections: ConnectionGenes

    def __post_init__(self) -> None:
        try:
            for name, low in (("n_inputs", 0), ("n_outputs", 1)):
                value = whole_number(getattr(self, name), name, low)
                object.__setattr__(self, name, value)
        except ValueError as error:
            raise NetworkError(str(error)) from None
        for name, kind in (("nodes", NodeGenes), ("connections", ConnectionGenes)):
            if not isinstance(getattr(self, name), kind):
                raise NetworkError(f"{name} is no {kind.__name__}")
        n_fixed = 1 + self.n_inputs + self.n_outputs
        ids = self.nodes.node_id
        if len(ids) < n_fixed or not np.array_equal(ids[:n_fixed], np.arange(n_fixed)):
            raise NetworkError(f"the first {n_fixed} node ids must be 0 to {n_fixed - 1}")
        if np.any(np.diff(ids) <= 0) or np.any(np.diff(self.connections.innovation) <= 0):
            raise NetworkError("node ids and innovation numbers must rise")
        genes = self.connections
        if not np.isin([*genes.source, *genes.target], ids).all():
            raise NetworkError("a connection gene names no node")
        if np.any(genes.target <= self.n_inputs):
            raise NetworkError("a connection gene leads into the bias or an input")
        if np.any((genes.source > self.n_inputs) & (genes.source < n_fixed)):
            raise NetworkError("a connection gene comes from an output")
        if len(set(zip(genes.source.tolist(), genes.target.tolist(), strict=True))) < len(genes):
            raise NetworkError("a connection gene occurs twice")
        if not np.isin(self.nodes.activation, list(Activation)).all():
            raise NetworkError("a node gene has an unknown activation")

    @property
    def n_hidden(self) -> int:
        """Number of hidden nodes."""
        return len(self.nodes) - 1 - self.n_inputs - self.n_outputs

    @property
    def n_enabled(self) -> int:
        """Number of enabled connection genes, live or dead."""
        return int(np.count_nonzero(self.connections.is_enabled))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Genome):
            return NotImplemented
        return (self.n_inputs, self.n_outputs) == (other.n_inputs, other.n_outputs) and all(
            np.array_equal(mine, yours)
            for record in ("nodes", "connections")
            for mine, yours in zip(
                vars(getattr(self, record)).values(),
                vars(getattr(other, record)).values(),
                strict=True,
            )
        )

    __hash__ = None  # type: ignore[assignment]


def minimal_genome(n_inputs: int, n_outputs: int, is_enabled: ArrayLike = True) -> Genome:
    """A genome without hidden nodes that holds every gene from bias or input to output.

    Args:
        n_inputs, n_outputs: without the bias.
        is_enabled: bool, or one for each gene, ((1 + n_inputs) * n_outputs,), sources first.
    """
    n_first = 1 + n_inputs
    n_genes = n_first * n_outputs
    return Genome(
        n_inputs,
        n_outputs,
        NodeGenes(
            np.arange(n_first + n_outputs, dtype=np.int32),
            np.full(n_first + n_outputs, Activation.LINEAR, np.int8),
        ),
        ConnectionGenes(
            np.arange(n_genes, dtype=np.int32),
            np.repeat(np.arange(n_first, dtype=np.int32), n_outputs),
            np.tile(np.arange(n_first, n_first + n_outputs, dtype=np.int32), n_first),
            np.broadcast_to(np.asarray(is_enabled, np.bool_), n_genes),
        ),
    )
