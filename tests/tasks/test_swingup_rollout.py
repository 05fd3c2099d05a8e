"""The compiled swing-up rollout against the Gymnasium environment and naive Python."""

import gymnasium
import numpy as np
import pytest
from numba import config as numba_config

from tests import naive
from wann.errors import TaskError
from wann.executor import Serial
from wann.executors.threads import Threads
from wann.genome.compile import compile_network, stack_networks
from wann.genome.genome import minimal_genome
from wann.genome.innovation import InnovationCounter
from wann.genome.mutation import mutate
from wann.genome.network import network_from_connections
from wann.kernels.activation import Activation
from wann.tasks import swingup
from wann.tasks.base import shares_of_work, sweep
from wann.tasks.policy import NetworkPolicy
from wann.tasks.swingup import SwingUpTask
from wann_envs.swingup.dynamics import TRACK_LIMIT

IS_JITTED = not numba_config.DISABLE_JIT
pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid value):RuntimeWarning")
needs_jit = pytest.mark.skipif(not IS_JITTED, reason="too slow without the JIT")

TASK = SwingUpTask()
N_STEPS = 1000 if IS_JITTED else 24


@pytest.fixture(autouse=True)
def short_episodes_without_the_jit(monkeypatch):
    if not IS_JITTED:
        monkeypatch.setattr(swingup, "EPISODE_STEPS", N_STEPS)


@pytest.fixture
def env():
    made = gymnasium.make(TASK.env_id)
    yield made
    made.close()


def random_networks(n, seed=1):
    rng = np.random.default_rng(seed)
    sizes = [(0, 6), (3, 12), (8, 30), (20, 70), (1, 3)]
    return [naive.random_network(rng, 5, 1, *sizes[k % len(sizes)]) for k in range(n)]


def evolved_network(seed, n_mutations=60):
    """What evolution without selection makes of a minimal genome."""
    rng = np.random.default_rng(seed)
    genome = minimal_genome(5, 1, rng.random(6) < 0.7)
    counter = InnovationCounter.after(genome)
    for _ in range(n_mutations):
        genome, counter = mutate(genome, counter, rng)
    return compile_network(genome)


def still_network():
    """No connections: no force, so that the pole hangs and the cart stays."""
    return network_from_connections(5, 1, [1] * 7, [])


def pushing_network():
    """The force is the weight."""
    return network_from_connections(5, 1, [1] * 7, [(0, 6)])


def rollout(network, weights, trials, **options):
    """Returns and steps of one network; weights are shared, or (connections, episodes)."""
    networks, weights = stack_networks([network]), np.asarray(weights, float)
    if weights.ndim == 2:
        made = TASK.rollout_weighted(networks, weights, trials, **options)
    else:
        made = TASK.rollout(networks, weights, trials, **options)
    assert made.returns.shape == made.steps.shape == (1, len(trials))
    return made.returns[0], made.steps[0]


def mixed_trials(rng, n):
    """Starts of episodes, of which two thirds end soon, each at a time of its own."""
    trials = TASK.draw_trials(n, rng)
    ends_early = np.arange(n) % 3 > 0
    trials[ends_early, 0] = rng.uniform(1.0, 2.39, ends_early.sum())
    trials[ends_early, 1] = rng.uniform(2.0, 9.0, ends_early.sum())
    return trials


def play(env, network, weight, **reset):
    """Return and steps of an episode in the environment."""
    policy = NetworkPolicy(network, weight)
    observation, info = env.reset(**reset)
    total, n_steps, has_ended = 0.0, 0, False
    while not has_ended and n_steps < N_STEPS:
        observation, reward, terminated, truncated, info = env.step(policy(observation))
        total, n_steps, has_ended = total + reward, n_steps + 1, terminated or truncated
    assert info["score"] == total
    return total, n_steps


# against the environment


def test_rollout_equals_the_environment_bit_for_bit(env):
    networks = [*random_networks(3), still_network(), *map(evolved_network, range(2))]
    n, rng = 3, np.random.default_rng(2)
    weights, trials = rng.uniform(-2.0, 2.0, n), TASK.trials_of_seeds(100, n)
    made = TASK.rollout(stack_networks(networks), weights, trials)
    assert (made.returns.dtype, made.steps.dtype) == (np.float64, np.int32)
    for p, network in enumerate(networks):
        for e in range(n):
            total, steps = play(env, network, weights[e], seed=100 + e)
            assert float(made.returns[p, e]) == total
            assert made.steps[p, e] == steps
    if IS_JITTED:
        assert made.steps.min() < N_STEPS == made.steps.max()


def test_rollout_equals_the_environment_when_the_cart_leaves_the_track(env):
    rng = np.random.default_rng(3)
    n = 30 if IS_JITTED else 6
    trials = mixed_trials(rng, 3 * n)
    trials = trials[trials[:, 1] > 1.0][:n]
    weights = rng.uniform(-2.0, 2.0, n)
    for network in random_networks(3, 4):
        returns, steps = rollout(network, weights, trials)
        for e in range(n):
            total, n_steps = play(env, network, weights[e], options={"state": trials[e]})
            assert (float(returns[e]), steps[e]) == (total, n_steps)
        assert len(set(steps.tolist())) > 3


def test_trials_of_seeds_are_those_of_the_environment(env):
    trials = TASK.trials_of_seeds(40, 3)
    for e in range(3):
        assert env.reset(seed=40 + e)[1]["state"].tolist() == trials[e].tolist()


def test_task_and_environment_agree_on_the_length_of_an_episode(env):
    assert env.spec.max_episode_steps == TASK.episode_steps == 1000
    assert env.observation_space.shape == (len(TASK.input_names),)
    assert env.action_space.shape == (len(TASK.output_names),)


# against naive Python


def test_policy_and_environment_follow_the_naive_equations(env):
    for network in [*random_networks(4, 5), evolved_network(3)]:
        weight = 0.9
        policy = NetworkPolicy(network, weight)
        observation, info = env.reset(seed=7)
        state = tuple(info["state"].tolist())
        for _ in range(50):
            action = policy(observation)
            x, x_dot, theta, theta_dot = state
            seen = (x, x_dot, np.cos(theta), np.sin(theta), theta_dot)
            (right,) = naive.outputs(network, weight, seen)
            assert float(action[0]) == pytest.approx(right, rel=1e-9, abs=1e-9)
            observation, reward, terminated, _, info = env.step(action)
            state, right, has_left = naive.swingup_step(state, right)
            assert info["state"].tolist() == pytest.approx(state, rel=1e-9, abs=1e-9)
            assert reward == pytest.approx(right, abs=1e-9)
            assert terminated == has_left
            if terminated:
                break


@pytest.mark.parametrize("is_weighted", [False, True])
def test_short_episodes_agree_with_the_naive_rollout(is_weighted):
    rng = np.random.default_rng(6)
    n = 40 if IS_JITTED else 6
    n_short = 0
    for network in random_networks(5, 7):
        trials = TASK.draw_trials(n, rng)
        trials[:, 0], trials[:, 1] = rng.uniform(0.0, 2.3, n), rng.uniform(3.0, 12.0, n)
        shape = (network.n_connections, n) if is_weighted else (n,)
        weights = rng.uniform(-2.0, 2.0, shape)
        returns, steps = rollout(network, weights, trials)
        for e in range(n):
            if steps[e] <= 60:
                right = naive.swingup_rollout(network, weights[..., e], trials[e], N_STEPS)
                assert returns[e] == pytest.approx(right[0], rel=1e-9, abs=1e-9)
                assert steps[e] == right[1]
                n_short += 1
    assert n_short > 2 * n


def test_a_whole_episode_of_a_tame_network_agrees_with_the_naive_rollout():
    trials = TASK.trials_of_seeds(3, 2)
    for network, weight in ((still_network(), 1.0), (pushing_network(), 0.02)):
        returns, steps = rollout(network, np.full(2, weight), trials)
        for e in range(2):
            right = naive.swingup_rollout(network, weight, trials[e], N_STEPS)
            assert steps[e] == right[1]
            assert returns[e] == pytest.approx(right[0], rel=1e-6)


# the end of an episode


def test_an_episode_ends_on_the_step_that_leaves_the_track():
    # x grows by 0.01 x' a step, and the first step uses the given x'
    trials = np.array([[2.39, 2.0, 0.0, 0.0], [2.39, 0.5, 0.0, 0.0], [-2.39, -2.0, 0.0, 0.0]])
    returns, steps = rollout(still_network(), np.zeros(3), trials)
    assert steps.tolist() == [1, steps[1], 1]
    assert 2 <= steps[1] <= 4
    # upright and just outside: cos(pi / 2 * 2.41 / 2.4) is below zero
    assert returns[0] == pytest.approx(np.cos(np.pi / 2 * 2.41 / TRACK_LIMIT), abs=1e-12)
    assert returns[0] == pytest.approx(returns[2], abs=1e-12)


def test_a_cart_may_stand_on_the_very_end_of_the_track():
    ends = [[TRACK_LIMIT, 0.0, np.pi, 0.0], [np.nextafter(TRACK_LIMIT, 3.0), 0.0, np.pi, 0.0]]
    _, steps = rollout(still_network(), np.zeros(2), np.array(ends))
    assert steps.tolist() == [N_STEPS, 1]


def test_ends_are_counted_right_at_every_step():
    n = 40 if IS_JITTED else 12
    x_dot = 1.0
    # without friction the cart would leave after about k steps; the naive rollout knows
    trials = np.zeros((n, 4))
    trials[:, 0] = TRACK_LIMIT - 0.01 * x_dot * (np.arange(n) + 0.5)
    trials[:, 1], trials[:, 2] = x_dot, np.pi
    returns, steps = rollout(still_network(), np.zeros(n), trials)
    right = [naive.swingup_rollout(still_network(), 0.0, trial, N_STEPS) for trial in trials]
    assert steps.tolist() == [n_steps for _, n_steps in right]
    assert returns.tolist() == pytest.approx([total for total, _ in right], abs=1e-9)
    assert len(set(steps.tolist())) > n // 2


def test_an_episode_without_an_end_takes_all_steps():
    returns, steps = rollout(still_network(), np.zeros(3), TASK.trials_of_seeds(0, 3))
    assert steps.tolist() == [N_STEPS] * 3
    assert (returns > 0.0).all()
    assert (returns < 0.1 * N_STEPS).all()


def test_an_upright_pole_in_the_middle_collects_one_a_step():
    returns, steps = rollout(still_network(), np.zeros(1), np.zeros((1, 4)))
    assert (steps[0], returns[0]) == (N_STEPS, N_STEPS)


def test_a_constant_push_drives_the_cart_off_the_track_however_strong_it_claims_to_be():
    weights = np.array([1.0, -1.0, 5.0, -1e9, 0.5])
    trials = np.tile([0.0, 0.0, np.pi, 0.0], (5, 1))
    returns, steps = rollout(pushing_network(), weights, trials)
    assert returns[:4].tolist() == pytest.approx([returns[0]] * 4, abs=1e-9)
    assert len(set(steps[:4].tolist())) == 1
    if IS_JITTED:
        assert steps[0] < steps[4] < 200


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_impossible_speeds_end_at_once_with_a_finite_return(precision):
    trials = np.zeros((4, 4))
    trials[:, 1] = [1e30, -1e30, 0.0, 0.0]
    trials[:, 3] = [0.0, 0.0, 1e4, -1e4]
    trials[:, 2] = 1.0
    returns, steps = rollout(still_network(), np.zeros(4), trials, precision=precision)
    assert np.isfinite(returns).all()
    assert (steps <= 3).all()


# lanes


def company_of(rng, weights, trials, place, n):
    """An episode among n - 1 others."""
    others = mixed_trials(rng, n)
    shape = (*weights.shape[:-1], n)
    all_weights = rng.uniform(-2.0, 2.0, shape)
    others[place], all_weights[..., place] = trials, weights[..., 0]
    return all_weights, others


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_an_episode_does_not_depend_on_its_company(is_weighted, precision):
    rng = np.random.default_rng(8)
    for network in random_networks(4 if IS_JITTED else 2, 9)[1:]:
        shape = (network.n_connections, 1) if is_weighted else (1,)
        for trial in mixed_trials(rng, 3):
            weights = rng.uniform(-2.0, 2.0, shape)
            alone = rollout(network, weights, trial[None], precision=precision)
            for n in (2, 17, 64, 65, 200) if IS_JITTED else (2, 18):
                place = int(rng.integers(n))
                among, trials = company_of(rng, weights, trial, place, n)
                returns, steps = rollout(network, among, trials, precision=precision)
                assert returns[place].tobytes() == alone[0][0].tobytes()
                assert steps[place] == alone[1][0]


@needs_jit
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_lanes_that_end_early_leave_the_others_alone(is_weighted, precision):
    """Blocks whose lanes end one after another are compacted again and again."""
    rng = np.random.default_rng(10)
    n_compacted = 0
    for network in random_networks(3, 11):
        n = 150
        trials = mixed_trials(rng, n)
        weights = rng.uniform(-2.0, 2.0, (network.n_connections, n) if is_weighted else (n,))
        returns, steps = rollout(network, weights, trials, precision=precision)
        order = rng.permutation(n)
        moved = rollout(network, weights[..., order], trials[order], precision=precision)
        assert moved[0].tobytes() == returns[order].tobytes()
        assert moved[1].tolist() == steps[order].tolist()
        one = [
            rollout(network, weights[..., [e]], trials[[e]], precision=precision)
            for e in range(0, n, 11)
        ]
        assert [r[0].tobytes() for r, _ in one] == [r.tobytes() for r in returns[::11]]
        assert [int(s[0]) for _, s in one] == steps[::11].tolist()
        # a block of 64 goes on with fewer than 48 lanes
        n_compacted += sum(np.sort(steps[k : k + 64])[16] < 900 for k in (0, 64))
    assert n_compacted >= 3


def test_equal_individual_weights_are_a_shared_weight():
    network = random_networks(2, 12)[1]
    rng = np.random.default_rng(13)
    trials = mixed_trials(rng, 30)
    trials = trials[trials[:, 1] > 1.0]
    n = len(trials)
    shared = rng.uniform(-2.0, 2.0, n)
    returns, steps = rollout(network, shared, trials)
    individual = rollout(network, np.tile(shared, (network.n_connections, 1)), trials)
    is_short = steps <= 60
    assert is_short.sum() > n // 3
    assert individual[0][is_short].tolist() == pytest.approx(returns[is_short].tolist(), abs=1e-7)
    assert individual[1][is_short].tolist() == steps[is_short].tolist()


def test_individual_weights_without_connections_are_no_force():
    trials = TASK.trials_of_seeds(5, 4)
    shared, weighted = (
        rollout(still_network(), weights, trials) for weights in (np.ones(4), np.ones((0, 4)))
    )
    assert shared[0].tobytes() == weighted[0].tobytes()


def test_a_population_is_run_as_its_networks_alone():
    networks = random_networks(5 if IS_JITTED else 3, 14)
    rng = np.random.default_rng(15)
    trials = mixed_trials(rng, 20)
    weights = rng.uniform(-2.0, 2.0, 20)
    made = TASK.rollout(stack_networks(networks), weights, trials)
    for p, network in enumerate(networks):
        returns, steps = rollout(network, weights, trials)
        assert made.returns[p].tobytes() == returns.tobytes()
        assert made.steps[p].tolist() == steps.tolist()


# precision


@needs_jit
def test_float32_scores_agree_with_float64():
    rng = np.random.default_rng(16)
    n, n_moving = 1024, 0
    for seed in range(6):
        network = evolved_network(20 + seed, 80)
        weights, trials = rng.uniform(-2.0, 2.0, n), TASK.draw_trials(n, rng)
        single, _ = rollout(network, weights, trials, precision="float32")
        double, steps = rollout(network, weights, trials)
        assert (single.dtype, double.dtype) == (np.float32, np.float64)
        difference = single.astype(np.float64) - double
        error = difference.std() / np.sqrt(n)
        assert abs(difference.mean()) <= 4.0 * error + 0.01
        assert (np.abs(difference) < 0.1).mean() > 0.8
        n_moving += double.std() > 5.0 and np.ptp(steps) > 100
    assert n_moving >= 3


def test_float32_follows_float64_for_a_while():
    rng = np.random.default_rng(17)
    network = random_networks(3, 18)[1]
    trials = mixed_trials(rng, 60 if IS_JITTED else 9)
    trials = trials[trials[:, 1] > 1.0]
    weights = rng.uniform(-2.0, 2.0, len(trials)).astype(np.float32).astype(np.float64)
    trials = trials.astype(np.float32).astype(np.float64)
    double, steps = rollout(network, weights, trials)
    single, _ = rollout(network, weights, trials, precision="float32")
    is_short = steps <= 30
    assert is_short.any()
    close = np.abs(single[is_short] - double[is_short]) < 1e-3
    # a cart on the edge, or a step at zero, may tell the precisions apart
    assert close.mean() >= 0.9


# sharing the work


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_threads_match_serial(precision):
    networks = stack_networks(random_networks(23 if IS_JITTED else 3, 19))
    rng = np.random.default_rng(20)
    n = 40 if IS_JITTED else 4
    weights, trials = rng.uniform(-2.0, 2.0, n), mixed_trials(rng, n)
    serial = TASK.rollout(networks, weights, trials, precision=precision, executor=Serial())
    for n_workers in (1, 2, 5):
        with Threads(n_workers) as threads:
            made = TASK.rollout(networks, weights, trials, precision=precision, executor=threads)
        assert made.returns.tobytes() == serial.returns.tobytes()
        assert made.steps.tobytes() == serial.steps.tobytes()


def test_shares_of_work_hold_every_network_once():
    networks = stack_networks(random_networks(30))
    for n_workers in (1, 2, 7, 100):
        shares = shares_of_work(networks, n_workers)
        assert sorted(np.concatenate(shares).tolist()) == list(range(30))
        assert len(shares) == min(30, 16 * n_workers if n_workers > 1 else 1)


def test_sweep_runs_every_weight_on_every_trial():
    networks = random_networks(3, 21)
    rng = np.random.default_rng(22)
    weights, trials = np.array([-1.0, 0.5, 1.5, 2.0]), TASK.draw_trials(3, rng)
    made = sweep(TASK, stack_networks(networks), weights, trials)
    assert made.returns.shape == made.steps.shape == (3, 4, 3)
    for p, network in enumerate(networks):
        for w, weight in enumerate(weights):
            returns, steps = rollout(network, np.full(3, weight), trials)
            assert made.returns[p, w].tolist() == returns.tolist()
            assert made.steps[p, w].tolist() == steps.tolist()


def test_the_same_input_gives_the_same_bits_and_is_left_alone():
    network = random_networks(3, 23)[2]
    rng = np.random.default_rng(24)
    weights, trials = rng.uniform(-2.0, 2.0, 10), mixed_trials(rng, 10)
    kept = weights.copy(), trials.copy()
    first, second = (rollout(network, weights, trials) for _ in range(2))
    assert first[0].tobytes() == second[0].tobytes()
    assert (weights.tolist(), trials.tolist()) == (kept[0].tolist(), kept[1].tolist())


@needs_jit
def test_no_activation_makes_a_return_that_is_not_finite():
    rng = np.random.default_rng(25)
    for number in Activation:
        network = naive.random_network(rng, 5, 1, 15, 60, [number])
        weights, trials = rng.uniform(-2.0, 2.0, 64), TASK.draw_trials(64, rng)
        for precision in ("float32", "float64"):
            returns, _ = rollout(network, weights, trials, precision=precision)
            assert np.isfinite(returns).all()
            assert returns.max() <= 1000.0


def test_networks_and_shapes_that_do_not_fit_are_refused():
    small = stack_networks([network_from_connections(2, 1, [1, 1, 1, 5, 1], [(0, 3), (3, 4)])])
    wide = stack_networks([network_from_connections(3, 1, [1] * 8, [(0, 5), (5, 7)])])
    weights, trials = np.zeros(2), TASK.draw_trials(2, np.random.default_rng(0))
    for networks in (small, wide):
        with pytest.raises(TaskError, match="5 inputs"):
            TASK.rollout(networks, weights, trials)
        with pytest.raises(TaskError, match="5 inputs"):
            TASK.rollout_weighted(networks, np.zeros((2, 2)), trials)
    right = stack_networks([network_from_connections(5, 1, [1] * 7, [(0, 6), (1, 6)])])
    with pytest.raises(ValueError, match="trials have shape"):
        TASK.rollout(right, np.zeros(6), trials)
    with pytest.raises(ValueError, match="weights have shape"):
        TASK.rollout_weighted(right, np.zeros((1, 2)), trials)
