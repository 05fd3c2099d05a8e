"""The car racing environment beside Gymnasium's CarRacing-v3: the same bits in every step."""

import numpy as np
import pytest

pytest.importorskip("Box2D", reason="needs the extra box2d")

from wann_envs.car_racing.env import CarRacingEnv
from wann_envs.car_racing.fidelity import compare
from wann_envs.car_racing.original import make_original, original_bodies


@pytest.fixture(autouse=True)
def no_screen(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def failures(fidelity):
    return [(e.driver, e.seed, e.difference) for e in fidelity.episodes if e.difference]


def test_drivers_who_follow_the_road_meet_the_same_bits():
    fidelity = compare(["follower"] * 12, first_seed=100)
    assert failures(fidelity) == []
    assert fidelity.n_equal_returns == 12
    assert fidelity.n_laps >= 4


def test_blind_drivers_who_hit_the_steering_limits_meet_the_same_bits():
    fidelity = compare(["noise", "noise", "noise", "wild"] * 2, first_seed=200)
    assert failures(fidelity) == []
    assert fidelity.n_at_limit >= 4


def test_drivers_who_leave_the_playfield_meet_the_same_bits():
    fidelity = compare(["leaver"] * 4, first_seed=300)
    assert failures(fidelity) == []
    assert fidelity.n_left == 4


def both(seed, **options):
    ours, theirs = CarRacingEnv(**options), make_original(**options)
    ours.reset(seed=seed)
    theirs.reset(seed=seed)
    return ours, theirs.unwrapped


def assert_same_steps(ours, theirs, actions):
    for action in actions:
        _, our_reward, our_end, _, _ = ours.step(action)
        _, their_reward, their_end, _, _ = theirs.step(action)
        assert (our_reward, our_end) == (their_reward, their_end)
        assert np.array_equal(ours.bodies, original_bodies(theirs))


def test_actions_beyond_their_range_meet_the_same_bits():
    rng = np.random.default_rng(0)
    actions = rng.uniform([-3.0, -1.0, -1.0], [3.0, 2.0, 1.5], (150, 3))
    assert_same_steps(*both(7), actions)


def test_constant_actions_meet_the_same_bits_through_sleep_and_skids():
    for action in ([0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 0.3, 0.0], [0.3, 1.0, 0.95]):
        assert_same_steps(*both(8), np.tile(action, (150, 1)))


def test_float32_actions_meet_the_same_bits():
    rng = np.random.default_rng(1)
    actions = rng.uniform([-1.0, 0.0, 0.0], [1.0, 1.0, 0.3], (100, 3)).astype(np.float32)
    assert_same_steps(*both(9), actions)


def test_unseeded_resets_go_on_alike():
    ours, theirs = both(10)
    for _ in range(3):
        ours.reset()
        theirs.reset()
        assert np.array_equal(ours.track, np.array(theirs.track))
        assert_same_steps(ours, theirs, np.tile([0.1, 1.0, 0.0], (60, 1)))


@pytest.mark.filterwarnings("ignore:.*step was called although")
@pytest.mark.parametrize("percent", [0.0, 0.5])
def test_lap_complete_percent_acts_alike(percent):
    assert_same_steps(*both(11, lap_complete_percent=percent), np.zeros((5, 3)))


@pytest.mark.filterwarnings("ignore:.*step was called although")
def test_steps_after_the_end_go_on_alike():
    ours, theirs = both(12, lap_complete_percent=0.0)
    assert_same_steps(ours, theirs, np.tile([0.0, 1.0, 0.0], (80, 1)))


def test_frames_look_like_the_original():
    theirs = make_original(draws=True, render_mode="rgb_array")
    ours = CarRacingEnv(render_mode="rgb_array")
    theirs.reset(seed=13)
    ours.reset(seed=13)
    for k in range(60):
        action = np.array([0.3 * (-1) ** (k // 10), 1.0, 0.0])
        ours.step(action)
        theirs.step(action)
        if k % 15 == 14:
            error = np.abs(ours.render().astype(int) - theirs.render().astype(int))
            assert error.mean() < 0.1


def test_fast_mode_returns_nearly_always_the_same():
    fidelity = compare(["follower"] * 5, first_seed=400, exactness="fast")
    assert fidelity.n_equal_returns >= 4
    for ours, theirs in (episode.returns for episode in fidelity.episodes):
        assert ours == pytest.approx(theirs, abs=30.0)
