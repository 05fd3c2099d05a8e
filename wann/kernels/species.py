"""Compatibility distance between genomes, and the assignment to species.

Source: Stanley & Miikkulainen 2002, "Evolving neural networks through augmenting topologies",
section 3.3.
"""

from __future__ import annotations

import numpy as np

from wann_envs.jit import inner_kernel, kernel


@inner_kernel
def _n_consecutive(innovation, begin, end):
    """How many genes from ``begin`` on have consecutive innovation numbers, by bisection."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        # numbers rise: none before is left out if this one is where it would be
        if innovation[middle] - innovation[begin] == middle - begin:
            low = middle + 1
        else:
            high = middle
    return low - begin


@inner_kernel
def _skip_common(first, a, a_end, second, b, b_end):
    """How many genes at the start are the same, and in how many one genome only is enabled.

    Most genes of a genome with many inputs are those that it began with, which need no merging.
    """
    if a == a_end or b == b_end or first.innovation[a] != second.innovation[b]:
        return 0, 0
    n = min(_n_consecutive(first.innovation, a, a_end), _n_consecutive(second.innovation, b, b_end))
    mine, yours = first.is_enabled[a : a + n], second.is_enabled[b : b + n]
    n_switched = np.uint64(0)
    for k in range(len(mine)):
        n_switched += np.uint64(mine[k] != yours[k])
    return n, np.int64(n_switched)


@inner_kernel
def compatibility(first, i, second, j, n_fixed, coefficients):
    """Compatibility distance between genome ``i`` of one population and ``j`` of another.

    Equation 1, delta = c1 E / N + c2 D / N + c3 W. Genes carry no weights here: what two genomes
    do differently with the same structure takes the place of W, the mean difference of weights.

    Args:
        first, second: PopulationArrays.
        i, j: genomes.
        n_fixed: number of bias, inputs and outputs.
        coefficients: (4,) float64, of
            excess genes, newer than all of the other genome, over the genes of the larger genome;
            disjoint genes, the others that one genome has only, over the same;
            hidden nodes with another activation, over the hidden nodes that both have;
            genes that one genome has enabled only, over the genes that both have.

    Returns:
        float64, 0 for genomes that differ in nothing.
    """
    a, a_end = first.gene_start[i], first.gene_start[i + 1]
    b, b_end = second.gene_start[j], second.gene_start[j + 1]
    n_larger = max(a_end - a, b_end - b, 1)
    n_shared, n_switched = _skip_common(first, a, a_end, second, b, b_end)
    a += n_shared
    b += n_shared
    n_disjoint = 0
    while a < a_end and b < b_end:
        if first.innovation[a] == second.innovation[b]:
            n_shared += 1
            n_switched += first.is_enabled[a] != second.is_enabled[b]
            a += 1
            b += 1
        elif first.innovation[a] < second.innovation[b]:
            n_disjoint += 1
            a += 1
        else:
            n_disjoint += 1
            b += 1
    n_excess = (a_end - a) + (b_end - b)
    a, a_end = first.node_start[i] + n_fixed, first.node_start[i + 1]
    b, b_end = second.node_start[j] + n_fixed, second.node_start[j + 1]
    n_hidden, n_changed = 0, 0
    while a < a_end and b < b_end:
        if first.node_id[a] == second.node_id[b]:
            n_hidden += 1
            n_changed += first.activation[a] != second.activation[b]
            a += 1
            b += 1
        elif first.node_id[a] < second.node_id[b]:
            a += 1
        else:
            b += 1
    return (
        coefficients[0] * n_excess / n_larger
        + coefficients[1] * n_disjoint / n_larger
        + coefficients[2] * n_changed / max(n_hidden, 1)
        + coefficients[3] * n_switched / max(n_shared, 1)
    )


@kernel
def assign_species(population, representatives, n_fixed, coefficients, threshold):
    """Puts each genome into the first species whose representative is nearer than a threshold.

    A genome that is near to none founds a species and represents it.

    Args:
        population: PopulationArrays of P genomes.
        representatives: PopulationArrays of the K known species.
        n_fixed, coefficients: see ``compatibility``.
        threshold: of the distance.

    Returns:
        (P,) int64 species, the known ones first; (F,) int64 founders of those from K on.
    """
    n, n_known = len(population.node_start) - 1, len(representatives.node_start) - 1
    species, founders = np.empty(n, np.int64), np.empty(n, np.int64)
    n_founders = 0
    for p in range(n):
        found = -1
        for s in range(n_known + n_founders):
            if s < n_known:
                distance = compatibility(population, p, representatives, s, n_fixed, coefficients)
            else:
                founder = founders[s - n_known]
                distance = compatibility(population, p, population, founder, n_fixed, coefficients)
            if distance < threshold:
                found = s
                break
        if found < 0:
            found = n_known + n_founders
            founders[n_founders] = p
            n_founders += 1
        species[p] = found
    return species, founders[:n_founders].copy()
