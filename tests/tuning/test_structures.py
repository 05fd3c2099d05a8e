"""Which structures are tuned together, and which of them wins."""

from dataclasses import replace

import numpy as np
import pytest

from wann.errors import NetworkError, TaskError
from wann.executor import Serial
from wann.formats.champion import Champion
from wann.genome.network import network_from_connections
from wann.tasks.base import EpisodeNumbers, Rollouts
from wann.tasks.swingup import SwingUpTask
from wann.tuning.budget import Budget
from wann.tuning.cma_es import CmaEs
from wann.tuning.individual import tune_structures
from wann.tuning.plan import Plan
from wann.tuning.structures import structures_to_tune
from wann.tuning.tune import TuneSettings, default_evaluations, tune_champion

SHORT = Plan(
    starts=4,
    start_factors=(1.0, 0.5),
    exploring_generations=(20,),
    exploring_share=0.4,
    contenders=(3, 1),
    refining_shares=(0.7, 1.0),
    refining_episodes=(4, 8),
    examined_every=4,
    examination=32,
    choice=64,
)


def star(n_connections):
    """A network of that many connections, from the bias and inputs to hidden nodes."""
    n_hidden = -(-n_connections // 6)
    pairs = [(k % 6, 6 + k // 6) for k in range(n_connections)]
    return network_from_connections(5, 1, [1] * (7 + n_hidden), pairs)


class ByTable:
    """Returns with a shared weight are told by the number of connections; at 1.0 the highest."""

    name = "by table"
    episode_numbers = EpisodeNumbers()

    def __init__(self, score_of_size, most=16):
        self.score_of_size = score_of_size
        self.episode_numbers = replace(self.episode_numbers, structures=most)

    def draw_trials(self, n, rng):
        return rng.normal(size=(n, 1))

    def rollout(self, networks, weights, trials, *, precision="float64", executor=None):  # noqa: ARG002
        starts = networks.edge_start[networks.node_start]
        scores = np.array([self.score_of_size[int(size)] for size in np.diff(starts)])
        returns = scores[:, None] - np.abs(weights - 1.0) + 0.01 * trials[:, 0]
        return Rollouts(returns.astype(precision), np.ones(returns.shape, np.int32))


def chosen(score_of_size, *lineages, most=16, budget=None):
    task = ByTable(score_of_size, most)
    networks, weights = structures_to_tune(
        task,
        [[star(n) for n in sizes] for sizes in lineages],
        budget=budget or Budget(evaluations=10**9),
        seed=1,
        executor=Serial(),
    )
    return [network.n_connections for network in networks], weights


def test_of_a_lineage_those_are_chosen_that_are_better_than_all_smaller_ones():
    scores = {5: 60.0, 9: 80.0, 20: 100.0, 30: 75.0, 12: 75.0, 40: 100.5}
    sizes, weights = chosen(scores, [30, 5, 20, 9, 12, 40])
    assert sizes == [40, 20, 9]  # 5 does not reach 70 % of the best
    assert weights == pytest.approx([1.0, 1.0, 1.0])


def test_first_comes_the_best_of_each_lineage_then_the_second():
    scores = {5: 80.0, 6: 90.0, 7: 85.0, 8: 95.0, 9: 89.0}
    assert chosen(scores, [5, 6], [7, 8], [9])[0] == [8, 6, 9, 7, 5]
    assert chosen(scores, [5, 6], [7, 8], [9], most=4)[0] == [8, 6, 9, 7]


def test_large_ones_are_left_out_unless_a_lineage_has_no_others():
    scores = {8: 80.0, 10: 85.0, 110: 99.0, 120: 95.0, 130: 96.0}
    assert chosen(scores, [110, 10, 8], [130, 120])[0] == [120, 10, 8]


def test_each_structure_is_chosen_once():
    scores = {5: 80.0, 6: 90.0, 7: 95.0}
    assert chosen(scores, [5, 6], [6, 5], [6, 7])[0] == [7, 6, 5]


def test_there_is_always_one():
    # the best is large, and the small ones are too bad
    assert chosen({5: 20.0, 300: 100.0, 400: 90.0}, [5, 300, 400])[0] == [300]
    assert chosen({5: -90.0, 6: -80.0, 7: -150.0}, [5, 6], [7])[0] == [6, 5]


def test_the_episodes_of_the_choice_count():
    budget = Budget(evaluations=10**9)
    chosen({5: 80.0, 6: 90.0}, [5, 6], budget=budget)
    assert budget.used == 2 * 41 * EpisodeNumbers().grid


def test_a_lineage_that_does_badly_has_none():
    assert chosen({5: 50.0, 6: 100.0, 7: 60.0}, [5, 7], [6])[0] == [6]


class Ceilings:
    """The smaller of two networks can reach more, though it does worse at the start."""

    name = "ceilings"
    episode_numbers = EpisodeNumbers()

    def draw_trials(self, n, rng):
        return rng.normal(size=(n, 1))

    def rollout_weighted(self, network, edge_weights, trials, *, precision="float64"):  # noqa: ARG002
        is_small = len(edge_weights) == 3
        distance = ((edge_weights - (0.8 if is_small else 0.4)) ** 2).sum(axis=0)
        returns = (105.0 if is_small else 100.0) - 5 * distance + 0.1 * trials[:, 0]
        return Rollouts(returns.astype(precision)[None], np.ones((1, len(trials)), np.int32))


def tuned(structures, seed=1, executor=None, n=30_000):
    return tune_structures(
        Ceilings(),
        structures,
        CmaEs,
        start_weights=[0.4] * len(structures),
        budget=Budget(evaluations=n),
        seed=seed,
        plan=SHORT,
        executor=executor,
    )


@pytest.mark.parametrize("order", [(3, 8), (8, 3), (8, 8, 3)])
def test_the_structure_with_the_highest_ceiling_wins(order):
    made = tuned([star(n) for n in order])
    assert order[made.structure] == 3
    assert made.weights.shape == (3,)
    assert np.abs(made.weights - 0.8).max() < 0.1
    assert made.start_weight == 0.4


def test_the_same_seed_gives_the_same_weights():
    structures = [star(8), star(3)]
    first, same, other = tuned(structures), tuned(structures), tuned(structures, seed=2)
    assert (first.weights == same.weights).all()
    assert (first.weights != other.weights).any()


def test_one_without_connections_is_refused():
    with pytest.raises(NetworkError, match="no connections"):
        tuned([star(3), star(0)])


def test_a_champion_may_be_of_another_structure_of_its_run():
    task = SwingUpTask()
    small = network_from_connections(5, 1, [1] * 7, [(k, 6) for k in range(6)])
    useless = network_from_connections(5, 1, [1] * 7, [(0, 6)])
    champion = Champion(
        useless,
        task.name,
        task.input_names,
        task.output_names,
        {"random_shared_weight": {"mean": 1.0}},
        {"seed": 3},
    )
    settings = TuneSettings(evaluations=30_000, episodes=20)
    made = tune_champion(champion, settings, executor=Serial(), lineages=[[small]])
    assert made.champion.network == small
    assert len(made.champion.tuned_weights) == 6
    assert set(made.champion.scores) == {"tuned_weights"}
    assert made.champion.provenance["seed"] == 3
    assert made.champion.provenance["chosen_for"] == "individual weights"
    assert made.champion.provenance["tuning"]["structures"] == 1  # the other was not worth it
    # unless its own does best
    own = replace(champion, network=small)
    made = tune_champion(own, settings, executor=Serial(), lineages=[[useless]])
    assert made.champion.scores["random_shared_weight"] == {"mean": 1.0}


def test_only_searches_from_many_starts_take_several_structures():
    task = SwingUpTask()
    champion = Champion(star(3), task.name, task.input_names, task.output_names)
    with pytest.raises(TaskError, match="cma, pepg"):
        tune_champion(champion, TuneSettings("shared"), executor=Serial(), lineages=[[star(4)]])


def test_the_default_budget_follows_the_mean_size():
    task = SwingUpTask()
    small, large = star(60), star(600)
    budgets = [default_evaluations(task, n) for n in ([small], [small, large], [large])]
    assert budgets == sorted(budgets, reverse=True)
    assert len(set(budgets)) == 3
