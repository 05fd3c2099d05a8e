"""Car racing: the compiled rollout, and the task that scores networks with it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wann.executor import Executor, Serial
from wann.genome.compile import room_for_networks
from wann.kernels.forward import CHUNK, LANES, NetworkArrays, forward, lane_rows
from wann.tasks.base import (
    EpisodeNumbers,
    Precision,
    Rollouts,
    check_rollout,
    check_weighted,
    shares_of_work,
)
from wann.tasks.measure import RETURN
from wann_envs.beside import Variant
from wann_envs.car_racing.dynamics import (
    DRIVING,
    EPISODE_STEPS,
    LAP_COMPLETE_PERCENT,
    start,
    step_lanes,
)
from wann_envs.car_racing.lanes import Blocks, new_blocks
from wann_envs.car_racing.observation import N_OBSERVED, OBSERVED_NAMES, observe
from wann_envs.car_racing.state import Cars, Tracks, new_cars
from wann_envs.car_racing.track import pack, random_line
from wann_envs.car_racing.velocity import EXACT
from wann_envs.jit import kernel

# cars that a thread drives at once: of several networks where each has few episodes
_N_CARS = 64
_N_FIXED = 1 + N_OBSERVED
# steps without a new tile after which a driver is given up, where float32 will do: 5 s
PATIENCE = 250
_REWARD_OF_TIME = -0.1
# seeds of tracks are whole numbers that a float64 holds
_N_SEEDS = 2**53
_MOST_CACHED_TRACKS = 256


@kernel(error_model="numpy", nogil=True)
def controls(o1, o2, o3):
    """Steer, gas and brake of three outputs.

    Source: Gaier & Ha 2019, appendix; their release.
    """
    steer = min(max(o1, -1.0), 1.0)
    gas = (min(max(o2, -1.0), 1.0) + 1.0) / 2.0
    return steer, gas, min(max(o3, 0.0), 1.0)


@kernel(error_model="numpy", nogil=True)
def rollout(
    networks,
    chosen,
    weights,
    edge_weights,
    tracks,
    track_of,
    cars,
    blocks,
    width,
    patience,
    returns,
    steps,
):
    """Runs networks of a population in closed loop, each on all episodes.

    A slot of lanes drives for one network; a lane whose episode has ended takes the next, and a
    slot without episodes the next network.

    Args:
        networks: NetworkArrays of P networks with 16 inputs and 3 outputs.
        chosen: (k,) int64, the networks to run.
        weights: (episodes,) float64, shared weight of each episode.
        edge_weights: (connections of the network, episodes), for one chosen network whose
            connections have weights of their own; (0, 0) for shared weights.
        tracks: Tracks.
        track_of: (episodes,) int32, the track of each episode.
        cars: scratch, for some slots of ``width`` lanes.
        blocks: scratch for as many lanes.
        width: lanes of a slot, at most LANES.
        patience: steps without a new tile after which an episode is broken off, with the return
            of one that goes on like that to its end; EPISODE_STEPS: none is.
        returns: (P, episodes) float64, written for the chosen networks.
        steps: (P, episodes) int32, written likewise.
    """
    n_episodes = weights.size
    is_weighted = edge_weights.shape[1] > 0
    n_lanes = cars.body.shape[1]
    n_slots = n_lanes // width
    bias = max(edge_weights.shape[0], 1)
    n_rows = 0
    for p in chosen:
        n_rows = max(n_rows, networks.node_start[p + 1] - networks.node_start[p])
    n_rows += bias
    flat = lane_rows(n_slots * n_rows, weights)
    rows = flat.reshape((n_slots * n_rows, LANES))
    network, n_begun = np.full(n_slots, -1), np.full(n_slots, n_episodes)
    n_driving = np.zeros(n_slots, np.int64)
    n_taken = 0
    is_running, episode = np.zeros(n_lanes, np.bool_), np.zeros(n_lanes, np.int64)
    total, count = np.zeros(n_lanes), np.zeros(n_lanes, np.int32)
    n_idle, lane_track = np.zeros(n_lanes, np.int64), np.zeros(n_lanes, np.int32)
    actions, rewards = np.zeros((3, n_lanes)), np.zeros(n_lanes)
    endings = np.zeros(n_lanes, np.int32)
    while True:
        is_any_driving = False
        for slot in range(n_slots):
            first = slot * n_rows
            if n_driving[slot] == 0 and n_begun[slot] == n_episodes and n_taken < chosen.size:
                network[slot] = chosen[n_taken]
                n_taken += 1
                n_begun[slot] = 0
            for k in range(width):
                lane = slot * width + k
                if n_begun[slot] == n_episodes:
                    break
                if is_running[lane]:
                    continue
                e = n_begun[slot]
                n_begun[slot] += 1
                n_driving[slot] += 1
                is_running[lane], episode[lane] = True, e
                total[lane], count[lane], n_idle[lane] = 0.0, 0, 0
                lane_track[lane] = track_of[e]
                rows[first + bias, k] = 1.0
                if is_weighted:
                    for edge in range(edge_weights.shape[0]):
                        rows[first + edge, k] = edge_weights[edge, e]
                else:
                    rows[first, k] = weights[e]
                start(cars, lane, tracks, track_of[e], LAP_COMPLETE_PERCENT, EXACT)
            if n_driving[slot] == 0:
                continue
            is_any_driving = True
            p = network[slot]
            for k in range(width):
                lane = slot * width + k
                if is_running[lane]:
                    seen = rows[first + bias + 1 : first + bias + _N_FIXED, k]
                    observe(cars, lane, tracks, lane_track[lane], seen)
            n_chunks = (width + CHUNK - 1) // CHUNK
            forward(networks, p, _N_FIXED, flat, first + bias, first, is_weighted, n_chunks)
            output = first + bias + networks.node_start[p + 1] - networks.node_start[p] - 3
            for k in range(width):
                lane = slot * width + k
                actions[0, lane], actions[1, lane], actions[2, lane] = controls(
                    rows[output, k], rows[output + 1, k], rows[output + 2, k]
                )
        if not is_any_driving:
            break
        step_lanes(
            cars,
            tracks,
            lane_track,
            actions,
            is_running,
            rewards,
            endings,
            LAP_COMPLETE_PERCENT,
            blocks,
        )
        for lane in range(n_lanes):
            if is_running[lane]:
                total[lane] += rewards[lane]
                count[lane] += 1
                n_idle[lane] = 0 if rewards[lane] > 0.0 else n_idle[lane] + 1
                is_ending = endings[lane] != DRIVING or count[lane] == EPISODE_STEPS
                if not is_ending and n_idle[lane] >= patience:
                    total[lane] += _REWARD_OF_TIME * (EPISODE_STEPS - count[lane])
                    is_ending = True
                if is_ending:
                    slot = lane // width
                    returns[network[slot], episode[lane]] = total[lane]
                    steps[network[slot], episode[lane]] = count[lane]
                    is_running[lane] = False
                    n_driving[slot] -= 1


def _make_tracks(seeds: tuple[int, ...]) -> Tracks:
    return pack([random_line(np.random.default_rng(seed)) for seed in seeds])


# a generation asks for its tracks once for each share of the work
_cached_tracks = lru_cache(maxsize=4)(_make_tracks)


def tracks_of(trials: NDArray[np.float64]) -> tuple[Tracks, NDArray[np.int32]]:
    """The tracks of some episodes.

    Args:
        trials: (episodes, 1) seeds of tracks.

    Returns:
        Each track once, and the number of the track of each episode.
    """
    seeds, track_of = np.unique(trials[:, 0].astype(np.int64), return_inverse=True)
    make = _cached_tracks if len(seeds) <= _MOST_CACHED_TRACKS else _make_tracks
    return make(tuple(seeds.tolist())), track_of.astype(np.int32)


def _scratch(n_networks: int, n_episodes: int, tracks: Tracks) -> tuple[Cars, Blocks, int]:
    """Cars, blocks and the width of a slot."""
    width = min(n_episodes, LANES, _N_CARS)
    n_lanes = width * min(max(_N_CARS // width, 1), max(n_networks, 1))
    return new_cars(n_lanes, int(np.diff(tracks.first).max())), new_blocks(n_lanes), width


class CarRacingTask:
    """Drive a lap on a random track: Gymnasium's CarRacing-v3, seen through sixteen numbers.

    Physics are exact and networks compute in float64 whatever the precision: the forward pass is
    a small part of a step. With "float32" an episode ends when the driver finds no new tile for
    five seconds; its return is that of one who never does again.

    Source: Gaier & Ha 2019, section 4; the paper's networks see 16 latent variables of a VAE.
    """

    name = "car_racing"
    description = "drive a lap on a random track; return 900 and more for a clean lap"
    input_names: tuple[str, ...] = OBSERVED_NAMES
    output_names: tuple[str, ...] = ("steer", "gas", "brake")
    episode_steps = EPISODE_STEPS
    env_id = "wann/CarRacing-v0"
    measure = RETURN
    # an episode takes a hundred times as long as one of swing-up
    episode_numbers = EpisodeNumbers(
        report=100,
        sweep=4,
        sweep_finalists=64,
        grid=4,
        profile=20,
        refine=64,
        choice=256,
        tuning=300_000,
        starts=4,
        exploring=60,
        sigma=0.3,
        examination=128,
        refining=(4, 8, 16),
        structures=4,
    )

    def prepare(self) -> None:
        """Nothing to be loaded."""

    def draw_trials(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draws (n, 1) seeds of tracks."""
        return rng.integers(0, _N_SEEDS, (n, 1)).astype(np.float64)

    def trials_of_seeds(self, first_seed: int, n: int) -> NDArray[np.float64]:
        """The tracks of the Gymnasium environment's ``reset(seed=...)``: the seeds themselves."""
        if not 0 <= first_seed <= _N_SEEDS - n:
            raise ValueError(f"first_seed {first_seed}: allowed are 0 to 2**53 - n")
        return np.arange(first_seed, first_seed + n, dtype=np.float64)[:, None]

    def action(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Steer, gas and brake of the three outputs."""
        return np.array(controls(*map(float, outputs)))

    def kernels(self, precision: Precision) -> tuple[list[Variant], list[Variant]]:  # noqa: ARG002
        """The rollout, which is the same in both precisions; see ``CompiledTask``."""
        networks = room_for_networks(0, 0, 0)
        tracks, row = pack([]), np.empty(0)
        chosen, table, steps = np.empty(0, np.int64), np.empty((0, 0)), np.empty((0, 0), np.int32)
        made = (tracks, np.empty(0, np.int32), new_cars(1, 1), new_blocks(1), 1, 1, table, steps)
        return [Variant.of(rollout, networks, chosen, row, table, *made)], []

    def rollout(
        self,
        networks: NetworkArrays,
        weights: NDArray[np.float64],
        trials: NDArray[np.float64],
        *,
        precision: Precision = "float64",
        executor: Executor | None = None,
    ) -> Rollouts:
        """Runs every network on all episodes; see ``Task.rollout``."""
        check_rollout(networks, self, weights, trials, (1,))
        none, shared = np.empty((0, 0)), weights.astype(np.float64)
        return self._run(networks, shared, none, trials, precision, executor or Serial())

    def rollout_weighted(
        self,
        network: NetworkArrays,
        edge_weights: NDArray[np.float64],
        trials: NDArray[np.float64],
        *,
        precision: Precision = "float64",
    ) -> Rollouts:
        """Runs one network with individual weights; see ``Task.rollout_weighted``."""
        check_weighted(network, self, edge_weights, trials, (1,))
        rows = edge_weights.astype(np.float64)
        return self._run(network, np.zeros(len(trials)), rows, trials, precision, Serial())

    def _run(
        self,
        networks: NetworkArrays,
        weights: NDArray[np.float64],
        edge_weights: NDArray[np.float64],
        trials: NDArray[np.float64],
        precision: Precision,
        executor: Executor,
    ) -> Rollouts:
        n_networks, n_episodes = len(networks.node_start) - 1, len(weights)
        returns = np.empty((n_networks, n_episodes))
        steps = np.empty((n_networks, n_episodes), np.int32)
        patience = PATIENCE if precision == "float32" else EPISODE_STEPS
        if n_episodes > 0:
            tracks, track_of = tracks_of(trials)

            def drive(chosen: NDArray[np.int64]) -> None:
                cars, blocks, width = _scratch(len(chosen), n_episodes, tracks)
                rollout(
                    networks,
                    chosen,
                    weights,
                    edge_weights,
                    tracks,
                    track_of,
                    cars,
                    blocks,
                    width,
                    patience,
                    returns,
                    steps,
                )

            executor.run(drive, shares_of_work(networks, executor.n_workers))
        return Rollouts(returns.astype(np.dtype(precision), copy=False), steps)
