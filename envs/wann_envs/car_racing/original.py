"""Gymnasium's CarRacing-v3 as this package's other modules need it; it runs on Box2D."""

from __future__ import annotations

import warnings
from typing import Any, SupportsFloat

import gymnasium
import numpy as np
from gymnasium.error import DependencyNotInstalled
from gymnasium.spaces import Box
from numpy.typing import NDArray

from wann_envs.car_racing.observation import N_OBSERVED, describe, nearest_tile
from wann_envs.given import checked_seed, steer_gas_brake

Observation = NDArray[np.float64]


def make_original(draws: bool = False, **options: Any) -> gymnasium.Env[Any, Any]:
    """Gymnasium's CarRacing-v3.

    Args:
        draws: without it observations are black, and a step is sixty times faster.
        options: of the environment.

    Raises:
        DependencyNotInstalled: Box2D is missing.
    """
    try:
        env = _make_car_racing(**options)
    except DependencyNotInstalled as error:
        raise DependencyNotInstalled(
            "the original CarRacing-v3 needs Box2D: run `pip install '.[box2d]'` in a checkout of "
            "wann, or `pip install 'gymnasium[box2d]'`"
        ) from error
    if not draws:
        frame = np.zeros((96, 96, 3), np.uint8)
        env.unwrapped._render = lambda _: frame  # type: ignore[attr-defined]
    return env


def _make_car_racing(**options: Any) -> gymnasium.Env[Any, Any]:
    with warnings.catch_warnings():
        # Box2D's bindings warn while they are imported; where warnings are errors, that crashes
        warnings.simplefilter("ignore", DeprecationWarning)
        return gymnasium.make("CarRacing-v3", disable_env_checker=True, **options)


class SameObservation(gymnasium.Wrapper[Observation, NDArray[np.float32], Any, Any]):
    """Gives CarRacing-v3 the sixteen numbers of ``observation`` instead of pixels."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self.observation_space = Box(-np.inf, np.inf, (N_OBSERVED,), dtype=np.float64)
        self._line = np.zeros((1, 4))
        self._nearest = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """As the wrapped environment's; a wrong seed is a ValueError."""
        _, info = self.env.reset(seed=checked_seed(seed), options=options)
        track = self.env.unwrapped.track  # type: ignore[attr-defined]
        self._line, self._nearest = np.array(track), 0
        return self._observation(), info

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[Observation, SupportsFloat, bool, bool, dict[str, Any]]:
        """As the wrapped environment's.

        Raises:
            ValueError: the action is not three numbers.
        """
        steer_gas_brake(action)
        _, reward, terminated, truncated, info = self.env.step(action)
        return self._observation(), reward, terminated, truncated, info

    def _observation(self) -> Observation:
        car = self.env.unwrapped.car  # type: ignore[attr-defined]
        (x, y), (vx, vy) = car.hull.position, car.hull.linearVelocity
        self._nearest = nearest_tile(x, y, self._line, self._nearest)
        out = np.empty(N_OBSERVED)
        hull = (x, y, car.hull.angle, vx, vy, car.hull.angularVelocity)
        describe(*hull, car.wheels[0].joint.angle, self._line, self._nearest, out)
        return out


def make_original_with_numbers(render_mode: str | None = None) -> SameObservation:
    """CarRacing-v3 that observes the sixteen numbers; it draws only where somebody looks.

    Raises:
        DependencyNotInstalled: Box2D is missing.
    """
    return SameObservation(make_original(draws=render_mode is not None, render_mode=render_mode))


def original_bodies(env: Any) -> NDArray[np.float64]:
    """(5, 6) as ``CarRacingEnv.bodies``, of Gymnasium's environment."""
    car = env.car
    return np.array(
        [
            (*body.position, body.angle, *body.linearVelocity, body.angularVelocity)
            for body in (car.hull, *car.wheels)
        ]
    )
