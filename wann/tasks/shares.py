"""How the work of rollouts is divided among workers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.kernels.forward import LANES, NetworkArrays


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


def are_few(networks: NetworkArrays, n_workers: int) -> bool:
    """Whether networks are too few to be shared out one by one: their lanes are, then."""
    return n_workers > 1 and len(networks.node_start) - 1 < 4 * n_workers
