"""CarRacing-v3 as a Gymnasium environment over the jitted dynamics; Box2D is not needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium import logger
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box
from numpy.typing import NDArray

from wann_envs.car_racing import dynamics
from wann_envs.car_racing import state as s
from wann_envs.car_racing.observation import N_OBSERVED, observe
from wann_envs.car_racing.track import pack, random_line
from wann_envs.car_racing.velocity import EXACT, FAST
from wann_envs.drawn_env import DrawnEnv, check_choice
from wann_envs.given import checked_options, checked_seed, numbers_of, steer_gas_brake

if TYPE_CHECKING:
    from wann_envs.car_racing.render import Scene, Traces

_MODES = {"exact": EXACT, "fast": FAST}


class CarRacingEnv(DrawnEnv):
    """A car seen from above drives round a random track.

    Tracks, physics, rewards and endings are those of Gymnasium's ``CarRacing-v3`` (continuous
    actions, no domain randomisation): the same seed and actions give the same bits.

    Observation: (16,) float64: speeds, steering, place on the road and the road ahead, see the
    module ``observation``.
    Action: (3,): steer in [-1, 1] (negative is left), gas in [0, 1], brake in [0, 1]; taken as
    float64. As in the original only gas is clipped; infinities count as very large.
    Reward: -0.1 a step, and 1000 / N for each of the N tiles when a wheel first touches it.
    End: terminated when all tiles are visited, or with -100 off the playfield; the registration
    truncates at 1000 steps (20 s). Steps after the end go on as in the original, with a warning.
    Info: ``score``, the sum of the rewards so far, and with the end ``lap_finished``.

    Args:
        render_mode: None, "human" (a window) or "rgb_array" (400, 600, 3) uint8.
        lap_complete_percent: the share of tiles that makes a lap complete when tile 0 is touched
            for the first time, which happens in ``reset``; so it rarely matters.
        exactness: "exact", or "fast" for a solver that stops earlier and differs in late bits.

    Source: Klimov's CarRacing in Gymnasium 1.4 (MIT licence); physics as in ``dynamics``.
    """

    metadata = {  # noqa: RUF012
        "render_modes": ["human", "rgb_array"],
        "render_fps": dynamics.FRAMES_PER_SECOND,
    }

    title = "Car racing"
    drawing_module = "wann_envs.car_racing.render"

    def __init__(
        self,
        render_mode: str | None = None,
        lap_complete_percent: float = dynamics.LAP_COMPLETE_PERCENT,
        exactness: str = "exact",
    ) -> None:
        super().__init__(render_mode)
        check_choice("exactness", exactness, list(_MODES))
        share = numbers_of(lap_complete_percent, "lap_complete_percent", "a number")
        if share.ndim or not np.isfinite(share):
            raise ValueError(f"lap_complete_percent {lap_complete_percent}: expected a number")
        self.action_space = Box(
            np.array([-1.0, 0.0, 0.0], np.float32), np.array([1.0, 1.0, 1.0], np.float32)
        )
        self.observation_space = Box(-np.inf, np.inf, (N_OBSERVED,), dtype=np.float64)
        self.lap_complete_percent = float(lap_complete_percent)
        self.exactness = exactness
        self._mode = _MODES[exactness]
        self._cars: s.Cars | None = None
        self._tracks: s.Tracks | None = None
        self._score = 0.0
        self._has_ended = self._has_warned = False
        self._traces: Traces | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float64], dict[str, Any]]:
        """Draws a track and puts the car at its start.

        Args:
            seed: seeds the generator of the tracks; None goes on with the present one.
            options: not used by this environment.

        Returns:
            The observation (16,) and the info.

        Raises:
            ValueError: the seed is none, or there are options.
        """
        seed = checked_seed(seed)
        checked_options(options)
        super().reset(seed=seed)
        line = random_line(self.np_random)
        self._tracks = pack([line])
        self._cars = s.new_cars(1, len(line))
        dynamics.start(self._cars, 0, self._tracks, 0, self.lap_complete_percent, self._mode)
        self._score = 0.0
        self._has_ended = self._has_warned = False
        self._painter = self._traces = None
        if self.render_mode is not None:
            self._traces = self._drawing().Traces()
        if self.render_mode == "human":
            self.render()
        return self._observation(), {"score": 0.0}

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], float, bool, bool, dict[str, Any]]:
        """Advances by 0.02 s.

        Args:
            action: (3,), see the class.

        Returns:
            Observation (16,), reward, terminated, truncated (always false here), info.

        Raises:
            ValueError: the action is not three numbers.
            ResetNeeded: there was no reset.
        """
        steer, gas, brake = steer_gas_brake(action)
        cars, tracks = self._world("step")
        if self._has_ended and not self._has_warned:
            logger.warn("step was called although the episode has terminated: call reset first")
            self._has_warned = True
        before = (self.bodies[1:, :2], cars.flag[s.ON_ROAD : s.ON_ROAD + 4, 0].copy())
        reward, ending = dynamics.step(
            cars, 0, tracks, 0, steer, gas, brake, self.lap_complete_percent, self._mode
        )
        if self._traces is not None:
            self._traces.add(*before, cars.flag[s.SKID : s.SKID + 4, 0])
        self._score += reward
        terminated = ending != dynamics.DRIVING
        self._has_ended |= terminated
        info: dict[str, Any] = {"score": self._score}
        if terminated:
            info["lap_finished"] = ending == dynamics.LAP_FINISHED
        if self.render_mode == "human":
            self.render()
        return self._observation(), reward, terminated, False, info

    @property
    def bodies(self) -> NDArray[np.float64]:
        """(5, 6): x, y, angle, vx, vy, angular velocity of the hull and the wheels, exactly."""
        body = self._world("bodies")[0].body[:, 0]
        rows = (s.X, s.Y, s.ANGLE, s.VX, s.VY, s.SPIN)
        bodies = np.stack([body[row : row + 5] for row in rows], axis=1).astype(np.float64)
        # x and y of the hull's origin, not of its centre of mass
        bodies[0, :2] = dynamics.hull_position(body[:, None], 0)
        return bodies

    @property
    def wheel_spins(self) -> NDArray[np.float64]:
        """(4,) rad/s: front left, front right, rear left, rear right."""
        return self._world("wheel_spins")[0].drive[s.OMEGA : s.OMEGA + 4, 0].copy()

    @property
    def is_at_steering_limit(self) -> bool:
        """Whether a front wheel stood at the end of its turn in the last step."""
        limit = self._world("is_at_steering_limit")[0].flag[s.LIMIT : s.LIMIT + 2, 0]
        return bool((limit != s.INACTIVE).any())

    @property
    def track(self) -> NDArray[np.float64]:
        """(N, 4) centre line, see ``Tracks.line``."""
        return self._world("track")[1].line.copy()

    @property
    def n_tiles_visited(self) -> int:
        """How many tiles a wheel has touched."""
        return int(self._world("n_tiles_visited")[0].flag[s.N_VISITED, 0])

    def _require_reset(self, what: str) -> None:
        self._world(what)

    def _new_painter(self, drawing: Any) -> Any:
        return drawing.Painter(self._world("render")[1])

    def _world(self, what: str) -> tuple[s.Cars, s.Tracks]:
        if self._cars is None or self._tracks is None:
            raise ResetNeeded(f"call reset before {what}")
        return self._cars, self._tracks

    def _observation(self) -> NDArray[np.float64]:
        cars, tracks = self._world("observation")
        out = np.empty(N_OBSERVED)
        observe(cars, 0, tracks, 0, out)
        return out

    def _scene(self) -> Scene:
        from wann_envs.car_racing.render import Scene

        cars, _ = self._world("render")
        bodies = self.bodies
        return Scene(
            bodies=bodies,
            visited=cars.visited[0].copy(),
            steering=bodies[1, 2] - bodies[0, 2],
            spins=self.wheel_spins,
            phases=cars.drive[s.PHASE : s.PHASE + 4, 0].copy(),
            time=float(cars.drive[s.TIME, 0]),
            reward=float(cars.drive[s.REWARD, 0]),
            traces=self._traces.lines() if self._traces is not None else (),
            caption=self.caption,
        )
