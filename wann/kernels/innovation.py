"""Innovation numbers of a generation: the same gene that arises twice gets the same number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann_envs.jit import inner_kernel


class Innovations(NamedTuple):
    """What arose in this generation; the same gene gets the same number.

    Attributes:
        counter: (4,) int64: next node id, next innovation, number of splits, number of additions.
        split: (children, 2) int64: innovation of the split gene, id of the new node.
        split_innovation: (children,) int64: innovation of the gene into the new node.
        added: (children, 3) int64: source, target, innovation.
    """

    counter: NDArray[np.int64]
    split: NDArray[np.int64]
    split_innovation: NDArray[np.int64]
    added: NDArray[np.int64]


@inner_kernel
def number_split(innovations, gene_innovation):
    """Returns the new node's id and the innovation of the gene into it."""
    counter = innovations.counter
    for k in range(counter[2]):
        if innovations.split[k, 0] == gene_innovation:
            return innovations.split[k, 1], innovations.split_innovation[k]
    k = counter[2]
    innovations.split[k, 0] = gene_innovation
    innovations.split[k, 1] = counter[0]
    innovations.split_innovation[k] = counter[1]
    counter[0] += 1
    counter[1] += 2
    counter[2] += 1
    return innovations.split[k, 1], innovations.split_innovation[k]


@inner_kernel
def number_added(innovations, source, target):
    """Returns the innovation of a new gene between existing nodes."""
    counter = innovations.counter
    for k in range(counter[3]):
        if innovations.added[k, 0] == source and innovations.added[k, 1] == target:
            return innovations.added[k, 2]
    k = counter[3]
    innovations.added[k, 0] = source
    innovations.added[k, 1] = target
    innovations.added[k, 2] = counter[1]
    counter[1] += 1
    counter[3] += 1
    return innovations.added[k, 2]
