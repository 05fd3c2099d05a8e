"""Layer assignment: in which column of the picture each node lies."""

from __future__ import annotations

import networkx as nx
import numpy as np
from networkx.algorithms.flow import boykov_kolmogorov
from numpy.typing import NDArray

from wann.genome.network import Network

Ints = NDArray[np.int64]


def assign_layers(network: Network) -> Ints:
    """Chooses the layers that make the drawn connections shortest.

    All connections of a node share one line up to where they branch, so that the length to
    minimise is, summed over the nodes, the number of layers to the farthest target.

    Args:
        network: N nodes.

    Returns:
        (N,) int64: 0 for bias and inputs, the last layer for all outputs, and for every
        connection a smaller layer at its source than at its target.

    Source: Gansner, Koutsofios, North & Vo 1993, section 2, for the objective; Murota 2003,
    "Discrete Convex Analysis", chapter 10, for steepest descent, which is exact here.
    """
    layer = _leftmost_layers(network)
    while True:
        moved = _best_shift(network, layer)
        if not moved:
            return _spread_free_nodes(network, layer)
        layer[moved] += 1


def _leftmost_layers(network: Network) -> Ints:
    """Longest path from the inputs; hidden nodes from layer 1 on, outputs in the last layer."""
    first_output = network.n_nodes - network.n_outputs
    layer = np.zeros(network.n_nodes, np.int64)
    layer[1 + network.n_inputs :] = 1
    for source, target in zip(network.edge_source, network.edge_target, strict=True):
        layer[target] = max(layer[target], layer[source] + 1)
    layer[first_output:] = layer[:first_output].max() + 1
    return layer


def _best_shift(network: Network, layer: Ints) -> list[int]:
    """The hidden nodes to move one layer right together, for the largest gain; empty at the end.

    A minimum cut between what pulls right (a node's own line becomes shorter) and what holds back
    (the line to a node that is a farthest target becomes longer, and so does everything where there
    is no layer left). Edges point from what moves along to what moves.
    """
    first_hidden, last = 1 + network.n_inputs, int(layer.max())
    farthest = np.zeros(network.n_nodes, np.int64)
    np.maximum.at(farthest, network.edge_source, layer[network.edge_target])
    graph = nx.DiGraph()
    graph.add_nodes_from(["hold", "pull"])
    for node in np.unique(network.edge_source).tolist():
        graph.add_edge("hold", ("line", node), capacity=1)
        if node >= first_hidden:
            graph.add_edge(node, "pull", capacity=1)
    # an edge without a capacity is infinite
    for node in np.flatnonzero(layer == last - 1).tolist():
        graph.add_edge("hold", node)
    for source, target in zip(
        network.edge_source.tolist(), network.edge_target.tolist(), strict=True
    ):
        if layer[target] < last and layer[target] == farthest[source]:
            graph.add_edge(("line", source), target)
        if layer[target] < last and layer[target] == layer[source] + 1 and source >= first_hidden:
            graph.add_edge(target, source)
    # networkx gives the side of "pull" that is smallest among the minimum cuts
    _, (_, moving) = nx.minimum_cut(graph, "hold", "pull", flow_func=boykov_kolmogorov)
    return sorted(node for node in moving if isinstance(node, int))


def _spread_free_nodes(network: Network, layer: Ints) -> Ints:
    """Moves nodes that lie equally well in several layers to the emptiest of these."""
    layer = layer.copy()
    n_in_layer = np.bincount(layer)
    source, target = network.edge_source, network.edge_target
    for node in range(1 + network.n_inputs, network.n_nodes - network.n_outputs):
        before, after = source[target == node], target[source == node]
        if not len(before) or not len(after):
            continue
        # how far the lines of its sources reach without it
        reach = np.zeros(network.n_nodes, np.int64)
        np.maximum.at(reach, source[target != node], layer[target[target != node]])
        choices = np.arange(layer[before].max() + 1, layer[after].min())
        length = np.maximum(reach[before][:, None], choices).sum(axis=0) - choices
        best = choices[length == length.min()].tolist()
        n_in_layer[layer[node]] -= 1
        layer[node] = min(best, key=lambda choice: (n_in_layer[choice], choice))
        n_in_layer[layer[node]] += 1
    return layer
