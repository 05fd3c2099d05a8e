"""Children of a population, and the operators on one genome."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wann.errors import NetworkError
from wann.executor import Serial
from wann.genome.children import decided_children
from wann.genome.genome import Genome
from wann.genome.innovation import InnovationCounter
from wann.genome.population import genome_at, stack_genomes
from wann.kernels.activation import Activation
from wann.kernels.variation import N_MUTATIONS, Operator, PopulationArrays, write_children

# hidden nodes of the release may have any activation but the square
HIDDEN_ACTIVATIONS = tuple(activation for activation in Activation if activation.value <= 10)


def vary_population(
    population: PopulationArrays,
    n_inputs: int,
    n_outputs: int,
    parents: NDArray[np.int64],
    operators: NDArray[np.int8],
    odds: Sequence[float],
    activations: Sequence[int],
    counter: InnovationCounter,
    rng: np.random.Generator,
) -> tuple[PopulationArrays, NDArray[np.int8], InnovationCounter]:
    """Makes a generation of children.

    Args:
        population: the parents' generation.
        n_inputs, n_outputs: of every genome, without the bias.
        parents: (C, 2) int64, the fitter parent first; the same twice for no crossover.
        operators: (C,) int8, an ``Operator`` for each child.
        odds: of add connection, add node, enable, change activation; for ``Operator.DRAW``.
        activations: ids that hidden nodes may have.
        counter: the next innovation numbers.
        rng: draws a seed for each child.

    Returns:
        The children, the operator that was applied to each, and the counter after them.
    """
    everyone = np.arange(len(parents))
    changes, children, counter = decided_children(
        population, n_inputs, n_outputs, parents, operators, odds, activations, counter, rng,
        Serial(), [everyone],
    )  # fmt: skip
    write_children(population, changes, everyone, children)
    return children, changes.operator, counter


def _apply(
    operator: Operator,
    genome: Genome,
    counter: InnovationCounter,
    rng: np.random.Generator,
    odds: Sequence[float] = (0.0,) * N_MUTATIONS,
    activations: Sequence[int] = HIDDEN_ACTIVATIONS,
    mate: Genome | None = None,
) -> tuple[Genome, InnovationCounter]:
    population = stack_genomes([genome, mate] if mate else [genome])
    children, applied, counter = vary_population(
        population,
        genome.n_inputs,
        genome.n_outputs,
        np.array([[0, 1 if mate else 0]], np.int64),
        np.array([operator], np.int8),
        odds,
        activations,
        counter,
        rng,
    )
    if applied[0] == Operator.COPY and operator != Operator.COPY:
        raise NetworkError(f"{operator.name.lower()} cannot apply to this genome")
    return genome_at(children, 0, genome.n_inputs, genome.n_outputs), counter


def add_connection(
    genome: Genome, counter: InnovationCounter, rng: np.random.Generator
) -> tuple[Genome, InnovationCounter]:
    """Adds a gene from a random node to a random free node of a strictly higher layer.

    Layers are longest paths over all genes, enabled or not; no gene arises twice.

    Raises:
        NetworkError: every pair is taken.

    Source: Gaier & Ha 2019, section 3.
    """
    return _apply(Operator.ADD_CONNECTION, genome, counter, rng)


def add_node(
    genome: Genome,
    counter: InnovationCounter,
    rng: np.random.Generator,
    activations: Sequence[int] = HIDDEN_ACTIVATIONS,
) -> tuple[Genome, InnovationCounter]:
    """Splits a random enabled connection: it is disabled, a node with two genes takes its place.

    Raises:
        NetworkError: no connection is enabled.

    Source: Gaier & Ha 2019, section 3.
    """
    return _apply(Operator.ADD_NODE, genome, counter, rng, activations=activations)


def enable_connection(
    genome: Genome, counter: InnovationCounter, rng: np.random.Generator
) -> tuple[Genome, InnovationCounter]:
    """Enables a random disabled gene.

    Raises:
        NetworkError: no gene is disabled.
    """
    return _apply(Operator.ENABLE, genome, counter, rng)


def change_activation(
    genome: Genome,
    counter: InnovationCounter,
    rng: np.random.Generator,
    activations: Sequence[int] = HIDDEN_ACTIVATIONS,
) -> tuple[Genome, InnovationCounter]:
    """Gives a random hidden node another activation.

    Raises:
        NetworkError: there is no hidden node, or no other activation.

    Source: Gaier & Ha 2019, section 3.
    """
    return _apply(Operator.CHANGE_ACTIVATION, genome, counter, rng, activations=activations)


def mutate(
    genome: Genome,
    counter: InnovationCounter,
    rng: np.random.Generator,
    odds: Sequence[float] = (0.20, 0.25, 0.05, 0.50),
    activations: Sequence[int] = HIDDEN_ACTIVATIONS,
) -> tuple[Genome, InnovationCounter]:
    """Applies one operator, drawn by its odds among those that can apply.

    Args:
        genome: the parent; not changed.
        counter: the next innovation numbers.
        rng: source of randomness.
        odds: of add connection, add node, enable, change activation.
        activations: ids that hidden nodes may have.

    Raises:
        NetworkError: no operator with positive odds can apply.
    """
    return _apply(Operator.DRAW, genome, counter, rng, odds, activations)


def cross(
    fitter: Genome, other: Genome, counter: InnovationCounter, rng: np.random.Generator
) -> Genome:
    """Crossover: shared genes come from either parent, all others from the fitter one.

    Source: Stanley & Miikkulainen 2002, section 3.2.
    """
    if (fitter.n_inputs, fitter.n_outputs) != (other.n_inputs, other.n_outputs):
        raise NetworkError("parents of a crossover must have the same inputs and outputs")
    return _apply(Operator.COPY, fitter, counter, rng, mate=other)[0]
