"""The paper's protocol, on a made-up task, on the swing-up, and on the paper's own champion."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from numba import config as numba_config

from tests import naive
from wann.executors.threads import Threads
from wann.formats.champion import Champion
from wann.formats.release2019 import release_from_bytes
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.tasks.base import EpisodeNumbers, Rollouts, rollout_shared
from wann.tasks.car_racing import CarRacingTask
from wann.tasks.measure import RETURN
from wann.tasks.swingup import SwingUpTask
from wann.tuning.champion import evaluate_champion
from wann.tuning.evaluation import (
    Score,
    best_shared_weight,
    evaluate_network,
    shared_score,
    weight_profile,
)
from wann.tuning.returns import random_shared_score, random_weights_score

needs_jit = pytest.mark.skipif(bool(numba_config.DISABLE_JIT), reason="too slow without the JIT")
DATA = os.environ.get("WANN_TEST_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="WANN_TEST_DATA names no folder")


class HillTask:
    """The return is highest at one shared weight; episodes add noise of their own.

    With individual weights the return is 5 plus noise. Every call is recorded.
    """

    name = "hill"
    description = "a made-up problem"
    input_names = ("a", "b")
    output_names = ("y",)
    episode_steps = 1
    env_id = ""
    episode_numbers = EpisodeNumbers()
    measure = RETURN

    def __init__(self, peak=0.62, noise=1.0):
        self.peak, self.noise = peak, noise
        self.shared, self.individual = [], []

    def draw_trials(self, n, rng):
        return rng.normal(size=(n, 1))

    def height(self, weights):
        return 100.0 - 50.0 * (weights - self.peak) ** 2

    def rollout(self, networks, weights, trials, *, precision="float64", executor=None):
        assert (precision, executor, len(networks.node_start)) == ("float64", None, 2)
        self.shared.append((weights, trials[:, 0]))
        returns = self.height(weights) + self.noise * trials[:, 0]
        return Rollouts(returns[None], np.ones((1, len(weights)), np.int32))

    def rollout_weighted(self, network, edge_weights, trials, *, precision="float64"):
        assert (precision, len(network.node_start)) == ("float64", 2)
        self.individual.append((edge_weights, trials[:, 0]))
        return Rollouts(5.0 + self.noise * trials.T, np.ones((1, len(trials)), np.int32))


def small_network():
    connections = [(0, 3), (1, 3), (2, 3), (3, 4)]
    return network_from_connections(2, 1, [1, 1, 1, Activation.TANH, 1], connections)


def grid():
    return np.arange(-100, 101) / 50.0


def assert_has_the_keys_of_a_champion_file(scores, network, episodes):
    assert set(scores) == {
        "random_weights",
        "random_shared_weight",
        "tuned_shared_weight",
        "profile",
        "network",
    }
    extra = {"random_shared_weight": {"std_within_weight"}, "tuned_shared_weight": {"weight"}}
    for name in ("random_weights", "random_shared_weight", "tuned_shared_weight"):
        assert set(scores[name]) == {"mean", "std", "episodes"} | extra.get(name, set())
        assert scores[name]["episodes"] == episodes
        assert all(np.isfinite(value) for value in scores[name].values())
    profile = scores["profile"]
    assert set(profile) == {"weights", "mean", "std", "episodes"}
    assert [len(profile[name]) for name in ("weights", "mean", "std")] == [41] * 3
    assert profile["weights"] == pytest.approx(np.linspace(-2.0, 2.0, 41).tolist(), abs=1e-12)
    assert profile["episodes"] == max(20, episodes // 5)
    assert scores["network"] == {
        "nodes": network.n_nodes,
        "hidden": network.n_hidden,
        "connections": network.n_connections,
    }
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


# on a made-up task


@pytest.mark.parametrize("episodes", [40, 300])
def test_evaluation_has_the_keys_of_a_champion_file(episodes):
    scores = evaluate_network(HillTask(), small_network(), episodes, 0)
    assert_has_the_keys_of_a_champion_file(scores, small_network(), episodes)


def test_evaluation_is_reproducible_by_seed():
    def evaluate(seed):
        return evaluate_network(HillTask(), small_network(), 60, seed)

    assert evaluate(1) == evaluate(1)
    first, other = evaluate(1), evaluate(2)
    for name in ("random_weights", "random_shared_weight", "tuned_shared_weight", "profile"):
        assert first[name]["mean"] != other[name]["mean"]


def test_every_score_has_episodes_of_its_own():
    task = HillTask()
    evaluate_network(task, small_network(), 60, 0)
    met = [set(trials.tolist()) for _, trials in task.shared + task.individual]
    # the profile, the random shared weights, two rounds of the sweep, the tuned weight, individual
    assert [len(trials) for trials in met] == [20, 60, 24, 256, 60, 60]
    assert len(set().union(*met)) == sum(map(len, met))


@pytest.mark.parametrize("peak", [-2.0, -1.38, 0.0, 0.62, 1.9, 2.0])
def test_tuned_weight_is_the_best_of_the_grid(peak):
    weight = best_shared_weight(HillTask(peak), small_network(), 3)
    assert weight == peak
    assert weight in grid()


def test_tuned_weight_is_on_the_grid_where_the_peak_is_not():
    for peak in (0.6312, -1.049, 3.0, -7.0):
        weight = best_shared_weight(HillTask(peak), small_network(), 0)
        assert weight == grid()[np.argmin(np.abs(grid() - peak))]


def test_the_sweep_meets_all_weights_with_the_same_episodes_and_then_the_best_again():
    task = HillTask()
    best_shared_weight(task, small_network(), 0)
    (first, first_trials), (second, second_trials) = task.shared
    assert np.unique(first).tolist() == grid().tolist()
    assert (first_trials.reshape(201, -1) == first_trials.reshape(201, -1)[0]).all()
    finalists = np.unique(second)
    assert set(finalists) == set(sorted(grid(), key=lambda w: abs(w - 0.62))[:12])
    assert (second_trials.reshape(12, -1) == second_trials.reshape(12, -1)[0]).all()


def test_random_shared_weights_are_uniform_over_the_range():
    task = HillTask(noise=0.0)
    score = random_shared_score(task, small_network(), 5000, 4)
    ((weights, _),) = task.shared
    assert -2.0 <= weights.min() < -1.99
    assert 1.99 < weights.max() < 2.0
    # the mean of 100 - 50 (w - 0.62)^2 over U(-2, 2)
    assert score.mean == pytest.approx(100.0 - 50.0 * (4.0 / 3.0 + 0.62**2), abs=4.0)
    returns = task.height(weights)
    assert (score.mean, score.std, score.episodes) == (returns.mean(), returns.std(), 5000)


def test_every_connection_of_every_episode_has_its_own_random_weight():
    task = HillTask()
    score = random_weights_score(task, small_network(), 1000, 5)
    ((weights, trials),) = task.individual
    assert weights.shape == (4, 1000)
    assert len(np.unique(weights)) == 4000
    assert -2.0 <= weights.min() < -1.99
    assert 1.99 < weights.max() < 2.0
    assert score.mean == pytest.approx(5.0 + trials.mean())
    assert score.episodes == 1000


def test_a_network_without_connections_has_no_weights_to_draw():
    network = network_from_connections(2, 1, [1] * 4, [])
    made = random_weights_score(HillTask(), network, 50, 6)
    assert made == random_shared_score(HillTask(), network, 50, 6)


def test_shared_score_holds_the_weight_fixed():
    task = HillTask(noise=0.0)
    score = shared_score(task, small_network(), 0.1, 30, 7)
    assert set(task.shared[0][0].tolist()) == {0.1}
    assert score.mean == pytest.approx(task.height(0.1))
    assert score.to_dict() == {"mean": score.mean, "std": score.std, "episodes": 30, "weight": 0.1}


def test_profile_meets_41_weights_with_the_same_episodes():
    task = HillTask(noise=2.0)
    made = weight_profile(task, small_network(), 25, 8)
    (_, trials), *more = task.shared
    assert not more
    trials = trials.reshape(41, 25)
    assert (trials == trials[0]).all()
    assert made.mean == pytest.approx(task.height(made.weights) + 2.0 * trials[0].mean())
    assert made.std == pytest.approx(np.full(41, 2.0 * trials[0].std()))
    assert made.std_within_weight == pytest.approx(2.0 * trials[0].std())
    assert made.episodes == 25


def test_std_within_weight_is_a_root_mean_square():
    made = weight_profile(HillTask(), small_network(), 5, 8)
    object.__setattr__(made, "std", np.array([3.0, 4.0]))
    assert made.std_within_weight == pytest.approx(np.sqrt(12.5))


def test_score_of_returns():
    score = Score.of(np.array([[1.0, 3.0, 5.0, 7.0]]), weight=0.5)
    assert (score.mean, score.std, score.episodes) == (4.0, np.sqrt(5.0), 4)


# on the swing-up


@needs_jit
def test_swing_up_is_evaluated_reproducibly():
    network = naive.random_network(np.random.default_rng(9), 5, 1, 6, 22)
    scores = evaluate_network(SwingUpTask(), network, 50, 1)
    assert_has_the_keys_of_a_champion_file(scores, network, 50)
    assert scores == evaluate_network(SwingUpTask(), network, 50, 1)
    assert scores["random_weights"]["mean"] != scores["random_shared_weight"]["mean"]


@needs_jit
def test_tuned_weight_of_the_swing_up_is_not_beaten_by_its_neighbours():
    network = naive.random_network(np.random.default_rng(10), 5, 1, 10, 40)
    task = SwingUpTask()
    weight = best_shared_weight(task, network, 2)
    assert min(abs(grid() - weight)) == 0.0
    best = shared_score(task, network, weight, 1000, 3)
    for k in (-5, -1, 1, 5):
        near = np.round(np.clip(weight + 0.02 * k, -2.0, 2.0), 10)
        other = shared_score(task, network, near, 1000, 3)
        error = np.hypot(best.std, other.std) / np.sqrt(1000)
        assert best.mean >= other.mean - 4.0 * error
    assert best.mean > random_shared_score(task, network, 1000, 3).mean


# the champion of the paper


@pytest.fixture(scope="module")
def paper_champion():
    path = Path(DATA) / "wann2019" / "swing.out"
    return release_from_bytes(path.read_bytes(), 5, 1).network


def assert_agrees(score, low, high, known_error=0.0):
    """Within three standard errors of a range of known means."""
    slack = 3.0 * np.hypot(score.std / np.sqrt(score.episodes), known_error)
    assert low - slack <= score.mean <= high + slack, (score.mean, slack)


@needs_jit
@needs_data
def test_paper_champion_has_its_size(paper_champion):
    assert (paper_champion.n_nodes, paper_champion.n_hidden) == (29, 22)
    assert paper_champion.n_connections == 52


@needs_jit
@needs_data
def test_paper_champion_scores_as_in_the_release_with_random_shared_weights(paper_champion):
    score = random_shared_score(SwingUpTask(), paper_champion, 4000, 0)
    assert_agrees(score, 506.0, 526.0)
    # the release: 245 over 1000 episodes; here 236 over 100,000
    assert score.std == pytest.approx(245.0, abs=20.0)


@needs_jit
@needs_data
def test_paper_champion_scores_as_in_the_release_at_its_best_weight(paper_champion):
    score = shared_score(SwingUpTask(), paper_champion, 0.78, 4000, 0)
    assert_agrees(score, 723.4, 723.4, 15.8 / np.sqrt(100))
    assert score.std == pytest.approx(15.8, abs=5.0)
    weight = best_shared_weight(SwingUpTask(), paper_champion, 0)
    tuned = shared_score(SwingUpTask(), paper_champion, weight, 4000, 0)
    assert weight in grid()
    assert tuned.mean >= score.mean - 1.0


@needs_jit
@needs_data
def test_paper_champion_scores_as_in_the_release_with_random_weights(paper_champion):
    score = random_weights_score(SwingUpTask(), paper_champion, 4000, 0)
    assert_agrees(score, 45.0, 45.0, 105.0 / np.sqrt(1000))
    assert score.std == pytest.approx(105.0, abs=20.0)


@needs_jit
@needs_data
def test_paper_champion_has_the_profile_of_the_release(paper_champion):
    known = {-2.0: 539, -1.5: 633, -1.0: 670, -0.5: 522, 0.5: 522, 1.0: 700, 1.5: 688, 2.0: 689}
    profile = weight_profile(SwingUpTask(), paper_champion, 400, 0)
    mean = dict(zip(np.round(profile.weights, 10).tolist(), profile.mean.tolist(), strict=True))
    for weight, right in known.items():
        assert mean[weight] == pytest.approx(right, abs=45.0)
    assert all(1.0 < mean[weight] < 30.0 for weight in (-0.2, -0.1, 0.0, 0.1, 0.2))
    assert profile.std_within_weight == pytest.approx(58.4, abs=15.0)


# on several workers


class Counting(Threads):
    """Threads that count what they run."""

    def __init__(self, n_workers):
        super().__init__(n_workers)
        self.counts = []

    def run(self, function, items):
        items = list(items)
        self.counts.append(len(items))
        super().run(function, items)


@needs_jit
@pytest.mark.parametrize(
    ("task", "sizes", "episodes"), [(SwingUpTask(), (5, 1), 150), (CarRacingTask(), (16, 3), 20)]
)
def test_any_number_of_workers_measures_the_same_bits(task, sizes, episodes, monkeypatch):
    # a sweep of car racing over 201 weights would take long
    monkeypatch.setattr("wann.tuning.returns.SWEEP_STEP", 0.5)
    network = naive.random_network(np.random.default_rng(9), *sizes, 6, 22)
    alone = evaluate_network(task, network, episodes, 1)
    champion = Champion(
        network,
        task.name,
        task.input_names,
        task.output_names,
        tuned_weights=tuple(np.linspace(-1, 1, network.n_connections).tolist()),
    )
    tuned = evaluate_champion(champion, episodes, 1) if task.name == "car_racing" else None
    for n_workers in (1, 2, 3):
        with Counting(n_workers) as executor:
            assert evaluate_network(task, network, episodes, 1, executor=executor) == alone
            profile = weight_profile(task, network, 10, 3, n=5, executor=executor)
            assert profile.to_dict() == weight_profile(task, network, 10, 3, n=5).to_dict()
            if tuned:
                made = evaluate_champion(champion, episodes, 1, executor=executor)
                assert made == tuned
        # there is something for every worker to do, each time
        assert min(executor.counts) >= n_workers


def test_networks_and_episodes_are_shared_out_whatever_their_numbers():
    task = Noted()
    networks = stack_networks([small_network()] * 3)
    rng = np.random.default_rng(0)
    for n_episodes in (0, 1, 2, 63, 64, 65, 700):
        weights, trials = rng.normal(size=n_episodes), task.draw_trials(n_episodes, rng)
        alone = rollout_shared(task, networks, weights, trials)
        for n_workers in (1, 2, 3, 5):
            with Threads(n_workers) as threads:
                made = rollout_shared(task, networks, weights, trials, executor=threads)
            assert made.returns.tobytes() == alone.returns.tobytes()
            assert made.steps.tobytes() == alone.steps.tobytes()


class Noted(HillTask):
    """Several networks; the return tells the weight, the trial and the network."""

    def rollout(self, networks, weights, trials, *, precision="float64", executor=None):
        del precision, executor
        numbers = np.arange(len(networks.node_start) - 1)
        returns = numbers[:, None] + weights * trials[:, 0]
        return Rollouts(returns, (10 * returns).astype(np.int32))
