"""Chooses the champions among classifiers, by their accuracy on training samples.

Networks and shared weights form a table of accuracies, all for the same samples. The test part has
no say: it is what a run reports at its end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wann.executor import Executor
from wann.genome.compile import connection_counts, take_networks
from wann.kernels.forward import NetworkArrays
from wann.search.config import Config
from wann.search.random import Stream, stream_rng
from wann.search.validation import SMALL_SHARE, Validation
from wann.tasks.accuracy import accuracies
from wann.tasks.classify import ClassifyTask
from wann.tasks.weights import draw_weights

# of all candidates and of the finalists: samples, random weights (stratified), weights of the grid
# that looks for the best one
_FIRST_SAMPLES, _FIRST_WEIGHTS, _FIRST_GRID = 1024, 8, 21
_SAMPLES, _WEIGHTS, _GRID = 4096, 32, 81


def _random_weights(config: Config, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    low, high = config.weights.low, config.weights.high
    return draw_weights("stratified", (), n, low, high, rng)


def _by_mean(
    task: ClassifyTask,
    networks: NetworkArrays,
    config: Config,
    rng: np.random.Generator,
    executor: Executor,
    is_final: bool,
) -> NDArray[np.float64]:
    """(P, W) accuracies with random weights; the same weights and samples for all networks."""
    n_weights, n_samples = (_WEIGHTS, _SAMPLES) if is_final else (_FIRST_WEIGHTS, _FIRST_SAMPLES)
    weights = _random_weights(config, n_weights, rng)
    trials = task.draw_trials(min(n_samples, len(task.samples.y)), rng)
    return accuracies(networks, weights, task.samples, trials, executor=executor)


def _validated(
    task: ClassifyTask, chosen: int, table: NDArray[np.float64], weight: float | None = None
) -> Validation:
    n = min(_SAMPLES, len(task.samples.y))
    return Validation(chosen, float(table.mean()), float(table.std()), n, weight)


def choose_classifier(
    task: ClassifyTask,
    networks: NetworkArrays,
    config: Config,
    generation: int,
    executor: Executor,
) -> Validation:
    """Chooses the network with the best mean accuracy with random shared weights.

    All networks meet 8 weights on 1024 training samples, the finalists 32 on 4096, or on all where
    there are fewer.

    Args:
        task: the task.
        networks: the candidates.
        config: settings; ``champion.finalists`` and the range of ``weights`` count.
        generation: selects the random stream.
        executor: runs blocks of samples.

    Returns:
        The chosen one; mean and deviation over the 32 weights, in per cent.
    """
    rng = stream_rng(config.seed, Stream.VALIDATION, generation)
    first = _by_mean(task, networks, config, rng, executor, False).mean(axis=1)
    finalists = np.argsort(-first, kind="stable")[: config.champion.finalists]
    table = _by_mean(task, take_networks(networks, finalists), config, rng, executor, True)
    k = int(table.mean(axis=1).argmax())
    return _validated(task, int(finalists[k]), table[k])


def choose_tuned_classifier(
    task: ClassifyTask,
    networks: NetworkArrays,
    config: Config,
    generation: int,
    executor: Executor,
) -> Validation:
    """Chooses the network with the best accuracy with its best shared weight.

    All networks meet a grid of 21 weights on 1024 training samples, the finalists one of 81 on
    4096, or on all where there are fewer.

    Args:
        task, networks, config, generation, executor: as in ``choose_classifier``.
    """
    rng, samples = stream_rng(config.seed, Stream.VALIDATION_TUNED, generation), task.samples
    low, high = config.weights.low, config.weights.high

    def table(some: NetworkArrays, n_weights: int, n_samples: int) -> NDArray[np.float64]:
        trials = task.draw_trials(min(n_samples, len(samples.y)), rng)
        weights = np.linspace(low, high, n_weights)
        return accuracies(some, weights, samples, trials, executor=executor)

    first = table(networks, _FIRST_GRID, _FIRST_SAMPLES).max(axis=1)
    finalists = np.argsort(-first, kind="stable")[: config.champion.finalists]
    second = table(take_networks(networks, finalists), _GRID, _SAMPLES)
    k, w = np.unravel_index(int(second.argmax()), second.shape)
    weight = float(np.linspace(low, high, _GRID)[w])
    return _validated(task, int(finalists[k]), second[k, w : w + 1], weight)


def choose_small_classifier(
    task: ClassifyTask,
    networks: NetworkArrays,
    best: int,
    config: Config,
    generation: int,
    executor: Executor,
) -> Validation:
    """Chooses the smallest network that is nearly as good as the best.

    Of the networks with fewer connections than the best and, over 8 random weights, at least 90 %
    of its accuracy, the ``finalists`` smallest meet 32 more, and the best with them; the smallest
    that has 90 % there is chosen.

    Args:
        task, networks, config, generation, executor: as in ``choose_classifier``.
        best: the network that was chosen there.
    """
    rng = stream_rng(config.seed, Stream.VALIDATION_SMALL, generation)
    connections = connection_counts(networks)
    smaller = np.append(np.flatnonzero(connections < connections[best]), best)
    some = take_networks(networks, smaller)
    first = _by_mean(task, some, config, rng, executor, False).mean(axis=1)
    by_size = np.argsort(connections[smaller], kind="stable")
    good = by_size[first[by_size] >= SMALL_SHARE * first[-1]]
    finalists = smaller[np.append(good[: config.champion.finalists], len(smaller) - 1)]
    table = _by_mean(task, take_networks(networks, finalists), config, rng, executor, True)
    means = table.mean(axis=1)
    # the best itself is among them
    k = int(np.argmax(means >= SMALL_SHARE * means[-1]))
    return _validated(task, int(finalists[k]), table[k])
