"""The operators on genomes: what they keep true, what they change, how often, and the numbers."""

import dataclasses
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config as numba_config

from tests import naive
from wann.errors import NetworkError
from wann.genome.genome import ConnectionGenes, minimal_genome
from wann.genome.innovation import InnovationCounter
from wann.genome.mutation import (
    HIDDEN_ACTIVATIONS,
    add_connection,
    add_node,
    change_activation,
    cross,
    enable_connection,
    mutate,
    vary_population,
)
from wann.genome.population import genome_at, population_size, stack_genomes, take_genomes
from wann.kernels.variation import Operator

# the streams of random numbers wrap around, of which numpy complains without the JIT
pytestmark = pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")

ODDS = (0.20, 0.25, 0.05, 0.50)
FEW = settings(max_examples=5 if numba_config.DISABLE_JIT else 60, deadline=None, derandomize=True)
N_DRAWS = 300 if numba_config.DISABLE_JIT else 20_000
# 99.99 % quantiles of chi-square for 1 to 9 degrees of freedom
CHI_SQUARE = (15.1, 18.4, 21.1, 23.5, 25.7, 27.9, 29.9, 31.8, 33.7)

seeds = st.integers(0, 2**32 - 1)
operators = st.sampled_from([add_connection, add_node, enable_connection, change_activation])


@st.composite
def genomes(draw):
    """Minimal genomes with some genes disabled, and any acyclic genomes."""
    rng = np.random.default_rng(draw(seeds))
    n_inputs, n_outputs = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    if draw(st.booleans()):
        is_enabled = rng.random((1 + n_inputs) * n_outputs) < draw(st.sampled_from([0.0, 0.5, 1.0]))
        return minimal_genome(n_inputs, n_outputs, is_enabled)
    n_hidden = draw(st.integers(1, 6))
    return naive.random_genome(rng, n_inputs, n_outputs, n_hidden, draw(st.integers(2, 25)))


def genes_of(genome):
    """The genes as {innovation: (source, target, is_enabled)}."""
    genes = genome.connections
    columns = (genes.innovation, genes.source, genes.target, genes.is_enabled)
    return {row[0]: row[1:] for row in zip(*(c.tolist() for c in columns), strict=True)}


def nodes_of(genome):
    """The nodes as {id: activation}."""
    nodes = genome.nodes
    return dict(zip(nodes.node_id.tolist(), nodes.activation.tolist(), strict=True))


def hidden_of(genome):
    return set(nodes_of(genome)) - set(range(1 + genome.n_inputs + genome.n_outputs))


def bits(genome):
    return b"".join(
        array.tobytes()
        for record in (genome.nodes, genome.connections)
        for array in vars(record).values()
    )


def applicable(genome, activations=HIDDEN_ACTIVATIONS):
    """Which of the four operators can change a genome."""
    is_enabled = genome.connections.is_enabled
    return {
        add_connection: bool(naive.free_pairs(genome)),
        add_node: bool(is_enabled.any()),
        enable_connection: not is_enabled.all(),
        change_activation: bool(hidden_of(genome)) and len(activations) > 1,
    }


def assert_well_formed(genome):
    pairs = naive.gene_pairs(genome)
    assert not naive.has_cycle(pairs)
    assert len(set(pairs)) == len(pairs)
    n_first = 1 + genome.n_inputs
    is_output = range(n_first, n_first + genome.n_outputs)
    assert all(target >= n_first and source not in is_output for source, target in pairs)
    assert all(nodes_of(genome)[node] in HIDDEN_ACTIVATIONS for node in hidden_of(genome))


# what exactly one operator changes


def assert_connection_added(parent, child, before, after):
    assert nodes_of(child) == nodes_of(parent)
    new = genes_of(child)
    source, target, is_enabled = new.pop(before.next_innovation)
    assert new == genes_of(parent)
    assert is_enabled
    assert (source, target) in naive.free_pairs(parent)
    assert after == dataclasses.replace(before, next_innovation=before.next_innovation + 1)


def assert_node_added(parent, child, before, after):
    node, first = before.next_node_id, before.next_innovation
    new_nodes = nodes_of(child)
    assert new_nodes.pop(node) in HIDDEN_ACTIVATIONS
    assert new_nodes == nodes_of(parent)
    new, old = genes_of(child), genes_of(parent)
    into, out = new.pop(first), new.pop(first + 1)
    (split,) = (number for number in old if new[number] != old[number])
    source, target, was_enabled = old[split]
    assert was_enabled
    assert (into, out) == ((source, node, True), (node, target, True))
    assert new == old | {split: (source, target, False)}
    assert after == InnovationCounter(node + 1, first + 2)


def assert_connection_enabled(parent, child, before, after):
    assert nodes_of(child) == nodes_of(parent)
    new, old = genes_of(child), genes_of(parent)
    (changed,) = (number for number in old if new[number] != old[number])
    assert new == old | {changed: (*old[changed][:2], True)}
    assert not old[changed][2]
    assert after == before


def assert_activation_changed(parent, child, before, after):
    assert genes_of(child) == genes_of(parent)
    new, old = nodes_of(child), nodes_of(parent)
    (changed,) = (node for node in old if new.get(node) != old[node])
    assert changed in hidden_of(parent)
    assert new == old | {changed: new[changed]}
    assert new[changed] in HIDDEN_ACTIVATIONS
    assert after == before


EFFECT = {
    add_connection: assert_connection_added,
    add_node: assert_node_added,
    enable_connection: assert_connection_enabled,
    change_activation: assert_activation_changed,
}


@FEW
@given(genomes(), st.lists(operators, max_size=25), seeds)
def test_an_operator_makes_its_one_change_or_says_that_it_cannot(genome, steps, seed):
    rng, counter = np.random.default_rng(seed), InnovationCounter.after(genome)
    for operator in steps:
        kept = bits(genome)
        if applicable(genome)[operator]:
            child, after = operator(genome, counter, rng)
            EFFECT[operator](genome, child, counter, after)
            assert_well_formed(child)
        else:
            child, after = genome, counter
            with pytest.raises(NetworkError, match="cannot apply"):
                operator(genome, counter, rng)
        assert bits(genome) == kept
        genome, counter = child, after


@FEW
@given(genomes(), st.integers(1, 40), seeds)
def test_drawn_operators_keep_genomes_well_formed(genome, n, seed):
    rng, counter = np.random.default_rng(seed), InnovationCounter.after(genome)
    for _ in range(n):
        if not any(applicable(genome).values()):
            break
        before, (genome, counter) = genome, mutate(genome, counter, rng)
        assert genome != before
        assert_well_formed(genome)
        assert counter == InnovationCounter(
            max(counter.next_node_id, InnovationCounter.after(genome).next_node_id),
            max(counter.next_innovation, InnovationCounter.after(genome).next_innovation),
        )


def evolved(seed, n=30, n_inputs=3, n_outputs=2, enabled=0.5):
    """A genome and its counter, after n mutations."""
    rng = np.random.default_rng(seed)
    is_enabled = rng.random((1 + n_inputs) * n_outputs) < enabled
    is_enabled[0] = True
    genome = minimal_genome(n_inputs, n_outputs, is_enabled)
    counter = InnovationCounter.after(genome)
    for _ in range(n):
        genome, counter = mutate(genome, counter, rng)
    return genome, counter


def brood(genomes, parents, operators, seed=0, odds=ODDS, counter=None, activations=None):
    """Children of a population as genomes, the operators that were applied, the counter."""
    n_inputs, n_outputs = genomes[0].n_inputs, genomes[0].n_outputs
    children, applied, after = vary_population(
        stack_genomes(genomes),
        n_inputs,
        n_outputs,
        np.array(parents, np.int64).reshape(-1, 2),
        np.array(operators, np.int8),
        odds,
        activations or HIDDEN_ACTIVATIONS,
        counter or InnovationCounter.after(*genomes),
        np.random.default_rng(seed),
    )
    n_children = population_size(children)
    return (
        [genome_at(children, c, n_inputs, n_outputs) for c in range(n_children)],
        applied.tolist(),
        after,
    )


def applied_counts(genome, odds, n=N_DRAWS):
    """How often each of the four operators was applied to n children."""
    _, applied, _ = vary_population(
        stack_genomes([genome]),
        genome.n_inputs,
        genome.n_outputs,
        np.zeros((n, 2), np.int64),
        np.full(n, Operator.DRAW, np.int8),
        odds,
        HIDDEN_ACTIVATIONS,
        InnovationCounter.after(genome),
        np.random.default_rng(11),
    )
    assert set(applied) <= set(range(5))
    return np.bincount(applied, minlength=5)


def assert_frequencies(counts, odds):
    """A chi-square test, lenient enough that only a real fault fails it."""
    counts, odds = np.asarray(counts), np.asarray(odds, float)
    assert counts[odds == 0.0].sum() == 0
    counts, odds = counts[odds > 0.0], odds[odds > 0.0]
    expected = counts.sum() * odds / odds.sum()
    statistic = ((counts - expected) ** 2 / expected).sum()
    assert statistic < CHI_SQUARE[len(odds) - 2], (counts, expected)


def without_free_pairs():
    genome, counter = evolved(3, 20, 2, 1)
    rng = np.random.default_rng(0)
    while naive.free_pairs(genome):
        genome, counter = add_connection(genome, counter, rng)
    return genome


@pytest.mark.parametrize("odds", [ODDS, (3.0, 0.0, 1.0, 2.0), (0.0, 0.1, 0.0, 0.3)])
def test_operators_are_drawn_by_their_odds(odds):
    genome, _ = evolved(1)
    assert all(applicable(genome).values())
    counts = applied_counts(genome, odds)
    assert counts[Operator.COPY] == 0
    assert_frequencies(counts[:4], odds)


def with_all_genes(is_enabled):
    genome, _ = evolved(1)
    flags = np.full(len(genome.connections), is_enabled)
    return dataclasses.replace(
        genome, connections=dataclasses.replace(genome.connections, is_enabled=flags)
    )


@pytest.mark.parametrize(
    ("make", "lacking"),
    [
        (without_free_pairs, add_connection),
        (lambda: with_all_genes(False), add_node),
        (lambda: with_all_genes(True), enable_connection),
        (lambda: minimal_genome(3, 1, [True, False, True, False]), change_activation),
    ],
)
def test_an_operator_that_cannot_apply_leaves_its_share_to_the_others(make, lacking):
    genome = make()
    assert not applicable(genome)[lacking]
    possible = [applicable(genome)[operator] for operator in EFFECT]
    counts = applied_counts(genome, ODDS)
    assert counts[Operator.COPY] == 0
    assert_frequencies(counts[:4], np.where(possible, ODDS, 0.0))


def test_a_full_minimal_genome_always_gains_a_node():
    genome = minimal_genome(4, 2)
    for operator in (add_connection, enable_connection, change_activation):
        with pytest.raises(NetworkError, match=operator.__name__.split("_")[0]):
            operator(genome, InnovationCounter.after(genome), np.random.default_rng(0))
    children, applied, _ = brood([genome], [[0, 0]] * 50, [Operator.DRAW] * 50)
    assert applied == [Operator.ADD_NODE] * 50
    assert all(child.n_hidden == 1 for child in children)


def test_a_child_is_a_copy_where_no_operator_with_odds_can_apply():
    genome = minimal_genome(2, 1)
    children, applied, after = brood([genome], [[0, 0]], [Operator.DRAW], odds=(1.0, 0.0, 1.0, 1.0))
    assert applied == [Operator.COPY]
    assert children == [genome]
    assert after == InnovationCounter.after(genome)
    children, applied, _ = brood([genome], [[0, 0]], [Operator.DRAW], odds=(0.0,) * 4)
    assert (applied, children) == ([Operator.COPY], [genome])
    with pytest.raises(NetworkError, match="draw cannot apply"):
        mutate(genome, InnovationCounter.after(genome), np.random.default_rng(0), (1, 0, 1, 1))


def test_an_ordered_operator_that_cannot_apply_makes_a_copy():
    genome = minimal_genome(2, 1)
    children, applied, _ = brood([genome], [[0, 0]], [Operator.ADD_CONNECTION])
    assert (applied, children) == ([Operator.COPY], [genome])


def test_every_enabled_gene_is_split_equally_often():
    genome = minimal_genome(5, 1, [True, False, True, True, True, False])
    n = N_DRAWS // 4
    children, _, _ = brood([genome], [[0, 0]] * n, [Operator.ADD_NODE] * n)
    split = [
        np.flatnonzero(g.connections.is_enabled[:6] != genome.connections.is_enabled)
        for g in children
    ]
    counts = np.bincount(np.concatenate(split), minlength=6)
    assert_frequencies(counts, [1, 0, 1, 1, 1, 0])


def test_every_disabled_gene_is_enabled_equally_often():
    genome = minimal_genome(5, 1, [True, False, False, True, False, False])
    n = N_DRAWS // 4
    children, _, _ = brood([genome], [[0, 0]] * n, [Operator.ENABLE] * n)
    counts = sum(np.array(g.connections.is_enabled, int) for g in children)
    assert_frequencies(counts - n * genome.connections.is_enabled, [0, 1, 1, 0, 1, 1])


def test_new_and_changed_activations_are_uniform_over_the_allowed_others():
    genome = minimal_genome(1, 1)
    allowed = [2, 3, 5, 9]
    n = N_DRAWS // 4
    children, _, _ = brood([genome], [[0, 0]] * n, [Operator.ADD_NODE] * n, activations=allowed)
    counts = np.bincount([g.nodes.activation[-1] for g in children], minlength=12)
    assert_frequencies(counts, np.isin(np.arange(12), allowed))
    changed, _, _ = brood(
        children[:1], [[0, 0]] * n, [Operator.CHANGE_ACTIVATION] * n, activations=allowed
    )
    counts = np.bincount([g.nodes.activation[-1] for g in changed], minlength=12)
    others = np.isin(np.arange(12), allowed)
    others[children[0].nodes.activation[-1]] = False
    assert_frequencies(counts, others)


def test_an_activation_that_is_not_allowed_may_be_replaced_by_the_only_one_that_is():
    genome, counter = add_node(
        minimal_genome(1, 1), InnovationCounter(3, 2), np.random.default_rng(0), [4]
    )
    assert genome.nodes.activation[-1] == 4
    rng = np.random.default_rng(0)
    assert change_activation(genome, counter, rng, [6])[0].nodes.activation[-1] == 6
    with pytest.raises(NetworkError, match="change_activation"):
        change_activation(genome, counter, rng, [4])


def test_every_free_pair_is_found():
    genome = naive.random_genome(np.random.default_rng(4), n_genes=15)
    n = max(600, N_DRAWS // 10)
    children, _, _ = brood([genome], [[0, 0]] * n, [Operator.ADD_CONNECTION] * n)
    added = {naive.gene_pairs(child)[-1] for child in children}
    assert added == naive.free_pairs(genome)
    assert len(added) > 5


def test_the_last_free_pair_is_found():
    full = without_free_pairs()
    pairs = naive.gene_pairs(full)
    last = pairs[-1]
    keep = np.arange(len(pairs)) < len(pairs) - 1
    genes = full.connections
    kept = ConnectionGenes(*(array[keep] for array in vars(genes).values()))
    genome = dataclasses.replace(full, connections=kept)
    assert naive.free_pairs(genome) == {last}
    child, _ = add_connection(genome, InnovationCounter.after(full), np.random.default_rng(1))
    assert naive.gene_pairs(child)[-1] == last


def test_the_only_free_pair_of_many_inputs_is_found():
    """Where most sources are tried in vain, their genes are counted in another way."""
    wide = minimal_genome(40, 1)
    counter = InnovationCounter.after(wide)
    split, counter = add_node(wide, counter, np.random.default_rng(3), [4])
    rng = np.random.default_rng(0)
    while len(naive.free_pairs(split)) > 1:
        split, counter = add_connection(split, counter, rng)
    (free,) = naive.free_pairs(split)
    for seed in range(20):
        child, _ = add_connection(split, counter, np.random.default_rng(seed))
        assert naive.gene_pairs(child)[-1] == free
    full, counter = add_connection(split, counter, rng)
    with pytest.raises(NetworkError, match="add_connection"):
        add_connection(full, counter, rng)


# innovation numbers


def test_the_same_split_gets_the_same_numbers_and_another_others():
    genome = minimal_genome(3, 2)
    children, _, after = brood([genome], [[0, 0]] * 80, [Operator.ADD_NODE] * 80)
    numbers = {}
    for child in children:
        (split,) = np.flatnonzero(~child.connections.is_enabled[:8])
        new = (int(child.nodes.node_id[-1]), *child.connections.innovation[-2:].tolist())
        assert numbers.setdefault(int(split), new) == new
    assert set(numbers) == set(range(8))
    assert sorted(node for node, _, _ in numbers.values()) == list(range(6, 14))
    assert sorted(n for new in numbers.values() for n in new[1:]) == list(range(8, 24))
    assert after == InnovationCounter(14, 24)


def test_the_same_added_pair_gets_the_same_number_and_another_another():
    genome = naive.random_genome(np.random.default_rng(4), n_genes=15)
    counter = InnovationCounter.after(genome)
    children, _, after = brood(
        [genome], [[0, 0]] * 200, [Operator.ADD_CONNECTION] * 200, counter=counter
    )
    numbers = {}
    for child in children:
        new = int(child.connections.innovation[-1])
        assert numbers.setdefault(naive.gene_pairs(child)[-1], new) == new
    assert len(numbers) > 5
    first = counter.next_innovation
    assert sorted(numbers.values()) == list(range(first, first + len(numbers)))
    assert after == InnovationCounter(counter.next_node_id, first + len(numbers))


def test_numbers_of_different_parents_agree_on_what_is_the_same():
    genome, counter = evolved(6, 10)
    rng = np.random.default_rng(2)
    relatives = [genome]
    for _ in range(2):
        relative, counter = mutate(relatives[-1], counter, rng)
        relatives.append(relative)
    parents = [[p, p] for p in (0, 1, 2) * 60]
    children, applied, _ = brood(relatives, parents, [Operator.DRAW] * 180, counter=counter)
    meaning = {}
    for child, operator in zip(children, applied, strict=True):
        for number, (source, target, _) in genes_of(child).items():
            assert meaning.setdefault(number, (source, target)) == (source, target)
        assert operator < Operator.COPY
    assert len(set(meaning.values())) == len(meaning)


def test_numbers_never_come_again_in_later_generations():
    genome = minimal_genome(3, 1)
    population, counter = stack_genomes([genome] * 6), InnovationCounter.after(genome)
    rng, meaning, origin = np.random.default_rng(3), {}, {}
    for generation in range(12):
        parents = rng.integers(0, 6, (6, 1)).repeat(2, axis=1)
        population, _, after = vary_population(
            population,
            3,
            1,
            parents,
            np.full(6, Operator.DRAW, np.int8),
            ODDS,
            HIDDEN_ACTIVATIONS,
            counter,
            rng,
        )
        assert after.next_node_id >= counter.next_node_id
        assert after.next_innovation >= counter.next_innovation
        for p in range(6):
            child = genome_at(population, p, 3, 1)
            assert all(low < high for low, high in pairwise(child.nodes.node_id))
            assert max(nodes_of(child)) < after.next_node_id
            for number, (source, target, _) in genes_of(child).items():
                assert number < after.next_innovation
                assert meaning.setdefault(number, (source, target)) == (source, target)
                born = origin.setdefault(number, generation)
                if born == generation and generation > 0:
                    assert number >= counter.next_innovation
        counter = after


# crossover


def related_parents(seed):
    """Two genomes that share ancestors and then went their own ways."""
    ancestor, counter = evolved(seed, 15)
    rng = np.random.default_rng(seed)
    parents = []
    for _ in range(2):
        genome = ancestor
        for _ in range(12):
            genome, counter = mutate(genome, counter, rng)
        parents.append(genome)
    return *parents, counter


def assert_crossed(child, fitter, other):
    """Structure of the fitter parent; what both parents have is as in one of them."""
    assert [(n, *gene[:2]) for n, gene in genes_of(child).items()] == [
        (n, *gene[:2]) for n, gene in genes_of(fitter).items()
    ]
    assert list(nodes_of(child)) == list(nodes_of(fitter))
    for of in (genes_of, nodes_of):
        mine, first, second = of(child), of(fitter), of(other)
        for number, value in mine.items():
            assert value in (first[number], second.get(number, first[number]))


def test_crossover_keeps_the_structure_of_the_fitter_parent_and_mixes_what_is_shared():
    from_fitter = {genes_of: [], nodes_of: []}
    for seed in range(6):
        fitter, other, counter = related_parents(seed)
        kept = bits(fitter), bits(other)
        rng = np.random.default_rng(seed)
        for _ in range(40):
            child = cross(fitter, other, counter, rng)
            assert_crossed(child, fitter, other)
            assert_well_formed(child)
            for of, found in from_fitter.items():
                mine, first, second = of(child), of(fitter), of(other)
                shared = first.keys() & second.keys()
                found += [mine[n] == first[n] for n in shared if first[n] != second[n]]
        assert (bits(fitter), bits(other)) == kept
    for found in from_fitter.values():
        assert len(found) > 500
        assert_frequencies(np.bincount(found), [1, 1])


def test_crossover_with_itself_is_a_copy():
    genome, counter = evolved(9)
    assert cross(genome, genome, counter, np.random.default_rng(0)) == genome


def test_crossover_of_parents_with_other_inputs_is_an_error():
    small, large = minimal_genome(2, 1), minimal_genome(3, 1)
    with pytest.raises(NetworkError, match="same inputs and outputs"):
        cross(small, large, InnovationCounter.after(small, large), np.random.default_rng(0))


def test_a_crossed_child_is_mutated_once():
    fitter, other, counter = related_parents(7)
    children, applied, _ = brood(
        [other, fitter], [[1, 0]] * 60, [Operator.DRAW] * 60, counter=counter
    )
    growth = {Operator.ADD_CONNECTION: (0, 1), Operator.ADD_NODE: (1, 2)}
    for child, operator in zip(children, applied, strict=True):
        more = (
            len(child.nodes) - len(fitter.nodes),
            len(child.connections) - len(fitter.connections),
        )
        assert more == growth.get(Operator(operator), (0, 0))
        assert genes_of(fitter).keys() <= genes_of(child).keys()
        assert_well_formed(child)
    assert len(set(applied)) >= 3


# a generation of children


def arrays_of(population):
    return [array.tobytes() for array in population]


def test_parents_are_not_changed_and_children_share_no_memory_with_them():
    fitter, other, counter = related_parents(8)
    population = stack_genomes([fitter, other])
    kept = arrays_of(population)
    operators = np.array([Operator.DRAW, Operator.COPY] * 20, np.int8)
    parents = np.tile([[0, 0], [0, 1]], (20, 1)).astype(np.int64)
    children, _, _ = vary_population(
        population, 3, 2, parents, operators, ODDS, HIDDEN_ACTIVATIONS, counter,
        np.random.default_rng(0),
    )  # fmt: skip
    assert arrays_of(population) == kept
    assert operators.tolist() == [Operator.DRAW, Operator.COPY] * 20
    assert not any(
        np.shares_memory(mine, theirs) for mine, theirs in zip(children, population, strict=True)
    )


def test_the_same_seed_makes_the_same_children():
    fitter, other, counter = related_parents(10)
    parents = [[0, 1], [1, 1], [0, 0]] * 20

    def make(seed):
        return brood([fitter, other], parents, [Operator.DRAW] * 60, seed, counter=counter)

    assert make(1) == make(1)
    assert make(1) != make(2)


def test_copies_are_equal_to_their_parents_in_any_order():
    genomes = [evolved(seed, 8 + seed)[0] for seed in range(5)]
    chosen = [3, 0, 0, 4, 2]
    children, applied, _ = brood(genomes, [[p, p] for p in chosen], [Operator.COPY] * 5)
    assert children == [genomes[p] for p in chosen]
    assert applied == [Operator.COPY] * 5
    taken = take_genomes(stack_genomes(genomes), chosen)
    assert arrays_of(taken) == arrays_of(stack_genomes(children))


def vary_with_seeds(population, parents, seeds, counter):
    """Children with given seeds."""
    children, applied, _ = vary_population(
        population, 3, 2, parents, np.full(len(parents), Operator.DRAW, np.int8), ODDS,
        HIDDEN_ACTIVATIONS, counter, SimpleNamespace(integers=lambda *_, **__: seeds),
    )  # fmt: skip
    return [genome_at(children, c, 3, 2) for c in range(len(parents))], applied.tolist()


def structure(genome, counter):
    """A genome with the numbers of this generation replaced by their order."""
    new = counter.next_node_id

    def named(node):
        return "new" if node >= new else node

    return (
        {named(node): activation for node, activation in nodes_of(genome).items()},
        [(named(s), named(t), e) for s, t, e in genes_of(genome).values()],
    )


def test_a_child_does_not_depend_on_its_siblings():
    fitter, other, counter = related_parents(11)
    population = stack_genomes([fitter, other])
    rng = np.random.default_rng(4)
    parents = rng.integers(0, 2, (40, 2))
    seeds = rng.integers(0, 2**64, 40, dtype=np.uint64)
    together, applied = vary_with_seeds(population, parents, seeds, counter)
    for chosen in ([0], [17], [39], [5, 30, 31], list(range(20, 40))):
        apart, alone = vary_with_seeds(population, parents[chosen], seeds[chosen], counter)
        assert alone == [applied[c] for c in chosen]
        assert [structure(child, counter) for child in apart] == [
            structure(together[c], counter) for c in chosen
        ]
    assert len(set(applied)) >= 3


def test_more_children_leave_the_first_ones_as_they_were():
    fitter, other, counter = related_parents(12)

    def make(n):
        parents = ([[0, 1], [1, 1], [0, 0]] * 20)[:n]
        return brood([fitter, other], parents, [Operator.DRAW] * n, 5, counter=counter)[0]

    assert make(60)[:7] == make(7)
