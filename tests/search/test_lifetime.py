"""Lifetime fitness: estimates are those of a slow oracle, and luck does not last."""

import numpy as np
import pytest

from tests.search.test_search import bits, genomes_of, made_up_scores
from tests.search.toy import N_GENERATIONS, ToyTask, configured
from wann.search.lifetime import Lifetime, observe, pass_on, take
from wann.search.search import Search


class NaiveIndividual:
    """An individual that remembers its parent and estimates one objective."""

    def __init__(self, parent=None):
        self.parent, self.estimate, self.age, self.score = parent, None, 0, None


def naive_generation(individuals, scores, lifetime, inheritance):
    """Updates the estimates in place, one individual after the other."""
    elites = [i for i in individuals if i.age > 0]
    score_of = dict(zip(map(id, individuals), scores, strict=True))
    if not elites and all(i.parent is None for i in individuals):
        for i in individuals:
            i.estimate, i.age = score_of[id(i)], 1
        return
    total = sum(i.age * (score_of[id(i)] - i.estimate) for i in elites)
    offset = total / sum(i.age for i in elites) if elites else 0.0
    for i in elites:
        i.age = min(i.age + 1, lifetime)
        i.estimate += (score_of[id(i)] - offset - i.estimate) / i.age
    for i in individuals:
        if i in elites:
            continue
        lives_on = id(i.parent) in score_of
        of_parent = score_of[id(i.parent)] if lives_on else i.parent.estimate + offset
        i.estimate = i.parent.estimate + inheritance * (score_of[id(i)] - of_parent)
        i.age = 1
    # the parents that are gone have to be on the same level
    for i in individuals:
        i.estimate += offset / lifetime


@pytest.mark.parametrize(("lifetime", "inheritance"), [(20, 0.5), (3, 0.2), (1, 1.0), (7, 0.0)])
@pytest.mark.parametrize("n_elites", [0, 2, 8])
def test_estimates_match_the_naive_ones(lifetime, inheritance, n_elites):
    rng, n = np.random.default_rng(4), 8
    individuals = [[NaiveIndividual() for _ in range(n)] for _ in range(2)]
    known = Lifetime()
    for _ in range(12):
        scores = rng.normal(size=(n, 2)) + rng.normal(size=2)
        known = observe(known, scores, lifetime, inheritance)
        for k in range(2):
            naive_generation(individuals[k], scores[:, k], lifetime, inheritance)
        right = np.column_stack([[i.estimate for i in column] for column in individuals])
        np.testing.assert_allclose(known.estimate, right, rtol=0, atol=1e-12)
        assert known.age.tolist() == [i.age for i in individuals[0]]
        elites, parents = rng.permutation(n)[:n_elites], rng.integers(0, n, n - n_elites)
        known = pass_on(known, elites, parents)
        individuals = [
            [column[e] for e in elites] + [NaiveIndividual(column[p]) for p in parents]
            for column in individuals
        ]


def test_a_small_case_by_hand():
    known = observe(Lifetime(), np.array([[1.0, 2.0], [3.0, 3.0]]), 4, 0.5)
    assert known.estimate.tolist() == [[1.0, 2.0], [3.0, 3.0]]
    # the second goes on; a child of it, and a child of the first, which does not
    known = pass_on(known, np.array([1]), np.array([1, 0]))
    assert known.estimate.tolist() == [[3.0, 3.0], [3.0, 3.0], [1.0, 2.0]]
    assert known.age.tolist() == [1, 0, 0]
    assert known.parent.tolist() == [0, 0, 2]
    # the batch is harder by 2 and 0; the first child leads its parent by 1 and 2
    known = observe(known, np.array([[1.0, 3.0], [2.0, 5.0], [-3.0, 2.0]]), 4, 0.5)
    level = np.array([-2.0 / 4, 0.0])
    right = np.array([[3.0, 3.0], [3.5, 4.0], [1.0 + 0.5 * (-3.0 - (1.0 - 2.0)), 2.0]])
    assert (known.estimate == right + level).all()
    assert known.age.tolist() == [2, 1, 1]


def test_no_estimate_rises_above_what_is_possible():
    known = Lifetime(np.array([[-0.1, -0.2], [-0.1, -0.2]]), np.array([1, 1]), np.arange(2))
    scores = np.array([[-0.05, -0.2], [-9.0, -0.2]])
    free = observe(known, scores, 20, 0.5)
    assert free.estimate[0, 0] > 0
    bounded = observe(known, scores, 20, 0.5, 0.0)
    assert bounded.estimate[0, 0] == pytest.approx(-0.05)
    assert bounded.estimate[1].tolist() == free.estimate[1].tolist()
    assert bounded.estimate[:, 1].tolist() == free.estimate[:, 1].tolist()


def test_of_nobody_nothing_is_known():
    assert len(pass_on(Lifetime(), np.array([0]), np.array([0, 1])).age) == 0
    assert len(take(Lifetime(), np.array([3])).age) == 0


def test_some_of_the_individuals_keep_what_is_known_of_them():
    known = take(observe(Lifetime(), np.arange(8.0).reshape(4, 2), 20, 0.5), np.array([3, 1]))
    assert known.estimate.tolist() == [[6.0, 7.0], [2.0, 3.0]]
    assert known.parent.tolist() == [0, 1]


def test_a_batch_that_is_easier_for_all_changes_no_order_and_the_level_follows():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(6, 2))
    known = Lifetime()
    for easier in [0.0, *[10.0] * 200]:
        known = observe(known, scores + easier, 20, 0.5)
        known = pass_on(known, np.arange(6), np.empty(0, np.int64))
        assert (np.argsort(known.estimate, axis=0) == np.argsort(scores, axis=0)).all()
    assert known.age.tolist() == [20] * 6
    np.testing.assert_allclose(known.estimate, scores + 10.0, atol=0.01)


def test_the_better_of_two_elites_is_found_in_spite_of_noise():
    rng = np.random.default_rng(1)
    n_right = {1: 0, 20: 0}
    for lifetime in n_right:
        known = Lifetime()
        for _ in range(300):
            scores = np.array([[0.5], [0.0]]) + rng.normal(size=(2, 2))
            known = observe(known, scores, lifetime, 0.5)
            n_right[lifetime] += known.estimate[0, 0] > known.estimate[1, 0]
            known = pass_on(known, np.arange(2), np.empty(0, np.int64))
    assert n_right[1] < 230
    assert n_right[20] > 280


def search_with(**settings):
    return Search(configured(search={"tournament_size": 3} | settings), ToyTask())


@pytest.mark.parametrize(("lifetime", "best"), [(1, 5), (20, 0)])
def test_a_lucky_batch_does_not_make_an_elite_the_best(lifetime, best):
    known = Lifetime()
    merit = np.array([1.0, 0.8, 0.6, 0.4, 0.2, 0.0])
    for generation in range(10):
        scores = np.column_stack([merit, merit])
        if generation == 9:
            scores[5] += 3.0
        known = observe(known, scores, lifetime, 0.5)
        assert (known.estimate.argmax(axis=0) == (best if generation == 9 else 0)).all()
        known = pass_on(known, np.arange(6), np.empty(0, np.int64))


def test_a_child_that_was_lucky_at_birth_falls_back_behind_its_parent():
    known = observe(Lifetime(), np.ones((1, 2)), 20, 0.5)
    known = pass_on(known, np.array([0]), np.array([0]))
    leads = []
    for luck in [2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]:
        # the child is worse by a half
        known = observe(known, np.array([[1.0] * 2, [0.5 + luck] * 2]), 20, 0.5)
        leads.append(known.estimate[1, 0] - known.estimate[0, 0])
        known = pass_on(known, np.arange(2), np.empty(0, np.int64))
    assert leads[0] == 0.75
    assert (np.diff(leads) < 0).all()
    assert leads[-1] < 0


def test_objectives_are_the_estimates_and_those_of_a_generation_the_scores():
    for fitness in ("generation", "lifetime"):
        search = search_with(fitness=fitness)
        for _ in range(3):
            scores = made_up_scores(search.ask())
            objectives = search.tell(scores)
        is_raw = (objectives.mean == scores.mean(axis=1)).all()
        assert is_raw == (fitness == "generation")
        assert len(search.state.lifetime.age) == (0 if is_raw else 40)


def test_elites_keep_their_estimates_and_children_those_of_their_parents():
    search = search_with(fitness="lifetime")
    for _ in range(N_GENERATIONS):
        before, objectives = (
            genomes_of(search.state.population),
            search.tell(made_up_scores(search.ask())),
        )
        known, after = search.state.lifetime, genomes_of(search.state.population)
        for p in np.flatnonzero(known.age):
            matches = [objectives.mean[k] for k, g in enumerate(before) if g == after[p]]
            assert known.estimate[p, 0] in matches
            assert known.parent[p] == p
        children = np.flatnonzero(known.age == 0)
        assert len(children) == 40 - 6
        assert np.isin(known.estimate[children, 0], objectives.mean).all()
        for p in children[known.parent[children] != children]:
            assert (known.estimate[p] == known.estimate[known.parent[p]]).all()


def test_a_heat_knows_nothing_of_the_one_before():
    search = search_with(fitness="lifetime", heats=2, heat_generations=3, generations=9)
    n_known = []
    for _ in range(9):
        n_known.append(len(search.state.lifetime.age))
        search.tell(made_up_scores(search.ask()))
    assert n_known == [0, 40, 40, 0, 40, 40, 0, 40, 40]


@pytest.mark.parametrize("n_before", [2, 4, 6, 7])
def test_a_search_with_heats_goes_on_as_if_nothing_had_been(n_before):
    def advance(search, n):
        for _ in range(n):
            search.tell(made_up_scores(search.ask()))
        return search

    settings = {"fitness": "lifetime", "heats": 2, "heat_generations": 3, "generations": 9}
    whole = advance(search_with(**settings), 9)
    half = advance(search_with(**settings), n_before)
    rest = Search(whole.config, ToyTask(), state=half.state)
    assert bits(advance(rest, 9 - n_before).state) == bits(whole.state)


def test_told_objectives_have_no_maximum_below_its_mean():
    """Offsets of mean and maximum differ from batch to batch, and so do the estimates."""
    search = Search(configured(search={"fitness": "lifetime", "lifetime": 5}), ToyTask())
    rng, n_below = np.random.default_rng(2), 0
    while not search.is_done:
        networks = search.ask().networks
        column = (len(networks.node_start) - 1, 1)
        spread = 10.0 * rng.exponential() * rng.exponential(size=column)
        told = search.tell(rng.normal(size=column) + spread * np.linspace(0.0, 0.1, 16))
        assert (told.maximum >= told.mean).all()
        # what is ranked by is left alone
        ranked = search.state.objectives
        assert np.array_equal(told.mean, ranked.mean)
        n_below += np.count_nonzero(ranked.maximum < ranked.mean)
    assert n_below > 0
