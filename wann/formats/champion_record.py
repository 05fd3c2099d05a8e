"""A champion: one network, its task, its scores and where it came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wann.errors import NetworkError
from wann.genome.network import Network


@dataclass(frozen=True)
class Champion:
    """A network that was evolved for a task.

    Attributes:
        network: the structure.
        task: name of the task.
        input_names: a name per input, without the bias.
        output_names: a name per output.
        scores: measured scores, each with its protocol.
        provenance: seed, generation, versions and settings of the run that made it.
        tuned_weights: an individual weight for each connection of ``network``, in its order;
            None: nobody has tuned it.

    Raises:
        NetworkError: there are more or fewer names than inputs or outputs, or weights than
            connections, or a weight is not finite.
    """

    network: Network
    task: str
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    scores: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    tuned_weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for kind, names, n in (
            ("input", self.input_names, self.network.n_inputs),
            ("output", self.output_names, self.network.n_outputs),
        ):
            if len(names) != n:
                raise NetworkError(f"{len(names)} {kind} names for a network with {n} {kind}s")
        if self.tuned_weights is not None:
            weights = tuple(map(float, self.tuned_weights))
            if len(weights) != self.network.n_connections:
                raise NetworkError(
                    f"{len(weights)} tuned weights for a network with "
                    f"{self.network.n_connections} connections"
                )
            if not all(map(math.isfinite, weights)):
                raise NetworkError("tuned weights must be finite")
            object.__setattr__(self, "tuned_weights", weights)


def dangling_nodes(network: Network) -> dict[int, str]:
    """The hidden nodes without a connection on one side, each with what it lacks.

    A node that lacks an input is constant: ``activation(0)``.
    """
    n_first = 1 + network.n_inputs
    has_input, has_output = set(network.edge_target.tolist()), set(network.edge_source.tolist())
    return {
        node: "input" if node not in has_input else "output"
        for node in range(n_first, n_first + network.n_hidden)
        if node not in has_input or node not in has_output
    }
