"""Checks that genomes from a file are such as a search breeds: kernels check nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.errors import CycleError
from wann.genome.compile import compile_population
from wann.genome.population import population_size
from wann.kernels.activation import Activation
from wann.kernels.variation import PopulationArrays

# node ids and innovation numbers are int32, and a generation needs room for new ones
_LARGEST_NUMBER = 2**31 - 2**24


@dataclass(frozen=True)
class Layout:
    """What all genomes of a run have in common.

    Attributes:
        n_inputs, n_outputs: without the bias.
        activations: (k,) ids that hidden nodes may have.
        next_node_id, next_innovation: larger than all ids and innovation numbers.
    """

    n_inputs: int
    n_outputs: int
    activations: NDArray[np.int8]
    next_node_id: int
    next_innovation: int

    @property
    def n_first(self) -> int:
        """The bias and the inputs."""
        return 1 + self.n_inputs

    @property
    def n_fixed(self) -> int:
        """These and the outputs."""
        return self.n_first + self.n_outputs

    @property
    def n_minimal(self) -> int:
        """Genes that every genome begins with."""
        return self.n_first * self.n_outputs


def check_counter(layout: Layout, n_children: int) -> None:
    """Checks the next numbers to give out.

    Args:
        layout: holds them.
        n_children: bred so far, each with one new node and two new genes at the most.

    Raises:
        ValueError: they are out of range.
    """
    for name, value, low, each in (
        ("node id", layout.next_node_id, layout.n_fixed, 1),
        ("innovation", layout.next_innovation, layout.n_minimal, 2),
    ):
        high = min(low + each * n_children, _LARGEST_NUMBER)
        if not low <= value <= high:
            raise ValueError(f"counter: the next {name} is {value}, must be from {low} to {high}")


def check_genomes(populations: Mapping[str, PopulationArrays], layout: Layout) -> None:
    """Checks genomes, whose arrays belong together, alone and with each other.

    Args:
        populations: by their names, each with its arrays whole.
        layout: of all genomes.

    Raises:
        ValueError: one is not as a search breeds it; names the array.
    """
    added = []
    for name, population in populations.items():
        if population_size(population) == 0:
            continue
        _check_nodes(name, population, layout)
        added.append(_check_genes(name, population, layout))
    for name, population in populations.items():
        _check_order(name, population, layout)
    if added:
        _check_innovations(np.concatenate(added, axis=1), list(populations))


def _refuse(where: NDArray[np.bool_], name: str, words: str) -> None:
    """Raises ValueError if something is wrong somewhere."""
    if where.any():
        raise ValueError(f"{name}[{int(np.argmax(where))}]: {words}")


def _places(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each node or gene in its genome."""
    return np.arange(starts[-1]) - np.repeat(starts[:-1], np.diff(starts))


def _check_nodes(name: str, population: PopulationArrays, layout: Layout) -> None:
    n_fixed = layout.n_fixed
    few = np.diff(population.node_start) < n_fixed
    _refuse(few, f"{name}_node_start", f"a genome has at least {n_fixed} nodes")
    place, ids = _places(population.node_start), population.node_id
    is_fixed = place < n_fixed
    is_wrong = np.where(is_fixed, ids != place, (ids < n_fixed) | (ids >= layout.next_node_id))
    _refuse(is_wrong, f"{name}_node_id", "no such node can be there")
    falls = np.zeros(len(ids), np.bool_)
    falls[1:] = (ids[1:] <= ids[:-1]) & (place[1:] > 0)
    _refuse(falls, f"{name}_node_id", "ids of a genome must rise")
    is_known = np.isin(population.activation, layout.activations)
    is_wrong = np.where(is_fixed, population.activation != Activation.LINEAR, ~is_known)
    _refuse(is_wrong, f"{name}_activation", "no activation that a node there has")


def _check_genes(name: str, population: PopulationArrays, layout: Layout) -> NDArray[np.int64]:
    """Checks the genes; returns (3, n) innovation, source and target of those that were added."""
    n_minimal, n_outputs = layout.n_minimal, layout.n_outputs
    few = np.diff(population.gene_start) < n_minimal
    _refuse(few, f"{name}_gene_start", f"a genome has at least {n_minimal} genes")
    place = _places(population.gene_start)
    numbers, sources, targets = population.innovation, population.source, population.target
    is_minimal = place < n_minimal
    is_wrong = np.where(
        is_minimal, numbers != place, (numbers < n_minimal) | (numbers >= layout.next_innovation)
    )
    _refuse(is_wrong, f"{name}_innovation", "no such gene can be there")
    falls = np.zeros(len(numbers), np.bool_)
    falls[1:] = (numbers[1:] <= numbers[:-1]) & (place[1:] > 0)
    _refuse(falls, f"{name}_innovation", "innovation numbers of a genome must rise")
    begins = "every genome begins with a gene from each input to each output"
    _refuse(is_minimal & (sources != place // n_outputs), f"{name}_source", begins)
    wanted = layout.n_first + place % n_outputs
    _refuse(is_minimal & (targets != wanted), f"{name}_target", begins)
    chosen = np.flatnonzero(~is_minimal)
    genome = np.repeat(np.arange(population_size(population)), np.diff(population.gene_start))[
        chosen
    ]
    _check_ends(name, population, layout, chosen, genome)
    return np.stack([a[chosen].astype(np.int64) for a in (numbers, sources, targets)])


def _check_ends(
    name: str,
    population: PopulationArrays,
    layout: Layout,
    chosen: NDArray[np.int64],
    genome: NDArray[np.int64],
) -> None:
    """Checks what the added genes lead from and to.

    Args:
        name, population, layout: as of ``check_genomes``.
        chosen: (n,) numbers of the genes.
        genome: (n,) the genome of each.
    """
    owner = np.repeat(np.arange(population_size(population)), np.diff(population.node_start))
    # ids rise within genomes, and so do these keys over all of them
    keys = owner * layout.next_node_id + population.node_id

    def place_of(ids: NDArray[np.int32], what: str) -> NDArray[np.int64]:
        is_in_range = (ids >= 0) & (ids < layout.next_node_id)
        wanted = genome * layout.next_node_id + np.where(is_in_range, ids, 0)
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        is_wrong = np.zeros(len(population.source), np.bool_)
        is_wrong[chosen] = ~is_in_range | (keys[found] != wanted)
        _refuse(is_wrong, f"{name}_{what}", "the genome has no such node")
        return found

    sources, targets = population.source[chosen], population.target[chosen]
    first, last = place_of(sources, "source"), place_of(targets, "target")
    is_output = np.zeros(len(population.source), np.bool_)
    is_output[chosen] = (sources >= layout.n_first) & (sources < layout.n_fixed)
    _refuse(is_output, f"{name}_source", "a gene comes from an output")
    is_given = np.zeros(len(population.source), np.bool_)
    is_given[chosen] = targets < layout.n_first
    _refuse(is_given, f"{name}_target", "a gene leads into the bias or an input")
    pairs = np.sort(first * np.int64(len(keys)) + last)
    is_minimal = (sources < layout.n_first) & (targets < layout.n_fixed)
    if is_minimal.any() or (pairs[1:] == pairs[:-1]).any():
        raise ValueError(f"{name}_target: a gene occurs twice in a genome")


def _check_order(name: str, population: PopulationArrays, layout: Layout) -> None:
    """Genes, enabled or not, form no cycle: they may be enabled later."""
    all_on = population._replace(is_enabled=np.ones_like(population.is_enabled))
    try:
        compile_population(all_on, layout.n_inputs, layout.n_outputs)
    except CycleError as error:
        raise ValueError(f"{name}_source: the genes of a genome form a cycle") from error


def _check_innovations(added: NDArray[np.int64], names: list[str]) -> None:
    """One innovation number stands for one source and target, in all genomes of the run."""
    ordered: NDArray[Any] = added[:, np.argsort(added[0], kind="stable")]
    is_same = ordered[0, 1:] == ordered[0, :-1]
    is_other = (ordered[1:, 1:] != ordered[1:, :-1]).any(axis=0)
    if (is_same & is_other).any():
        number = int(ordered[0, 1:][is_same & is_other][0])
        raise ValueError(
            f"{names[0]}_innovation: number {number} stands for genes between different nodes"
        )
