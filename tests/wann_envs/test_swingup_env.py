"""The swing-up environment against a naive copy of its equations, and as a Gymnasium citizen."""

import importlib
import math
import os
import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.seeding import np_random

import wann_envs
from wann_envs.swingup import dynamics
from wann_envs.swingup.dynamics import initial_state, initial_states, seeded_initial_states
from wann_envs.swingup.env import CartPoleSwingUpEnv

ENV_ID = "wann/CartPoleSwingUp-v0"
HANGING = [0.0, 0.0, math.pi, 0.0]
UPRIGHT = [0.0, 0.0, 0.0, 0.0]


@pytest.fixture(autouse=True)
def no_screen(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.fixture
def env():
    made = CartPoleSwingUpEnv()
    yield made
    made.close()


@pytest.fixture
def drawn():
    made = CartPoleSwingUpEnv(render_mode="rgb_array")
    yield made
    made.close()


def naive_step(state, action):
    """The equations as published, in plain NumPy."""
    x, v, theta, omega = state
    g, cart, m, length, friction, dt = 9.82, 0.5, 0.5, 0.6, 0.1, 0.01
    force = 10.0 * np.clip(action, -1.0, 1.0)
    s, c, total = np.sin(theta), np.cos(theta), cart + m
    x_acc = (
        -2.0 * m * length * omega**2 * s + 3.0 * m * g * s * c + 4.0 * force - 4.0 * friction * v
    ) / (4.0 * total - 3.0 * m * c**2)
    theta_acc = (
        -3.0 * m * length * omega**2 * s * c
        + 6.0 * total * g * s
        + 6.0 * (force - friction * v) * c
    ) / (4.0 * length * total - 3.0 * m * length * c**2)
    after = np.array([x + dt * v, v + dt * x_acc, theta + dt * omega, omega + dt * theta_acc])
    reward = (np.cos(after[2]) + 1.0) / 2.0 * np.cos(after[0] / 2.4 * np.pi / 2.0)
    return after, reward, abs(after[0]) > 2.4


def random_state(rng):
    return rng.uniform([-2.4, -12.0, -20.0, -15.0], [2.4, 12.0, 20.0, 15.0])


def test_step_matches_the_naive_equations(env):
    rng = np.random.default_rng(3)
    n_ended = 0
    for _ in range(400):
        state, action = random_state(rng), rng.uniform(-1.5, 1.5)
        env.reset(options={"state": state})
        observation, reward, terminated, truncated, info = env.step(np.array([action]))
        after, naive_reward, has_ended = naive_step(state, action)
        np.testing.assert_allclose(info["state"], after, rtol=0.0, atol=1e-9)
        x, v, theta, omega = after
        naive_observation = [x, v, np.cos(theta), np.sin(theta), omega]
        np.testing.assert_allclose(observation, naive_observation, rtol=0.0, atol=1e-9)
        assert reward == pytest.approx(naive_reward, abs=1e-9)
        assert (terminated, truncated) == (has_ended, False)
        n_ended += has_ended
    assert n_ended > 3


def test_a_swing_stays_with_the_naive_equations(env):
    env.reset(options={"state": HANGING})
    state = np.array(HANGING)
    for k in range(300):
        action = 0.4 * math.sin(0.07 * k)
        *_, info = env.step(np.array([action]))
        state, *_ = naive_step(state, action)
    np.testing.assert_allclose(info["state"], state, rtol=0.0, atol=1e-9)


def test_cart_may_stand_on_the_end_of_the_track_but_not_beyond(env):
    env.reset(options={"state": [2.4, 0.0, 0.0, 0.0]})
    assert not env.step(np.array([1.0]))[2]
    assert env.step(np.array([1.0]))[2]


def test_out_of_range_actions_are_clipped(env):
    outcomes = []
    for action in (1.0, 1.7, np.inf):
        env.reset(options={"state": HANGING})
        observation, *_, info = env.step(np.array([action]))
        outcomes.append((observation.tolist(), info["force"]))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0][1] == 10.0


def test_actions_reach_the_physics_in_float64(env):
    action = 0.1 + 1e-12
    env.reset(options={"state": HANGING})
    *_, info = env.step(np.array([action]))
    assert tuple(info["state"]) == dynamics.step(*HANGING, action)[:4]


@pytest.mark.parametrize(
    "action", [np.array([np.nan]), np.array([0.0, 0.0]), np.array(0.0), 0.5, [], "left", None]
)
def test_an_impossible_action_is_an_error(env, action):
    env.reset(seed=0)
    with pytest.raises(ValueError, match="action"):
        env.step(action)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ([0.0, 0.0, 0.0], "shape"),
        ([0.0, np.nan, 0.0, 0.0], "finite"),
        ([2.5, 0.0, 0.0, 0.0], "x = 2.5"),
        ([0.0, 0.0, 0.0, -2000.0], "theta' = -2000"),
        ("upright", "four numbers"),
    ],
)
def test_an_impossible_state_option_is_an_error(env, state, message):
    with pytest.raises(ValueError, match=message):
        env.reset(options={"state": state})


def test_an_unknown_reset_option_is_an_error(env):
    with pytest.raises(ValueError, match="'stat' is unknown"):
        env.reset(options={"stat": HANGING})


def test_state_option_sets_the_state_and_leaves_the_generator_alone(env):
    env.reset(seed=5)
    expected = env.reset()[1]["state"]
    env.reset(seed=5)
    observation, info = env.reset(options={"state": [0.5, -1.0, 0.25, 2.0]})
    assert info["state"].tolist() == [0.5, -1.0, 0.25, 2.0]
    np.testing.assert_allclose(observation, [0.5, -1.0, math.cos(0.25), math.sin(0.25), 2.0])
    assert env.reset()[1]["state"].tolist() == expected.tolist()


def test_reset_draws_four_normals_around_the_hanging_pole(env):
    rng, _ = np_random(11)
    expected = rng.normal([0.0, 0.0, np.pi, 0.0], 0.2)
    assert env.reset(seed=11)[1]["state"].tolist() == expected.tolist()


def test_initial_states_are_those_of_reset(env):
    first = env.reset(seed=7)[1]["state"]
    states = [first, *(env.reset()[1]["state"] for _ in range(3))]
    assert initial_states(np.random.default_rng(7), 4).tolist() == np.array(states).tolist()
    rng = np.random.default_rng(7)
    assert [initial_state(rng).tolist() for _ in range(4)] == np.array(states).tolist()


def test_seeded_initial_states_are_those_of_reset_with_these_seeds(env):
    expected = [env.reset(seed=seed)[1]["state"].tolist() for seed in range(20, 25)]
    assert seeded_initial_states(20, 5).tolist() == expected
    assert seeded_initial_states(20, 0).shape == (0, 4)


def test_the_same_seed_gives_the_same_episode(env):
    def episode(seed):
        rng = np.random.default_rng(1)
        rows = [env.reset(seed=seed)[0].tobytes()]
        for _ in range(50):
            observation, reward, *_ = env.step(rng.uniform(-1.0, 1.0, 1))
            rows.append((observation.tobytes(), reward))
        return rows

    assert episode(4) == episode(4)
    assert episode(4) != episode(5)


def test_score_is_the_sum_of_the_rewards_and_starts_anew(env):
    env.reset(seed=0)
    total = 0.0
    for _ in range(5):
        _, reward, _, _, info = env.step(np.array([-0.3]))
        total += reward
        assert (info["score"], info["force"]) == (total, -3.0)
    assert env.reset()[1]["score"] == 0.0


def test_a_step_after_the_end_warns_once_and_pays_nothing(env):
    env.reset(options={"state": [2.399, 5.0, 0.0, 0.0]})
    action = np.array([0.0])
    assert env.step(action)[2]
    with pytest.warns(UserWarning, match="call reset first"):
        _, reward, terminated, _, _ = env.step(action)
    assert (reward, terminated) == (0.0, True)
    assert env.step(action)[1] == 0.0


def test_step_before_reset_is_an_error(env):
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.array([0.0]))


def test_gymnasium_checker_has_no_complaint():
    made = gymnasium.make(ENV_ID, render_mode="rgb_array")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(made.unwrapped)
    made.close()


def test_registered_environment_is_truncated_after_1000_steps():
    made = gymnasium.make(ENV_ID)
    made.reset(options={"state": HANGING})
    for k in range(1, 1001):
        _, _, terminated, truncated, _ = made.step(np.array([0.0]))
        assert (terminated, truncated) == (False, k == dynamics.EPISODE_STEPS)
    made.close()


def test_reloading_the_package_registers_nothing_twice():
    spec = gymnasium.registry[ENV_ID]
    importlib.reload(wann_envs)
    assert gymnasium.registry[ENV_ID] is spec


def test_importing_the_package_is_light():
    code = "import sys, wann_envs; sys.exit('numba' in sys.modules or 'pygame' in sys.modules)"
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0


def test_an_unknown_render_mode_is_an_error():
    with pytest.raises(ValueError, match="'ascii'"):
        CartPoleSwingUpEnv(render_mode="ascii")


def picture(env, state, action=None, caption=""):
    env.caption = caption
    env.reset(options={"state": state})
    if action is not None:
        env.step(np.array([action]))
    return env.render()


def test_frame_is_an_rgb_array_of_its_own(drawn):
    first = picture(drawn, HANGING)
    assert (first.shape, first.dtype) == ((360, 600, 3), np.uint8)
    kept = first.copy()
    second = picture(drawn, [1.0, 0.0, 0.3, 0.0])
    assert np.array_equal(first, kept)
    assert (first != second).any(axis=2).sum() > 2000
    assert np.array_equal(picture(drawn, HANGING), first)


def test_pole_is_drawn_on_the_side_to_which_it_falls(drawn):
    def tip_side(theta):
        frame = picture(drawn, [0.0, 0.0, theta, 0.0]).astype(int)
        is_pole = (frame[..., 0] - frame[..., 2] > 120) & (frame[..., 1] > 120)
        return np.nonzero(is_pole)[1].mean() - 300.0

    # a cart pushed to the right leaves the pole behind, on its left
    drawn.reset(options={"state": UPRIGHT})
    theta = drawn.step(np.array([1.0]))[4]["state"][3]
    assert theta > 0.0
    assert tip_side(0.8) < -10.0
    assert tip_side(-0.8) > 10.0


def test_arrow_shows_size_and_direction_of_the_force(drawn):
    def arrow(action):
        frame = picture(drawn, UPRIGHT, action).astype(int)
        is_arrow = frame[..., 2] - frame[..., 0] > 120
        columns = np.nonzero(is_arrow)[1]
        return (0, 0.0) if columns.size == 0 else (np.ptp(columns), columns.mean() - 300.0)

    strong, right = arrow(1.0)
    weak, left = arrow(-0.4)
    assert left < -30.0 < 30.0 < right
    assert strong > 2 * weak > 20
    assert arrow(0.0)[0] == 0


def test_caption_and_score_are_drawn(drawn):
    plain = picture(drawn, UPRIGHT)
    captioned = picture(drawn, UPRIGHT, caption="weight 1.50\nepisode 2")
    assert {*np.nonzero((plain != captioned).any(axis=(1, 2)))[0]} <= set(range(15, 75))
    assert (plain != captioned).any(axis=2).sum() > 300
    later = picture(drawn, UPRIGHT, 0.0)
    assert (plain != later)[:70, :150].any(), "score"
    assert (plain != later)[:70, 450:].any(), "time"


def test_render_without_a_mode_warns(env):
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None


def test_window_opens_shows_steps_and_can_be_closed_by_a_person():
    import pygame

    env = CartPoleSwingUpEnv(render_mode="human")
    env.reset(seed=0)
    assert pygame.display.get_surface().get_size() == (600, 360)
    assert not env.is_window_closed
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    env.step(np.array([0.0]))
    assert env.is_window_closed
    assert env.step(np.array([0.0]))[1] >= 0.0
    env.close()
    env.close()
    assert not pygame.display.get_init()
