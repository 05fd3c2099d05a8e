"""Cart-pole swing-up as a Gymnasium environment, over the jitted dynamics."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium import logger
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box
from numpy.typing import NDArray

from wann_envs.drawn_env import DrawnEnv
from wann_envs.given import checked_options, checked_seed, numbers_of
from wann_envs.swingup import dynamics

if TYPE_CHECKING:
    from wann_envs.swingup.render import Scene

# Largest magnitudes of x (m), x' (m/s), theta (rad), theta' (rad/s). The equations set no limit to
# the speeds; controllers that pump in as much energy as they can reach 14 m/s and 80 rad/s.
STATE_LIMIT = (2.0 * dynamics.TRACK_LIMIT, 100.0, np.inf, 1000.0)
_TRAIL_STEPS = 45


class CartPoleSwingUpEnv(DrawnEnv):
    """A cart on a 4.8 m track swings its pole up and balances it.

    Observation: (5,) float64: x (m), x' (m/s), cos theta, sin theta, theta' (rad/s).
    Action: (1,) float64 in [-1, 1], the force over 10 N; clipped by the physics. It is float64 so
    that a replay meets the same bits as a compiled rollout.
    Reward: (cos theta + 1) / 2 * cos(pi / 2 * x / 2.4), of the state after the step.
    End: terminated when the cart leaves the track; the registration truncates at 1000 steps (10 s).
    Info: ``state`` (4,) float64 as in ``dynamics.initial_state``, ``force`` (N) and ``score``, the
    sum of the rewards so far.

    Args:
        render_mode: None, "human" (a window) or "rgb_array" (360, 600, 3) uint8.

    Source: Gaier & Ha 2019, section 4; units and equations as in ``dynamics``.
    """

    metadata = {  # noqa: RUF012
        "render_modes": ["human", "rgb_array"],
        # one frame per step is real time; a movie that skips frames divides this
        "render_fps": round(1.0 / dynamics.TIME_STEP),
    }

    title = "Cart-pole swing-up"
    drawing_module = "wann_envs.swingup.render"

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        largest = np.array([*STATE_LIMIT[:2], 1.0, 1.0, STATE_LIMIT[3]])
        self.observation_space = Box(-largest, largest, dtype=np.float64)
        self.action_space = Box(-1.0, 1.0, (1,), dtype=np.float64)
        self._state: tuple[float, float, float, float] | None = None
        self._force = 0.0
        self._score = 0.0
        self._n_steps = 0
        self._has_ended = False
        self._has_warned = False
        self._trail: deque[tuple[float, float]] = deque(maxlen=_TRAIL_STEPS)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Starts an episode.

        Args:
            seed: seeds the generator of the initial states; None goes on with the present one.
            options: ``{"state": [x, x', theta, theta']}`` starts from that state and draws nothing.

        Returns:
            The observation (5,) and the info.

        Raises:
            ValueError: the seed is none, an option is unknown or the state is impossible.
        """
        # nothing changes unless all is right
        seed, given = checked_seed(seed), checked_options(options, ("state",))
        wanted = _checked_state(given["state"]) if "state" in given else None
        super().reset(seed=seed)
        state = dynamics.initial_state(self.np_random) if wanted is None else wanted
        x, x_dot, theta, theta_dot = state.tolist()
        self._state = (x, x_dot, theta, theta_dot)
        self._force = self._score = 0.0
        self._n_steps = 0
        self._has_ended = self._has_warned = False
        self._trail.clear()
        self._trail.append((x, theta))
        if self.render_mode == "human":
            self.render()
        return self._observation(), self._info()

    def step(
        self, action: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        """Advances by 0.01 s.

        Args:
            action: (1,), see the class.

        Returns:
            Observation (5,), reward, terminated, truncated (always false here), info.

        Raises:
            ValueError: the action is not one number.
            ResetNeeded: there was no reset.
        """
        push = _checked_action(action)
        self._require_reset("step")
        assert self._state is not None
        if self._has_ended:
            self._warn_of_step_after_end()
        x, x_dot, theta, theta_dot, reward, is_on_track = dynamics.step(*self._state, push)
        self._state = (x, x_dot, theta, theta_dot)
        self._force = dynamics.FORCE_LIMIT * min(max(push, -1.0), 1.0)
        reward = 0.0 if self._has_ended else float(reward)
        self._score += reward
        self._n_steps += 1
        self._has_ended = self._has_ended or not is_on_track
        self._trail.append((x, theta))
        if self.render_mode == "human":
            self.render()
        return self._observation(), reward, self._has_ended, False, self._info()

    def _require_reset(self, what: str) -> None:
        if self._state is None:
            raise ResetNeeded(f"call reset before {what}")

    def _observation(self) -> NDArray[np.float64]:
        assert self._state is not None
        x, x_dot, theta, theta_dot = self._state
        sin, cos = dynamics.sin_cos(theta)
        return np.array([x, x_dot, cos, sin, theta_dot], dtype=np.float64)

    def _info(self) -> dict[str, Any]:
        state = np.array(self._state, dtype=np.float64)
        return {"state": state, "force": self._force, "score": self._score}

    def _scene(self) -> Scene:
        from wann_envs.swingup.render import Scene

        return Scene(
            trail=tuple(self._trail),
            force=self._force,
            score=self._score,
            time=self._n_steps * dynamics.TIME_STEP,
            caption=self.caption,
        )

    def _warn_of_step_after_end(self) -> None:
        if not self._has_warned:
            logger.warn(
                "step was called although the episode has terminated: call reset first; "
                "further rewards are 0"
            )
        self._has_warned = True


def _checked_action(action: Any) -> float:
    """The one number of an action of shape (1,)."""
    array = numbers_of(action, "action", "an array of shape (1,)")
    if array.shape != (1,):
        raise ValueError(f"action has shape {array.shape}: expected (1,)")
    push = float(array[0])
    if np.isnan(push):
        raise ValueError("action is NaN: expected a number in [-1, 1]")
    return push


def _checked_state(state: Any) -> NDArray[np.float64]:
    """A state that a person asked for, as (4,) float64."""
    array = numbers_of(state, "state", "four numbers")
    if array.shape != (4,):
        raise ValueError(f"state has shape {array.shape}: expected (4,)")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"state {array.tolist()}: expected finite numbers")
    limits = (dynamics.TRACK_LIMIT, *STATE_LIMIT[1:])
    for name, value, limit in zip(("x", "x'", "theta", "theta'"), array, limits, strict=True):
        if abs(value) > limit:
            raise ValueError(f"state: {name} = {value:g} is outside [-{limit:g}, {limit:g}]")
    return array
