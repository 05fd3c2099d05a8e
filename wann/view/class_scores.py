"""How well a classifier does by class: measured, or as its champion file tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wann.formats.champion import Champion
from wann.tasks.classify import ClassifyTask
from wann.tuning.classification import (
    accuracy_profile,
    class_accuracies,
    confusion_by_weight,
    confusion_matrix,
    ensemble_weights,
    votes,
)
from wann.tuning.score import Profile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ClassScores:
    """Accuracies on the test part, in per cent.

    Attributes:
        classes: (n,) their names.
        weights: (W,) shared weights, increasing.
        accuracy: (W, n) of the samples of each class; NaN where it has none.
        overall: (W,) of all samples.
        confusion: (n, n) numbers of samples, of the ensemble of the mean probabilities over the
            shared weights; a row for each label, a column for each answer.
    """

    classes: tuple[str, ...]
    weights: Floats
    accuracy: Floats
    overall: Floats
    confusion: Ints

    @property
    def ensemble(self) -> float:
        """Accuracy of the ensemble."""
        return 100.0 * float(self.confusion.trace()) / max(int(self.confusion.sum()), 1)

    def profile(self) -> Profile:
        """The accuracy over the weight, with its standard error."""
        return accuracy_profile(self.weights, self.overall, int(self.confusion.sum()))


def measure_class_scores(task: ClassifyTask, champion: Champion, weights: Floats) -> ClassScores:
    """Measures a champion on the test part of its task.

    Raises:
        TaskError: there are no data, or none for testing.
    """
    by_weight = confusion_by_weight(task, champion.network, weights)
    labels = task.test_samples.y
    answers = votes(task, champion.network, ensemble_weights()).mean_probability
    return ClassScores(
        champion.output_names,
        weights,
        np.array([class_accuracies(matrix) for matrix in by_weight]),
        100.0 * by_weight.trace(axis1=1, axis2=2) / len(labels),
        confusion_matrix(labels, answers, task.test_samples.n_classes),
    )


def class_scores_of(champion: Champion) -> ClassScores | None:
    """The class scores that a champion file holds; None where it holds none, or strange ones."""
    try:
        by_class: Any = champion.scores["per_class"]
        confusion: Any = champion.scores["confusion"]
        profile = Profile.from_dict(champion.scores["profile"])
        scores = ClassScores(
            champion.output_names,
            np.array(by_class["weights"], np.float64),
            np.array(by_class["accuracy"], np.float64),
            profile.mean,
            np.array(confusion["ensemble"], np.int64),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    n_weights, n = len(scores.weights), len(scores.classes)
    shapes = (scores.accuracy.shape, scores.overall.shape, scores.confusion.shape)
    fits = shapes == ((n_weights, n), (n_weights,), (n, n)) and n_weights > 1
    return scores if fits and np.array_equal(profile.weights, scores.weights) else None
