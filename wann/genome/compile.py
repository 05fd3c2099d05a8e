"""From genomes to networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann.errors import CycleError
from wann.genome.genome import Genome
from wann.genome.network import Network
from wann.genome.population import stack_genomes
from wann.kernels.compile import compile_population as compile_kernel
from wann.kernels.compile import count_enabled
from wann.kernels.forward import NetworkArrays
from wann.kernels.variation import PopulationArrays


def compile_population(
    population: PopulationArrays, n_inputs: int, n_outputs: int
) -> NetworkArrays:
    """Compiles all genomes of a population.

    Raises:
        CycleError: the enabled connections of a genome form a cycle.
    """
    room = room_for_networks(
        len(population.node_start) - 1, len(population.node_id), count_enabled(population).sum()
    )
    cyclic = compile_kernel(population, n_inputs, n_outputs, room)
    if cyclic >= 0:
        raise CycleError(f"the enabled connections of genome {cyclic} form a cycle")
    return written_networks(room)


def room_for_networks(n: int, n_nodes: int, n_edges: int) -> NetworkArrays:
    """Arrays for up to that many nodes and connections over n networks."""
    return NetworkArrays(
        np.zeros(n + 1, np.int64),
        np.empty(n_nodes + 1, np.int64),
        np.empty(n_edges, np.int32),
        np.empty(n_nodes, np.int8),
    )


def written_networks(room: NetworkArrays) -> NetworkArrays:
    """What has been written of the room; no copies, for hardly any is left."""
    n_nodes = int(room.node_start[-1])
    n_edges = int(room.edge_start[n_nodes])
    return NetworkArrays(
        room.node_start,
        room.edge_start[: n_nodes + 1],
        room.edge_source[:n_edges],
        room.activation[:n_nodes],
    )


def compile_network(genome: Genome) -> Network:
    """Flattens a genome into the arrays that the kernels read.

    Args:
        genome: disabled genes, and nodes and genes that are on no path from the bias or an input
            to an output, are dropped.

    Returns:
        Nodes in topological order; bias, inputs and outputs are always there.

    Raises:
        CycleError: the enabled connections form a cycle.

    Source: Gaier & Ha 2019, section 3.
    """
    networks = compile_population(stack_genomes([genome]), genome.n_inputs, genome.n_outputs)
    return network_at(networks, 0, genome.n_inputs, genome.n_outputs)


def network_at(networks: NetworkArrays, p: int, n_inputs: int, n_outputs: int) -> Network:
    """Network ``p`` of a compiled population."""
    first, last = networks.node_start[p : p + 2]
    starts = networks.edge_start[first : last + 1]
    return Network(
        n_inputs,
        n_outputs,
        networks.activation[first:last],
        starts - starts[0],
        networks.edge_source[starts[0] : starts[-1]],
    )


def take_networks(
    networks: NetworkArrays, chosen: Sequence[int] | NDArray[np.int64]
) -> NetworkArrays:
    """The chosen networks of a compiled population, in the order of ``chosen``."""
    nodes = [np.arange(*networks.node_start[p : p + 2]) for p in chosen]
    edges = [np.arange(*networks.edge_start[networks.node_start[p : p + 2]]) for p in chosen]
    every_node = np.concatenate([np.empty(0, np.int64), *nodes])
    degrees = np.diff(networks.edge_start)[every_node]
    return NetworkArrays(
        np.cumsum([0, *map(len, nodes)]).astype(np.int64),
        np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64),
        networks.edge_source[np.concatenate([np.empty(0, np.int64), *edges])],
        networks.activation[every_node],
    )


def stack_networks(networks: Sequence[Network]) -> NetworkArrays:
    """Lays networks one after another into the arrays of the kernels."""
    node_start = np.cumsum([0, *(network.n_nodes for network in networks)])
    edge_offset = np.cumsum([0, *(network.n_connections for network in networks)])
    starts = [
        network.edge_start[:-1] + offset
        for network, offset in zip(networks, edge_offset, strict=False)
    ]
    return NetworkArrays(
        node_start.astype(np.int64),
        np.concatenate([*starts, edge_offset[-1:]]).astype(np.int64),
        np.concatenate([np.empty(0, np.int32), *(n.edge_source for n in networks)]),
        np.concatenate([np.empty(0, np.int8), *(n.activation for n in networks)]),
    )


def connection_counts(networks: NetworkArrays) -> NDArray[np.int64]:
    """(P,) int64: the live connections of each network."""
    return np.diff(networks.edge_start[networks.node_start])
