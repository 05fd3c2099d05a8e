"""How often classifiers are right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from wann.executor import Executor, Serial
from wann.kernels.classify import weighted_outputs
from wann.kernels.forward import NetworkArrays
from wann.tasks.base import Floats
from wann.tasks.cross_entropy import Samples, class_outputs
from wann.tasks.shares import blocks_of_lanes

# outputs in memory at a time
_MOST_OUTPUTS = 4_000_000


def outputs_by_weight(
    networks: NetworkArrays,
    weights: NDArray[np.float64],
    samples: Samples,
    chosen: NDArray[np.int64],
    *,
    executor: Executor | None = None,
) -> Iterator[tuple[slice, Floats]]:
    """The outputs of networks, a few weights at a time.

    Args:
        networks, weights, samples, chosen, executor: as for ``class_outputs``.

    Yields:
        Which weights, and (P, k, n, n_classes) outputs, all finite.
    """
    per_weight = (len(networks.node_start) - 1) * len(chosen) * samples.n_classes
    step = max(1, _MOST_OUTPUTS // per_weight)
    for first in range(0, len(weights), step):
        some = slice(first, min(first + step, len(weights)))
        yield (
            some,
            _finite(class_outputs(networks, weights[some], samples, chosen, executor=executor)),
        )


def accuracies(
    networks: NetworkArrays,
    weights: NDArray[np.float64],
    samples: Samples,
    chosen: NDArray[np.int64],
    *,
    executor: Executor | None = None,
) -> NDArray[np.float64]:
    """The share of samples whose label has the largest output; of equal outputs the first counts.

    Args:
        networks, weights, samples, chosen, executor: as for ``class_outputs``; the memory that is
            needed is bounded.

    Returns:
        (P, W) in per cent.
    """
    made = np.empty((len(networks.node_start) - 1, len(weights)))
    for some, outputs in outputs_by_weight(networks, weights, samples, chosen, executor=executor):
        made[:, some] = 100.0 * (outputs.argmax(axis=-1) == samples.y[chosen]).mean(axis=-1)
    return made


def individual_outputs(
    network: NetworkArrays,
    edge_weights: NDArray[np.float64],
    samples: Samples,
    *,
    executor: Executor | None = None,
) -> Floats:
    """The outputs of one network with (connections,) individual weights.

    Args:
        network, edge_weights, samples: of whatever is computed.
        executor: runs blocks of samples; the result does not depend on it.

    Returns:
        (samples, n_classes) float64, all finite.
    """
    outputs = np.empty((len(samples.y), samples.n_classes))
    executor = executor or Serial()
    executor.run(
        lambda some: weighted_outputs(
            network, samples.n_fixed, edge_weights, samples.x[some], outputs[some]
        ),
        blocks_of_lanes(len(outputs), executor.n_workers),
    )
    return _finite(outputs)


def probabilities(outputs: Floats) -> NDArray[np.float64]:
    """The softmax of finite outputs along the last axis, in float64."""
    made = outputs.astype(np.float64)
    made -= made.max(axis=-1, keepdims=True)
    np.exp(made, out=made)
    made /= made.sum(axis=-1, keepdims=True)
    return made


def _finite(outputs: Floats) -> Floats:
    """The same array; what is no number is the smallest there is."""
    largest = float(np.finfo(outputs.dtype).max)
    return np.nan_to_num(outputs, copy=False, nan=-largest, posinf=largest, neginf=-largest)
