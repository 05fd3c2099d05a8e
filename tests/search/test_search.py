"""The search: ask and tell, ranking, selection, the hall of fame and the choice of the champion."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from numba import config as numba_config

from tests import naive
from tests.search.toy import N_GENERATIONS, ToyTask, configured
from wann.errors import ConfigError, TaskError
from wann.executors.threads import Threads
from wann.genome import breed
from wann.genome.compile import (
    compile_network,
    compile_population,
    connection_counts,
    network_at,
)
from wann.genome.genome import minimal_genome
from wann.genome.innovation import InnovationCounter
from wann.genome.mutation import add_node
from wann.genome.population import genome_at, population_size, stack_genomes
from wann.kernels.activation import Activation
from wann.kernels.lexicase import epsilon_lexicase
from wann.search.config import Config, SearchConfig
from wann.search.hall_of_fame import HallOfFame
from wann.search.ranking import Objectives, rank, rank_by
from wann.search.search import Search
from wann.search.selection import select
from wann.search.state import EvolutionState
from wann.tasks.weights import draw_weights

pytestmark = pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")


def made_up_scores(generation):
    """(P, W): likes about eight connections and sines, differently with each weight."""
    networks = generation.networks
    rows = []
    for p, n_connections in enumerate(connection_counts(networks)):
        first, last = networks.node_start[p : p + 2]
        kinds = networks.activation[first:last].astype(float)
        merit = -abs(float(n_connections) - 8.0) + np.sin(kinds * 7.3).sum()
        rows.append(merit + np.cos(generation.weights * kinds.sum() + generation.trials.sum()))
    return np.array(rows)


def run(search, n=N_GENERATIONS):
    for _ in range(n):
        search.tell(made_up_scores(search.ask()))
    return search


def bits(value):
    """Every array and number within a record, as bytes and numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if dataclasses.is_dataclass(value):
        return [bits(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, tuple):
        return [bits(item) for item in value]
    return value


def genomes_of(population):
    return [genome_at(population, p, 2, 1) for p in range(population_size(population))]


# ask and tell


def test_asked_networks_are_the_compiled_population_with_weights_and_trials():
    search = Search(configured(weights={"n": 5}, episodes={"per_weight": 3}), ToyTask())
    generation = search.ask()
    assert generation.number == 0
    assert generation.weights.shape == (5,)
    assert generation.trials.shape == (3, 1)
    right = [compile_network(genome) for genome in genomes_of(search.state.population)]
    assert [network_at(generation.networks, p, 2, 1) for p in range(40)] == right


def test_the_batch_grows_by_the_schedule():
    search = Search(configured(episodes={"per_weight": 3, "schedule": [[2, 5]]}), ToyTask())
    sizes = []
    for _ in range(4):
        sizes.append(len(search.ask().trials))
        run(search, 1)
    assert sizes == [3, 3, 5, 5]


def test_asking_twice_gives_the_same_bits():
    search = run(Search(configured(), ToyTask()), 2)
    assert bits(search.ask()) == bits(search.ask())


@pytest.mark.parametrize("table", [{}, {"species": {"target": 4}}, {"search": {"heats": 2}}])
def test_networks_that_come_with_breeding_are_those_of_the_population(table):
    search_table = {"crossover_probability": 0.3, "heat_generations": 2} | table.get("search", {})
    search = Search(configured(**table | {"search": search_table}), ToyTask())
    for _ in range(N_GENERATIONS):
        networks = search.ask().networks
        assert bits(networks) == bits(search.compile(search.state.population))
        run(search, 1)


def test_a_state_that_is_put_back_is_asked_about_anew():
    search = run(Search(configured(), ToyTask()), 3)
    state, asked = search.state, search.ask()
    run(search, 2)
    search.state = state
    assert bits(search.ask()) == bits(asked)


def test_every_generation_has_other_weights_and_trials():
    search = Search(configured(), ToyTask())
    asked = []
    for _ in range(4):
        asked.append(search.ask())
        search.tell(made_up_scores(asked[-1]))
    assert [generation.number for generation in asked] == [0, 1, 2, 3]
    assert len({generation.weights.tobytes() for generation in asked}) == 4
    assert len({generation.trials.tobytes() for generation in asked}) == 4


def test_telling_before_asking_is_an_error():
    search = Search(configured(), ToyTask())
    with pytest.raises(ValueError, match="after ask"):
        search.tell(np.zeros((40, 16)))
    search.ask()
    search.tell(np.zeros((40, 16)))
    with pytest.raises(ValueError, match="after ask"):
        search.tell(np.zeros((40, 16)))


@pytest.mark.parametrize("shape", [(40,), (39, 16), (40, 15), (16, 40), (40, 16, 1), ()])
def test_scores_of_another_shape_are_an_error(shape):
    search = Search(configured(), ToyTask())
    search.ask()
    with pytest.raises(ValueError, match=r"scores have shape .*, not \(40, 16\)"):
        search.tell(np.zeros(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_an_error_and_change_nothing(bad):
    search = run(Search(configured(), ToyTask()), 1)
    scores = made_up_scores(search.ask())
    before = bits(search.state)
    wrong = scores.copy()
    wrong[3, 2] = bad
    with pytest.raises(ValueError, match="must be finite"):
        search.tell(wrong)
    assert bits(search.state) == before
    search.tell(scores)
    assert search.state.generation == 2


def test_tell_takes_lists_and_leaves_scores_alone():
    search, other = (Search(configured(), ToyTask()) for _ in range(2))
    scores = made_up_scores(search.ask())
    kept = scores.copy()
    search.tell(scores)
    assert scores.tobytes() == kept.tobytes()
    other.ask()
    other.tell(scores.tolist())
    assert bits(other.state) == bits(search.state)


def test_tell_returns_the_objectives():
    search = Search(configured(), ToyTask())
    generation = search.ask()
    scores = made_up_scores(generation)
    objectives = search.tell(scores)
    assert search.state.objectives is objectives
    assert objectives.mean.tolist() == scores.mean(axis=1).tolist()
    assert objectives.maximum.tolist() == scores.max(axis=1).tolist()
    assert objectives.connections.tolist() == connection_counts(generation.networks).tolist()
    right = [1.0 / max(n, 1) for n in objectives.connections.tolist()]
    assert 0 in objectives.connections
    assert objectives.simplicity.tolist() == right


def test_search_is_done_after_its_generations():
    search = Search(configured(search={"generations": 3}), ToyTask())
    for generation in range(3):
        assert not search.is_done
        assert search.state.generation == generation
        search.tell(made_up_scores(search.ask()))
    assert search.is_done


def test_a_config_for_another_task_is_an_error():
    with pytest.raises(TaskError, match="'other', not 'toy'"):
        Search(Config("other"), ToyTask())


VARIANTS = [
    {},
    {"ranking": "paper", "complexity": "enabled"},
    {"crossover_probability": 0.7, "lexicase_fraction": 0.5},
    {"fitness": "lifetime", "lifetime": 3},
    {"fitness": "lifetime", "crossover_probability": 0.5},
]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_seed_gives_the_same_bits(variant):
    first = run(Search(configured(search=variant, seed=3), ToyTask()))
    second = run(Search(configured(search=variant), ToyTask(), seed=3))
    assert bits(first.state) == bits(second.state)
    assert bits(first.ask()) == bits(second.ask())
    other = run(Search(configured(search=variant), ToyTask(), seed=4))
    assert bits(other.state) != bits(first.state)


@pytest.mark.parametrize("crossover", [0.0, 0.5])
def test_a_search_with_workers_equals_one_without(crossover, monkeypatch):
    monkeypatch.setattr(breed, "_FEW_GENES", 0)
    config = configured(search={"crossover_probability": crossover})
    with Threads(3) as executor:
        mine = run(Search(config, ToyTask(), executor=executor))
    assert bits(mine.state) == bits(run(Search(config, ToyTask())).state)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_search_that_goes_on_from_a_state_equals_the_uninterrupted_one(variant):
    config = configured(search=variant)
    whole = run(Search(config, ToyTask()))
    half = run(Search(config, ToyTask()), N_GENERATIONS // 2)
    rest = Search(config, ToyTask(), state=half.state)
    assert bits(run(rest, N_GENERATIONS - N_GENERATIONS // 2).state) == bits(whole.state)


def test_states_are_not_changed_by_what_follows():
    search = run(Search(configured(), ToyTask()), 2)
    state = search.state
    before = bits(state)
    run(search, 2)
    assert bits(state) == before


def test_the_search_improves_on_made_up_scores():
    search = Search(configured(), ToyTask())
    first = search.tell(made_up_scores(search.ask())).mean
    last = run(search, N_GENERATIONS - 1).state.objectives.mean
    assert last.max() > first.max() + 2.0


# who goes on


@pytest.mark.parametrize("variant", VARIANTS)
def test_population_size_is_constant_and_elites_go_on_unchanged(variant):
    search = Search(configured(search={"population": 50} | variant), ToyTask())
    n_new = 0
    for _ in range(N_GENERATIONS):
        before = genomes_of(search.state.population)
        objectives = search.tell(made_up_scores(search.ask()))
        after = genomes_of(search.state.population)
        assert len(after) == 50
        # 10 of 50 are culled, 8 of the 40 survivors are elites
        elites = [next(p for p in range(50) if before[p] == genome) for genome in after[:8]]
        if not variant.get("ranking"):
            columns = [objectives.mean, objectives.maximum, objectives.simplicity]
            order = rank_by(np.column_stack(columns)).order
            assert [before[p] for p in order[:8]] == after[:8]
        assert objectives.mean.max() == objectives.mean[elites].max()
        n_new += sum(genome not in before for genome in after[8:])
    assert n_new > 20 * N_GENERATIONS


def test_children_are_one_operator_away_from_the_generation_before():
    search = run(Search(configured(), ToyTask()), 4)
    before = genomes_of(search.state.population)
    search.tell(made_up_scores(search.ask()))
    for child in genomes_of(search.state.population):
        distances = []
        for parent in before:
            mine, theirs = (set(g.connections.innovation.tolist()) for g in (child, parent))
            distances.append(len(mine ^ theirs))
        assert min(distances) <= 2


def test_hidden_nodes_have_the_configured_activations():
    allowed = ["relu", "square"]
    search = run(Search(configured(search={"activations": allowed}), ToyTask()))
    kinds = set()
    for genome in genomes_of(search.state.population):
        kinds |= set(genome.nodes.activation[4:].tolist())
    assert kinds == {Activation.RELU, Activation.SQUARE}


def test_mutation_odds_are_those_of_the_config():
    only_nodes = {"add_connection": 0, "enable_connection": 0, "change_activation": 0}
    search = Search(configured(mutation=only_nodes), ToyTask())
    run(search, 4)
    for genome in genomes_of(search.state.population):
        n_splits = np.count_nonzero(genome.connections.innovation >= 3) // 2
        assert n_splits == genome.n_hidden


def test_complexity_counts_live_or_enabled_connections():
    rng = np.random.default_rng(1)
    genomes = [naive.random_genome(rng, 2, 1, 5, 12) for _ in range(40)]
    state = EvolutionState(0, stack_genomes(genomes), InnovationCounter.after(*genomes))
    right = {
        "live": [len(naive.live_connections(genome)) for genome in genomes],
        "enabled": [genome.n_enabled for genome in genomes],
    }
    assert right["live"] != right["enabled"]
    for complexity, counts in right.items():
        config = configured(search={"complexity": complexity})
        search = Search(config, ToyTask(), state=state)
        assert search.tell(made_up_scores(search.ask())).connections.tolist() == counts


def order_of(n):
    return np.random.default_rng(0).permutation(n)


def settings(**changes):
    return replace(SearchConfig(), **changes)


@pytest.mark.parametrize(
    ("n", "n_elites", "n_survivors"), [(192, 30, 154), (960, 153, 768), (64, 10, 52), (7, 1, 6)]
)
def test_culled_and_elite_counts_are_those_of_the_release(n, n_elites, n_survivors):
    order, rng, parents = order_of(n), np.random.default_rng(1), set()
    config = settings(tournament_size=1, crossover_probability=1.0)
    for _ in range(60):
        made = select(order, np.zeros((n, 2)), config, rng)
        assert made.elites.tolist() == order[:n_elites].tolist()
        assert made.parents.shape == (n - n_elites, 2)
        parents |= set(made.parents.ravel().tolist())
    assert parents == set(order[:n_survivors].tolist())


@pytest.mark.parametrize("lexicase", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("crossover", [0.0, 1.0])
def test_the_culled_never_are_parents(lexicase, crossover):
    order, rng = order_of(100), np.random.default_rng(2)
    config = settings(
        cull_fraction=0.4, lexicase_fraction=lexicase, crossover_probability=crossover
    )
    scores = np.zeros((100, 3))
    scores[order[60:]] = 100.0
    for _ in range(20):
        made = select(order, scores, config, rng)
        assert not set(made.parents.ravel()) & set(order[60:].tolist())


def parent_places(config, n=100, repeats=200):
    """(children, 2) places of the parents in the order, over many draws."""
    order, rng = order_of(n), np.random.default_rng(3)
    place = np.argsort(order)
    scores = np.zeros((n, 2))
    return place[
        np.concatenate([select(order, scores, config, rng).parents for _ in range(repeats)])
    ]


@pytest.mark.parametrize("size", [1, 2, 8])
def test_the_better_of_two_tournaments_is_the_parent(size):
    places = parent_places(settings(tournament_size=size, crossover_probability=0.0))
    assert (places[:, 0] == places[:, 1]).all()
    # the best of 2 size draws among 80 survivors
    k = np.arange(1, 81)
    at_least = (1.0 - (k - 1) / 80) ** (2 * size)
    expected = at_least - np.append(at_least[1:], 0.0)
    observed = np.bincount(places[:, 0], minlength=80) / len(places)
    error = np.sqrt(expected * (1 - expected) / len(places))
    assert (np.abs(observed - expected) <= 4.5 * error + 1e-4).all()


def test_parents_of_a_crossover_each_won_a_tournament_and_the_fitter_is_first():
    places = parent_places(settings(tournament_size=4, crossover_probability=1.0))
    assert (places[:, 0] <= places[:, 1]).all()
    assert (places[:, 0] < places[:, 1]).mean() > 0.9
    wins = np.bincount(places.ravel(), minlength=80)[0] / places.size
    assert wins == pytest.approx(1.0 - (79 / 80) ** 4, rel=0.1)


def test_crossover_probability_is_the_share_of_children_with_two_parents():
    places = parent_places(settings(tournament_size=1, crossover_probability=0.3))
    assert (places[:, 0] != places[:, 1]).mean() == pytest.approx(0.3 * 79 / 80, abs=0.02)


# lexicase


def naive_lexicase(scores, epsilon, order):
    """Who survives all cases."""
    pool = set(range(len(scores)))
    for case in order:
        best = max(scores[i][case] for i in pool)
        pool = {i for i in pool if scores[i][case] >= best - epsilon[case]}
    return pool


def test_lexicase_chooses_among_those_who_survive_all_cases_in_their_order():
    rng = np.random.default_rng(4)
    for epsilon in (np.zeros(4), np.array([0.5, 1.0, 0.0, 2.0])):
        scores = rng.integers(0, 9, (25, 4)).astype(float)
        orders = rng.permuted(np.tile(np.arange(4), (200, 1)), axis=1)
        chosen = epsilon_lexicase(scores, epsilon, orders, rng.random(200))
        pools = [naive_lexicase(scores, epsilon, order) for order in orders]
        assert all(i in pool for i, pool in zip(chosen, pools, strict=True))
        assert set(chosen.tolist()) == set().union(*pools)
        assert len(set().union(*pools)) > 2


def test_a_specialist_is_a_parent_by_lexicase_only():
    order = np.arange(100)
    scores = np.random.default_rng(5).normal(size=(100, 4))
    # behind the elites by rank, and best of all with one weight
    scores[79] = [-9.0, 50.0, -9.0, -9.0]
    shares = {}
    for fraction in (0.0, 0.5, 1.0):
        rng, config = np.random.default_rng(6), settings(lexicase_fraction=fraction)
        parents = [select(order, scores, config, rng).parents[:, 0] for _ in range(30)]
        shares[fraction] = (np.concatenate(parents) == 79).mean()
    assert shares[0.0] < 0.001
    assert shares[1.0] == pytest.approx(0.25, abs=0.04)
    assert shares[0.5] == pytest.approx(0.125, abs=0.03)


@pytest.mark.parametrize(("epsilon", "parents"), [(0.0, {0}), (0.5, {0, 1}), (2.0, {0, 1, 2, 3})])
def test_lexicase_epsilon_is_how_far_behind_the_best_a_parent_may_be(epsilon, parents):
    # one case; median 7, median absolute deviation 2: with 0.5 of them, 1 below the best passes
    scores = np.array([[10.0], [9.2], [7.5], [6.5], [5.0], [1.0]])
    config = settings(
        population=6,
        cull_fraction=0.0,
        elite_fraction=0.0,
        lexicase_fraction=1.0,
        lexicase_epsilon=epsilon,
    )
    rng, order = np.random.default_rng(0), np.arange(6)
    chosen = [select(order, scores, config, rng).parents for _ in range(30)]
    assert set(np.concatenate(chosen).ravel().tolist()) == parents


# ranking


def objectives(mean, maximum, connections):
    return Objectives(
        np.array(mean, float), np.array(maximum, float), np.array(connections, np.int64)
    )


def test_three_objectives_rank_at_once():
    # each of the first three is best by one objective; 3 is worse than 0 by all
    made = objectives([3.0, 2.0, 1.0, 2.9], [5.0, 6.0, 1.0, 4.9], [9, 8, 1, 10])
    ranks = rank(made, settings(ranking="three"), np.random.default_rng(0))
    assert ranks.front.tolist() == [0, 0, 0, 1]
    assert ranks.order[-1] == 3
    for probability, front in ((1.0, [0, 0, 0, 1]), (0.0, [0, 0, 2, 1])):
        config = settings(ranking="paper", connections_probability=probability)
        assert rank(made, config, np.random.default_rng(0)).front.tolist() == front


def test_three_ignores_the_coin():
    rng = np.random.default_rng(7)
    made = objectives(rng.normal(size=40), rng.normal(size=40), rng.integers(0, 20, 40))
    right = rank_by(np.column_stack([made.mean, made.maximum, made.simplicity]))
    for probability in (0.0, 0.5, 1.0):
        config = settings(ranking="three", connections_probability=probability)
        ranks = rank(made, config, np.random.default_rng(8))
        assert ranks.order.tolist() == right.order.tolist()


def test_paper_ranks_by_connections_or_by_the_maximum_as_the_coin_falls():
    rng = np.random.default_rng(9)
    made = objectives(rng.normal(size=30), rng.normal(size=30), rng.integers(0, 20, 30))
    by_connections = rank_by(np.column_stack([made.mean, made.simplicity])).order.tolist()
    by_maximum = rank_by(np.column_stack([made.mean, made.maximum])).order.tolist()
    assert by_connections != by_maximum
    n = 100 if numba_config.DISABLE_JIT else 1000
    for probability in (0.8, 0.3):
        config = settings(ranking="paper", connections_probability=probability)
        orders = [rank(made, config, rng).order.tolist() for _ in range(n)]
        n_connections = sum(order == by_connections for order in orders)
        assert n_connections + sum(order == by_maximum for order in orders) == n
        assert n_connections / n == pytest.approx(probability, abs=4 * np.sqrt(0.25 / n))


def test_the_coin_falls_anew_in_every_generation():
    search = Search(
        configured(search={"ranking": "paper", "connections_probability": 0.5}), ToyTask()
    )
    seen = set()
    for _ in range(N_GENERATIONS):
        before = genomes_of(search.state.population)
        made = search.tell(made_up_scores(search.ask()))
        after = genomes_of(search.state.population)
        for name in ("simplicity", "maximum"):
            order = rank_by(np.column_stack([made.mean, getattr(made, name)])).order
            if [before[p] for p in order[:6]] == after[:6]:
                seen.add(name)
    assert seen == {"simplicity", "maximum"}


def test_no_connections_count_as_one():
    assert objectives([0] * 3, [0] * 3, [0, 1, 4]).simplicity.tolist() == [1.0, 1.0, 0.25]


# weights of a generation


def test_stratified_weights_lie_one_in_each_part_of_the_range():
    rng = np.random.default_rng(10)
    drawn = np.array([draw_weights("stratified", (), 8, -1.0, 3.0, rng) for _ in range(300)])
    low = -1.0 + 0.5 * np.arange(8)
    assert (drawn >= low).all()
    assert (drawn < low + 0.5).all()
    assert np.abs(drawn.mean(axis=0) - (low + 0.25)).max() < 0.04
    assert np.abs(drawn.std(axis=0) - 0.5 / np.sqrt(12)).max() < 0.03
    assert (np.diff(drawn, axis=1) > 0).all()


def test_uniform_weights_are_independent_draws_of_the_range():
    rng = np.random.default_rng(11)
    drawn = draw_weights("uniform", (), 4000, -1.0, 3.0, rng)
    assert -1.0 <= drawn.min() < -0.99
    assert 2.99 < drawn.max() < 3.0
    assert drawn.mean() == pytest.approx(1.0, abs=0.08)
    few = np.array([draw_weights("uniform", (), 8, 0.0, 8.0, rng) for _ in range(100)])
    assert not (np.floor(few) == np.arange(8)).all(axis=1).any()


def test_fixed_weights_are_the_values_and_draw_nothing():
    rng = np.random.default_rng(12)
    values = (-2.0, 0.5, 1.0)
    assert draw_weights("fixed", values, 16, -1.0, 1.0, rng).tolist() == list(values)
    assert rng.random() == np.random.default_rng(12).random()


@pytest.mark.parametrize(
    ("table", "is_right"),
    [
        ({"sweep": "fixed", "values": [0.5, -1.0]}, lambda w: w.tolist() == [0.5, -1.0]),
        ({"sweep": "uniform", "n": 3, "low": 5, "high": 6}, lambda w: 5 <= w.min() <= w.max() < 6),
        ({"sweep": "stratified", "n": 2, "low": 0, "high": 2}, lambda w: w[0] < 1 <= w[1]),
    ],
)
def test_a_generation_has_the_configured_weights(table, is_right):
    search = Search(configured(weights=table), ToyTask())
    for _ in range(3):
        generation = search.ask()
        assert len(generation.weights) == table.get("n", 2)
        assert is_right(generation.weights)
        search.tell(made_up_scores(generation))


# hall of fame


def distinct_population(n=6):
    """Genomes with one hidden node of different activations, and their networks."""
    genome = minimal_genome(2, 1)
    genomes = []
    for number in range(2, 2 + n):
        rng = np.random.default_rng(0)
        genomes.append(add_node(genome, InnovationCounter.after(genome), rng, [number])[0])
    population = stack_genomes(genomes)
    return genomes, population, compile_population(population, 2, 1)


def test_hall_keeps_the_best_means_up_to_its_capacity():
    genomes, population, networks = distinct_population()
    hall = HallOfFame()
    for p, score in enumerate([5.0, 1.0, 3.0, 4.0, 0.0, 2.0]):
        hall = hall.admit(population, networks, p, score, 3)
        assert len(hall.score) == population_size(hall.genomes) == min(p + 1, 3)
    assert hall.score.tolist() == [5.0, 3.0, 4.0]
    assert genomes_of(hall.genomes) == [genomes[p] for p in (0, 2, 3)]
    assert hall.count.tolist() == [1, 1, 1]
    assert len(set(hall.key.tolist())) == 3


@pytest.mark.parametrize("capacity", [0, 1, 4, 9])
def test_hall_is_that_of_a_plain_list(capacity):
    genomes, population, networks = distinct_population(9)
    rng = np.random.default_rng(capacity)
    hall, members = HallOfFame(), []
    for score in rng.integers(0, 50, 60):
        p = int(rng.integers(0, 9))
        hall = hall.admit(population, networks, p, float(score), capacity)
        scores = next((scores for q, scores in members if q == p), None)
        if scores:
            scores.append(score)
        else:
            members.append((p, [score]))
        if len(members) > capacity:
            members.remove(min(members, key=lambda member: np.mean(member[1])))
        assert genomes_of(hall.genomes) == [genomes[q] for q, _ in members]
        assert hall.score.tolist() == pytest.approx([np.mean(scores) for _, scores in members])
        assert hall.count.tolist() == [len(scores) for _, scores in members]


def test_a_structure_that_comes_again_has_one_place_and_a_running_mean():
    genomes, population, networks = distinct_population()
    hall = HallOfFame()
    for p, score in [(0, 10.0), (1, 6.0), (0, 2.0), (0, 3.0), (1, 7.0)]:
        hall = hall.admit(population, networks, p, score, 2)
    assert hall.score.tolist() == pytest.approx([5.0, 6.5])
    assert hall.count.tolist() == [3, 2]
    assert genomes_of(hall.genomes) == genomes[:2]
    # the lucky start has sunk to the lowest mean, and leaves
    hall = hall.admit(population, networks, 2, 6.0, 2)
    assert genomes_of(hall.genomes) == [genomes[1], genomes[2]]


def test_genomes_that_compile_to_the_same_network_share_a_place():
    enabled = [True, True, False]
    genome = minimal_genome(2, 1, enabled)
    grown, counter = add_node(genome, InnovationCounter.after(genome), np.random.default_rng(0))
    # the split undone: the old gene enabled, the new ones not
    genes = replace(grown.connections, is_enabled=[*enabled, False, False])
    same = replace(grown, connections=genes)
    population = stack_genomes([genome, same])
    networks = compile_population(population, 2, 1)
    hall = HallOfFame().admit(population, networks, 0, 1.0, 5)
    hall = hall.admit(population, networks, 1, 2.0, 5)
    assert (hall.score.tolist(), hall.count.tolist()) == ([1.5], [2])
    assert counter.next_node_id == 5


def test_admitting_leaves_the_old_hall_alone():
    _, population, networks = distinct_population()
    hall = HallOfFame().admit(population, networks, 0, 1.0, 2)
    before = bits(hall)
    hall.admit(population, networks, 0, 9.0, 2)
    hall.admit(population, networks, 1, 9.0, 2)
    assert bits(hall) == before


def test_a_hall_without_places_stays_empty():
    _, population, networks = distinct_population()
    hall = HallOfFame().admit(population, networks, 0, 1.0, 0)
    assert population_size(hall.genomes) == len(hall.key) == len(hall.score) == 0


def test_search_admits_the_best_of_each_generation():
    config = configured(champion={"hall_of_fame": 100})
    search = Search(config, ToyTask())
    best = {}
    for _ in range(N_GENERATIONS):
        generation = search.ask()
        scores = made_up_scores(generation).mean(axis=1)
        p = int(scores.argmax())
        best.setdefault(network_at(generation.networks, p, 2, 1), []).append(scores[p])
        search.tell(made_up_scores(generation))
    hall = search.state.hall_of_fame
    networks = [compile_network(genome) for genome in genomes_of(hall.genomes)]
    assert networks == list(best)
    assert hall.score.tolist() == pytest.approx([np.mean(scores) for scores in best.values()])
    assert hall.count.tolist() == [len(scores) for scores in best.values()]


# the champion


@pytest.mark.parametrize("n_candidates", [1, 25])
def test_candidates_are_the_whole_front_the_best_by_mean_and_the_hall_each_once(n_candidates):
    config = configured(champion={"candidates": n_candidates, "hall_of_fame": 4})
    search = run(Search(config, ToyTask()), N_GENERATIONS - 1)
    before = genomes_of(search.state.population)
    made = search.tell(made_up_scores(search.ask()))
    columns = np.column_stack([made.mean, made.maximum, made.simplicity])
    front = naive.front_numbers(columns)
    order = sorted(range(40), key=lambda p: (front[p] > 0, -made.mean[p]))
    n_chosen = max(n_candidates, list(front).count(0))
    hall = genomes_of(search.state.hall_of_fame.genomes)
    expected = {}
    for genome in [*(before[p] for p in order[:n_chosen]), *hall]:
        expected.setdefault(compile_network(genome), genome)
    assert genomes_of(search.champion_candidates()) == list(expected.values())
    assert len(expected) < n_chosen + len(hall)
    assert 1 <= len(hall) <= 4


def test_config_made_in_python_is_checked():
    for wrong in (SearchConfig(cull_fraction=1.5), SearchConfig(activations=("foo",))):
        with pytest.raises(ConfigError):
            Search(Config("toy", search=wrong), ToyTask())
