"""The compiled car racing rollout against the Gymnasium environment."""

import gymnasium
import numpy as np
import pytest
from numba import config as numba_config

from tests import naive
from wann.errors import TaskError
from wann.executors.threads import Threads
from wann.genome.compile import stack_networks
from wann.genome.network import network_from_connections
from wann.tasks.base import sweep, sweep_weighted
from wann.tasks.car_racing import PATIENCE, CarRacingTask, controls, tracks_of
from wann.tasks.policy import NetworkPolicy
from wann_envs.car_racing.track import seeded_tracks

TASK = CarRacingTask()
needs_jit = pytest.mark.skipif(numba_config.DISABLE_JIT, reason="too slow without the JIT")
# the bias is node 0, the outputs follow the 16 inputs
STEER, GAS = 17, 18


@pytest.fixture
def env():
    made = gymnasium.make(TASK.env_id)
    yield made
    made.close()


def network_of(connections):
    """All nodes are linear; none is hidden."""
    return network_from_connections(16, 3, [1] * 20, connections)


def steering_network():
    """With a weight of -0.8: steers for the road four tiles ahead, with a little gas."""
    return network_of([(8, STEER), (0, GAS)])


def leaving_network():
    """Full gas, straight ahead."""
    return network_of([(0, GAS)])


def random_networks(n, seed=1):
    rng = np.random.default_rng(seed)
    sizes = [(0, 8), (4, 20), (10, 40), (1, 3)]
    return [naive.random_network(rng, 16, 3, *sizes[k % len(sizes)]) for k in range(n)]


def play(env, network, weight, seed):
    """Return and steps of an episode in the environment."""
    policy = NetworkPolicy(network, weight)
    observation, _ = env.reset(seed=seed)
    total, n_steps, has_ended = 0.0, 0, False
    while not has_ended:
        action = TASK.action(policy(observation))
        observation, reward, terminated, truncated, _ = env.step(action)
        total, n_steps, has_ended = total + reward, n_steps + 1, terminated or truncated
    return total, n_steps


@needs_jit
def test_rollout_equals_the_environment_bit_for_bit(env):
    networks = [*random_networks(4), steering_network(), leaving_network()]
    weights, trials = np.array([-0.8, 1.1, 2.0]), TASK.trials_of_seeds(100, 3)
    made = TASK.rollout(stack_networks(networks), weights, trials)
    assert (made.returns.dtype, made.steps.dtype) == (np.float64, np.int32)
    for p, network in enumerate(networks):
        for e, weight in enumerate(weights):
            right = play(env, network, weight, 100 + e)
            assert (float(made.returns[p, e]), made.steps[p, e]) == right
    assert made.steps.min() < 1000 == made.steps.max()
    assert made.returns.max() > 800.0


@needs_jit
def test_individual_weights_equal_the_environment_bit_for_bit(env):
    rng = np.random.default_rng(2)
    for network in (random_networks(2)[1], steering_network()):
        n = 3
        weights = rng.uniform(-2.0, 2.0, (network.n_connections, n))
        made = TASK.rollout_weighted(stack_networks([network]), weights, TASK.trials_of_seeds(7, n))
        for e in range(n):
            right = play(env, network, weights[:, e].tolist(), 7 + e)
            assert (float(made.returns[0, e]), made.steps[0, e]) == right


@needs_jit
def test_an_episode_does_not_depend_on_its_company():
    """Lanes that have ended take the next episode, and slots the next network."""
    rng = np.random.default_rng(3)
    networks = [leaving_network(), *random_networks(6, 4), steering_network()]
    weights, trials = rng.uniform(-2.0, 2.0, 70), TASK.draw_trials(70, rng)
    some = TASK.rollout(stack_networks(networks), weights[:5], trials[:5])
    many = TASK.rollout(stack_networks([networks[0], networks[-1]]), weights, trials)
    assert many.returns[:, :5].tobytes() == some.returns[[0, -1]].tobytes()
    assert many.steps[:, :5].tolist() == some.steps[[0, -1]].tolist()
    for e in (0, 4, 69):
        alone = TASK.rollout(stack_networks([networks[-1]]), weights[[e]], trials[[e]])
        assert alone.returns[0, 0].tobytes() == many.returns[1, e].tobytes()


@needs_jit
@pytest.mark.parametrize("n_workers", [2, 3])
def test_threads_match_serial(n_workers):
    networks = stack_networks([*random_networks(5, 5), leaving_network(), steering_network()])
    weights, trials = np.linspace(-2.0, 2.0, 4), TASK.draw_trials(2, np.random.default_rng(6))
    serial = sweep(TASK, networks, weights, trials)
    own = np.random.default_rng(7).uniform(-2.0, 2.0, (9, 2))
    one = stack_networks([steering_network()])
    weighted = sweep_weighted(TASK, one, own, trials)
    with Threads(n_workers) as executor:
        threaded = sweep(TASK, networks, weights, trials, executor=executor)
        threaded_weighted = sweep_weighted(TASK, one, own, trials, executor=executor)
    assert threaded.returns.tobytes() == serial.returns.tobytes()
    assert threaded.steps.tobytes() == serial.steps.tobytes()
    assert threaded_weighted.returns.tobytes() == weighted.returns.tobytes()


@needs_jit
def test_float32_is_float64_rounded_while_tiles_are_found():
    networks, weights = stack_networks([steering_network()]), np.full(2, -0.8)
    trials = TASK.trials_of_seeds(0, 2)
    exact = TASK.rollout(networks, weights, trials)
    rounded = TASK.rollout(networks, weights, trials, precision="float32")
    assert rounded.returns.dtype == np.float32
    assert rounded.returns.tolist() == exact.returns.astype(np.float32).tolist()


@needs_jit
def test_float32_gives_up_a_driver_who_finds_no_new_tile():
    """One that stands still: the return is that of the whole episode."""
    networks, weights = stack_networks([network_of([(0, GAS)])]), np.array([-1.0])
    trials = TASK.trials_of_seeds(0, 1)
    whole = TASK.rollout(networks, weights, trials)
    given_up = TASK.rollout(networks, weights, trials, precision="float32")
    assert whole.steps.tolist() == [[1000]]
    # the tiles at the start are found in the first step
    assert given_up.steps.tolist() == [[1 + PATIENCE]]
    assert given_up.returns == pytest.approx(whole.returns, abs=1e-4)


def test_trials_of_seeds_are_the_tracks_of_the_environment(env):
    trials = TASK.trials_of_seeds(40, 2)
    tracks, track_of = tracks_of(trials)
    for e in range(2):
        env.reset(seed=40 + e)
        line = tracks.line[tracks.first[track_of[e]] : tracks.first[track_of[e] + 1]]
        assert env.unwrapped.track.tobytes() == line.tobytes()
    assert tracks.line.tobytes() == seeded_tracks(40, 2).line.tobytes()


def test_trials_are_drawn_from_the_generator_alone():
    first, again = (TASK.draw_trials(5, np.random.default_rng(9)) for _ in range(2))
    assert first.shape == (5, 1)
    assert first.tolist() == again.tolist()
    assert len(set(first[:, 0].tolist())) == 5


def test_episodes_on_the_same_track_share_it():
    tracks, track_of = tracks_of(np.array([[3.0], [1.0], [3.0]]))
    assert len(tracks.first) == 3
    assert track_of.tolist() == [1, 0, 1]


def test_seeds_that_a_float64_does_not_hold_are_refused():
    for seed in (-1, 2**53):
        with pytest.raises(ValueError, match="first_seed"):
            TASK.trials_of_seeds(seed, 1)


@pytest.mark.parametrize(
    ("outputs", "action"),
    [
        ((0.0, 0.0, 0.0), (0.0, 0.5, 0.0)),
        ((-3.0, -3.0, -3.0), (-1.0, 0.0, 0.0)),
        ((3.0, 3.0, 3.0), (1.0, 1.0, 1.0)),
        ((-0.25, 0.5, 0.25), (-0.25, 0.75, 0.25)),
        ((1e308, -1e308, 1e308), (1.0, 0.0, 1.0)),
    ],
)
def test_actions_are_those_of_the_paper(outputs, action):
    assert tuple(controls(*outputs)) == action
    assert TASK.action(np.array(outputs)).tolist() == list(action)


def test_task_and_environment_agree(env):
    assert env.spec.max_episode_steps == TASK.episode_steps == 1000
    assert env.observation_space.shape == (len(TASK.input_names),)
    assert env.action_space.shape == (len(TASK.output_names),)


def test_wrong_shapes_are_refused():
    networks = stack_networks([leaving_network()])
    small = stack_networks([network_from_connections(5, 1, [1] * 7, [(0, 6)])])
    with pytest.raises(TaskError, match="16 inputs"):
        TASK.rollout(small, np.zeros(1), np.zeros((1, 1)))
    with pytest.raises(ValueError, match="trials have shape"):
        TASK.rollout(networks, np.zeros(2), np.zeros((1, 1)))
    with pytest.raises(ValueError, match="weights have shape"):
        TASK.rollout_weighted(networks, np.zeros((2, 1)), np.zeros((1, 1)))


@needs_jit
def test_no_episodes_and_no_networks_are_no_work():
    networks = stack_networks([leaving_network()])
    assert TASK.rollout(networks, np.zeros(0), np.zeros((0, 1))).returns.shape == (1, 0)
