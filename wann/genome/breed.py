"""A generation of children together with their networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann.errors import CycleError
from wann.executor import Executor, Serial, pieces
from wann.genome.children import decided_children
from wann.genome.compile import room_for_networks
from wann.genome.innovation import InnovationCounter
from wann.kernels.breed import find_origins, join_networks, start_networks, write_and_compile
from wann.kernels.compile import count_enabled
from wann.kernels.forward import NetworkArrays
from wann.kernels.variation import Changes, PopulationArrays

# pieces of work for each worker
_PIECES = 4
# children of fewer genes in all are made sooner than another thread begins
_FEW_GENES = 100_000


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
    executor: Executor | None = None,
) -> tuple[PopulationArrays, NetworkArrays, InnovationCounter]:
    """Makes a generation of children as ``vary_population`` does, and compiles it.

    The same as one after the other, and faster: a genome is compiled while it is in the cache,
    and what does not differ from a sibling is not compiled again.

    Args:
        population, n_inputs, n_outputs, parents, operators, odds, activations, counter, rng: see
            ``vary_population``.
        known: the networks of the population, where they are at hand.
        executor: makes some children here, some there; the result does not depend on it.

    Returns:
        The children, their networks, and the counter after them.

    Raises:
        CycleError: the enabled connections of a child form a cycle.
    """
    executor = _executor_for(population, parents, executor)
    parts = pieces(np.arange(len(parents)), executor, _PIECES)
    changes, children, counter = decided_children(
        population, n_inputs, n_outputs, parents, operators, odds, activations, counter, rng,
        executor, parts,
    )  # fmt: skip
    known = known or room_for_networks(0, 0, 0)
    networks = _written_children(
        population, n_inputs, n_outputs, changes, counter, known, children, executor, parts
    )
    return children, networks, counter


def _executor_for(
    population: PopulationArrays, parents: NDArray[np.int64], executor: Executor | None
) -> Executor:
    """The executor, or the calling thread where there is little to do."""
    n_genes = np.diff(population.gene_start)[parents[:, 0]].sum()
    return executor if executor is not None and n_genes >= _FEW_GENES else Serial()


def _written_children(
    population: PopulationArrays,
    n_inputs: int,
    n_outputs: int,
    changes: Changes,
    counter: InnovationCounter,
    known: NetworkArrays,
    children: PopulationArrays,
    executor: Executor,
    parts: Sequence[NDArray[np.int64]],
) -> NetworkArrays:
    """Writes the children, and returns their networks."""
    parents, n_children = changes.parents, len(changes.parents)
    origin = find_origins(population, changes, len(known.node_start) - 1)
    n_enabled = count_enabled(population)[parents]
    # one parent passes on its own; of two, each gene may be enabled in either
    n_inherited = n_enabled[:, 0] + np.where(parents[:, 0] != parents[:, 1], n_enabled[:, 1], 0)
    room_start = np.concatenate([[0], np.cumsum(n_inherited + 1)])
    gapped = room_for_networks(0, len(children.node_id) + n_children, int(room_start[-1]))
    order = np.empty(len(children.node_id), np.uint32)
    sizes = np.zeros((n_children, 2), np.int64)
    executor.run(
        lambda which: write_and_compile(
            population, n_inputs, n_outputs, changes, which, origin, counter.next_node_id,
            children, room_start, gapped, order, sizes,
        ),
        parts,
    )  # fmt: skip
    cyclic = np.flatnonzero(sizes[:, 0] < 0)
    if len(cyclic):
        raise CycleError(f"the enabled connections of child {cyclic[0]} form a cycle")
    node_start, edge_start = start_networks(changes, origin, known, sizes)
    networks = room_for_networks(0, int(node_start[-1]), int(edge_start[-1]))
    networks = networks._replace(node_start=node_start)
    networks.edge_start[-1] = edge_start[-1]
    executor.run(
        lambda which: join_networks(
            changes, which, origin, known, children, gapped, order, edge_start, networks
        ),
        parts,
    )
    return networks
