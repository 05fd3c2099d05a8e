"""The first steps of a generation of children: they are decided on and numbered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann.executor import Executor
from wann.genome.innovation import InnovationCounter, close_generation, open_generation
from wann.kernels.decide import decide
from wann.kernels.variation import Changes, PopulationArrays, number_changes


def decided_children(
    population: PopulationArrays,
    n_inputs: int,
    n_outputs: int,
    parents: NDArray[np.int64],
    operators: NDArray[np.int8],
    odds: Sequence[float],
    activations: Sequence[int],
    counter: InnovationCounter,
    rng: np.random.Generator,
    executor: Executor,
    pieces: Sequence[NDArray[np.int64]],
) -> tuple[Changes, PopulationArrays, InnovationCounter]:
    """Decides what becomes of children, numbers what is new in them, and makes room for them.

    Args:
        population, n_inputs, n_outputs, parents, operators, odds, activations, counter, rng: see
            ``vary_population``.
        executor: decides on the pieces; the result does not depend on it, nor on them.
        pieces: every child is in one.

    Returns:
        The changes, numbered; the children, of which only the places are written; the counter
        after them.
    """
    n_children = len(parents)
    changes = Changes(
        parents,
        rng.integers(0, 2**64, n_children, dtype=np.uint64),
        operators.astype(np.int8),
        *np.empty((4, n_children), np.int64),
    )
    some_odds, choices = np.array(odds, np.float64), np.array(activations, np.int8)
    executor.run(
        lambda which: decide(population, n_inputs, n_outputs, some_odds, choices, which, changes),
        pieces,
    )
    innovations = open_generation(counter, n_children)
    node_start, gene_start = number_changes(population, changes, innovations)
    n_nodes, n_genes = int(node_start[-1]), int(gene_start[-1])
    children = PopulationArrays(
        node_start,
        np.empty(n_nodes, np.int32),
        np.empty(n_nodes, np.int8),
        gene_start,
        np.empty(n_genes, np.int32),
        np.empty(n_genes, np.int32),
        np.empty(n_genes, np.int32),
        np.empty(n_genes, np.bool_),
    )
    return changes, children, close_generation(innovations)
