"""A network as a function from observation to action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.checks import array_of, first_unfit, number, numbers
from wann.errors import InputError, NetworkError
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.kernels.forward import LANES, forward_once, lane_rows

# rows of a network with its weights, and of them the inputs and the outputs
_Room = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

_PRECISION = np.empty(1, np.float64)


class NetworkPolicy:
    """A network with weights; the same bits as the float64 rollout.

    It may be called from several threads at once, and copied and pickled. Two policies are equal if
    they have the same network and the same weights.

    Args:
        network: n_inputs inputs and n_outputs outputs.
        weight: of all connections, or (n_connections,) individual weights in their order.

    Raises:
        NetworkError: there are more or fewer weights than connections.
        ValueError: a weight is not a finite number.
    """

    def __init__(self, network: Network, weight: float | Sequence[float]) -> None:
        if not isinstance(network, Network):
            raise InputError(f"network is {type(network).__name__}, must be a Network")
        self._set(network, _checked_weights(network, weight))

    def _set(self, network: Network, weights: NDArray[np.float64]) -> None:
        weights.flags.writeable = False
        self._network, self._weights = network, weights
        networks = stack_networks([network])
        self._arrays = networks.edge_start, networks.edge_source, networks.activation
        self._shape = (network.n_inputs,)
        self._n_fixed, self._first_row = 1 + network.n_inputs, weights.size
        self._is_weighted = weights.ndim == 1
        # room that no call is using: each takes some, or makes some, and gives it back
        self._spare: list[_Room] = []

    @property
    def network(self) -> Network:
        """The structure."""
        return self._network

    @property
    def weights(self) -> NDArray[np.float64]:
        """The shared weight, without dimensions, or (n_connections,) individual ones; read-only."""
        return self._weights

    def __call__(self, observation: NDArray[np.float64]) -> NDArray[np.float64]:
        """Maps an observation (n_inputs,) to an action (n_outputs,).

        Raises:
            ValueError: the observation has another shape, or not only finite numbers.
        """
        if (
            type(observation) is not np.ndarray
            or observation.shape != self._shape
            or observation.dtype.char not in "fd"
        ):
            observation = self._checked(observation)
        try:
            room = self._spare.pop()
        except IndexError:
            room = self._make_room()
        rows, inputs, outputs = room
        inputs[:] = observation
        is_sound = forward_once(
            *self._arrays, self._n_fixed, rows, self._first_row, 0, self._is_weighted
        )
        if not is_sound:
            raise InputError(f"the observation holds {first_unfit(inputs)}: must be finite")
        action = outputs.copy()
        self._spare.append(room)
        return action

    def _checked(self, observation: Any) -> NDArray[np.float64]:
        array = array_of(observation, "the observation", "fiub")
        if array.shape != self._shape:
            raise InputError(f"the observation has shape {array.shape}, not {self._shape}")
        return array.astype(np.float64)

    def _make_room(self) -> _Room:
        """A row for each weight, then a row for each node; only the first lane counts."""
        network, n_weights = self._network, self._weights.size
        rows = lane_rows(n_weights + network.n_nodes, _PRECISION)
        rows[: n_weights * LANES] = np.repeat(self._weights, LANES)
        first_lane = rows[n_weights * LANES :: LANES]
        first_lane[0] = 1.0
        return rows, first_lane[1 : 1 + network.n_inputs], first_lane[-network.n_outputs :]

    def __getstate__(self) -> dict[str, Any]:
        """All but the room, whose parts would be copied apart from each other."""
        kept = {name: value for name, value in vars(self).items() if name not in _DERIVED}
        return kept | {"_network": self._network, "_weights": self._weights.copy()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._set(state["_network"], state["_weights"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NetworkPolicy):
            return NotImplemented
        return self._network == other._network and np.array_equal(self._weights, other._weights)

    def __hash__(self) -> int:
        return hash((self._network, self._weights.tobytes()))

    def __repr__(self) -> str:
        weights = f"weight {self._weights:g}" if self._weights.ndim == 0 else "individual weights"
        return f"NetworkPolicy({self._network!r}, {weights})"


_DERIVED = ("_arrays", "_shape", "_n_fixed", "_first_row", "_is_weighted", "_spare")


def _checked_weights(network: Network, weight: Any) -> NDArray[np.float64]:
    """One finite number, or one for each connection."""
    if np.ndim(weight) == 0:
        return np.array(number(weight, "weight"))
    weights = numbers(weight, "weight", (None,))
    if len(weights) != network.n_connections:
        raise NetworkError(
            f"{len(weights)} weights for a network with {network.n_connections} connections"
        )
    return weights.copy()
