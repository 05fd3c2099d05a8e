"""A network as a function from observation to action."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann.errors import NetworkError
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.kernels.forward import LANES, forward, lane_rows


class NetworkPolicy:
    """A network with weights; the same bits as the float64 rollout.

    Args:
        network: n_inputs inputs and n_outputs outputs.
        weight: of all connections, or (n_connections,) individual weights in their order.

    Raises:
        NetworkError: there are more or fewer weights than connections.
    """

    def __init__(self, network: Network, weight: float | Sequence[float]) -> None:
        self.network = network
        self._networks = stack_networks([network])
        weights = np.array(weight, np.float64)
        self._is_weighted = weights.ndim == 1
        if self._is_weighted and len(weights) != network.n_connections:
            raise NetworkError(
                f"{len(weights)} weights for a network with {network.n_connections} connections"
            )
        # a row for each weight, then a row for each node; only the first lane counts
        self._n_weights = weights.size
        self._rows = lane_rows(self._n_weights + network.n_nodes, np.empty(1, np.float64))
        self._rows[: self._n_weights * LANES] = np.repeat(weights, LANES)
        self._first_lane = self._rows[self._n_weights * LANES :: LANES]
        self._first_lane[0] = 1.0

    def __call__(self, observation: NDArray[np.float64]) -> NDArray[np.float64]:
        """Maps an observation (n_inputs,) to an action (n_outputs,)."""
        n_fixed = 1 + self.network.n_inputs
        self._first_lane[1:n_fixed] = observation
        forward(self._networks, 0, n_fixed, self._rows, self._n_weights, 0, self._is_weighted, 1)
        first_output = self.network.n_nodes - self.network.n_outputs
        outputs: NDArray[np.float64] = self._first_lane[first_output:].copy()
        return outputs
