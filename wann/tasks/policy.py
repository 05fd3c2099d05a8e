"""A network as a function from observation to action."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.kernels.forward import LANES, forward, lane_rows


class NetworkPolicy:
    """A network whose connections share a weight; the same bits as the float64 rollout.

    Args:
        network: n_inputs inputs and n_outputs outputs.
        weight: of all connections.
    """

    def __init__(self, network: Network, weight: float) -> None:
        self.network = network
        self._networks = stack_networks([network])
        # the row of the weight, then a row for each node; only the first lane counts
        self._rows = lane_rows(1 + network.n_nodes, np.empty(1, np.float64))
        self._rows[:LANES] = weight
        self._first_lane = self._rows[LANES::LANES]
        self._first_lane[0] = 1.0

    def __call__(self, observation: NDArray[np.float64]) -> NDArray[np.float64]:
        """Maps an observation (n_inputs,) to an action (n_outputs,)."""
        n_fixed = 1 + self.network.n_inputs
        self._first_lane[1:n_fixed] = observation
        forward(self._networks, 0, n_fixed, self._rows, 1, 0, False, 1)
        first_output = self.network.n_nodes - self.network.n_outputs
        outputs: NDArray[np.float64] = self._first_lane[first_output:].copy()
        return outputs
