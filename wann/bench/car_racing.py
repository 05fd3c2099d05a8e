"""How fast car racing is, beside Gymnasium's CarRacing-v3 in the same process; and how alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.error import DependencyNotInstalled

import wann_envs  # noqa: F401  (registers the environments)
from wann.errors import TaskError
from wann.genome.compile import stack_networks
from wann.genome.network import Network, network_from_connections
from wann.tasks.car_racing import CarRacingTask
from wann_envs.car_racing.dynamics import LAP_COMPLETE_PERCENT, start, step, step_lanes
from wann_envs.car_racing.fidelity import Episode, Fidelity, compare, follower, mixed_drivers
from wann_envs.car_racing.lanes import new_blocks
from wann_envs.car_racing.original import make_original
from wann_envs.car_racing.state import new_cars
from wann_envs.car_racing.track import seeded_tracks
from wann_envs.car_racing.velocity import EXACT, FAST
from wann_envs.jit import kernel

_ROUNDS, _ORIGINAL_ROUNDS = 5, 2
_SEED, _N_LANES, _N_RESETS = 5, 64, 50
_N_STEPS, _N_ORIGINAL_STEPS, _N_DRAWN_STEPS = 500, 250, 40


def lap_actions(n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n, 3) actions of a driver who follows the road of the measured track."""
    env = gymnasium.make("wann/CarRacing-v0", disable_env_checker=True).unwrapped
    env.reset(seed=_SEED)
    drive = follower(np.random.default_rng(_SEED))
    actions = np.empty((n, 3))
    for k in range(n):
        actions[k] = drive(env)  # type: ignore[arg-type]
        env.step(actions[k])
    return actions


def bench_network() -> Network:
    """A network that follows the road: two connections, and hidden nodes that do nothing."""
    inert = [(k, k + 16) for k in range(1, 17)]
    into = [(k + 16, 34) for k in range(1, 17)]
    return network_from_connections(
        16, 3, [1] * 17 + [7] * 16 + [1] * 3, [*inert, *into, (8, 33), (0, 34)]
    )


@kernel(nogil=True, error_model="numpy")
def _drive(cars: Any, tracks: Any, actions: Any, mode: int) -> None:
    start(cars, 0, tracks, 0, LAP_COMPLETE_PERCENT, mode)
    for k in range(len(actions)):
        steer, gas, brake = actions[k, 0], actions[k, 1], actions[k, 2]
        step(cars, 0, tracks, 0, steer, gas, brake, LAP_COMPLETE_PERCENT, mode)


def _one_car(mode: int) -> Callable[[], int]:
    """In a compiled loop, as rollouts call the step."""
    actions, tracks = lap_actions(_N_STEPS), seeded_tracks(_SEED, 1)
    cars = new_cars(1, int(tracks.first[1]))

    def run() -> int:
        _drive(cars, tracks, actions, mode)
        return _N_STEPS

    return run


def _one_car_from_python() -> Callable[[], int]:
    actions, tracks = lap_actions(_N_STEPS), seeded_tracks(_SEED, 1)
    cars = new_cars(1, int(tracks.first[1]))
    rows = [tuple(map(float, row)) for row in actions]

    def run() -> int:
        start(cars, 0, tracks, 0, LAP_COMPLETE_PERCENT, EXACT)
        for steer, gas, brake in rows:
            step(cars, 0, tracks, 0, steer, gas, brake, LAP_COMPLETE_PERCENT, EXACT)
        return _N_STEPS

    return run


def _lanes() -> Callable[[], int]:
    actions, tracks = lap_actions(_N_STEPS), seeded_tracks(_SEED, 1)
    cars, blocks = new_cars(_N_LANES, int(tracks.first[1])), new_blocks(_N_LANES)
    # cars a few steps apart: not all of them do the same at once
    shifted = np.stack([np.roll(actions, k, axis=0) for k in range(_N_LANES)], axis=2)
    track_of, is_running = np.zeros(_N_LANES, np.int32), np.ones(_N_LANES, np.bool_)
    rewards, endings = np.zeros(_N_LANES), np.zeros(_N_LANES, np.int32)

    def run() -> int:
        for lane in range(_N_LANES):
            start(cars, lane, tracks, 0, LAP_COMPLETE_PERCENT, EXACT)
        for k in range(_N_STEPS):
            step_lanes(
                cars,
                tracks,
                track_of,
                shifted[k],
                is_running,
                rewards,
                endings,
                LAP_COMPLETE_PERCENT,
                blocks,
            )
        return _N_STEPS * _N_LANES

    return run


def _rollouts() -> Callable[[], int]:
    task, networks = CarRacingTask(), stack_networks([bench_network()])
    weights, trials = np.full(_N_LANES, -0.8), task.trials_of_seeds(_SEED, _N_LANES)
    return lambda: int(task.rollout(networks, weights, trials).steps.sum())


def _environment() -> Callable[[], int]:
    env = gymnasium.make("wann/CarRacing-v0", disable_env_checker=True).unwrapped
    actions = lap_actions(_N_STEPS).astype(np.float32)

    def run() -> int:
        env.reset(seed=_SEED)
        for action in actions:
            env.step(action)
        return _N_STEPS

    return run


def _resets() -> Callable[[], int]:
    env = gymnasium.make("wann/CarRacing-v0", disable_env_checker=True).unwrapped

    def run() -> int:
        for k in range(_N_RESETS):
            env.reset(seed=k)
        return _N_RESETS

    return run


class _Original:
    """Steps of Gymnasium's environment; its reset is not counted."""

    def __init__(self, draws: bool) -> None:
        self.env = make_original(draws).unwrapped
        self.actions = lap_actions(_N_DRAWN_STEPS if draws else _N_ORIGINAL_STEPS)

    def __call__(self) -> int:
        self.env.reset(seed=_SEED)
        return 0

    def drive(self) -> int:
        """The measured part."""
        for action in self.actions:
            self.env.step(action)
        return len(self.actions)


def _fastest(functions: Mapping[str, Callable[[], int]]) -> dict[str, float]:
    """Counts a second; the functions take turns, and the fastest round of each counts."""
    for function in functions.values():
        function()  # compiles
    rates = dict.fromkeys(functions, 0.0)
    for k in range(_ROUNDS):
        for name, function in functions.items():
            if isinstance(function, _Original) and k >= _ORIGINAL_ROUNDS:
                continue
            function_to_time = function
            if isinstance(function, _Original):
                function()
                function_to_time = function.drive
            begin = time.perf_counter()
            n = function_to_time()
            rates[name] = max(rates[name], n / max(time.perf_counter() - begin, math.ulp(1.0)))
    return rates


def measure_car_racing() -> dict[str, Any]:
    """Measures everything on one core; the original is left out where Box2D is missing.

    Returns:
        ``steps_per_second`` by name, ``reset_milliseconds``, ``ratio_to_original`` (without its
        drawing, and with it) and ``note``, None or why there are no ratios.
    """
    functions: dict[str, Callable[[], int]] = {
        "one_car_exact": _one_car(EXACT),
        "one_car_fast": _one_car(FAST),
        "one_car_exact_from_python": _one_car_from_python(),
        "64_cars_exact": _lanes(),
        "64_cars_with_network": _rollouts(),
        "environment": _environment(),
        "resets": _resets(),
    }
    note = None
    try:
        functions["original_without_drawing"] = _Original(draws=False)
        functions["original"] = _Original(draws=True)
    except DependencyNotInstalled as error:
        note = str(error)
    rates = _fastest(functions)
    resets = rates.pop("resets")
    ours = [name for name in rates if not name.startswith("original")]
    return {
        "steps_per_second": rates,
        "reset_milliseconds": 1000.0 / resets,
        "ratio_to_original": {
            name: {base: rates[name] / rates[base] for base in rates if base.startswith("original")}
            for name in ours
            if note is None
        },
        "note": note,
    }


def measure_fidelity(
    n: int, first_seed: int, progress: Callable[[Episode], None] | None = None
) -> Fidelity:
    """Drives n episodes here and in the original.

    Raises:
        TaskError: Box2D is missing.
    """
    try:
        return compare(mixed_drivers(n), first_seed, progress=progress)
    except DependencyNotInstalled as error:
        raise TaskError(str(error)) from error
