"""The car racing environment as a Gymnasium citizen; lockstep is in test_car_racing_lockstep."""

import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import wann_envs
from wann_envs.car_racing.env import CarRacingEnv
from wann_envs.car_racing.fidelity import leaver
from wann_envs.car_racing.track import PLAYFIELD, random_tracks, seeded_tracks

ENV_ID = "wann/CarRacing-v0"
GAS = np.array([0.0, 1.0, 0.0], np.float32)
IDLE = np.zeros(3, np.float32)


@pytest.fixture(autouse=True)
def no_screen(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.fixture
def env():
    made = CarRacingEnv()
    yield made
    made.close()


@pytest.fixture
def drawn():
    made = CarRacingEnv(render_mode="rgb_array")
    yield made
    made.close()


def speed(env):
    return np.hypot(*env.bodies[0, 3:5])


def test_gymnasium_checker_has_no_complaint():
    made = gymnasium.make(ENV_ID, render_mode="rgb_array")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*symmetric and normalized.*")
        warnings.filterwarnings("ignore", ".*infinity.*")
        check_env(made.unwrapped)
    made.close()


def test_registered_environment_is_truncated_after_1000_steps():
    made = gymnasium.make(ENV_ID)
    made.reset(seed=0)
    for k in range(1, 1001):
        _, _, terminated, truncated, _ = made.step(IDLE)
        assert (terminated, truncated) == (False, k == 1000)
    made.close()


def test_importing_the_package_needs_neither_numba_nor_box2d():
    code = "import sys, wann_envs; sys.exit('numba' in sys.modules or 'Box2D' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert ENV_ID in gymnasium.registry
    assert wann_envs.__doc__


def test_driving_does_not_load_box2d():
    code = (
        "import sys; sys.modules['Box2D'] = None\n"
        "import gymnasium, numpy, wann_envs\n"
        f"env = gymnasium.make('{ENV_ID}'); env.reset(seed=0); env.step(numpy.zeros(3))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_comparing_without_box2d_names_the_pip_command():
    code = (
        "import sys; sys.modules['Box2D'] = None\n"
        "import wann_envs\n"
        "from wann_envs.car_racing.fidelity import compare\n"
        "compare(['noise'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install '.[box2d]'" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "action",
    [
        np.array([np.nan, 0.0, 0.0]),
        np.array([0.0, np.nan, 0.0]),
        np.array([0.0, 0.0, np.nan]),
        np.zeros(2),
        np.zeros((1, 3)),
        0.5,
        [],
        "left",
        None,
    ],
)
def test_an_impossible_action_is_an_error_and_leaves_the_car_alone(env, action):
    env.reset(seed=0)
    before = env.bodies
    with pytest.raises(ValueError, match="action"):
        env.step(action)
    assert np.array_equal(env.bodies, before)


def test_a_nan_action_is_named():
    env = CarRacingEnv()
    env.reset(seed=0)
    with pytest.raises(ValueError, match="NaN: expected steer, gas and brake"):
        env.step(np.array([0.0, np.nan, 0.0]))


def test_infinite_actions_are_very_large_ones(env):
    outcomes = []
    for action in ([np.inf, np.inf, -np.inf], [1e9, 1.0, 0.0]):
        env.reset(seed=3)
        for _ in range(50):
            observation = env.step(np.array(action))[0]
        outcomes.append(observation.tolist())
    assert np.isfinite(outcomes[0]).all()
    assert outcomes[0] == outcomes[1]


def test_a_step_after_the_end_warns_once_and_goes_on(env):
    env.reset(seed=0)
    driver = leaver(np.random.default_rng(0))
    terminated = False
    while not terminated:
        *_, terminated, _, info = env.step(driver(env))
    assert info["lap_finished"] is False
    assert max(abs(env.bodies[0, :2])) > PLAYFIELD
    with pytest.warns(UserWarning, match="call reset first"):
        _, reward, terminated, _, _ = env.step(GAS)
    assert (reward, terminated) == (-100.0, True)
    env.step(GAS)


def test_step_before_reset_is_an_error(env):
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(GAS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"render_mode": "ascii"}, "'ascii'"),
        ({"exactness": "roughly"}, "'roughly': allowed are exact, fast"),
        ({"lap_complete_percent": np.nan}, "lap_complete_percent"),
    ],
)
def test_an_impossible_option_is_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        CarRacingEnv(**options)


def test_an_unknown_reset_option_is_an_error(env):
    with pytest.raises(ValueError, match="'track'"):
        env.reset(options={"track": 1})


def test_the_same_seed_gives_the_same_episode(env):
    def episode(seed):
        rng = np.random.default_rng(1)
        rows = [env.reset(seed=seed)[0].tobytes()]
        for _ in range(60):
            observation, reward, *_ = env.step(rng.uniform([-1, 0, 0], [1, 1, 0.5]))
            rows.append((observation.tobytes(), reward))
        return rows

    assert episode(4) == episode(4)
    assert episode(4) != episode(5)


def test_tracks_are_those_of_reset(env):
    env.reset(seed=20)
    seeded = seeded_tracks(20, 2)
    assert np.array_equal(seeded.line[: seeded.first[1]], env.track)
    drawn = random_tracks(np.random.default_rng(20), 3)
    for k in range(3):
        assert np.array_equal(drawn.line[drawn.first[k] : drawn.first[k + 1]], env.track)
        env.reset()
    assert seeded_tracks(20, 0).first.tolist() == [0]


def test_tracks_are_closed_and_their_tiles_lie_counter_clockwise():
    tracks = seeded_tracks(100, 20)
    for start, end in zip(tracks.first[:-1], tracks.first[1:], strict=True):
        assert 200 < end - start < 400
        xy = tracks.line[start:end, 2:]
        gaps = np.hypot(*(xy - np.roll(xy, 1, axis=0)).T)
        assert np.allclose(gaps[1:], 3.5)
        # head and tail are joined by a longer tile
        assert gaps[0] < 15.0
    x, y = tracks.corner[..., 0].astype(float), tracks.corner[..., 1].astype(float)
    area = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)
    assert (area > 0.0).all()
    assert np.allclose(np.hypot(tracks.normal[..., 0], tracks.normal[..., 1]), 1.0, atol=1e-5)


def test_gas_moves_the_car_forward_and_brakes_stop_it(env):
    env.reset(seed=1)
    nose = env.bodies[0, 2] + np.pi / 2
    start = env.bodies[0, :2]
    for _ in range(40):
        env.step(GAS)
    way = env.bodies[0, :2] - start
    assert way @ [np.cos(nose), np.sin(nose)] > 5.0
    for _ in range(150):
        env.step(np.array([0.0, 0.0, 1.0]))
    assert speed(env) < 0.1
    assert env.wheel_spins.tolist() == pytest.approx([0.0] * 4, abs=1e-3)


def test_steering_turns_the_front_wheels_up_to_their_limit(env):
    for steer, sign in ((1.0, -1.0), (-1.0, 1.0)):
        env.reset(seed=1)
        for _ in range(40):
            env.step(np.array([steer, 0.0, 0.0]))
        bodies = env.bodies
        assert sign * (bodies[1:3, 2] - bodies[0, 2]) == pytest.approx([0.4, 0.4], abs=0.06)
        assert bodies[3:, 2] - bodies[0, 2] == pytest.approx([0.0, 0.0], abs=0.01)
        assert env.is_at_steering_limit


def test_a_car_at_rest_falls_asleep_and_wakes(env):
    env.reset(seed=1)
    # the friction of the next step wakes it: it stops dead once in half a second
    stands = []
    for _ in range(120):
        env.step(IDLE)
        stands.append(not env.bodies[:, 3:].any())
    assert 2 <= sum(stands) < 10
    for _ in range(20):
        env.step(GAS)
    assert speed(env) > 1.0


def test_rewards_add_up_to_tiles_and_time(env):
    env.reset(seed=2)
    total = 0.0
    for k in range(1, 101):
        _, reward, *_, info = env.step(GAS)
        total += reward
        assert info["score"] == total
        expected = 1000.0 / len(env.track) * env.n_tiles_visited - 0.1 * k
        assert total == pytest.approx(expected, abs=1e-9)
    assert env.n_tiles_visited > 5


def test_a_small_lap_complete_percent_ends_the_episode_at_once():
    env = CarRacingEnv(lap_complete_percent=0.0)
    env.reset(seed=0)
    *_, terminated, _, info = env.step(GAS)
    assert terminated
    assert info["lap_finished"] is True


def test_frame_shows_road_grass_and_car(drawn):
    drawn.reset(seed=1)
    for _ in range(60):
        drawn.step(GAS)
    frame = drawn.render()
    assert (frame.shape, frame.dtype) == ((400, 600, 3), np.uint8)
    # scaling down costs a grey level
    for colour in ((102, 204, 102), (102, 230, 102), (102, 102, 102), (204, 0, 0)):
        is_there = (np.abs(frame[:340].astype(int) - colour) <= 1).all(axis=2)
        assert is_there.sum() > 100, colour
    kept = frame.copy()
    for _ in range(5):
        drawn.step(GAS)
    assert (drawn.render() != frame).any()
    assert np.array_equal(frame, kept)


def test_caption_is_drawn(drawn):
    drawn.reset(seed=1)
    plain = drawn.render()
    drawn.caption = "weight 1.50"
    changed = np.nonzero((drawn.render() != plain).any(axis=(1, 2)))[0]
    assert 0 < changed.min() < changed.max() < 60


def test_render_without_a_mode_warns(env):
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None


def test_window_opens_and_can_be_closed_by_a_person():
    import pygame

    env = CarRacingEnv(render_mode="human")
    env.reset(seed=0)
    assert pygame.display.get_surface().get_size() == (1000, 800)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    env.step(GAS)
    assert env.is_window_closed
    env.step(GAS)
    env.close()
    env.close()
    assert not pygame.display.get_init()
