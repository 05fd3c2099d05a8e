"""Replays, and the movies made of them."""

import math
import subprocess
from fractions import Fraction

import gymnasium
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from wann.errors import ConfigError, FormatError, RunError, TaskError
from wann.view import movie as movie_module
from wann.view import replay as module
from wann.view.replay import (
    EpisodeResult,
    GifWriter,
    Mp4Writer,
    has_display,
    movie_stride,
    record,
    replay,
)
from wann_envs.swingup import dynamics
from wann_envs.swingup.dynamics import seeded_initial_states
from wann_envs.swingup.env import CartPoleSwingUpEnv

ENV_ID = "wann/CartPoleSwingUp-v0"


class CountingEnv(gymnasium.Env):
    """Ends after ten steps; the reward is the action, the frame's colour is the step."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 50}  # noqa: RUF012
    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (2, 2), np.float32)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float64)

    def __init__(self, render_mode="rgb_array"):
        self.render_mode = render_mode
        self.seeds = []
        self.is_window_closed = False

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed, options=options)
        self.seeds.append(seed)
        self.count = 0
        return np.zeros((2, 2), np.float32), {}

    def step(self, action):
        self.count += 1
        return np.zeros((2, 2), np.float32), float(action[0]), self.count == 10, False, {}

    def render(self):
        return np.full((6, 8, 3), 20 * self.count, np.uint8)


def still(_observation):
    return np.array([0.5])


def swing(observation):
    return np.array([0.7 * math.tanh(observation[4] * observation[2] - observation[0])])


def test_episodes_are_reset_with_consecutive_seeds_and_summed():
    env = CountingEnv()
    results = replay(env, still, episodes=3, seed=40)
    assert env.seeds == [40, 41, 42]
    assert results == [EpisodeResult(k, 40 + k, 5.0, 10) for k in range(3)]


def test_policy_meets_a_flat_float64_observation():
    seen = []

    def policy(observation):
        seen.append((observation.shape, observation.dtype))
        return np.array([0.0])

    replay(CountingEnv(), policy, episodes=1, seed=0)
    assert set(seen) == {((4,), np.dtype(np.float64))}


def test_replay_has_the_bits_of_the_dynamics():
    expected = []
    for state in seeded_initial_states(3, 2).tolist():
        return_, length, is_on_track = 0.0, 0, True
        while is_on_track and length < 1000:
            sin, cos = dynamics.sin_cos(state[2])
            (action,) = swing(np.array([state[0], state[1], cos, sin, state[3]]))
            *state, reward, is_on_track = dynamics.step(*state, float(action))
            return_ += reward
            length += 1
        expected.append((return_, length))
    results = replay(ENV_ID, swing, episodes=2, seed=3)
    assert [(result.return_, result.length) for result in results] == expected


def test_frames_come_at_the_stride_and_at_the_end():
    colours = []
    replay(
        CountingEnv(),
        still,
        episodes=2,
        seed=0,
        on_frame=lambda frame: colours.append(frame[0, 0, 0] // 20),
        frame_stride=4,
    )
    assert colours == [0, 4, 8, 10] * 2


def test_closing_the_window_ends_the_replay_without_the_unfinished_episode():
    env = CountingEnv()
    n_calls = 0

    def policy(_observation):
        nonlocal n_calls
        n_calls += 1
        env.is_window_closed = n_calls == 14
        return np.array([0.0])

    results = replay(env, policy, episodes=5, seed=0)
    assert (len(results), n_calls) == (1, 14)


@pytest.mark.parametrize(
    ("setting", "message"),
    [({"episodes": 0}, "episodes: 0"), ({"seed": -1}, "seed: -1"), ({"frame_stride": 0}, "stride")],
)
def test_impossible_numbers_are_config_errors(setting, message):
    with pytest.raises(ConfigError, match=message):
        replay(CountingEnv(), still, **{"episodes": 1, "seed": 0, **setting})


@pytest.mark.parametrize("env_id", ["wann/Nothing-v0", "no_such_module:Nothing-v0"])
def test_an_unknown_environment_is_a_task_error_of_one_line(env_id):
    with pytest.raises(TaskError, match="cannot be made") as caught:
        replay(env_id, still, episodes=1, seed=0)
    assert "\n" not in str(caught.value)


def test_frames_from_an_environment_that_draws_none_are_a_task_error():
    with pytest.raises(TaskError, match="rgb_array"):
        replay(CountingEnv(None), still, episodes=1, seed=0, on_frame=print)


@pytest.mark.parametrize(("rate", "stride"), [(100, 3), (60, 2), (50, 2), (30, 1), (4, 1)])
def test_movie_stride_keeps_the_frame_rate_low(rate, stride):
    assert movie_stride(rate) == stride


def colourful(n_frames, height=20, width=30):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(n_frames)]


def blocks(n_frames):
    """A square that moves over a plain ground."""
    frames = np.full((n_frames, 20, 30, 3), 240, np.uint8)
    for k in range(n_frames):
        frames[k, 4:9, k : k + 5] = (200, 30, 10 * k)
    return list(frames)


def gif_frames(path):
    with Image.open(path) as image:
        frames, milliseconds = [], []
        for k in range(image.n_frames):
            image.seek(k)
            frames.append(np.asarray(image.convert("RGB")))
            milliseconds.append(image.info["duration"])
        return frames, milliseconds, image.info["loop"]


def test_gif_holds_every_frame_exactly_and_loops(tmp_path):
    expected = blocks(12)
    with GifWriter(tmp_path / "a.gif", 0.03) as movie:
        for frame in expected:
            movie.write(frame)
    frames, milliseconds, loop = gif_frames(tmp_path / "a.gif")
    assert np.array_equal(frames, expected)
    assert milliseconds == [30] * 11 + [1030]
    assert loop == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


def test_gif_keeps_time_where_a_frame_is_no_whole_number_of_hundredths(tmp_path):
    with GifWriter(tmp_path / "a.gif", 1.0 / 30.0) as movie:
        for frame in blocks(15):
            movie.write(frame)
    _, milliseconds, _ = gif_frames(tmp_path / "a.gif")
    assert sum(milliseconds) == 500 + 1000
    assert set(milliseconds[:-1]) == {30, 40}


def test_gif_shows_a_frame_that_repeats(tmp_path):
    frame = blocks(1)[0]
    with GifWriter(tmp_path / "a.gif", 0.05) as movie:
        for _ in range(3):
            movie.write(frame)
    frames, milliseconds, _ = gif_frames(tmp_path / "a.gif")
    # a reader may join equal frames, their time stays
    assert sum(milliseconds) == 1150
    assert all(np.array_equal(shown, frame) for shown in frames)


def test_gif_of_too_many_colours_is_close_and_the_same_every_time(tmp_path):
    expected = colourful(3)
    for name in ("a.gif", "b.gif"):
        with GifWriter(tmp_path / name, 0.03) as movie:
            for frame in expected:
                movie.write(frame)
    frames, _, _ = gif_frames(tmp_path / "a.gif")
    assert np.abs(np.array(frames, int) - np.array(expected, int)).mean() < 25.0
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_gif_refuses_frames_that_viewers_would_slow_down(tmp_path):
    with pytest.raises(ValueError, match=r"at least 0\.02"):
        GifWriter(tmp_path / "a.gif", 0.01)


def test_mp4_has_every_frame_even_sides_and_its_rate(tmp_path):
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 0.04) as movie:
        for _ in range(9):
            movie.write(np.full((31, 45, 3), (200, 120, 40), np.uint8))
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    command = [ffmpeg, "-hide_banner", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    decoded = subprocess.run(command, capture_output=True, check=True)
    for property_ in (b"h264", b"yuv420p", b"46x32", b"25 fps"):
        assert property_ in decoded.stderr
    frames = np.frombuffer(decoded.stdout, np.uint8).reshape(-1, 32, 46, 3)
    assert len(frames) == 9
    np.testing.assert_allclose(frames.mean(axis=(0, 1, 2)), (200, 120, 40), atol=6.0)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


WRITERS = [(GifWriter, "a.gif"), (Mp4Writer, "a.mp4")]


@pytest.mark.parametrize(("writer", "name"), WRITERS)
@pytest.mark.parametrize("reason", [ZeroDivisionError, KeyboardInterrupt])
def test_a_failure_midway_leaves_the_old_file(tmp_path, writer, name, reason):
    path = tmp_path / name
    path.write_bytes(b"old")

    def fail():
        with writer(path, 0.03) as movie:
            movie.write(blocks(1)[0])
            raise reason

    with pytest.raises(reason):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("writer", "name"), WRITERS)
def test_a_movie_without_frames_is_an_error_and_leaves_the_old_file(tmp_path, writer, name):
    path = tmp_path / name
    path.write_bytes(b"old")
    with pytest.raises(RunError, match="no frame"), writer(path, 0.03):
        pass
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("writer", "name"), WRITERS)
def test_a_full_disk_is_one_clear_line_and_leaves_the_old_file(tmp_path, writer, name, monkeypatch):
    path = tmp_path / name
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "_finish", fail)
    frame = blocks(1)[0]
    with pytest.raises(RunError, match="No space left on device"), writer(path, 0.03) as movie:
        movie.write(frame)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("writer", "name"), WRITERS)
def test_a_path_that_cannot_be_written_is_a_run_error(tmp_path, writer, name):
    (tmp_path / name).mkdir()
    for path in (tmp_path / "missing" / name, tmp_path / name):
        with pytest.raises(RunError, match="cannot be written"), writer(path, 0.03):
            pass
    assert list(tmp_path.iterdir()) == [tmp_path / name]


def test_an_ffmpeg_that_fails_is_a_run_error_and_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")

    def write_frames(*_, **__):
        yield
        raise OSError("Broken pipe\n\nFFMPEG COMMAND: ...")

    monkeypatch.setattr(movie_module.imageio_ffmpeg, "write_frames", write_frames)
    frame = blocks(1)[0]
    with pytest.raises(RunError, match=r"Broken pipe$"), Mp4Writer(path, 0.03) as movie:
        movie.write(frame)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("writer", [GifWriter, Mp4Writer])
def test_a_wrong_suffix_is_a_format_error(tmp_path, writer):
    with pytest.raises(FormatError, match="must end in"):
        writer(tmp_path / "movie.avi", 0.03)


@pytest.mark.parametrize(
    "frame", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((5, 4, 3), np.uint8)]
)
def test_frames_of_another_kind_are_refused(tmp_path, frame):
    with GifWriter(tmp_path / "a.gif", 0.03) as movie:
        movie.write(np.zeros((4, 4, 3), np.uint8))
        with pytest.raises(ValueError, match="frame"):
            movie.write(frame)


def push(_observation):
    return np.array([1.0])


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_recording_plays_in_real_time(tmp_path, suffix):
    path = tmp_path / f"swing{suffix}"
    (result,) = record(ENV_ID, push, path, episodes=1, seed=0, caption="weight 1.50")
    assert result.length < 200
    n_expected = 1 + math.ceil(Fraction(result.length, 3))
    if suffix == ".gif":
        frames, milliseconds, _ = gif_frames(path)
        assert len(frames) == n_expected
        assert sum(milliseconds) == 30 * n_expected + 1000
        assert frames[0].shape == (360, 600, 3)
    else:
        n_frames, seconds = imageio_ffmpeg.count_frames_and_secs(path)
        assert n_frames == n_expected
        assert seconds == pytest.approx(0.03 * n_expected, abs=0.02)


def test_recording_draws_caption_score_and_time_into_every_frame(tmp_path, monkeypatch):
    scenes = []
    draw = CartPoleSwingUpEnv._scene

    def remember(env):
        scenes.append(draw(env))
        return scenes[-1]

    monkeypatch.setattr(CartPoleSwingUpEnv, "_scene", remember)
    (result,) = record(ENV_ID, push, tmp_path / "a.gif", episodes=1, seed=0, caption="weight 1.50")
    assert {scene.caption for scene in scenes} == {"weight 1.50"}
    assert scenes[1].time == pytest.approx(0.03)
    assert scenes[-1].time == pytest.approx(0.01 * result.length)
    assert scenes[-1].score == pytest.approx(result.return_)


def test_recording_to_an_unknown_kind_of_file_is_a_format_error(tmp_path):
    with pytest.raises(FormatError, match=r"\.gif or \.mp4"):
        record(ENV_ID, push, tmp_path / "a.webm", episodes=1, seed=0)


@pytest.mark.parametrize(
    ("system", "variables", "expected"),
    [
        ("Linux", {}, False),
        ("Linux", {"DISPLAY": ""}, False),
        ("Linux", {"DISPLAY": ":0"}, True),
        ("Linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("Linux", {"SDL_VIDEODRIVER": "dummy"}, True),
        ("Linux", {"SDL_VIDEODRIVER": "x11"}, False),
        ("Darwin", {}, True),
        ("Windows", {}, True),
    ],
)
def test_display_is_found_by_system_and_variables(monkeypatch, system, variables, expected):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(module.platform, "system", lambda: system)
    assert has_display() is expected
