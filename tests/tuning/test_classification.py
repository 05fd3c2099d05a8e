"""The test scores of classifiers, against plain NumPy on the digits."""

import numpy as np
import pytest

from tests.families import family
from wann.errors import TaskError
from wann.executors.threads import Threads
from wann.formats.champion import Champion
from wann.genome.compile import stack_networks
from wann.tasks.accuracy import outputs_by_weight
from wann.tasks.classify import ClassifyTask, digits_task
from wann.tuning.champion import evaluate_champion
from wann.tuning.classification import (
    class_accuracies,
    confusion_matrix,
    ensemble_weights,
    votes,
)
from wann.tuning.evaluation import (
    best_shared_weight,
    evaluate_network,
    scorer_of,
    shared_score,
    weight_profile,
)
from wann_envs.classify import Dataset

TASK = digits_task()


def one_network(seed=0):
    rng = np.random.default_rng(seed)
    return [d.network(rng) for d in family(rng, 3, 64, 10, (1, 4, 5, 6, 9), 80)][-1]


NETWORK = one_network()


def answers(network, weights, samples):
    """(W, n, classes) outputs."""
    everyone = np.arange(len(samples.y))
    parts = outputs_by_weight(stack_networks([network]), weights, samples, everyone)
    return np.concatenate([outputs[0] for _, outputs in parts]).astype(np.float64)


@pytest.fixture(scope="module")
def scores():
    return evaluate_network(TASK, NETWORK, 1000, 5)


def test_confusion_counts_labels_by_answers():
    labels, predicted = np.array([0, 0, 2, 1, 2]), np.array([0, 1, 2, 1, 0])
    made = confusion_matrix(labels, predicted, 4)
    assert made.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    # the last has no samples
    assert np.array_equal(class_accuracies(made), [50, 100, 50, np.nan], equal_nan=True)


def test_votes_are_those_of_plain_numpy():
    weights, samples = np.array([-1.5, -0.5, 0.4, 1.0, 1.9]), TASK.test_samples
    outputs = answers(NETWORK, weights, samples)
    shares = np.exp(outputs) / np.exp(outputs).sum(axis=2, keepdims=True)
    made = votes(TASK, NETWORK, weights)
    assert (made.mean_probability == shares.mean(axis=0).argmax(axis=1)).all()
    for sample, answer in enumerate(made.majority):
        counts = np.bincount(outputs[:, sample].argmax(axis=1), minlength=10)
        tied = np.flatnonzero(counts == counts.max())
        assert answer == tied[shares[:, sample, tied].mean(axis=0).argmax()]


def test_scores_are_accuracies_on_the_test_part(scores):
    samples = TASK.test_samples
    score = scores["tuned_shared_weight"]
    predicted = answers(NETWORK, np.array([score["weight"]]), samples)[0].argmax(axis=1)
    assert score["mean"] == pytest.approx(100.0 * np.mean(predicted == samples.y))
    assert "std" not in score
    confusion = np.array(scores["confusion"]["tuned_shared_weight"])
    assert confusion.sum() == score["samples"] == len(samples.y) == 355
    assert confusion[3, 8] == np.sum((samples.y == 3) & (predicted == 8))
    of_nines = 100.0 * np.mean(predicted[samples.y == 9] == 9)
    assert scores["per_class"]["tuned_shared_weight"][9] == pytest.approx(of_nines)


def test_profile_and_classes_agree_at_every_weight(scores):
    profile, per_class = scores["profile"], np.array(scores["per_class"]["accuracy"])
    assert per_class.shape == (41, 10)
    assert scores["per_class"]["weights"] == profile["weights"]
    sizes = np.bincount(TASK.test_samples.y)
    assert profile["mean"] == pytest.approx(per_class @ sizes / sizes.sum())
    assert weight_profile(TASK, NETWORK, 5, 0).to_dict() == {
        key: pytest.approx(profile[key]) for key in ("weights", "mean", "std", "episodes")
    }


def test_random_weights_are_a_hundred_and_the_ensemble_does_not_hang_on_the_seed(scores):
    other = evaluate_network(TASK, NETWORK, 10, 6)
    score, ensemble = scores["random_shared_weight"], scores["ensemble"]
    assert score["n_weights"] == 100
    assert score["std"] > 0
    assert score["mean"] != other["random_shared_weight"]["mean"]
    assert ensemble == other["ensemble"]
    assert ensemble["weights"] == ensemble_weights().tolist()
    assert 0.0 not in ensemble["weights"]
    assert np.trace(scores["confusion"]["ensemble"]) / 3.55 == pytest.approx(ensemble["mean"])


def test_the_same_seed_gives_the_same_scores(scores):
    assert evaluate_network(TASK, NETWORK, 1000, 5) == scores


def without_test_labels():
    """The digits with wrong labels in the test part."""
    data = TASK.data
    wrong = Dataset("", "", "", data.x_train, data.y_train, data.x_test, 9 - data.y_test, 10)
    return ClassifyTask("digits", "", TASK.input_names, TASK.output_names, lambda: wrong)


def test_the_tuned_weight_is_nearly_the_best_on_training_data_and_knows_no_test_part():
    weight = best_shared_weight(TASK, NETWORK, 0)
    assert best_shared_weight(without_test_labels(), NETWORK, 0) == weight
    samples, grid = TASK.samples, np.linspace(-2, 2, 81)
    share = (answers(NETWORK, np.append(grid, weight), samples).argmax(axis=2) == samples.y).mean(1)
    assert share[-1] >= share[:-1].max()
    assert -2 <= weight <= 2
    assert weight / 0.01 == pytest.approx(round(weight / 0.01), abs=1e-6)


def test_tuned_weights_that_are_all_equal_score_as_a_shared_weight(scores):
    weights = (0.7,) * NETWORK.n_connections
    champion = Champion(
        NETWORK, "digits", TASK.input_names, TASK.output_names, tuned_weights=weights
    )
    made = evaluate_champion(champion, 10, 5)
    assert made["tuned_weights"]["mean"] == pytest.approx(
        shared_score(TASK, NETWORK, 0.7, 1, 0).mean
    )
    assert {key: made[key] for key in scores} == scores


def test_data_without_a_test_part_are_an_error():
    data = TASK.data
    half = Dataset("", "", "", data.x_train, data.y_train, data.x_test[:0], data.y_test[:0], 10)
    task = ClassifyTask("mine", "", TASK.input_names, TASK.output_names, lambda: half)
    with pytest.raises(TaskError, match="task 'mine': the data have no samples for testing"):
        evaluate_network(task, NETWORK, 10, 0)


def test_any_number_of_workers_measures_the_same_bits(scores):
    weights = tuple(np.random.default_rng(3).normal(size=NETWORK.n_connections).tolist())
    champion = Champion(
        NETWORK, "digits", TASK.input_names, TASK.output_names, tuned_weights=weights
    )
    alone = evaluate_champion(champion, 1000, 5)
    assert {key: alone[key] for key in scores} == scores
    for n_workers in (1, 2, 3):
        with Threads(n_workers) as executor:
            assert evaluate_champion(champion, 1000, 5, executor=executor) == alone
            made = weight_profile(TASK, NETWORK, 5, 0, executor=executor)
            assert made.to_dict() == weight_profile(TASK, NETWORK, 5, 0).to_dict()
            merits = [
                scorer_of(TASK).merit(NETWORK, scores, is_one_weight=True, executor=some)
                for some in (None, executor)
            ]
            assert merits[0] == merits[1]
