"""Heats: searches that start anew, and then meet."""

import numpy as np
import pytest

from tests.search.test_search import bits, genomes_of, made_up_scores
from tests.search.toy import ToyTask, configured
from wann.genome.population import population_size
from wann.search.heats import heat_of, heat_starts
from wann.search.search import Search
from wann.search.state import bests_by_heat

HEATS = {"heats": 3, "heat_generations": 2, "population": 10, "generations": 9}


def search_with(**settings):
    return Search(configured(search=HEATS | settings), ToyTask())


def populations(search, n):
    """Genomes of the first n generations."""
    made = []
    for _ in range(n):
        made.append(genomes_of(search.state.population))
        search.tell(made_up_scores(search.ask()))
    return made


def test_each_heat_starts_with_minimal_genomes_of_its_own():
    made = populations(search_with(), 6)
    starts = [made[0], made[2], made[4]]
    for genomes in starts:
        assert len(genomes) == 10
        assert all(len(genome.nodes.node_id) == 4 for genome in genomes)
    enabled = [tuple(g.connections.is_enabled.tobytes() for g in genomes) for genomes in starts]
    assert len(set(enabled)) == 3


def test_the_last_populations_of_all_heats_meet_in_one_generation():
    made = populations(search_with(), 8)
    assert made[6] == [*made[1], *made[3], *made[5]]
    assert len(made[7]) == 10


def test_only_the_best_of_all_heats_go_on():
    search = search_with(elite_fraction=1.0)
    populations(search, 6)
    meeting = genomes_of(search.state.population)
    # the second heat is the best throughout
    scores = np.tile(np.arange(30.0)[:, None], (1, len(search.ask().weights)))
    scores[10:20] += 100.0
    search.tell(scores + np.arange(scores.shape[1]))
    after = genomes_of(search.state.population)
    elites = [genome for genome in after if genome in meeting]
    assert len(elites) >= 8
    ids = {meeting.index(genome) for genome in elites}
    # smaller networks are on the front too, but the best by mean goes on
    assert 19 in ids


def test_a_heat_is_a_search_of_its_own():
    """Up to the end of the first heat nothing differs from a search without heats."""
    plain, heated = search_with(heats=1), search_with()
    assert populations(plain, 2) == populations(heated, 2)
    assert genomes_of(plain.state.population) != genomes_of(heated.state.population)


def test_innovation_numbers_go_on_over_the_heats():
    search = search_with(heat_generations=3)
    counters = []
    for _ in range(9):
        counters.append(search.state.counter.next_innovation)
        search.tell(made_up_scores(search.ask()))
    assert counters == sorted(counters)
    assert counters[3] > counters[0]


@pytest.mark.parametrize("stop", [1, 2, 3, 5, 6, 7])
def test_a_search_that_goes_on_from_a_state_within_heats_equals_the_uninterrupted_one(stop):
    whole = search_with()
    populations(whole, 9)
    first = search_with()
    populations(first, stop)
    second = Search(first.config, ToyTask(), state=first.state)
    populations(second, 9 - stop)
    assert bits(second.state) == bits(whole.state)


def test_after_the_heats_have_met_the_best_of_each_are_kept():
    search = search_with()
    populations(search, 5)
    assert population_size(search.state.heats) == 20
    assert bests_by_heat(search.state, search.config.search) == []
    populations(search, 1)
    meeting = genomes_of(search.state.population)
    scores = made_up_scores(search.ask())
    search.tell(scores)
    kept = bests_by_heat(search.state, search.config.search)
    assert len(kept) == 3
    for k, genomes in enumerate(kept):
        heat = scores[10 * k : 10 * (k + 1)].mean(axis=1)
        order = np.argsort(-heat, kind="stable")[:8]
        assert genomes_of(genomes) == [meeting[10 * k + i] for i in order]
    # until the end
    populations(search, 2)
    after = bests_by_heat(search.state, search.config.search)
    assert [genomes_of(genomes) for genomes in after] == [genomes_of(genomes) for genomes in kept]


def test_a_search_that_ends_within_the_heats_has_candidates_of_all_of_them():
    search = search_with()
    networks = set()
    for _ in range(4):
        search.tell(made_up_scores(search.ask()))
        networks |= set(search.state.hall_of_fame.key.tolist())
    candidates = search.champion_candidates()
    assert population_size(candidates) >= len(networks) > 0


def test_a_generation_knows_its_heat():
    config = configured(search=HEATS).search
    assert [heat_of(k, config) for k in range(9)] == [1, 1, 2, 2, 3, 3, None, None, None]
    assert heat_starts(config) == (2, 4, 6)


def test_a_search_without_heats_has_no_starts_of_heats():
    config = configured(search=HEATS | {"heats": 1}).search
    assert (heat_of(0, config), heat_starts(config)) == (None, ())


def test_a_search_that_ends_within_the_heats_has_fewer_starts():
    config = configured(search=HEATS | {"generations": 4}).search
    assert heat_starts(config) == (2,)
