"""How well a structure classifies the test part of the data; all choices are made on training data.

Source: Gaier & Ha 2019, section 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wann.executor import Executor
from wann.genome.compile import stack_networks
from wann.genome.network import Network
from wann.tasks.accuracy import accuracies, individual_outputs, outputs_by_weight, probabilities
from wann.tasks.classify import ClassifyTask
from wann.tasks.measure import ACCURACY
from wann.tuning.score import HIGH, LOW, N_PROFILE, Profile, Score

N_RANDOM = 100
# the ensemble: the midpoints of 40 equal parts of the range, so that the weight 0, at which
# nothing is said about the sample, has no vote
N_ENSEMBLE = 40
# the tuned weight: a grid on some samples of the training part, then finer steps on more of them
# about the best of the grid
_GRID_STEP, _GRID_SAMPLES, _N_FINALISTS = 0.05, 2000, 4
FINE_STEP, _FINE_SAMPLES = 0.01, 10_000


class _Part(IntEnum):
    RANDOM_SHARED = 0
    TUNING = 1


def _rng(seed: int, part: _Part) -> np.random.Generator:
    # far from the streams of a search and of other tasks' evaluation with the same seed
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1001, part)))


def ensemble_weights() -> NDArray[np.float64]:
    """The (40,) shared weights that vote: -1.95, -1.85, ..., 1.95, whatever those of training."""
    width = (HIGH - LOW) / N_ENSEMBLE
    return np.round(LOW + width * (np.arange(N_ENSEMBLE) + 0.5), 10)


def confusion_matrix(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    """(n_classes, n_classes) numbers of samples; a row for each label, a column for each answer."""
    pairs = np.bincount(labels * n_classes + predicted, minlength=n_classes**2)
    return pairs.reshape(n_classes, n_classes).astype(np.int64)


def class_accuracies(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n_classes,) accuracy in per cent for the samples of each class; NaN where there are none."""
    n = confusion.sum(axis=1)
    per_class: NDArray[np.float64] = 100.0 * confusion.diagonal() / n.clip(1)
    return np.where(n > 0, per_class, np.nan)


def _listed(accuracy: NDArray[np.float64]) -> list[float | None]:
    """Accuracies for JSON, which has no NaN: None where there are no samples."""
    return [None if math.isnan(value) else value for value in accuracy.tolist()]


def accuracy_profile(
    weights: NDArray[np.float64], accuracy: NDArray[np.float64], n: int
) -> Profile:
    """Accuracies of n samples in per cent over the shared weight, with their standard errors."""
    error = np.sqrt(accuracy * (100.0 - accuracy) / max(n, 1))
    return Profile(weights, accuracy, error, n)


class Votes(NamedTuple):
    """What an ensemble answers.

    Attributes:
        mean_probability: (n,) the class of the largest mean probability.
        majority: (n,) the class that most members name; of equal ones the more probable.
    """

    mean_probability: NDArray[np.int64]
    majority: NDArray[np.int64]


def votes(
    task: ClassifyTask,
    network: Network,
    weights: NDArray[np.float64],
    executor: Executor | None = None,
) -> Votes:
    """The votes of a structure with several shared weights on the test part.

    Probabilities are those of the plain softmax, as in the paper, whatever a search's temperature.
    """
    samples = task.test_samples
    everyone = np.arange(len(samples.y))
    total = np.zeros((len(everyone), samples.n_classes))
    counts = np.zeros_like(total)
    networks = stack_networks([network])
    for _, some in outputs_by_weight(networks, weights, samples, everyone, executor=executor):
        for outputs in some[0]:
            total += probabilities(outputs)
            counts[everyone, outputs.argmax(axis=-1)] += 1.0
    # mean probabilities are below 1: they only decide between equal counts
    return Votes(total.argmax(axis=-1), (counts + total / (2.0 * len(weights))).argmax(axis=-1))


def confusion_by_weight(
    task: ClassifyTask,
    network: Network,
    weights: NDArray[np.float64],
    executor: Executor | None = None,
) -> NDArray[np.int64]:
    """(W, n_classes, n_classes) confusion matrices on the test part, one for each shared weight."""
    samples = task.test_samples
    everyone = np.arange(len(samples.y))
    made = np.empty((len(weights), samples.n_classes, samples.n_classes), np.int64)
    networks = stack_networks([network])
    for which, some in outputs_by_weight(networks, weights, samples, everyone, executor=executor):
        for k, predicted in enumerate(some[0].argmax(axis=-1), which.start):
            made[k] = confusion_matrix(samples.y, predicted, samples.n_classes)
    return made


def best_weight_for_accuracy(
    task: ClassifyTask, network: Network, seed: int, executor: Executor | None = None
) -> float:
    """The shared weight of the highest accuracy on training data, from -2 to 2.

    A grid of 0.05 on 2000 training samples; then steps of 0.01 between the neighbours of the best
    four, on 10,000 or all. Of equal weights the lowest is taken.
    """
    networks, samples = stack_networks([network]), task.samples
    chosen = _rng(seed, _Part.TUNING).permutation(len(samples.y))
    grid = np.round(np.arange(LOW, HIGH + _GRID_STEP / 2, _GRID_STEP), 10)
    first = accuracies(networks, grid, samples, chosen[:_GRID_SAMPLES], executor=executor)[0]
    finalists = grid[np.argsort(-first, kind="stable")[:_N_FINALISTS]]
    n_steps = round(_GRID_STEP / FINE_STEP)
    offsets = FINE_STEP * np.arange(-n_steps + 1, n_steps)
    fine = np.unique(np.clip(np.round(finalists[:, None] + offsets, 10), LOW, HIGH))
    second = accuracies(networks, fine, samples, chosen[:_FINE_SAMPLES], executor=executor)[0]
    return float(fine[second.argmax()])


def evaluate_classifier(
    task: ClassifyTask, network: Network, seed: int, executor: Executor | None = None
) -> dict[str, Any]:
    """All test scores of a structure that need no training of individual weights, in per cent.

    Args:
        task: the task.
        network: the structure.
        seed: of the random weights, and of the training samples that choose the tuned one.
        executor: runs blocks of samples; the result does not depend on it.

    Returns:
        ``random_shared_weight``: mean and std over 100 weights from U(-2, 2);
        ``tuned_shared_weight``: mean and ``weight``; ``ensemble``: mean (mean-probability vote),
        ``majority_vote`` and ``weights``; ``profile``: accuracy at 41 weights; ``per_class``:
        accuracy of each class at the same ``weights`` (W, classes), at the tuned weight and of the
        ensemble, None for a class without test samples; ``confusion``: of the tuned weight and of
        the ensemble (mean probability), rows are labels; ``network`` with its numbers of nodes,
        hidden nodes and connections.
    """
    labels, n_classes = task.test_samples.y, task.test_samples.n_classes
    n = len(labels)
    random = _rng(seed, _Part.RANDOM_SHARED).uniform(LOW, HIGH, N_RANDOM)
    weight = best_weight_for_accuracy(task, network, seed, executor)
    grid = np.round(np.linspace(LOW, HIGH, N_PROFILE), 10)
    members = ensemble_weights()
    everything = np.concatenate([random, [weight], grid])
    confusion = confusion_by_weight(task, network, everything, executor)
    accuracy = 100.0 * confusion.trace(axis1=1, axis2=2) / n
    at_tuned, on_grid = confusion[N_RANDOM], confusion[N_RANDOM + 1 :]
    voted = votes(task, network, members, executor)
    of_ensemble = confusion_matrix(labels, voted.mean_probability, n_classes)
    about = ACCURACY.over(n)
    profile = accuracy_profile(grid, accuracy[N_RANDOM + 1 :], n)
    return {
        "random_shared_weight": {
            "mean": float(accuracy[:N_RANDOM].mean()),
            "std": float(accuracy[:N_RANDOM].std()),
            "n_weights": N_RANDOM,
            **about,
        },
        "tuned_shared_weight": {"mean": float(accuracy[N_RANDOM]), "weight": weight, **about},
        "ensemble": {
            "mean": 100.0 * float(np.mean(voted.mean_probability == labels)),
            "majority_vote": 100.0 * float(np.mean(voted.majority == labels)),
            "weights": members.tolist(),
            **about,
        },
        "profile": profile.to_dict() | {"unit": "per cent"},
        "per_class": {
            "classes": list(task.output_names),
            "weights": grid.tolist(),
            "accuracy": [_listed(class_accuracies(matrix)) for matrix in on_grid],
            "tuned_shared_weight": _listed(class_accuracies(at_tuned)),
            "ensemble": _listed(class_accuracies(of_ensemble)),
        },
        "confusion": {
            "classes": list(task.output_names),
            "tuned_shared_weight": at_tuned.tolist(),
            "ensemble": of_ensemble.tolist(),
        },
        "network": {
            "nodes": network.n_nodes,
            "hidden": network.n_hidden,
            "connections": network.n_connections,
        },
    }


class AccuracyScorer:
    """The scores of classifiers, all on the whole test part; see ``wann.tuning.evaluation.Scorer``.

    Numbers of episodes and seeds count for nothing where all samples are met.
    """

    def __init__(self, task: ClassifyTask) -> None:
        self.task = task

    def best_shared_weight(
        self, network: Network, seed: int, executor: Executor | None = None
    ) -> float:
        """As ``best_weight_for_accuracy``."""
        return best_weight_for_accuracy(self.task, network, seed, executor)

    def shared(
        self,
        network: Network,
        weight: float,
        episodes: int = 0,  # noqa: ARG002
        seed: int = 0,  # noqa: ARG002
        executor: Executor | None = None,
    ) -> Score:
        """Test accuracy with a shared weight; the deviation is that of single samples, 0 or 100."""
        confusion = confusion_by_weight(self.task, network, np.array([weight]), executor)[0]
        return _score_of(confusion, weight=weight)

    def individual(
        self,
        network: Network,
        weights: Sequence[float],
        episodes: int = 0,  # noqa: ARG002
        seed: int = 0,  # noqa: ARG002
        executor: Executor | None = None,
    ) -> Score:
        """Test accuracy with individual weights; the deviation as for one weight."""
        samples, rows = self.task.test_samples, np.array(weights, np.float64)
        outputs = individual_outputs(stack_networks([network]), rows, samples, executor=executor)
        return _score_of(confusion_matrix(samples.y, outputs.argmax(axis=-1), samples.n_classes))

    def profile(
        self,
        network: Network,
        weights: NDArray[np.float64],
        episodes: int = 0,  # noqa: ARG002
        seed: int = 0,  # noqa: ARG002
        executor: Executor | None = None,
    ) -> Profile:
        """Test accuracy at each weight, with its standard error, in per cent."""
        samples = self.task.test_samples
        networks, everyone = stack_networks([network]), np.arange(len(samples.y))
        mean = accuracies(networks, weights, samples, everyone, executor=executor)[0]
        return accuracy_profile(weights, mean, len(everyone))

    def merit(
        self,
        network: Network,
        scores: Mapping[str, Any],
        *,
        is_one_weight: bool,
        executor: Executor | None = None,
    ) -> float:
        """The accuracy on all training samples: the test part has no say in a choice."""
        samples = self.task.samples
        weights = ensemble_weights()
        if is_one_weight:
            weights = np.array([scores["tuned_shared_weight"]["weight"]])
        networks, everyone = stack_networks([network]), np.arange(len(samples.y))
        return float(accuracies(networks, weights, samples, everyone, executor=executor).mean())

    def everything(
        self,
        network: Network,
        episodes: int,  # noqa: ARG002
        seed: int,
        executor: Executor | None = None,
    ) -> dict[str, Any]:
        """As ``evaluate_classifier``."""
        return evaluate_classifier(self.task, network, seed, executor)


def _score_of(confusion: NDArray[np.int64], **extra: float) -> Score:
    n = int(confusion.sum())
    mean = 100.0 * float(confusion.trace()) / n
    return Score(mean, (mean * (100.0 - mean)) ** 0.5, n, extra, ACCURACY)
