"""Replays of an agent in a real Gymnasium environment: episodes, windows and movies."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

import wann_envs
from wann.errors import ConfigError, FormatError, RunError, TaskError
from wann.tasks.base import Task
from wann.view.movie import Frame, GifWriter, MovieWriter, Mp4Writer

# A policy maps an observation (n_inputs,) to an action (n_outputs,).
Policy = Callable[[NDArray[np.float64]], NDArray[np.float64]]

MOVIE_FRAMES_PER_SECOND = 34.0


@dataclass(frozen=True)
class EpisodeResult:
    """One replayed episode.

    Attributes:
        episode: number from 0.
        seed: the environment was reset with it.
        return_: sum of the rewards.
        length: number of steps.
    """

    episode: int
    seed: int
    return_: float
    length: int


def replay(
    env: str | gymnasium.Env[Any, Any],
    policy: Policy,
    *,
    episodes: int,
    seed: int,
    on_frame: Callable[[Frame], None] | None = None,
    frame_stride: int = 1,
) -> list[EpisodeResult]:
    """Plays episodes until they terminate or are truncated.

    Episode k starts from ``reset(seed=seed + k)``. A person who closes the window of an environment
    in mode "human" ends the replay; the episode that was under way is left out.

    Args:
        env: an id, made here and closed at the end, or an environment, left open. An environment
            must have render_mode "rgb_array" where there is an on_frame.
        policy: see ``Policy``.
        episodes: at least 1.
        seed: of episode 0, not negative.
        on_frame: takes the frame of the reset, of every frame_stride-th step and of the last step.
        frame_stride: at least 1.

    Returns:
        A result per finished episode.

    Raises:
        ConfigError: a number is out of range.
        TaskError: the id is unknown, or the environment gives no frames.
    """
    for name, value, least in (
        ("episodes", episodes, 1),
        ("seed", seed, 0),
        ("frame_stride", frame_stride, 1),
    ):
        if value < least:
            raise ConfigError(f"{name}: {value} is not allowed; at least {least}")
    mode = None if on_frame is None else "rgb_array"
    results = []
    with closing(make_environment(env, mode)) if isinstance(env, str) else nullcontext(env) as env:
        if on_frame is not None and env.render_mode != "rgb_array":
            raise TaskError(f'frames need render_mode "rgb_array", not {env.render_mode!r}')
        for episode in range(episodes):
            result = _play_episode(env, policy, episode, seed + episode, on_frame, frame_stride)
            if result is None:
                break
            results.append(result)
    return results


def _play_episode(
    env: gymnasium.Env[Any, Any],
    policy: Policy,
    episode: int,
    seed: int,
    on_frame: Callable[[Frame], None] | None,
    frame_stride: int,
) -> EpisodeResult | None:
    """Plays one episode; None where the window was closed."""
    observation, _ = env.reset(seed=seed)
    return_, length, has_ended = 0.0, 0, False
    while True:
        if on_frame is not None and (has_ended or length % frame_stride == 0):
            on_frame(np.asarray(env.render(), dtype=np.uint8))
        if has_ended:
            return EpisodeResult(episode, seed, return_, length)
        if getattr(env.unwrapped, "is_window_closed", False):
            return None
        action = policy(np.asarray(observation, dtype=np.float64).ravel())
        observation, reward, is_terminated, is_truncated, _ = env.step(action)
        return_ += float(reward)
        length += 1
        has_ended = bool(is_terminated or is_truncated)


def record(
    env_id: str,
    policy: Policy,
    path: str | Path,
    *,
    episodes: int,
    seed: int,
    caption: str = "",
) -> list[EpisodeResult]:
    """Replays an agent into a movie that plays in real time.

    Args:
        env_id: of an environment that draws "rgb_array".
        policy: as in ``replay``.
        path: ends in .gif or .mp4.
        episodes: as in ``replay``.
        seed: as in ``replay``.
        caption: lines that the environment draws into every frame, if it has a ``caption``.

    Returns:
        A result per episode.

    Raises:
        FormatError: the path ends in something else.
        RunError: the movie cannot be written; an old file is left as it was.
        ConfigError, TaskError: as in ``replay``.
    """
    kinds: dict[str, type[MovieWriter]] = {".gif": GifWriter, ".mp4": Mp4Writer}
    suffix = Path(path).suffix.lower()
    if suffix not in kinds:
        raise FormatError(f"{path}: a movie ends in {' or '.join(kinds)}")
    with closing(make_environment(env_id, "rgb_array")) as env:
        _set_caption(env, caption)
        steps_per_second = float(env.metadata.get("render_fps", 30))
        stride = movie_stride(steps_per_second)
        with kinds[suffix](path, stride / steps_per_second) as movie:
            return replay(
                env,
                policy,
                episodes=episodes,
                seed=seed,
                on_frame=movie.write,
                frame_stride=stride,
            )


def show(
    env_id: str, policy: Policy, *, episodes: int, seed: int, caption: str = ""
) -> list[EpisodeResult]:
    """Replays an agent in a window; arguments as in ``record``.

    Raises:
        RunError: there is no screen.
    """
    check_display()
    with closing(make_environment(env_id, "human")) as env:
        _set_caption(env, caption)
        return replay(env, policy, episodes=episodes, seed=seed)


def original_of(task: Task) -> str:
    """The id of the original of a task's environment.

    Raises:
        TaskError: there is none.
    """
    if task.env_id not in wann_envs.ORIGINALS:
        raise TaskError(f"task {task.name!r} has no other backend: leave --backend out")
    return wann_envs.ORIGINALS[task.env_id]


def _set_caption(env: gymnasium.Env[Any, Any], caption: str) -> None:
    if hasattr(env.unwrapped, "caption"):
        env.unwrapped.caption = caption


def check_display() -> None:
    """Raises RunError where no window can be opened."""
    if not has_display():
        raise RunError("there is no screen for --human here: write an animation with --gif FILE")


def make_environment(env_id: str, render_mode: str | None) -> gymnasium.Env[Any, Any]:
    """Makes a registered environment.

    Raises:
        TaskError: the id is unknown or a package that it needs is missing.
    """
    try:
        return gymnasium.make(env_id, render_mode=render_mode)
    except (gymnasium.error.Error, ImportError) as error:
        reason = " ".join(str(error).split())
        raise TaskError(f"environment {env_id!r} cannot be made: {reason}") from error


def movie_stride(steps_per_second: float) -> int:
    """The number of steps per frame at which a movie in real time shows at most 34 frames a second.

    100 steps a second give 3 (a frame each 30 ms, 1000 steps in 10 s), 50 give 2 (40 ms).
    """
    return max(1, math.ceil(steps_per_second / MOVIE_FRAMES_PER_SECOND))


def has_display() -> bool:
    """Whether a window can be opened: macOS, Windows, X11, Wayland, or SDL told to do without."""
    if os.environ.get("SDL_VIDEODRIVER") in ("dummy", "offscreen"):
        return True
    if platform.system() in ("Darwin", "Windows"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
