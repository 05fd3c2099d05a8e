"""The choice of champions among classifiers."""

import numpy as np
import pytest

from tests.families import family
from wann.executor import Serial
from wann.genome.compile import connection_counts, stack_networks, take_networks
from wann.search import class_validation
from wann.search.class_validation import (
    choose_classifier,
    choose_small_classifier,
    choose_tuned_classifier,
)
from wann.search.config_file import config_from_table
from wann.tasks.accuracy import accuracies
from wann.tasks.classify import digits_task

TASK = digits_task()
CONFIG = config_from_table({"task": "digits", "champion": {"finalists": 4}})
ALL = np.arange(1442)


def candidates(n=12):
    rng = np.random.default_rng(7)
    return stack_networks([d.network(rng) for d in family(rng, n, 64, 10, (1, 4, 5, 6), 70)])


CANDIDATES = candidates()
WEIGHTS = np.linspace(-1.98, 1.98, 100)
TABLE = accuracies(CANDIDATES, WEIGHTS, TASK.samples, ALL)


def test_the_champion_has_nearly_the_best_mean_accuracy_and_tells_it_in_per_cent():
    made = choose_classifier(TASK, CANDIDATES, CONFIG, 3, Serial())
    assert TABLE[made.chosen].mean() >= TABLE.mean(axis=1).max() - 1.0
    assert made.mean == pytest.approx(TABLE[made.chosen].mean(), abs=1.5)
    assert (made.episodes, made.weight) == (1442, None)
    assert choose_classifier(TASK, CANDIDATES, CONFIG, 3, Serial()) == made


def test_the_tuned_champion_has_the_best_accuracy_at_its_weight():
    made = choose_tuned_classifier(TASK, CANDIDATES, CONFIG, 3, Serial())
    at_weight = accuracies(
        take_networks(CANDIDATES, [made.chosen]), np.array([made.weight]), TASK.samples, ALL
    )
    assert made.mean == pytest.approx(at_weight[0, 0])
    assert made.mean >= TABLE.max() - 1.5


def test_the_small_champion_has_nine_tenths_of_the_accuracy_with_the_fewest_connections(
    monkeypatch,
):
    connections = connection_counts(CANDIDATES)
    # accuracy by number of connections, which tell the networks apart enough
    quality = {int(c): 20.0 + 2.0 * k for k, c in enumerate(np.unique(connections))}

    def scripted(networks, weights, *_, **__):
        means = np.array([quality[int(c)] for c in connection_counts(networks)])
        return np.repeat(means[:, None], len(weights), axis=1)

    monkeypatch.setattr(class_validation, "accuracies", scripted)
    best = int(connections.argmax())
    made = choose_small_classifier(TASK, CANDIDATES, best, CONFIG, 0, Serial())
    right = min(c for c, value in quality.items() if value >= 0.9 * max(quality.values()))
    assert connections[made.chosen] == right
    assert made.mean == quality[right]


def test_the_best_is_the_small_one_where_no_other_is_nearly_as_good():
    best = int(connection_counts(CANDIDATES).argmin())
    assert choose_small_classifier(TASK, CANDIDATES, best, CONFIG, 0, Serial()).chosen == best
