"""A generation of children together with their networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann.errors import CycleError
from wann.genome.compile import room_for_networks, written_networks
from wann.genome.innovation import InnovationCounter, close_generation, open_generation
from wann.genome.mutation import room_for_children, written_children
from wann.kernels.breed import breed
from wann.kernels.compile import count_enabled
from wann.kernels.forward import NetworkArrays
from wann.kernels.variation import PopulationArrays


def breed_population(
    population: PopulationArrays,
    n_inputs: int,
    n_outputs: int,
    parents: NDArray[np.int64],
    operators: NDArray[np.int8],
    odds: Sequence[float],
    activations: Sequence[int],
    counter: InnovationCounter,
    rng: np.random.Generator,
    known: NetworkArrays | None = None,
) -> tuple[PopulationArrays, NetworkArrays, InnovationCounter]:
    """Makes a generation of children as ``vary_population`` does, and compiles it.

    The same as one after the other, and faster: a genome is compiled while it is in the cache,
    and what does not differ from a sibling is not compiled again.

    Args:
        population, n_inputs, n_outputs, parents, operators, odds, activations, counter, rng: see
            ``vary_population``.
        known: the networks of the population, where they are at hand.

    Returns:
        The children, their networks, and the counter after them.

    Raises:
        CycleError: the enabled connections of a child form a cycle.
    """
    innovations = open_generation(counter, len(parents))
    children = room_for_children(population, parents)
    n_enabled = count_enabled(population)[parents]
    # one parent passes on its own; of two, each gene may be enabled in either
    n_inherited = n_enabled[:, 0] + np.where(parents[:, 0] != parents[:, 1], n_enabled[:, 1], 0)
    networks = room_for_networks(
        len(parents), len(children.node_id), int(n_inherited.sum()) + len(parents)
    )
    cyclic = breed(
        population,
        n_inputs,
        n_outputs,
        parents,
        operators.astype(np.int8),
        rng.integers(0, 2**64, len(parents), dtype=np.uint64),
        np.array(odds, np.float64),
        np.array(activations, np.int8),
        innovations,
        known or room_for_networks(0, 0, 0),
        children,
        networks,
    )
    if cyclic >= 0:
        raise CycleError(f"the enabled connections of child {cyclic} form a cycle")
    return written_children(children), written_networks(networks), close_generation(innovations)
