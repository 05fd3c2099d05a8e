"""Tuning: golden section, the optimisers, budgets, and what comes of a champion."""

import math
from dataclasses import replace

import numpy as np
import pytest

from wann.errors import NetworkError
from wann.executor import Serial
from wann.executors.threads import Threads
from wann.formats.champion import Champion
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.tasks.base import EpisodeNumbers, Rollouts, sweep_weighted
from wann.tasks.car_racing import CarRacingTask
from wann.tasks.measure import RETURN
from wann.tasks.policy import NetworkPolicy
from wann.tasks.swingup import SwingUpTask
from wann.tuning.budget import Budget
from wann.tuning.cma_es import CmaEs
from wann.tuning.individual import tune_individual
from wann.tuning.pepg import Pepg, centred_ranks
from wann.tuning.plan import Plan, plan_for
from wann.tuning.shared import golden_section, tune_shared
from wann.tuning.tune import TuneSettings, default_evaluations, tune_champion

TASK = SwingUpTask()
NETWORK = network_from_connections(
    5,
    1,
    [1] * 6 + [Activation.TANH, Activation.SIN, Activation.LINEAR],
    [(0, 6), (1, 6), (4, 6), (5, 6), (3, 7), (6, 7), (2, 8), (6, 8), (7, 8)],
)
CHAMPION = Champion(NETWORK, TASK.name, TASK.input_names, TASK.output_names)
SHORT = Plan(
    starts=2,
    exploring_generations=(3,),
    exploring_share=0.2,
    contenders=(2, 1),
    refining_shares=(0.6, 1.0),
    refining_episodes=(4, 8),
    examined_every=4,
    examination=32,
    choice=64,
)


class Bowl:
    """Returns fall with the distance of the weights from a target; with noise by trial."""

    name = "bowl"
    target = np.linspace(-1.0, 1.5, 9)
    episode_numbers = EpisodeNumbers()
    measure = RETURN

    def draw_trials(self, n, rng):
        return rng.normal(size=(n, 1))

    def rollout_weighted(self, network, edge_weights, trials, *, precision="float64"):
        assert edge_weights.shape == (network.edge_source.size, len(trials))
        distance = ((edge_weights - self.target[:, None]) ** 2).sum(axis=0)
        returns = (100.0 - distance + 0.1 * trials[:, 0]).astype(precision)
        return Rollouts(returns[None], np.ones((1, len(trials)), np.int32))


def test_the_plan_has_the_numbers_of_the_task():
    assert plan_for(TASK) == Plan()
    numbers, plan = CarRacingTask.episode_numbers, plan_for(CarRacingTask())
    assert plan.exploring_generations == (numbers.exploring,) * 2 < Plan().exploring_generations
    assert plan.starts == numbers.starts < Plan().starts
    assert plan.sigma == numbers.sigma is not None
    assert plan.refining_episodes == numbers.refining
    assert (plan.examination, plan.choice) == (numbers.examination, numbers.choice)


@pytest.mark.parametrize("peak", [0.0, 0.3217, 1.0, -2.5])
def test_golden_section_finds_the_highest_point(peak):
    calls = []

    def function(x):
        calls.append(x)
        return -(abs(x - peak) ** 1.5)

    found = golden_section(function, -3.0, 2.0, 1e-5)
    assert found == pytest.approx(peak, abs=1e-5)
    assert len(calls) < 40
    assert len(set(calls)) == len(calls)


def test_golden_section_stays_in_the_interval():
    assert golden_section(lambda x: x, 1.0, 2.0, 1e-6) == pytest.approx(2.0, abs=1e-5)


def test_the_tuned_shared_weight_is_at_least_as_good_as_that_of_the_sweep():
    from wann.tuning.evaluation import best_shared_weight, shared_score

    weight = tune_shared(TASK, NETWORK, seed=3)
    coarse = best_shared_weight(TASK, NETWORK, 3)
    assert -2.0 <= weight <= 2.0
    assert abs(weight - coarse) <= 0.02 + 1e-12
    scores = [shared_score(TASK, NETWORK, w, 2000, 77).mean for w in (weight, coarse)]
    assert scores[0] >= scores[1] - 3.0


@pytest.mark.parametrize("make", [CmaEs, Pepg])
def test_optimisers_find_the_best_weights_of_a_made_up_task(make):
    budget = Budget(evaluations=60_000)
    made = tune_individual(Bowl(), NETWORK, make, start_weight=0.5, budget=budget, seed=1)
    assert np.abs(made.weights - Bowl.target).max() < 0.25
    assert made.ended_by == "evaluations"
    assert made.evaluations >= 60_000


@pytest.mark.parametrize("make", [CmaEs, Pepg])
def test_optimisers_climb_without_noise(make):
    rng = np.random.default_rng(0)
    target = np.array([0.4, -0.3, 1.0])
    optimiser = make(np.zeros(3), rng)
    for _ in range(150):
        candidates = optimiser.ask()
        optimiser.tell(candidates, -((candidates - target) ** 2).sum(axis=1))
    assert np.abs(optimiser.mean - target).max() < 0.05


def test_pepg_asks_for_pairs_about_its_mean():
    candidates = Pepg(np.array([1.0, -2.0]), np.random.default_rng(0), population=10).ask()
    assert candidates.shape == (10, 2)
    assert np.allclose((candidates[:5] + candidates[5:]) / 2, [1.0, -2.0])


def test_ranks_are_centred_and_equal_scores_share_theirs():
    assert centred_ranks(np.array([5.0, 1.0, 9.0])).tolist() == [0.0, -0.5, 0.5]
    assert centred_ranks(np.array([2.0, 2.0, 7.0])).tolist() == [-0.25, -0.25, 0.5]
    assert centred_ranks(np.full(4, 3.0)).tolist() == [0.0] * 4


@pytest.mark.parametrize("make", [CmaEs, Pepg])
def test_the_same_seed_gives_the_same_bits_whatever_the_workers(make):
    def weights(seed, executor):
        budget = Budget(evaluations=3000)
        made = tune_individual(
            TASK,
            NETWORK,
            make,
            start_weight=1.0,
            budget=budget,
            seed=seed,
            executor=executor,
            plan=SHORT,
        )
        return made.weights.tobytes()

    with Threads(2) as threads:
        state = np.random.get_state()[1].tobytes()  # noqa: NPY002
        first = weights(4, Serial())
        assert weights(4, threads) == first
        assert weights(5, Serial()) != first
        # the generator that others may use is left alone
        assert np.random.get_state()[1].tobytes() == state  # noqa: NPY002


def test_searches_start_from_the_best_shared_weight_and_its_multiples():
    starts = []

    def make(start, rng):
        starts.append(start)
        return Pepg(start, rng, population=4)

    plan = replace(SHORT, starts=3, start_factors=(1.0, -0.5), exploring_share=0.5)
    tune_individual(Bowl(), NETWORK, make, start_weight=0.8, budget=Budget(2000), seed=0, plan=plan)
    assert [set(start) for start in starts] == [{0.8}, {-0.4}, {0.8}]


def test_the_more_promising_contenders_are_refined_longer():
    """One optimiser stays at the target, the others far away: the first alone reaches the end."""
    asked = []

    class Still:
        def __init__(self, *_):
            self.number, self.mean = len(asked), Bowl.target + len(asked) % 3
            asked.append(0)

        def ask(self):
            asked[self.number] += 1
            return np.repeat(self.mean[None], 2, axis=0)

        def tell(self, *_):
            pass

    plan = replace(SHORT, starts=3, contenders=(2, 1), exploring_share=0.1)
    made = tune_individual(
        Bowl(), NETWORK, Still, start_weight=1.0, budget=Budget(4000), seed=0, plan=plan
    )
    assert np.array_equal(made.weights, Bowl.target)
    # the third is dropped after exploring, the second after the first round
    assert asked[2] == SHORT.exploring_generations[0] < asked[1] < asked[0]


def test_lanes_with_their_own_weights_are_shared_out_without_a_trace():
    rng = np.random.default_rng(2)
    networks = stack_networks([NETWORK])
    weights, trials = rng.normal(size=(7, 9)), TASK.draw_trials(30, rng)
    alone = sweep_weighted(TASK, networks, weights, trials)
    with Threads(2) as threads:
        shared_out = sweep_weighted(TASK, networks, weights, trials, executor=threads)
    assert shared_out.returns.tobytes() == alone.returns.tobytes()
    assert shared_out.steps.tobytes() == alone.steps.tobytes()
    for k in (0, 6):
        one = TASK.rollout_weighted(networks, np.repeat(weights[k][:, None], 30, 1), trials)
        assert one.returns[0].tobytes() == alone.returns[k].tobytes()


def test_a_policy_with_individual_weights_acts_as_the_rollout_does():
    import gymnasium

    import wann_envs  # noqa: F401

    weights = np.random.default_rng(1).normal(size=9)
    policy = NetworkPolicy(NETWORK, weights.tolist())
    env = gymnasium.make("wann/CartPoleSwingUp-v0")
    observation, _ = env.reset(seed=5)
    total, is_over = 0.0, False
    while not is_over:
        observation, reward, terminated, truncated, _ = env.step(policy(observation))
        total, is_over = total + reward, terminated or truncated
    trials = TASK.trials_of_seeds(5, 1)
    returns = sweep_weighted(TASK, stack_networks([NETWORK]), weights[None], trials).returns
    assert total == returns[0, 0]
    with pytest.raises(NetworkError, match="3 weights for a network with 9"):
        NetworkPolicy(NETWORK, [1.0, 2.0, 3.0])


def test_a_budget_ends_by_episodes_by_time_or_when_asked_to():
    budget = Budget(evaluations=10)
    assert budget.fraction == 0.0
    budget.used = 5
    assert budget.fraction == 0.5
    budget.used = 20
    assert budget.fraction == 1.0
    assert Budget(evaluations=10, should_stop=lambda: True).fraction == 1.0
    assert Budget(seconds=1e-9).fraction == 1.0
    for wrong in ({}, {"evaluations": 0}, {"seconds": -1.0}):
        with pytest.raises(ValueError, match=r"budget|positive"):
            Budget(**wrong)


@pytest.mark.parametrize("method", ["cma", "pepg"])
def test_a_tuned_champion_holds_weights_scores_and_provenance(method):
    settings = TuneSettings(method, evaluations=4000, seed=2, episodes=50)
    made = tune_champion(CHAMPION, settings, executor=Serial())
    champion = made.champion
    assert champion.network == NETWORK
    assert len(champion.tuned_weights) == 9
    assert champion.scores["tuned_weights"]["mean"] == made.after.mean
    assert champion.scores["tuned_weights"]["episodes"] == 50
    assert champion.provenance["tuning"]["method"] == method
    assert made.after.mean >= made.before.mean - 20.0
    trials = TASK.draw_trials(500, np.random.default_rng(0))
    rows = np.array(champion.tuned_weights)[None]
    fresh = sweep_weighted(TASK, stack_networks([NETWORK]), rows, trials).returns.mean()
    assert fresh == pytest.approx(made.after.mean, abs=6 * made.after.std / math.sqrt(50) + 1.0)


def test_a_champion_tuned_by_one_weight_keeps_its_individual_ones():
    champion = replace(CHAMPION, tuned_weights=(1.0,) * 9)
    settings = TuneSettings("shared", episodes=50)
    made = tune_champion(champion, settings, executor=Serial())
    assert made.champion.tuned_weights == (1.0,) * 9
    assert -2 <= made.champion.scores["tuned_shared_weight"]["weight"] <= 2


def test_a_network_without_connections_cannot_be_tuned():
    network = network_from_connections(5, 1, [1] * 7, [])
    champion = Champion(network, TASK.name, TASK.input_names, TASK.output_names)
    with pytest.raises(NetworkError, match="no connections"):
        tune_champion(champion, TuneSettings(), executor=Serial())


def test_larger_networks_get_fewer_episodes_by_default():
    task, small = TASK, CHAMPION.network
    assert default_evaluations(task, [small]) > 0
    pairs = [(i, 5 + j) for i in range(5) for j in range(1, 30)]
    chain = [(5 + j, 35) for j in range(1, 30)]
    large = network_from_connections(5, 1, [1] * 36, pairs + chain)
    assert default_evaluations(task, [large]) < default_evaluations(task, [small])
