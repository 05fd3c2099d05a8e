"""Species: who shares with whom, who dies out, and what that does to a search."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from tests.search.toy import N_GENERATIONS, ToyTask, configured
from wann.errors import ConfigError
from wann.genome.compile import connection_counts
from wann.genome.genome import NodeGenes, minimal_genome
from wann.genome.innovation import InnovationCounter
from wann.genome.mutation import add_node
from wann.genome.population import genome_at, population_size, stack_genomes, take_genomes
from wann.kernels.activation import Activation
from wann.run.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from wann.search.config import SearchConfig, SpeciesConfig
from wann.search.config_file import config_from_table
from wann.search.search import Search
from wann.search.selection import select
from wann.search.species import (
    Shares,
    Species,
    select_within_species,
    speciate,
    split_offspring,
    steer_threshold,
    tied_ranks,
)
from wann.search.state import EvolutionState

pytestmark = pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")

N_FIXED = 4
ON = SpeciesConfig(target=2, threshold=0.3, threshold_step=0.0)


def grown(n_nodes, seed=0):
    """A genome with some hidden nodes, and a counter after it."""
    genome = minimal_genome(2, 1)
    counter, rng = (
        InnovationCounter(N_FIXED + 10 * seed, 3 + 100 * seed),
        np.random.default_rng(seed),
    )
    for _ in range(n_nodes):
        genome, counter = add_node(genome, counter, rng, [Activation.TANH])
    return genome, counter


SMALL, LARGE = grown(0)[0], grown(5, seed=1)[0]
OTHER = grown(5, seed=2)[0]


def bits(value):
    """Every array and number within a record, as bytes and numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if dataclasses.is_dataclass(value):
        return [bits(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, tuple):
        return [bits(item) for item in value]
    return value


def divide(genomes, mean, known=None, generation=0, config=ON):
    return speciate(
        stack_genomes(genomes),
        N_FIXED,
        known or Species(),
        np.array(mean, float),
        generation,
        config,
        np.random.default_rng(generation),
    )


# sharing


def test_different_structures_form_species_that_go_on():
    shares, species = divide([SMALL, LARGE, SMALL, LARGE, SMALL], [0.0] * 5)
    assert shares.species.tolist() == [0, 1, 0, 1, 0]
    assert species.species_id.tolist() == [0, 1]
    assert [genome_at(species.representatives, s, 2, 1) for s in (0, 1)] == [SMALL, LARGE]
    # the order of the individuals does not matter any more; a third kind is a new species
    shares, species = divide([LARGE, OTHER, SMALL, OTHER, LARGE], [0.0] * 5, species, 7)
    assert shares.species.tolist() == [1, 2, 0, 2, 1]
    assert species.species_id.tolist() == [0, 1, 2]
    assert species.founded.tolist() == [0, 0, 7]
    assert species.next_id == 3


def test_a_species_without_members_is_forgotten_and_its_id_not_given_again():
    _, species = divide([SMALL, LARGE], [1.0, 2.0])
    _, species = divide([SMALL, SMALL], [1.0, 2.0], species, 1)
    assert species.species_id.tolist() == [0]
    _, species = divide([SMALL, LARGE], [1.0, 2.0], species, 2)
    assert species.species_id.tolist() == [0, 2]
    assert species.founded.tolist() == [0, 2]


def test_representatives_are_members_drawn_anew():
    rng = np.random.default_rng(0)
    members = [add_node(SMALL, grown(0)[1], rng)[0] for _ in range(20)]
    config = replace(ON, threshold=9.0)
    known, seen = None, set()
    for generation in range(12):
        shares, known = divide([*members, LARGE], [0.0] * 21, known, generation, config)
        assert shares.species.tolist() == [0] * 21
        drawn = genome_at(known.representatives, 0, 2, 1)
        seen |= {i for i, genome in enumerate([*members, LARGE]) if genome == drawn}
    assert len(seen) > 5


def test_equal_values_share_their_ranks():
    ranks = tied_ranks(np.array([5.0, -1.0, 5.0, 7.0, 5.0, 0.0]))
    assert ranks.tolist() == [4.0, 1.0, 4.0, 6.0, 4.0, 2.0]
    assert tied_ranks(np.zeros(4)).tolist() == [2.5] * 4


def test_offspring_follow_the_mean_rank_whatever_the_size_of_a_species():
    # ranks: small 5 and 8, large 1, 2, 3, 4, 6, 7: means 6.5 and 23 / 6, shares 5.03 and 2.97
    mean = [5.0, 8.0, 1.0, 2.0, 3.0, 4.0, 6.0, 7.0]
    shares, _ = divide([SMALL] * 2 + [LARGE] * 6, mean)
    assert shares.offspring.tolist() == [5, 3]
    # only the order counts: the returns may be negative and of any size
    again, _ = divide([SMALL] * 2 + [LARGE] * 6, (np.array(mean) - 100.0) ** 3)
    assert again.offspring.tolist() == [5, 3]
    equal, _ = divide([SMALL] * 2 + [LARGE] * 6, [0.0] * 8)
    assert equal.offspring.tolist() == [4, 4]


@pytest.mark.parametrize(
    ("n", "fitness", "protected", "right"),
    [
        (10, [1.0, 1.0], [0], [5, 5]),
        (10, [3.0, 1.0, 0.0], [0], [8, 2, 0]),
        (10, [4.4, 3.3, 2.3], [0], [5, 3, 2]),
        (7, [1.0, 1.0, 1.0], [0], [3, 2, 2]),
        (9, [100.0, 1.0, 1.0], [0, 2], [8, 0, 1]),
        (3, [100.0, 1.0, 1.0], [0, 1, 2], [1, 1, 1]),
        (6, [0.3], [0], [6]),
    ],
)
def test_offspring_are_split_by_largest_remainder(n, fitness, protected, right):
    is_protected = np.isin(np.arange(len(fitness)), protected)
    assert split_offspring(n, np.array(fitness), is_protected).tolist() == right


def test_splits_add_up():
    rng = np.random.default_rng(0)
    for _ in range(300):
        n_species = rng.integers(1, 30)
        fitness = rng.random(n_species) * (rng.random(n_species) < 0.7)
        fitness[0] += 0.1
        n, is_protected = int(rng.integers(30, 300)), np.arange(n_species) < 3
        split = split_offspring(n, fitness, is_protected)
        assert split.sum() == n
        assert (split[is_protected] >= 1).all()
        exact = n * fitness / fitness.sum()
        assert (np.abs(split - exact) < 4.0).all()


# stagnation


def test_a_stagnant_species_dies_out_unless_it_is_the_best():
    config = replace(ON, stagnation=3, protected=1)
    genomes, known, alive = [SMALL, SMALL, LARGE, LARGE, OTHER, OTHER], None, []
    # the first is best but does not get better, the second neither, the third does
    for generation in range(5):
        mean = [90.0, 80.0, 50.0, 40.0, generation, 0.0]
        shares, known = divide(genomes, mean, known, generation, config)
        alive.append((shares.offspring > 0).tolist())
        if generation < 3:
            assert known.best.tolist() == [90.0, 50.0, generation]
            assert known.improved.tolist() == [0, 0, generation]
    assert alive[:3] == [[True] * 3] * 3
    assert alive[3] == [True, False, True]
    # those who are still like it found a new one, which has its own time
    assert alive[4] == [True, True, True]
    assert known.species_id.tolist() == [0, 2, 3]
    assert known.improved.tolist() == [0, 4, 4]


def test_the_clock_of_a_species_starts_again_when_it_gets_better():
    config = replace(ON, stagnation=2, protected=1)
    known = None
    for generation, best in enumerate([3.0, 1.0, 4.0, 4.0]):
        shares, known = divide([SMALL, LARGE], [9.0, best], known, generation, config)
        assert (shares.offspring > 0).all()
    assert known.best.tolist() == [9.0, 4.0]
    assert known.improved.tolist() == [0, 2]
    shares, known = divide([SMALL, LARGE], [9.0, 3.5], known, 4, config)
    assert shares.offspring.tolist() == [2, 0]
    assert known.species_id.tolist() == [0]


@pytest.mark.parametrize(("protected", "offspring"), [(1, [0, 0, 1]), (2, [1, 0, 1]), (9, [1] * 3)])
def test_the_best_species_are_protected(protected, offspring):
    config = replace(ON, stagnation=1, protected=protected)
    _, known = divide([SMALL, LARGE, OTHER], [2.0, 1.0, 3.0], config=config)
    shares, _ = divide([SMALL, LARGE, OTHER], [2.0, 1.0, 3.0], known, 1, config)
    assert (shares.offspring > 0).tolist() == [n > 0 for n in offspring]
    assert shares.offspring.sum() == 3
    assert shares.is_protected.tolist() == [n > 0 for n in offspring]


# the threshold


def test_the_threshold_is_steered_to_the_target_number():
    config = SpeciesConfig(target=3, threshold_step=0.25)
    assert steer_threshold(0.8, 4, config) == 1.0
    assert steer_threshold(0.8, 3, config) == 0.8
    assert steer_threshold(0.8, 2, config) == 0.64
    fixed = replace(config, threshold_step=0.0)
    assert [steer_threshold(0.8, n, fixed) for n in (1, 3, 9)] == [0.8] * 3


@pytest.mark.parametrize(("start", "first"), [(3.0, 1), (0.1, 6)])
def test_a_wrong_threshold_comes_to_the_target_number(start, first):
    rng, genomes = np.random.default_rng(3), []
    for family in (LARGE, OTHER, grown(5, seed=3)[0]):
        for _ in range(2):
            counter = InnovationCounter(90 + len(genomes), 900 + 10 * len(genomes))
            genomes.append(add_node(family, counter, rng)[0])
    config, known, numbers = SpeciesConfig(target=3, threshold=start), None, []
    for generation in range(60):
        shares, known = divide(genomes, [0.0] * 6, known, generation, config)
        numbers.append(len(set(shares.species.tolist())))
    assert numbers[0] == first
    assert numbers[-10:] == [3] * 10
    assert shares.species.tolist()[::2] == shares.species.tolist()[1::2]


# selection


def shares_of(species, offspring, protected=()):
    return Shares(
        np.array(species), np.array(offspring), np.isin(np.arange(len(offspring)), protected)
    )


def settings(**changes):
    return replace(SearchConfig(), **changes)


@pytest.mark.parametrize("lexicase", [0.0, 0.5])
@pytest.mark.parametrize("crossover", [0.0, 1.0])
def test_parents_and_elites_are_survivors_of_their_species(lexicase, crossover):
    rng = np.random.default_rng(1)
    species = rng.permutation(np.repeat([0, 1, 2, 3], [30, 20, 9, 1]))
    order, scores = rng.permutation(60), rng.normal(size=(60, 5))
    offspring = [12, 40, 0, 8]
    config = settings(lexicase_fraction=lexicase, crossover_probability=crossover)
    made = select_within_species(
        shares_of(species, offspring), order, scores, scores.mean(axis=1), config, rng
    )
    assert len(made.elites) + len(made.parents) == 60
    assert (species[made.parents[:, 0]] == species[made.parents[:, 1]]).all()
    place = np.argsort(order)
    assert (place[made.parents[:, 0]] <= place[made.parents[:, 1]]).all()
    for s, n in enumerate(offspring):
        members = [i for i in order if species[i] == s]
        survivors = members[: len(members) - len(members) // 5]
        elites = [i for i in made.elites if species[i] == s]
        parents = made.parents[species[made.parents[:, 0]] == s]
        assert len(elites) + len(parents) == n
        assert set(parents.ravel()) <= set(survivors)
        # a fifth of four fifths of the offspring; the champion where there are more than five
        assert len(elites) == {12: 2, 40: 6, 0: 0, 8: 1}[n]
        if n:
            champion = max(members, key=lambda i: scores[i].mean())
            assert elites[0] == champion
            others = [i for i in survivors if i != champion]
            assert elites[1:] == others[: len(elites) - 1]
    has_two = made.parents[:, 0] != made.parents[:, 1]
    assert has_two.any() == (crossover > 0)


def test_a_small_species_has_an_elite_only_if_it_is_protected():
    scores = np.array([[1.0], [3.0], [2.0], [0.0]])
    for protected, elites in (((), []), ((0,), [1]), ((0, 1), [1, 2])):
        made = select_within_species(
            shares_of([0, 0, 1, 1], [2, 2], protected),
            np.arange(4),
            scores,
            scores.mean(axis=1),
            settings(),
            np.random.default_rng(0),
        )
        assert made.elites.tolist() == elites
        assert len(made.parents) == 4 - len(elites)


def test_a_structure_that_all_others_beat_has_children_only_in_a_species_of_its_own():
    order, scores = np.arange(20), np.repeat(np.arange(20.0, 0.0, -1.0)[:, None], 3, axis=1)
    config, rng = settings(), np.random.default_rng(0)
    made = select(order, scores, config, rng)
    assert not {18, 19} & set(made.parents.ravel().tolist())
    genomes = [SMALL] * 18 + [LARGE] * 2
    shares, _ = divide(genomes, scores.mean(axis=1))
    assert shares.offspring.tolist() == [18, 2]
    made = select_within_species(shares, order, scores, scores.mean(axis=1), config, rng)
    parents = made.parents[:, 0].tolist()
    assert sum(p >= 18 for p in [*parents, *made.elites.tolist()]) == 2


def test_lexicase_asks_only_the_survivors_of_the_species():
    # 0 and 1 each win a weight within their species; 2 wins all weights in another
    scores = np.array([[5.0, 0.0], [0.0, 5.0], [9.0, 9.0], [8.0, 8.0]])
    config = settings(lexicase_fraction=1.0, cull_fraction=0.0, elite_fraction=0.0)
    made = select_within_species(
        shares_of([0, 0, 1, 1], [40, 5]),
        np.arange(4),
        scores,
        scores.mean(axis=1),
        config,
        np.random.default_rng(0),
    )
    first, second = made.parents[:39], made.parents[39:]
    assert set(first.ravel().tolist()) == {0, 1}
    assert set(second.ravel().tolist()) <= {2, 3}


# the search


def made_up_scores(generation):
    """(P, W): likes many connections and sines, differently with each weight."""
    networks = generation.networks
    rows = []
    for p, n_connections in enumerate(connection_counts(networks)):
        first, last = networks.node_start[p : p + 2]
        merit = np.sin(networks.activation[first:last] * 7.3).sum()
        rows.append(merit - abs(n_connections - 8.0) + np.cos(generation.weights * merit))
    return np.array(rows)


def run(search, n=N_GENERATIONS):
    for _ in range(n):
        search.tell(made_up_scores(search.ask()))
    return search


def with_species(target=4, seed=0, **search):
    return configured(search=search, species={"target": target}, seed=seed)


def test_a_search_has_species_only_when_asked_for():
    none = run(Search(with_species(0), ToyTask())).state
    assert len(none.species.species_id) == population_size(none.species.representatives) == 0
    assert bits(none) == bits(run(Search(configured(), ToyTask())).state)
    some = run(Search(with_species(4), ToyTask())).state
    assert len(some.species.species_id) > 1
    assert population_size(some.species.representatives) == len(some.species.species_id)
    assert bits(some.population) != bits(none.population)


@pytest.mark.parametrize(
    "search", [{}, {"lexicase_fraction": 0.5, "crossover_probability": 0.5, "ranking": "paper"}]
)
def test_the_same_seed_gives_the_same_bits_and_a_saved_state_goes_on(search, tmp_path):
    config = with_species(seed=3, **search)
    whole = run(Search(config, ToyTask())).state
    half = run(Search(config, ToyTask()), N_GENERATIONS // 2).state
    before = bits(half)
    assert len(half.species.species_id) > 0
    save_checkpoint(Checkpoint(half), tmp_path / "checkpoint.npz")
    loaded = load_checkpoint(tmp_path / "checkpoint.npz")[0].state
    assert bits(loaded) == before
    rest = run(Search(config, ToyTask(), state=loaded), N_GENERATIONS - N_GENERATIONS // 2)
    assert bits(rest.state) == bits(whole)
    assert bits(loaded) == before
    other = run(Search(replace(config, seed=4), ToyTask())).state
    assert bits(other.population) != bits(whole.population)


def test_population_size_is_constant_and_the_best_by_mean_goes_on():
    search = Search(with_species(8), ToyTask())
    for _ in range(N_GENERATIONS):
        before = search.state.population
        objectives = search.tell(made_up_scores(search.ask()))
        after = search.state.population
        assert population_size(after) == 40
        best = genome_at(before, int(objectives.mean.argmax()), 2, 1)
        assert best in [genome_at(after, p, 2, 1) for p in range(40)]


@pytest.mark.parametrize("target", [2, 5])
def test_a_search_has_about_the_target_number_of_species(target):
    config = configured(species={"target": target, "threshold_step": 0.2})
    search, numbers = Search(config, ToyTask()), []
    for _ in range(3):
        numbers.append(len(run(search).state.species.species_id))
    assert abs(numbers[-1] - target) <= 1, numbers


# crossover


@pytest.mark.parametrize("target", [0, 1])
def test_crossover_gives_children_what_either_parent_has(target):
    genome, counter = grown(5)
    kinds = np.repeat(genome.nodes.activation[None], 2, axis=0)
    kinds[:, N_FIXED:] = [[Activation.SIN] * 5, [Activation.RELU] * 5]
    pair = [replace(genome, nodes=NodeGenes(genome.nodes.node_id, row)) for row in kinds]
    parents = {tuple(row[N_FIXED:].tolist()) for row in kinds}
    population = take_genomes(stack_genomes(pair), [0, 1] * 20)
    children = {}
    for probability in (0.0, 1.0):
        # enabling what is enabled already changes nothing: children are copies but for crossover
        all_enabled = population._replace(is_enabled=np.ones_like(population.is_enabled))
        config = configured(
            search={"crossover_probability": probability, "tournament_size": 1},
            mutation={"add_connection": 0, "add_node": 0, "change_activation": 0},
            species={"target": target, "threshold": 2.0},
        )
        search = Search(config, ToyTask(), state=EvolutionState(0, all_enabled, counter))
        search.ask()
        search.tell(np.zeros((40, 16)))
        after = [genome_at(search.state.population, p, 2, 1) for p in range(40)]
        children[probability] = {tuple(g.nodes.activation[N_FIXED:].tolist()) for g in after}
    assert children[0.0] == parents
    assert children[1.0] > parents
    assert len(children[1.0]) > 6
    assert all(set(kinds) <= {Activation.SIN, Activation.RELU} for kinds in children[1.0])


# settings


def test_coefficients_are_in_the_order_of_the_distance():
    made = SpeciesConfig(
        excess_coefficient=1.0,
        disjoint_coefficient=2.0,
        activation_coefficient=3.0,
        enabled_coefficient=4.0,
    )
    assert made.coefficients == (1.0, 2.0, 3.0, 4.0)


@pytest.mark.parametrize(
    ("coefficient", "species"),
    [
        ("excess", [0, 0, 0, 1]),
        ("disjoint", [0, 0, 0, 1]),
        ("activation", [0, 1, 0, 0]),
        ("enabled", [0, 0, 1, 0]),
        ("none", [0, 0, 0, 0]),
    ],
)
def test_each_coefficient_tells_other_genomes_apart(coefficient, species):
    nodes, genes = LARGE.nodes, LARGE.connections
    sines = np.where(nodes.node_id < N_FIXED, nodes.activation, Activation.SIN)
    genomes = [
        LARGE,
        replace(LARGE, nodes=NodeGenes(nodes.node_id, sines)),
        replace(LARGE, connections=replace(genes, is_enabled=~genes.is_enabled)),
        # other genes, those that are shared as in the first
        replace(LARGE, connections=replace(genes, innovation=OTHER.connections.innovation)),
    ]
    names = ("excess", "disjoint", "activation", "enabled")
    only = {f"{name}_coefficient": float(name == coefficient) for name in names}
    shares, _ = divide(genomes, [0.0] * 4, config=replace(ON, **only))
    assert shares.species.tolist() == species


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("target", -1),
        ("target", 1.5),
        ("threshold", 0.0),
        ("threshold_step", 1.1),
        ("activation_coefficient", -1.0),
        ("stagnation", 0),
        ("protected", 0),
    ],
)
def test_settings_out_of_range_are_errors_that_name_the_key(key, value):
    with pytest.raises(ConfigError, match=rf"species\.{key} = "):
        config_from_table({"task": "toy", "species": {key: value}})
