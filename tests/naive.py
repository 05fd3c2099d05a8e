"""Slow, obvious versions of what the package computes, and random inputs for its tests.

Nothing here calls a kernel: numbers are plain Python floats, graphs are sets of pairs.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from wann.genome.genome import ConnectionGenes, Genome, NodeGenes
from wann.genome.network import Network, network_from_connections

Pairs = set[tuple[int, int]]
State = tuple[float, float, float, float]

# ---- activations and the forward pass ---------------------------------------------------------


def sin_half_turns(x: float, quarter_turns: int = 0) -> float:
    """sin(pi x + quarter_turns pi / 2); the remainder and the quarter turns are exact."""
    rest = math.fmod(x, 2.0)
    quarters = round(2.0 * rest)
    angle = math.pi * (rest - 0.5 * quarters)
    choices = (math.sin(angle), math.cos(angle), -math.sin(angle), -math.cos(angle))
    return choices[(quarters + quarter_turns) % 4]


def activation(number: int, x: float, largest: float = sys.float_info.max) -> float:
    """The activation function of the 2019 release with that number."""
    if number == 1:
        return x
    if number == 2:
        return 1.0 if x > 0.0 else 0.0
    if number == 3:
        return sin_half_turns(x)
    if number == 4:
        return math.exp(-0.5 * x * x)
    if number == 5:
        return math.tanh(x)
    if number == 6:
        return 0.5 * (1.0 + math.tanh(0.5 * x))
    if number == 7:
        return -x
    if number == 8:
        return abs(x)
    if number == 9:
        return max(x, 0.0)
    if number == 10:
        return sin_half_turns(x, 1)
    if number == 11:
        return min(x * x, largest)
    raise ValueError(number)


def finite(x: float, largest: float = sys.float_info.max) -> float:
    """x clamped to the finite range, NaN to its lower end."""
    return -largest if math.isnan(x) else min(max(x, -largest), largest)


def node_values(
    network: Network, weights: float | Sequence[float], inputs: Sequence[float]
) -> list[float]:
    """The value of every node; ``weights`` is shared, or one for each connection."""
    is_shared = np.ndim(weights) == 0
    known = dict(enumerate([1.0, *map(float, inputs)]))

    def value(node: int) -> float:
        if node not in known:
            total = 0.0
            for edge, target in enumerate(network.edge_target):
                if target == node:
                    term = value(int(network.edge_source[edge]))
                    total += term if is_shared else float(weights[edge]) * term
            total = float(weights) * total if is_shared else total
            known[node] = activation(int(network.activation[node]), finite(total))
        return known[node]

    return [value(node) for node in range(network.n_nodes)]


def outputs(
    network: Network, weights: float | Sequence[float], inputs: Sequence[float]
) -> list[float]:
    """The values of the output nodes."""
    return node_values(network, weights, inputs)[-network.n_outputs :]


# ---- cart-pole swing-up, as in the 2019 release ------------------------------------------------


def swingup_step(state: State, action: float) -> tuple[State, float, bool]:
    """One step of 0.01 s; returns the next state, the reward and whether the cart left."""
    x, x_dot, theta, theta_dot = state
    g, m_c, m_p, length, b, dt = 9.82, 0.5, 0.5, 0.6, 0.1, 0.01
    force, total = 10.0 * min(max(action, -1.0), 1.0), m_p + m_c
    s, c = math.sin(theta), math.cos(theta)
    x_acceleration = (
        -2 * m_p * length * theta_dot**2 * s + 3 * m_p * g * s * c + 4 * force - 4 * b * x_dot
    ) / (4 * total - 3 * m_p * c**2)
    theta_acceleration = (
        -3 * m_p * length * theta_dot**2 * s * c + 6 * total * g * s + 6 * (force - b * x_dot) * c
    ) / (4 * length * total - 3 * m_p * length * c**2)
    after = (
        x + dt * x_dot,
        x_dot + dt * x_acceleration,
        theta + dt * theta_dot,
        theta_dot + dt * theta_acceleration,
    )
    reward = (math.cos(after[2]) + 1.0) / 2.0 * math.cos(after[0] / 2.4 * math.pi / 2.0)
    return after, reward, abs(after[0]) > 2.4


def swingup_rollout(
    network: Network, weights: float | Sequence[float], state: Sequence[float], n_steps: int = 1000
) -> tuple[float, int]:
    """The return of an episode, and its number of steps."""
    x, x_dot, theta, theta_dot = (float(value) for value in state)
    total = 0.0
    for step in range(1, n_steps + 1):
        seen = (x, x_dot, math.cos(theta), math.sin(theta), theta_dot)
        (action,) = outputs(network, weights, seen)
        (x, x_dot, theta, theta_dot), reward, has_left = swingup_step(
            (x, x_dot, theta, theta_dot), action
        )
        total += reward
        if has_left:
            return total, step
    return total, n_steps


# ---- genomes as graphs -----------------------------------------------------------------------


def gene_pairs(genome: Genome, only_enabled: bool = False) -> list[tuple[int, int]]:
    """(source, target) ids of the genes, in their order."""
    genes = genome.connections
    return [
        (int(source), int(target))
        for source, target, is_enabled in zip(
            genes.source, genes.target, genes.is_enabled, strict=True
        )
        if is_enabled or not only_enabled
    ]


def reached(start: Iterable[int], pairs: Iterable[tuple[int, int]]) -> set[int]:
    """The nodes that can be reached from some nodes, these included."""
    found, pairs = set(start), list(pairs)
    while more := {target for source, target in pairs if source in found} - found:
        found |= more
    return found


def has_cycle(pairs: Iterable[tuple[int, int]]) -> bool:
    """Whether a node can be reached from itself."""
    pairs = list(pairs)
    return any(source in reached([target], pairs) for source, target in pairs)


def live_connections(genome: Genome) -> Pairs:
    """The enabled genes on a path from the bias or an input to an output."""
    n_first = 1 + genome.n_inputs
    enabled = gene_pairs(genome, only_enabled=True)
    fed = reached(range(n_first), enabled)
    used = reached(
        range(n_first, n_first + genome.n_outputs), [(target, source) for source, target in enabled]
    )
    return {(source, target) for source, target in enabled if source in fed and target in used}


def layers(genome: Genome) -> dict[int, int]:
    """Longest path over all genes to each node; outputs lie above all others."""
    n_first = 1 + genome.n_inputs
    pairs = gene_pairs(genome)
    found: dict[int, int] = {}

    def layer(node: int) -> int:
        if node not in found:
            below = [layer(source) for source, target in pairs if target == node]
            found[node] = 1 + max(below) if below else 0
        return found[node]

    for node in genome.nodes.node_id:
        layer(int(node))
    top = 1 + max(found.values())
    return found | dict.fromkeys(range(n_first, n_first + genome.n_outputs), top)


def free_pairs(genome: Genome) -> Pairs:
    """(source, target) between which a gene may be added."""
    n_first = 1 + genome.n_inputs
    is_output = range(n_first, n_first + genome.n_outputs)
    layer, taken = layers(genome), set(gene_pairs(genome))
    return {
        (source, target)
        for source in layer
        for target in layer
        if source not in is_output and layer[source] < layer[target]
    } - taken


def genome_outputs(genome: Genome, weight: float, inputs: Sequence[float]) -> list[float]:
    """The outputs of the graph of the live genes, with a shared weight."""
    number = dict(zip(genome.nodes.node_id.tolist(), genome.nodes.activation.tolist(), strict=True))
    live = sorted(live_connections(genome))
    known = dict(enumerate([1.0, *map(float, inputs)]))

    def value(node: int) -> float:
        if node not in known:
            total = math.fsum(value(source) for source, target in live if target == node)
            known[node] = activation(number[node], finite(weight * total))
        return known[node]

    n_first = 1 + genome.n_inputs
    return [value(node) for node in range(n_first, n_first + genome.n_outputs)]


# ---- ranking ---------------------------------------------------------------------------------


def dominates(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether a is nowhere worse than b and somewhere better; larger is better."""
    return all(x >= y for x, y in zip(a, b, strict=True)) and any(
        x > y for x, y in zip(a, b, strict=True)
    )


def front_numbers(values: NDArray[np.float64]) -> list[int]:
    """Front 0 is dominated by nobody; front k by nobody once the fronts before it are gone."""
    front = [-1] * len(values)
    left, number = set(range(len(values))), 0
    while left:
        best = {i for i in left if not any(dominates(values[j], values[i]) for j in left)}
        for i in best:
            front[i] = number
        left -= best
        number += 1
    return front


def crowding_distances(values: NDArray[np.float64], front: Sequence[int]) -> list[float]:
    """Deb et al. 2002, section III-B; equal values keep the order of the individuals."""
    distance = [0.0] * len(values)
    for number in set(front):
        members = [i for i in range(len(values)) if front[i] == number]
        for column in np.transpose(values).tolist():
            order = sorted(members, key=lambda i, column=column: column[i])
            lowest, highest = column[order[0]], column[order[-1]]
            if lowest == highest:
                continue
            distance[order[0]] = distance[order[-1]] = math.inf
            for before, i, after in zip(order, order[1:], order[2:], strict=False):
                distance[i] += (column[after] - column[before]) / (highest - lowest)
    return distance


# ---- random inputs ---------------------------------------------------------------------------


def random_network(
    rng: np.random.Generator,
    n_inputs: int,
    n_outputs: int,
    n_hidden: int,
    n_connections: int,
    activations: Sequence[int] = tuple(range(1, 12)),
) -> Network:
    """Any connections that lead to later nodes; outputs have any activation."""
    n_fixed, n_sources = 1 + n_inputs, 1 + n_inputs + n_hidden
    pairs = [
        (s, t) for t in range(n_fixed, n_sources + n_outputs) for s in range(min(t, n_sources))
    ]
    chosen = rng.choice(len(pairs), min(n_connections, len(pairs)), replace=False)
    numbers = rng.choice(activations, n_hidden + n_outputs)
    return network_from_connections(
        n_inputs, n_outputs, [1] * n_fixed + numbers.tolist(), [pairs[i] for i in chosen]
    )


def random_genome(
    rng: np.random.Generator,
    n_inputs: int = 3,
    n_outputs: int = 2,
    n_hidden: int = 6,
    n_genes: int = 20,
    enabled: float = 0.7,
) -> Genome:
    """Any acyclic genome: ids of hidden nodes tell nothing of their order, numbers have gaps."""
    n_first, n_fixed = 1 + n_inputs, 1 + n_inputs + n_outputs
    hidden = n_fixed + np.sort(rng.choice(3 * n_hidden, n_hidden, replace=False))
    in_order = [*range(n_first), *rng.permutation(hidden).tolist(), *range(n_first, n_fixed)]
    pairs = [
        (in_order[i], in_order[j])
        for j in range(n_first, len(in_order))
        for i in range(min(j, n_first + n_hidden))
    ]
    chosen = rng.choice(len(pairs), min(n_genes, len(pairs)), replace=False)
    innovation = np.sort(rng.choice(5 * len(chosen), len(chosen), replace=False))
    return Genome(
        n_inputs,
        n_outputs,
        NodeGenes(
            np.concatenate([np.arange(n_fixed), hidden]),
            np.concatenate([np.ones(n_fixed, np.int8), rng.integers(1, 11, n_hidden)]),
        ),
        ConnectionGenes(
            innovation,
            [pairs[i][0] for i in chosen],
            [pairs[i][1] for i in chosen],
            rng.random(len(chosen)) < enabled,
        ),
    )
