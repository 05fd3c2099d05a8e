"""Drives this CarRacing and Gymnasium's side by side and counts where they differ.

Needs the original, and so Box2D; its drawing is left out, which makes it sixty times faster.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from wann_envs.car_racing.dynamics import EPISODE_STEPS
from wann_envs.car_racing.env import CarRacingEnv
from wann_envs.car_racing.original import SameObservation, make_original, original_bodies

Action = NDArray[np.float64]
Driver = Callable[[CarRacingEnv], Action]


@dataclass(frozen=True)
class Episode:
    """What happened in one episode on both sides.

    Attributes:
        driver: its name.
        seed: of both environments.
        n_steps: that both were driven, up to the first difference.
        difference: None, or what differed first.
        returns: sums of the rewards, ours and the original's.
        has_finished_lap, has_left: how the original's episode ended.
        n_at_limit: steps in which a front wheel stood at its steering limit.
    """

    driver: str
    seed: int
    n_steps: int
    difference: str | None
    returns: tuple[float, float]
    has_finished_lap: bool
    has_left: bool
    n_at_limit: int


@dataclass(frozen=True)
class Fidelity:
    """The episodes of a comparison and their counts."""

    episodes: tuple[Episode, ...]

    @property
    def n_steps(self) -> int:
        """Steps of all episodes."""
        return sum(episode.n_steps for episode in self.episodes)

    @property
    def n_identical(self) -> int:
        """Episodes without any difference."""
        return sum(episode.difference is None for episode in self.episodes)

    @property
    def n_equal_returns(self) -> int:
        """Episodes with the same return, to the last bit."""
        return sum(ours == theirs for ours, theirs in (e.returns for e in self.episodes))

    @property
    def n_laps(self) -> int:
        """Finished laps."""
        return sum(episode.has_finished_lap for episode in self.episodes)

    @property
    def n_left(self) -> int:
        """Episodes that ended off the playfield."""
        return sum(episode.has_left for episode in self.episodes)

    @property
    def n_at_limit(self) -> int:
        """Open-loop episodes in which a wheel stood at its steering limit."""
        blind = ("noise", "wild")
        return sum(e.n_at_limit > 0 and e.driver in blind for e in self.episodes)


def follower(rng: np.random.Generator) -> Driver:
    """A driver who aims at a point of the centre line ahead; most laps are finished in time."""
    ahead = int(rng.integers(4, 8))
    fast, slow, gas = rng.uniform(50.0, 65.0), rng.uniform(30.0, 40.0), rng.uniform(0.4, 0.9)

    def drive(env: CarRacingEnv) -> Action:
        x, y, angle, vx, vy, _ = env.bodies[0].tolist()
        centre = env.track[:, 2:]
        nearest = int(np.argmin(((centre - (x, y)) ** 2).sum(axis=1)))
        goal_x, goal_y = centre[(nearest + ahead) % len(centre)]
        # the car's nose points along y at angle 0
        bearing = math.atan2(goal_y - y, goal_x - x) - angle - math.pi / 2
        bearing = math.remainder(bearing, 2.0 * math.pi)
        speed = math.hypot(vx, vy)
        is_too_fast = speed > fast + 10.0 or (abs(bearing) > 0.35 and speed > slow)
        steer = min(max(-1.5 * bearing, -1.0), 1.0)
        return np.array([steer, gas if speed < fast else 0.0, 0.3 if is_too_fast else 0.0])

    return drive


def noise(rng: np.random.Generator) -> Driver:
    """A blind driver: smooth random actions that often turn the wheels to their limits."""
    action = np.zeros(3)
    inertia = rng.uniform(0.8, 0.97)
    spread = np.array([rng.uniform(2.0, 8.0), rng.uniform(1.0, 3.0), rng.uniform(0.2, 2.0)])
    mean = np.array([0.0, rng.uniform(0.0, 1.5), -0.5])

    def drive(_: CarRacingEnv) -> Action:
        nonlocal action
        drawn = inertia * action + (1.0 - inertia) * rng.normal(mean, spread)
        action = np.clip(drawn, [-1.0, 0.0, 0.0], 1.0)
        return action

    return drive


def leaver(rng: np.random.Generator) -> Driver:
    """A driver who heads straight off the playfield."""
    fast = rng.uniform(20.0, 60.0)

    def drive(env: CarRacingEnv) -> Action:
        x, y, angle, vx, vy, _ = env.bodies[0].tolist()
        bearing = math.remainder(math.atan2(y, x) - angle - math.pi / 2, 2.0 * math.pi)
        # much gas in a turn would spin the car
        limit = fast if abs(bearing) < 0.3 else 10.0
        gas = 0.5 if math.hypot(vx, vy) < limit else 0.0
        return np.array([min(max(-0.5 * bearing, -0.3), 0.3), gas, 0.0])

    return drive


def wild(rng: np.random.Generator) -> Driver:
    """A blind driver who jumps between extreme actions, after one step or after many."""
    action = np.zeros(3)
    persistence = rng.choice([0.0, 0.5, 0.9, 0.98])

    def drive(_: CarRacingEnv) -> Action:
        nonlocal action
        if rng.random() >= persistence:
            steer = rng.choice([-1.0, -0.4, 0.0, 0.4, 1.0])
            action = np.array(
                [steer, rng.choice([0.0, 0.3, 1.0]), rng.choice([0.0, 0.0, 0.4, 1.0])]
            )
        return action

    return drive


DRIVERS: dict[str, Callable[[np.random.Generator], Driver]] = {
    "follower": follower,
    "noise": noise,
    "wild": wild,
    "leaver": leaver,
}


def compare(
    drivers: Sequence[str],
    first_seed: int = 0,
    exactness: str = "exact",
    progress: Callable[[Episode], None] | None = None,
) -> Fidelity:
    """Drives one episode for each name of a driver; its seed is first_seed plus its place.

    The actions depend on this environment only and go to both.

    Args:
        drivers: keys of ``DRIVERS``.
        first_seed: not negative.
        exactness: of this environment.
        progress: called after each episode.

    Raises:
        DependencyNotInstalled: Box2D is missing.
    """
    theirs = SameObservation(make_original())
    ours = gymnasium.make("wann/CarRacing-v0", exactness=exactness, disable_env_checker=True)
    episodes = []
    for seed, name in enumerate(drivers, first_seed):
        episodes.append(_drive(ours, theirs, name, seed, exactness == "exact"))
        if progress is not None:
            progress(episodes[-1])
    return Fidelity(tuple(episodes))


def mixed_drivers(n: int) -> list[str]:
    """A mix for ``compare``: of ten drivers five follow the road, four are blind, one leaves."""
    pattern = ["follower", "noise", "follower", "noise", "follower", "leaver"]
    pattern += ["follower", "noise", "follower", "wild"]
    return [pattern[k % len(pattern)] for k in range(n)]


def _drive(
    ours: gymnasium.Env[Any, Any],
    theirs: gymnasium.Env[Any, Any],
    name: str,
    seed: int,
    stops_at_difference: bool,
) -> Episode:
    """One episode; a difference ends it, or is only remembered."""
    env = ours.unwrapped
    assert isinstance(env, CarRacingEnv)
    ours.reset(seed=seed)
    theirs.reset(seed=seed)
    driver = DRIVERS[name](np.random.default_rng([seed, 1]))
    difference = _difference(env, theirs.unwrapped)
    if difference is None and not np.array_equal(env.track, theirs.unwrapped.track):  # type: ignore[attr-defined]
        difference = "track"
    total_ours = total_theirs = 0.0
    k = n_at_limit = 0
    has_ended = False
    info: dict[str, Any] = {}
    while not has_ended and k < EPISODE_STEPS and (difference is None or not stops_at_difference):
        action = driver(env)
        our_view, our_reward, *our_end, our_info = ours.step(action)
        their_view, their_reward, *their_end, info = theirs.step(action)
        total_ours, total_theirs = (
            total_ours + float(our_reward),
            total_theirs + float(their_reward),
        )
        k += 1
        n_at_limit += env.is_at_steering_limit
        has_ended = any(their_end)
        if difference is None:
            difference = _difference(env, theirs.unwrapped)
        if difference is None and (our_reward, our_end) != (their_reward, their_end):
            difference = (
                f"reward or end: {our_reward!r}, {our_end} and {their_reward!r}, {their_end}"
            )
        if difference is None and our_view.tobytes() != their_view.tobytes():
            difference = "observation"
        if difference is None and our_info.get("lap_finished") != info.get("lap_finished"):
            difference = "lap_finished"
    return Episode(
        driver=name,
        seed=seed,
        n_steps=k,
        difference=None if difference is None else f"step {k}: {difference}",
        returns=(total_ours, total_theirs),
        has_finished_lap=bool(info.get("lap_finished", False)),
        has_left=info.get("lap_finished", True) is False,
        n_at_limit=n_at_limit,
    )


def _difference(ours: CarRacingEnv, theirs: Any) -> str | None:
    """What differs between the cars, if anything does."""
    if not np.array_equal(ours.bodies, original_bodies(theirs)):
        return "position, angle or velocity"
    if ours.wheel_spins.tolist() != [float(wheel.omega) for wheel in theirs.car.wheels]:
        return "spin of a wheel"
    if ours.n_tiles_visited != theirs.tile_visited_count:
        return "visited tiles"
    return None
